"""The exact search: products of blocks of rows, of which only what can be among the best is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Distances, Floats, Rows
from core.analysis.neighbours.selection import Best
from core.analysis.neighbours.space import Space

__all__ = ["SPARE", "exact_rows", "ordered", "score_blocks", "searched"]

# A block of products that stays in the processor's cache: 32 MB.
_POINTS, _ROWS = 1_024, 8_192
# Products in float32 order nearly equal neighbours by chance: a few more are taken, and measured without cancellation.
SPARE: Final = 8

_Own = npt.NDArray[np.integer]


def score_blocks(space: Space, points: Floats, *, own: _Own | None = None) -> Iterator[tuple[int, Floats]]:
    """Yield how near the rows of a space are to some points (m, d) of it: the first row, and (m, rows), large if near.

    A block is good until the next. `own` has the row that each point is, (m,): −∞ near to itself.
    """
    halves, block = space.halves, np.empty((len(points), min(_ROWS, len(space))), np.float32)
    for start in range(0, len(space), _ROWS):
        rows = slice(start, min(len(space), start + _ROWS))
        scores = np.matmul(points, space.vectors[rows].T, out=block[:, : rows.stop - start])
        if halves is not None:
            scores -= halves[rows]
        if own is not None:
            here = np.flatnonzero((own >= start) & (own < rows.stop))
            scores[here, own[here] - start] = -np.inf
        yield start, scores


def searched(space: Space, points: Floats, k: int, *, own: _Own | None = None) -> tuple[Rows, Distances]:
    """Return the k nearest rows of a space for each of some points (m, d) of it, and the distances, (m, k), ties by row.

    `own` has the row that each point is, (m,): none finds itself.
    """
    others = len(space) - (own is not None)
    best = Best(len(points), min(k + SPARE, others))
    for start, scores in score_blocks(space, points, own=own):
        best.add(scores, start)
    return ordered(space, points, best.columns(), min(k, others))


def ordered(space: Space, points: Floats, rows: Rows, k: int) -> tuple[Rows, Distances]:
    """Return the k nearest of some candidates (m, more), −1 where there is none, with their distances; ties by row."""
    distances = space.distances(points, np.maximum(rows, 0))
    distances[rows < 0] = np.inf
    order = np.lexsort((rows, distances), axis=1)[:, :k]
    return np.take_along_axis(rows, order, axis=1), np.take_along_axis(distances, order, axis=1)


def exact_rows(space: Space, k: int, *, told: Callable[[float], None]) -> tuple[Rows, Distances]:
    """Return the k nearest other rows of each row of a space, k at most n − 1; `told` hears 0 to 1 and may raise."""
    k = min(k, max(0, len(space) - 1))
    rows, distances = np.empty((len(space), k), np.int32), np.empty((len(space), k), np.float32)
    for start in range(0, len(space) if k else 0, _POINTS):
        told(start / len(space))
        own = np.arange(start, min(len(space), start + _POINTS))
        rows[own], distances[own] = searched(space, space.vectors[own[0] : own[-1] + 1], k, own=own)
    return rows, distances
