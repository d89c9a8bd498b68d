"""Maps on disk: one file for each index and parameters, beside the snapshots; a damaged one is passed over.

::

    v1/<key of the index>/<digest of the parameters>.map    a checksum, and arrays as numpy writes them
    v1/erased                                               when memories were last erased

They hold places, neighbours and clusters of memories that are known by digests of key and vector, and what is said of the
clusters: words of memories. So only the owner may read them, and an erased memory is taken out of them.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import zlib
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.analysis.clusters import Granularity
from core.analysis.neighbours import Neighbours
from core.analysis.projection import Quality
from core.maps.folders import sweep_folders
from core.maps.order import Arrays, arrays_of, infos_of, json_of, views_of
from core.maps.parameters import MapParameters
from core.maps.results import quality_of
from core.maps.state import ClusterView, Method
from core.snapshots.digests import row_digests
from core.vectors.client import KEY_COLUMN

__all__ = ["Kept", "KeptMaps", "forget_maps", "forget_memories", "key_digests"]

_FORMAT: Final = 1
_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError)
_SEAL_BYTES: Final = 12
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
        self._root = directory / f"v{_FORMAT}" if directory is not None else None

    def load(self, key: str, parameters: MapParameters) -> Kept | None:
        """Return the map of an index, None where there is none that can be read."""
        if self._root is None:
            return None
        try:
            return _read(self._root / key / _name(parameters))
        except _UNREADABLE:
            return None

    def erasures(self) -> int:
        """Return what changes whenever memories are erased here: a map that was begun before is not to be kept."""
        try:
            return (self._root / _ERASED).stat().st_mtime_ns if self._root is not None else 0
        except OSError:
            return 0

    def save(self, key: str, parameters: MapParameters, kept: Kept, *, erasures: int) -> None:
        """Write a map in place of the former one, unless memories were erased since it was begun; OSError as it comes."""
        if self._root is None or erasures != self.erasures():
            return
        for folder in (self._root, self._root / key):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        _write(self._root / key / _name(parameters), kept)
        self._prune()

    def forget(self, key: str) -> None:
        """Remove every map of an index."""
        if self._root is not None:
            shutil.rmtree(self._root / key, ignore_errors=True)

    def _prune(self) -> None:
        """Drop the maps that were written the longest ago, beyond the limit."""
        assert self._root is not None
        files = sorted(((path.stat().st_mtime, path) for path in self._root.glob("*/*.map")), reverse=True)
        room = _MOST_BYTES
        for place, (_, path) in enumerate(files):
            room -= path.stat().st_size
            if room < 0 and place:
                path.unlink(missing_ok=True)


def key_digests(keys: pa.ChunkedArray | Collection[str]) -> Digests:
    """Return a digest of each key, (n,) uint64."""
    column = keys if isinstance(keys, pa.ChunkedArray) else pa.chunked_array([pa.array(list(keys), pa.string())])
    return row_digests(pa.table({KEY_COLUMN: column}))


def forget_memories(directory: Path, arn: str, keys: Collection[str]) -> None:
    """Take memories out of every map of the index with this ARN, with the words that their clusters were described with.

    A map that cannot be read is removed, for nobody can say what is in it.
    """
    gone = key_digests(keys)
    sweep_folders(directory / "work")
    if directory.is_dir():
        root = directory / f"v{_FORMAT}"
        root.mkdir(mode=0o700, exist_ok=True)
        (root / _ERASED).write_bytes(b"")
    for path in directory.glob("v*/*/*.map"):
        try:
            kept = _read(path)
        except _UNREADABLE:
            path.unlink(missing_ok=True)
            continue
        if kept.arn == arn and np.isin(kept.keys, gone).any():
            _write(path, _without(kept, np.isin(kept.keys, gone)))


def forget_maps(directory: Path, arn: str) -> None:
    """Remove every map of the index with this ARN, and those that cannot be read."""
    for path in directory.glob("v*/*/*.map"):
        with contextlib.suppress(*_UNREADABLE):
            if _read(path).arn != arn:
                continue
        path.unlink(missing_ok=True)


def _without(kept: Kept, gone: npt.NDArray[np.bool_]) -> Kept:
    left = np.flatnonzero(~gone)
    views = {}
    for name, view in kept.clusters.items():
        arrays = view.clusters.to_arrays()
        arrays |= {part: arrays[part][left] for part in ("codes", "strength", "nearest")}
        views[name] = ClusterView(type(view.clusters).of_arrays(arrays))
    return replace(
        kept,
        keys=kept.keys[left],
        marks=kept.marks[left],
        fitted=kept.fitted[left],
        coords=kept.coords[left],
        neighbours=None,
        clusters=views,
    )


def _name(parameters: MapParameters) -> str:
    text = json.dumps(parameters.as_dict(), sort_keys=True)
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.map"


def _write(path: Path, kept: Kept) -> None:
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
    _seal(path, arrays | arrays_of(kept.clusters))


def _seal(path: Path, arrays: Arrays) -> None:
    """Write arrays with their length and checksum, whole or not at all."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    content = buffer.getbuffer()
    draft = path.with_suffix(f".{os.urandom(4).hex()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(len(content).to_bytes(8, "little") + zlib.crc32(content).to_bytes(4, "little"))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _sealed(path: Path) -> Arrays:
    """Return what was sealed; ValueError where it is not what was written."""
    content = memoryview(path.read_bytes())
    said, body = content[:_SEAL_BYTES], content[_SEAL_BYTES:]
    if said != len(body).to_bytes(8, "little") + zlib.crc32(body).to_bytes(4, "little"):
        raise ValueError(path)
    with np.load(io.BytesIO(body), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def _read(path: Path) -> Kept:
    arrays = _sealed(path)
    about: dict[str, Any] = json.loads(arrays["about"].tobytes())
    neighbours = quality = None
    if "search" in arrays:
        recall, cosine = arrays["search"].tolist()
        neighbours = Neighbours(
            arrays["neighbours"], arrays["distances"], float(recall), "cosine" if cosine else "euclidean"
        )
    if "quality" in arrays:
        quality = quality_of(arrays["quality"])
    rows = {len(arrays[name]) for name in ("keys", "marks", "fitted", "coords")}
    if len(rows) != 1 or (neighbours is not None and len(neighbours) not in rows):
        raise ValueError(path)
    views = views_of(arrays, infos_of(arrays["infos"].tobytes()))
    if any(len(view.clusters.codes) not in rows for view in views.values()):
        raise ValueError(path)
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
        views,
    )
