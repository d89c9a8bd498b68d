"""Snapshots on disk: one folder for each, of Arrow IPC for keys and metadata, raw float32 for vectors, and a manifest.

::

    v1/<key>.lock                           who writes the snapshots of this index
    v1/<key>/<microseconds>-<random>/       one snapshot; the newest whole one counts
        manifest.json                       format, identity, revision, time, rows, sizes and checksums
        rows.arrow   vectors.f32

A folder is written under another name, flushed and renamed, so nobody meets half of one. They hold what the memories hold:
only the owner may read them. They are never the truth: what does not fit its checksums is passed over and read again.
"""

from __future__ import annotations

import os
import shutil
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from core.snapshots.job import Job

__all__ = ["FORMAT", "SnapshotFiles", "Stored", "manifest"]

FORMAT: Final = 1
_MANIFEST, _ROWS, _VECTORS = "manifest.json", "rows.arrow", "vectors.f32"
_DIGESTS: Final = "$digest"
_DRAFT: Final = ".draft-"
_POLL_S: Final = 0.05
_CHUNK: Final = 8 * 1024 * 1024
_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, pa.ArrowException)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

if sys.platform == "win32":  # no flock: two processes may both read an index, which costs time and no more

    def _try_lock(handle: int) -> bool:  # noqa: ARG001
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        """Lock the open file if nobody else has; closing it lets go."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True)
class Stored:
    """What the files of a snapshot hold; arrays are memory-mapped. `name` is its folder's."""

    name: str
    about: dict[str, Any]
    table: pa.Table
    digests: npt.NDArray[np.uint64]
    matrix: npt.NDArray[np.float32] | None

    @property
    def taken_at(self) -> datetime:
        """When this was known to be what is stored."""
        return _EPOCH + timedelta(microseconds=self.about["taken_at_us"])


