"""Maps on disk: one file for each index and parameters, beside the snapshots; a damaged one is passed over.

::

    v1/<key of the index>/<digest of the parameters>.map    a checksum, and arrays as numpy writes them
    v1/erased/<digest of the ARN>                           when memories of the index were last erased

They hold places, neighbours and clusters of memories that are known by digests of key and vector, and what is said of the
clusters: words of memories. So only the owner may read them, and an erased memory is taken out of them. Any number of
processes may share them.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.analysis.clusters import Granularity
from core.analysis.neighbours import Neighbours
from core.analysis.projection import Quality
from core.maps.folders import private_folder
from core.maps.order import Arrays, arrays_of, infos_of, json_of, views_of
from core.maps.parameters import MapParameters
from core.maps.results import quality_of
from core.maps.sealed import remove_drafts, seal, sealed
from core.maps.state import ClusterView, Method
from core.snapshots.digests import row_digests
from core.vectors.client import KEY_COLUMN

__all__ = ["VERSION", "Kept", "KeptMaps", "erased_at", "key_digests", "mark_erased", "read_map", "write_map"]

VERSION: Final = "v1"
_ERASED: Final = "erased"
_MOST_BYTES: Final = 2 * 1024**3

Digests = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Kept:
    """A map as it was computed or placed: rows in the order of then, known by `keys` and `marks` (key and vector digests).

    `fitted` are the rows that were laid out, not placed. `side` is that of the unit box in UMAP's own scale.
    """

    arn: str
    revision: str
    method: Method
    keys: Digests
    marks: Digests
    fitted: npt.NDArray[np.bool_]
    coords: npt.NDArray[np.float32]
    side: float
    neighbours: Neighbours | None = None
    quality: Quality | None = None
    clusters: Mapping[Granularity, ClusterView] = field(default_factory=dict)


class KeptMaps:
    """The maps of a directory; without one nothing is kept."""

    def __init__(self, directory: Path | None) -> None:
        """Take the directory, which need not be there yet."""
        self._root = directory / VERSION if directory is not None else None

    def load(self, key: str, parameters: MapParameters) -> Kept | None:
        """Return the map of an index, None where there is none that can be read."""
        if self._root is None:
            return None
        try:
            return read_map(self._root / key / _name(parameters))
        except (OSError, ValueError):
            return None

    def erasures(self, arn: str = "") -> int:
        """Return when memories of an index were last erased, in nanoseconds since 1970, 0 for never; no two are the same."""
        return erased_at(self._root, arn) if self._root is not None else 0

    def save(self, key: str, parameters: MapParameters, kept: Kept, *, erasures: int) -> None:
        """Write a map in place of the former one; OSError as it comes.

        Not where memories of its index were erased since `erasures`, before it was begun: they may be in it.
        """
        if self._root is None or erasures != self.erasures(kept.arn):
            return
        private_folder(self._root)
        path = private_folder(self._root / key) / _name(parameters)
        write_map(path, kept)
        if erasures != self.erasures(kept.arn):  # meanwhile: who erases says so first, and then looks what is here
            path.unlink(missing_ok=True)
        self._prune()

    def _prune(self) -> None:
        """Drop the maps that were written the longest ago, beyond the limit, and what crashes left."""
        assert self._root is not None
        files = []
        for path in self._root.glob("*/*.map"):
            with contextlib.suppress(OSError):  # another process removed it
                files.append((path.stat().st_mtime, path.stat().st_size, path))
        room = _MOST_BYTES
        for place, (_, size, path) in enumerate(sorted(files, reverse=True)):
            room -= size
            if room < 0 and place:
                with contextlib.suppress(OSError):
                    path.unlink()
        for folder in self._root.glob("*/"):
            with contextlib.suppress(OSError):
                remove_drafts(folder, all_of_them=False)


def key_digests(keys: pa.ChunkedArray | Collection[str]) -> Digests:
    """Return a digest of each key, (n,) uint64."""
    column = keys if isinstance(keys, pa.ChunkedArray) else pa.chunked_array([pa.array(list(keys), pa.string())])
    return row_digests(pa.table({KEY_COLUMN: column}))


def mark_erased(root: Path, arn: str) -> None:
    """Say in the root of a version that memories of an index are being erased now; OSError as it comes."""
    path = root / _ERASED / _digest(arn)
    for folder in (root, path.parent):  # not for us alone: an administrator may erase in what is another's
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.urandom(4).hex()}")
    draft.write_text(str(max(time.time_ns(), erased_at(root, arn) + 1)), encoding="ascii")
    draft.replace(path)


def erased_at(root: Path, arn: str) -> int:
    """Return when memories of an index were last erased, in nanoseconds since 1970, 0 for never."""
    try:
        return int((root / _ERASED / _digest(arn)).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _name(parameters: MapParameters) -> str:
    return f"{_digest(json.dumps(parameters.as_dict(), sort_keys=True))}.map"


def write_map(path: Path, kept: Kept) -> None:
    """Write a map in place of what is there; OSError as it comes."""
    about = {"arn": kept.arn, "revision": kept.revision, "method": kept.method, "side": kept.side}
    arrays: Arrays = {
        "about": np.frombuffer(json.dumps(about).encode(), np.uint8),
        "infos": np.frombuffer(json_of(kept.clusters), np.uint8),
        "keys": kept.keys,
        "marks": kept.marks,
        "fitted": kept.fitted,
        "coords": kept.coords,
    }
    if kept.neighbours is not None:
        arrays |= {"neighbours": kept.neighbours.rows, "distances": kept.neighbours.distances}
        arrays["search"] = np.array([kept.neighbours.recall, float(kept.neighbours.metric == "cosine")])
    if kept.quality is not None:
        arrays["quality"] = np.array(astuple(kept.quality), np.float64)
    seal(path, arrays | arrays_of(kept.clusters))


def read_map(path: Path) -> Kept:
    """Return a map; OSError where it is not there, ValueError where it is not one."""
    try:
        kept = _kept_of(sealed(path))
        _check(kept)
    except OSError:
        raise
    except Exception as error:  # whatever the readers of zip, npy and JSON make of a file that is none of ours
        raise ValueError(path) from error
    return kept


def _kept_of(arrays: Arrays) -> Kept:
    about: dict[str, Any] = json.loads(arrays["about"].tobytes())
    neighbours = quality = None
    if "search" in arrays:
        recall, cosine = arrays["search"].tolist()
        metric = "cosine" if cosine else "euclidean"
        neighbours = Neighbours(arrays["neighbours"], arrays["distances"], float(recall), metric)
    if "quality" in arrays:
        quality = quality_of(arrays["quality"])
    return Kept(
        about["arn"],
        about["revision"],
        about["method"],
        arrays["keys"],
        arrays["marks"],
        arrays["fitted"],
        arrays["coords"],
        float(about["side"]),
        neighbours,
        quality,
        views_of(arrays, infos_of(arrays["infos"].tobytes())),
    )


def _check(kept: Kept) -> None:
    """Raise ValueError where something would lead beyond the rows of a map: it was written by another program."""
    rows = len(kept.keys)
    found = {name: (getattr(kept, name).dtype, getattr(kept, name).shape) for name in ("keys", "marks", "fitted", "coords")}
    columns = found["coords"][1][-1]
    wanted = {"keys": (np.uint64, (rows,)), "marks": (np.uint64, (rows,)), "fitted": (np.bool_, (rows,))}
    sound = found == wanted | {"coords": (np.float32, (rows, columns))} and columns in (2, 3)
    sound = sound and bool(np.isfinite(kept.coords).all()) and kept.side >= 0 and kept.method in get_args(Method)
    if kept.neighbours is not None:
        near = kept.neighbours
        sound = sound and len(near.rows) == rows and near.rows.shape == near.distances.shape and _within(near.rows, 0, rows)
    arrays_of(kept.clusters)  # or numbers that are none of theirs
    for view in kept.clusters.values():
        codes = (view.clusters.codes, view.clusters.nearest)
        sound = sound and all(len(each) == rows and _within(each, -1, view.clusters.count) for each in codes)
        sound = sound and len(view.clusters.strength) == rows and len(view.clusters.ids) == view.clusters.count
        sound = sound and all(0 <= info.code < view.clusters.count and 0 <= info.central < rows for info in view.infos)
    if not sound:
        raise ValueError(kept.method)


def _within(numbers: npt.NDArray[Any], least: int, end: int) -> bool:
    return numbers.dtype.kind == "i" and (not numbers.size or bool(numbers.min() >= least and numbers.max() < end))
