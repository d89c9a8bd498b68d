"""What the worker is asked for and what it answers: one line of JSON each way, arrays in the files of a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.analysis.clusters import GRANULARITIES, ClusterInfo, Clusters, Granularity
from core.maps.parameters import MapParameters
from core.maps.state import ClusterView

__all__ = [
    "Arrays",
    "Order",
    "Vectors",
    "arrays_of",
    "infos_of",
    "json_of",
    "read_arrays",
    "read_frame",
    "views_of",
    "write_arrays",
    "write_frame",
]

Arrays = dict[str, npt.NDArray[Any]]
# What clusters are described with.
_COLUMNS: Final = ("key", "content", "memory_type", "agent_id", "team_id", "task_id", "created_at")


@dataclass(frozen=True)
class Vectors:
    """A matrix (rows, dimension) of float32 in a file, from `offset` on."""

    path: str
    offset: int
    rows: int
    dimension: int

    def open(self) -> npt.NDArray[np.float32]:
        """Return the matrix, memory-mapped and read-only."""
        if not self.rows:
            return np.empty((0, self.dimension), np.float32)
        return np.memmap(self.path, np.float32, "r", offset=self.offset, shape=(self.rows, self.dimension))


@dataclass(frozen=True)
class Order:
    """One map to compute, from and into the files of `folder`.

    In: `inputs.npz` with `start`, where the layout begins; `former`, places of a former map where they are known, else NaN;
    and the former clusters, row for row. `frame.arrow` with what clusters are described with. Out: `layout.npz`,
    `clusters.npz` and `infos.json`. `kept`: the former places and clusters stay, what is said about them is computed anew.
    """

    number: int
    folder: str
    vectors: Vectors
    metric: str
    parameters: MapParameters
    kept: bool = False

    def to_line(self) -> bytes:
        """Return the order as the worker reads it."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> Order:
        """Return the order that a line says."""
        values: dict[str, Any] = json.loads(line)
        values["vectors"] = Vectors(**values["vectors"])
        values["parameters"] = MapParameters(**values["parameters"])
        return cls(**values)


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays as one file, whole or not at all."""
    draft = path.with_suffix(".draft")
    with draft.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    draft.replace(path)


def read_arrays(path: Path) -> Arrays:
    """Return the arrays of a file; OSError, ValueError or zipfile.BadZipFile where it is damaged or not there."""
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def arrays_of(views: Mapping[Granularity, ClusterView]) -> Arrays:
    """Return the clusters of every granularity as arrays, each named `granularity.name`."""
    return {f"{name}.{part}": array for name, view in views.items() for part, array in view.clusters.to_arrays().items()}


def views_of(
    arrays: Mapping[str, npt.NDArray[Any]], infos: Mapping[str, tuple[ClusterInfo, ...]]
) -> dict[Granularity, ClusterView]:
    """Return what `arrays_of` gave, with what is said of each cluster where that is known."""
    found: dict[Granularity, ClusterView] = {}
    for name in GRANULARITIES:
        parts = {key.removeprefix(f"{name}."): array for key, array in arrays.items() if key.startswith(f"{name}.")}
        if parts:
            found[name] = ClusterView(Clusters.of_arrays(parts), infos.get(name, ()))
    return found


def json_of(views: Mapping[Granularity, ClusterView]) -> bytes:
    """Return what is said of the clusters, as JSON."""
    return json.dumps({name: [info.as_dict() for info in view.infos] for name, view in views.items()}).encode()


def infos_of(text: bytes) -> dict[str, tuple[ClusterInfo, ...]]:
    """Return what `json_of` gave; KeyError, TypeError or ValueError where it did not."""
    return {name: tuple(ClusterInfo.from_dict(each) for each in infos) for name, infos in json.loads(text).items()}


def write_frame(path: Path, frame: pd.DataFrame) -> None:
    """Write what clusters are described with."""
    table = pa.Table.from_pandas(frame[list(_COLUMNS)], preserve_index=False)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def read_frame(path: Path) -> pd.DataFrame:
    """Return what `write_frame` wrote."""
    with pa.OSFile(str(path), "rb") as source:
        frame: pd.DataFrame = pa.ipc.open_file(source).read_all().to_pandas()
        return frame
