"""The folders through which the server and its worker hand each other arrays: private, and gone when the work is."""

from __future__ import annotations

import contextlib
import mmap
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.analysis.snapshot import Snapshot
from core.maps.order import Arrays, Vectors, write_arrays, write_frame

__all__ = ["INPUTS", "make_folder", "sweep_folders", "write_inputs"]

INPUTS: Final = ("inputs.npz", "frame.arrow", "vectors.f32")
_PREFIX: Final = "map-"
_CHUNK_ROWS: Final = 16_384


def make_folder(directory: Path | None) -> Path:
    """Return a new folder that only its owner may enter, in `directory` or among the temporary ones."""
    if directory is not None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=directory))


def sweep_folders(directory: Path) -> None:
    """Remove what servers left that are no more."""
    for folder in directory.glob(f"{_PREFIX}*-*"):
        number = folder.name.removeprefix(_PREFIX).split("-")[0]
        if number.isdecimal() and not _alive(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def write_inputs(folder: Path, snapshot: Snapshot, inputs: Arrays) -> Vectors:
    """Write what an order needs, and return where its vectors are: in the snapshot's own file, if it has one."""
    write_arrays(folder / INPUTS[0], inputs)
    write_frame(folder / INPUTS[1], snapshot.frame)
    matrix = snapshot.vectors()
    rows, dimension = matrix.shape
    if (file := _file_of(matrix)) is not None:
        return Vectors(str(file[0]), file[1], rows, dimension)
    _write_matrix(folder / INPUTS[2], matrix)
    return Vectors(str(folder / INPUTS[2]), 0, rows, dimension)


def _file_of(matrix: Any) -> tuple[Path, int] | None:
    """Return the file that a matrix is the map of, and where in it it begins; a part of one says another's beginning."""
    base: Any = matrix.base
    if not isinstance(matrix, np.memmap) or not isinstance(base, mmap.mmap) or not matrix.flags.c_contiguous:
        return None
    return (Path(matrix.filename), int(matrix.offset)) if matrix.filename and matrix.dtype == np.float32 else None


def _write_matrix(path: Path, matrix: npt.NDArray[np.float32]) -> None:
    with path.open("xb") as file:
        for start in range(0, len(matrix), _CHUNK_ROWS):
            file.write(np.ascontiguousarray(matrix[start : start + _CHUNK_ROWS], np.float32).data)


def _alive(number: int) -> bool:
    if os.name == "nt":  # a signal there ends a process; what is left is a temporary folder
        return True
    with contextlib.suppress(PermissionError):
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return False
    return True
