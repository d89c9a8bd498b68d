"""Landmarks: a sample of the rows that covers a matrix, for what is too large to lay out whole."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.cells import cell_of, centres_of
from core.analysis.neighbours.found import Rows
from core.analysis.neighbours.space import space_of

__all__ = ["landmarks"]

_CELLS: Final = 512


def landmarks(matrix: npt.NDArray[np.float32], count: int, seed: int = 0, *, metric: str = "cosine") -> Rows:
    """Return `count` rows of a matrix (n, dim) that cover it, int32, ascending; all rows where there are no more.

    Stratified: each cell of a k-means clustering gives its share of the rows, and at least one where there is room for it.
    """
    rows = len(matrix)
    if count >= rows:
        return np.arange(rows, dtype=np.int32)
    vectors = space_of(matrix, metric).vectors
    cells = cell_of(vectors, centres_of(vectors, max(1, min(_CELLS, count // 4)), seed=seed))
    order = np.random.default_rng(seed).permutation(rows)
    order = order[np.argsort(cells[order], kind="stable")]
    sizes = np.bincount(cells)
    place = np.arange(rows) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    # In the order of how far through its cell a row stands, each cell gives its share at any moment, and its first at once.
    turn = np.where(place == 0, -1.0, (place + 0.5) / np.repeat(sizes, sizes))
    return np.sort(order[np.argsort(turn, kind="stable")[:count]]).astype(np.int32)
