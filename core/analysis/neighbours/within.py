"""All pairs of rows that are within a distance of each other, however many a row has: groups larger than any k are whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.blocked import score_blocks
from core.analysis.neighbours.found import Distances, Floats, Rows
from core.analysis.neighbours.search import EXACT_MOST, nearest
from core.analysis.neighbours.space import Space, space_of
from core.errors import CancelledError

__all__ = ["Near", "within"]

_K: Final = 16
_POINTS: Final = 1_024
# Products in float32 of vectors of length 1 are this exact.
_ROUNDING: Final = 2e-6

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Near:
    """Pairs of rows, `first` below `second`, (p,) int32 each, in order, with their cosine distances, (p,) float32.

    `recall` is the share that was found: 1.0 where the search was exact, else as `nearest` measured it. `cut` counts the
    rows of which only the nearest `most` were taken.
    """

    first: Rows
    second: Rows
    distances: Distances
    recall: float
    cut: int


def within(
    matrix: Floats,
    distance: float,
    *,
    most: int = 512,
    seed: int = 0,
    exact: bool | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Near:
    """Return the pairs of rows of a matrix (n, dim) at most a cosine distance apart.

    Up to EXACT_MOST rows the search is exact. Beyond, each row's nearest are searched, and rows of which all of these are
    within the distance are compared with every row. Raises CancelledError soon after `stop` returns true.
    """

    def told(done: float) -> None:
        if stop is not None and stop():
            raise CancelledError("The search for near pairs was stopped.")
        if progress is not None:
            progress(done)

    told(0.0)
    space = space_of(matrix, "cosine")
    if len(space) < 2:
        none = np.zeros(0, np.int32)
        return Near(none, none, np.zeros(0, np.float32), 1.0, 0)
    if exact or (exact is None and len(space) <= EXACT_MOST):
        found = _ranged(space, np.arange(len(space)), distance, most, told=told)
        return _pairs(len(space), *found, recall=1.0)
    near = nearest(matrix, k=_K, seed=seed, exact=exact, stop=stop, progress=lambda done: told(0.8 * done))
    close = near.distances <= distance + _ROUNDING
    full = np.flatnonzero(close.all(axis=1))
    close[full] = False
    points, place = np.nonzero(close)
    parts = points, near.rows[points, place].astype(np.int64), near.distances[points, place]
    more = _ranged(space, full, distance, most, told=lambda done: told(0.8 + 0.2 * done))
    both = [np.concatenate([one, other]) for one, other in zip(parts, more[:3], strict=True)]
    return _pairs(len(space), both[0], both[1], both[2], more[3], recall=near.recall)


def _ranged(
    space: Space, points: _Ints, distance: float, most: int, *, told: Callable[[float], None]
) -> tuple[_Ints, _Ints, Distances, int]:
    """Return the pairs of some rows of a space with all rows within the distance, and how many rows were cut."""
    firsts, seconds, lengths = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    cut = 0
    for start in range(0, len(points), _POINTS):
        told(start / len(points))
        own = points[start : start + _POINTS]
        rows, columns, scores = [], [], []
        for first, block in score_blocks(space, space.vectors[own], own=own):
            hit = np.flatnonzero(block.ravel() >= 1 - distance - _ROUNDING)
            row, column = np.divmod(hit, block.shape[1])
            rows.append(row)
            columns.append(column + first)
            scores.append(block.ravel()[hit])
        row, column, score = (np.concatenate(part) for part in (rows, columns, scores))
        order = np.lexsort((column, -score, row))
        row, column, score = row[order], column[order], score[order]
        rank = np.arange(len(row)) - np.searchsorted(row, row, side="left")
        cut += len(np.unique(row[rank >= most]))
        kept = rank < most
        firsts.append(own[row[kept]])
        seconds.append(column[kept])
        lengths.append(np.maximum(0, 1 - score[kept]).astype(np.float32))
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(lengths), cut


def _pairs(size: int, first: _Ints, second: _Ints, distances: Distances, cut: int, *, recall: float) -> Near:
    """Return pairs that were found from either side, each once and in order."""
    low, high = np.minimum(first, second).astype(np.int64), np.maximum(first, second).astype(np.int64)
    _, places = np.unique(low * size + high, return_index=True)
    return Near(low[places].astype(np.int32), high[places].astype(np.int32), distances[places], recall, cut)
