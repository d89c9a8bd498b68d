"""The folders through which the server and its worker hand each other arrays: private, and gone when the work is.

Whoever makes one holds a lock on it as long as its process lives: what nobody holds was left by a crash, and is removed.
Without locks, as on Windows, what a crash left stays until somebody removes it.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.analysis.snapshot import Snapshot
from core.maps.order import Arrays, Vectors, write_arrays, write_frame

__all__ = ["INPUTS", "WorkFolder", "private_folder", "sweep_folders", "write_inputs"]

INPUTS: Final = ("inputs.npz", "frame.arrow", "vectors.f32")
_PREFIX: Final = "map-"
_HELD: Final = "held"
_TURN: Final = "turn"
_CHUNK_ROWS: Final = 16_384

if sys.platform == "win32":

    def _lock(handle: int, *, wait: bool) -> bool:  # noqa: ARG001
        return False

else:
    import fcntl

    def _lock(handle: int, *, wait: bool) -> bool:
        """Lock an open file until it is closed; say whether that was possible."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError:  # another process has it, or this file system has no locks
            return False
        return True


class WorkFolder:
    """A new folder that only its owner may enter, in `directory`, or else in one of ours among the temporary ones."""

    def __init__(self, directory: Path | None) -> None:
        """Make it; OSError as it comes."""
        try:
            self.path, self._held = _made(directory or _temporary())
        except OSError:  # a store that can only be read, or belongs to somebody else
            if directory is None:
                raise
            self.path, self._held = _made(_temporary())

    def remove(self) -> None:
        """Remove it with what is in it; what cannot be removed now is swept later."""
        with contextlib.suppress(OSError), _turn(self.path.parent):
            os.close(self._held)
            shutil.rmtree(self.path)


def sweep_folders(directory: Path | None) -> None:
    """Remove what servers left that are no more; OSError as it comes."""
    base = directory or _temporary()
    if not base.is_dir():
        return
    if directory is None:  # there anybody may have made it
        private_folder(base)
    with _turn(base):
        for folder in base.glob(f"{_PREFIX}*/"):
            handle = _opened(folder / _HELD)
            try:
                if _lock(handle, wait=False):
                    shutil.rmtree(folder)
            finally:
                os.close(handle)


def private_folder(folder: Path) -> Path:
    """Make a folder that only its owner may enter and return it; PermissionError if it, or a link to it, is another's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and {folder.lstat().st_uid, folder.stat().st_uid} != {os.getuid()}:
        raise PermissionError(f"'{folder}' belongs to another user")
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def write_inputs(folder: Path, snapshot: Snapshot, inputs: Arrays) -> Vectors:
    """Write what an order needs, and return where its vectors are: in the snapshot's own file, if it has one."""
    write_arrays(folder / INPUTS[0], inputs)
    write_frame(folder / INPUTS[1], snapshot.frame)
    matrix = snapshot.vectors()
    rows, dimension = matrix.shape
    file = _file_of(matrix)
    if file is not None and (there := _linked(file[0], folder / INPUTS[2])) is not None:
        return Vectors(str(there), file[1], rows, dimension)
    _write_matrix(folder / INPUTS[2], matrix)
    return Vectors(str(folder / INPUTS[2]), 0, rows, dimension)


def _temporary() -> Path:
    return Path(tempfile.gettempdir()) / f"mnemoscope-maps-{os.getuid() if hasattr(os, 'getuid') else 0}"


def _made(base: Path) -> tuple[Path, int]:
    """Return a new folder and what holds its lock."""
    with _turn(private_folder(base)):
        path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
        held = _opened(path / _HELD)
        _lock(held, wait=False)
        return path, held


@contextlib.contextmanager
def _turn(base: Path) -> Iterator[None]:
    """Wait until no other process makes or sweeps folders here."""
    handle = _opened(base / _TURN)
    try:
        _lock(handle, wait=True)
        yield
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)


def _file_of(matrix: Any) -> tuple[Path, int] | None:
    """Return the file that a matrix is the map of, and where in it it begins; a part of one says another's beginning."""
    base: Any = matrix.base
    if not isinstance(matrix, np.memmap) or not isinstance(base, mmap.mmap) or not matrix.flags.c_contiguous:
        return None
    return (Path(matrix.filename), int(matrix.offset)) if matrix.filename and matrix.dtype == np.float32 else None


def _linked(file: Path, name: Path) -> Path | None:
    """Return a file under another name, under which it stays when a newer snapshot takes its place; None if it is gone."""
    try:
        os.link(file, name)
    except FileNotFoundError:
        return None
    except OSError:  # another file system, or one without links
        return file
    return name


def _write_matrix(path: Path, matrix: npt.NDArray[np.float32]) -> None:
    with path.open("xb") as file:
        for start in range(0, len(matrix), _CHUNK_ROWS):
            file.write(np.ascontiguousarray(matrix[start : start + _CHUNK_ROWS], np.float32).data)
