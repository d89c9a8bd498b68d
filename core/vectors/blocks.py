"""Vectors that arrive page by page, gathered in large blocks.

Large ones go back to the system when they are let go, while malloc would keep the small ones of pages: half as much memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["Blocks", "gathered"]

# Above 32 MiB malloc takes memory of its own for each block; none is in use before it is written to.
_BYTES: Final = 33 * 2**20


class Blocks:
    """Rows of float32 in the order in which they came."""

    def __init__(self) -> None:
        self.rows = 0
        self._blocks: list[npt.NDArray[np.float32]] = []
        self._filled = 0

    @property
    def width(self) -> int | None:
        """Return the dimension; None as long as nothing came."""
        return int(self._blocks[0].shape[1]) if self._blocks else None

    def add(self, matrix: npt.NDArray[np.float32]) -> None:
        """Append the rows of a matrix."""
        self.rows += len(matrix)
        while len(matrix):
            if not self._blocks or self._filled == len(self._blocks[-1]):
                width = matrix.shape[1]
                self._blocks.append(np.empty((_BYTES // (4 * width) + 1, width), np.float32))
                self._filled = 0
            part = matrix[: len(self._blocks[-1]) - self._filled]
            self._blocks[-1][self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            matrix = matrix[len(part) :]

    def move_to(self, matrix: npt.NDArray[np.float32]) -> None:
        """Write all rows into a matrix of that many; each block is let go once it is copied."""
        start = 0
        while self._blocks:
            block = self._blocks.pop(0)
            part = block if self._blocks else block[: self._filled]
            matrix[start : start + len(part)] = part
            start += len(part)
        self.rows = self._filled = 0


def gathered(parts: Iterable[Blocks], dimension: int) -> npt.NDArray[np.float32]:
    """Return all rows as one matrix and leave the parts empty; `dimension` is that of no rows."""
    all_parts = list(parts)
    width = next((part.width for part in all_parts if part.width is not None), dimension)
    matrix = np.empty((sum(part.rows for part in all_parts), width), np.float32)
    start = 0
    for part in all_parts:
        rows = part.rows
        part.move_to(matrix[start : start + rows])
        start += rows
    return matrix