class SnapshotFiles:
    """The snapshots of a directory, which any number of processes may share; every method raises OSError as it comes."""

    def __init__(self, directory: Path, *, max_indexes: int = 64, max_bytes: int = 16 * 1024**3) -> None:
        self._root = directory / f"v{FORMAT}"
        self._max_indexes, self._max_bytes = max_indexes, max_bytes

    @contextmanager
    def turn(self, key: str, job: Job) -> Iterator[bool]:
        """Wait until no other process reads this index, and yield whether there was one; CancelledError if stopped."""
        _private(self._root)
        handle = os.open(self._root / f"{key}.lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        waited = False
        try:
            while not _try_lock(handle):
                waited = True
                job.at("waiting for another process")
                job.pause(_POLL_S)
            yield waited
        finally:
            os.close(handle)

    def newest(self, key: str) -> str | None:
        """Return the name of the newest snapshot of an index, without reading it."""
        names = self._names(key)
        return names[0] if names else None

    def size(self, key: str) -> tuple[int, int | None] | None:
        """Return how many records the newest snapshot says it holds, and of how many, without reading them."""
        for name in self._names(key):
            try:
                about = manifest(self._root / key / name)
                return int(about["rows"]), about["total"]
            except _UNREADABLE:
                continue
        return None

    def load(self, key: str) -> Stored | None:
        """Return the newest whole snapshot of an index; what is damaged or of another version is passed over."""
        for name in self._names(key):
            try:
                return _read(self._root / key / name)
            except _UNREADABLE:
                continue
        return None

    def save(
        self,
        key: str,
        *,
        about: dict[str, Any],
        taken_at: datetime,
        table: pa.Table,
        digests: npt.NDArray[np.uint64],
        matrix: npt.NDArray[np.float32] | None,
    ) -> Stored:
        """Write a snapshot, drop older ones of this index and the oldest of others beyond the limits; hold the turn."""
        folder = self._root / key
        _private(folder)
        for leftover in folder.glob(f"{_DRAFT}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        name = f"{_microseconds(taken_at):020d}-{os.urandom(4).hex()}"
        draft = folder / f"{_DRAFT}{name}"
        draft.mkdir(mode=0o700)
        try:
            parts = {_ROWS: _write_table(draft / _ROWS, table, digests)}
            if matrix is not None:
                parts[_VECTORS] = _write_vectors(draft / _VECTORS, matrix)
            shape = None if matrix is None else list(matrix.shape)
            whole = about | {"rows": table.num_rows, "vectors": shape, "parts": parts}
            _write_manifest(draft, whole, taken_at)
            draft.rename(folder / name)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _flush_folder(folder)
        for other in self._names(key):
            if other != name:
                shutil.rmtree(folder / other, ignore_errors=True)
        self._prune(key)
        return _read(folder / name, trusted=True)

    def confirm(self, key: str, name: str, *, about: dict[str, Any], taken_at: datetime) -> None:
        """Note that a snapshot is still what is stored; ValueError if its manifest is damaged."""
        folder = self._root / key / name
        _write_manifest(folder, manifest(folder) | about, taken_at)

    def forget(self, key: str) -> None:
        """Remove every snapshot of an index."""
        shutil.rmtree(self._root / key, ignore_errors=True)

    def _names(self, key: str) -> list[str]:
        """Return the folders of an index's snapshots, newest first."""
        try:
            found = [entry.name for entry in os.scandir(self._root / key) if not entry.name.startswith(".")]
        except OSError:
            return []
        return sorted(found, reverse=True)

    def _prune(self, mine: str) -> None:
        """Drop the snapshots that nobody confirmed for the longest time, beyond the limits of count and bytes."""
        known = []
        for folder in self._root.iterdir():
            if folder.is_dir():
                files = [path.stat() for path in folder.rglob("*") if path.is_file()]
                when = max((found.st_mtime for found in files), default=0.0)
                known.append((folder.name == mine, when, sum(found.st_size for found in files), folder))
        room = self._max_bytes
        for place, (own, _, size, folder) in enumerate(sorted(known, reverse=True)):
            room -= size
            if not own and (place >= self._max_indexes or room < 0):
                shutil.rmtree(folder, ignore_errors=True)


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _private(folder: Path) -> None:
    """Make a folder that only its owner may enter; OSError if it is somebody else's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        raise PermissionError(f"'{folder}' belongs to another user")
    if status.st_mode & 0o077:
        folder.chmod(0o700)


def _create(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _write_table(path: Path, table: pa.Table, digests: npt.NDArray[np.uint64]) -> dict[str, int]:
    whole = table.append_column(pa.field(_DIGESTS, pa.uint64()), pa.array(digests)).combine_chunks()
    with _create(path) as file:
        with pa.ipc.new_file(file, whole.schema) as writer:
            writer.write_table(whole)
        file.flush()
        os.fsync(file.fileno())
    return _sum(path)


def _write_vectors(path: Path, matrix: npt.NDArray[np.float32]) -> dict[str, int]:
    source = Path(matrix.filename) if isinstance(matrix, np.memmap) and matrix.filename else None
    if source is not None and source.name == _VECTORS:
        try:
            known: dict[str, int] = manifest(source.parent)["parts"][_VECTORS]
            os.link(source, path)
        except _UNREADABLE:  # pruned meanwhile, or a file system without links: written as new
            path.unlink(missing_ok=True)
        else:
            return known
    checksum = 0
    plain = np.ascontiguousarray(matrix, np.float32).reshape(-1)
    with _create(path) as file:
        for start in range(0, plain.size, _CHUNK // 4):
            part = plain[start : start + _CHUNK // 4].tobytes()
            checksum = zlib.crc32(part, checksum)
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return {"bytes": plain.nbytes, "crc32": checksum}


def _write_manifest(folder: Path, about: dict[str, Any], taken_at: datetime) -> None:
    whole = {name: value for name, value in about.items() if name != "crc32"}
    whole |= {"format": FORMAT, "taken_at_us": _microseconds(taken_at)}
    whole["crc32"] = zlib.crc32(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS))
    draft = folder / f"{_MANIFEST}.{os.urandom(4).hex()}"
    with _create(draft) as file:
        file.write(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / _MANIFEST)
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def manifest(folder: Path) -> dict[str, Any]:
    """Return a manifest; ValueError if it is damaged or of another format."""
    about: dict[str, Any] = orjson.loads((folder / _MANIFEST).read_bytes())
    whole = {name: value for name, value in about.items() if name != "crc32"}
    if about["format"] != FORMAT or about["crc32"] != zlib.crc32(orjson.dumps(whole, option=orjson.OPT_SORT_KEYS)):
        raise ValueError(folder)
    return whole


def _sum(path: Path) -> dict[str, int]:
    checksum = size = 0
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            checksum, size = zlib.crc32(part, checksum), size + len(part)
    return {"bytes": size, "crc32": checksum}


def _read(folder: Path, *, trusted: bool = False) -> Stored:
    """Return what a folder holds; ValueError if its parts are not what the manifest says. `trusted`: just written."""
    about = manifest(folder)
    if not trusted and any(_sum(folder / name) != part for name, part in about["parts"].items()):
        raise ValueError(folder)
    with pa.memory_map(str(folder / _ROWS)) as source:
        whole = pa.ipc.open_file(source).read_all()
    digests = np.asarray(whole[_DIGESTS].combine_chunks())
    matrix: npt.NDArray[np.float32] | None = None
    if about["vectors"] is not None:
        rows, dimension = about["vectors"]
        matrix = np.memmap(folder / _VECTORS, np.float32, "r", shape=(rows, dimension)) if rows else None
        matrix = np.empty((0, dimension), np.float32) if matrix is None else matrix
    if not len(digests) == about["rows"] == (len(digests) if matrix is None else len(matrix)):
        raise ValueError(folder)
    return Stored(folder.name, about, whole.drop_columns([_DIGESTS]), digests, matrix)
