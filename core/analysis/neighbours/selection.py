"""Selection: the best few of many scores, row by row, from blocks of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Floats, Rows

__all__ = ["Best"]

# One column in so many tells what a row's k best are at least.
_STRIDE: Final = 8


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Candidates in the order of their points: a point, a column and a score each, (c,)."""

    points: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    scores: Floats

    def of(self, which: npt.NDArray[Any]) -> _Pairs:
        return _Pairs(self.points[which], self.columns[which], self.scores[which])


class Best:
    """The k best columns of each of `count` points, of scores that come in blocks; ties by column."""

    def __init__(self, count: int, k: int) -> None:
        self._k = k
        self._pairs = _Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32))
        self.least: Floats = np.full(count, -np.inf, np.float32)  # the k-th best score of each point so far

    def add(self, scores: Floats, first: int) -> None:
        """Take in the scores (count, m) of the columns from `first` on."""
        places = np.flatnonzero(scores >= np.maximum(self.least, _floors(scores, self._k))[:, None])
        points, columns = np.divmod(places, scores.shape[1])
        self._tighten([self._pairs, _Pairs(points, columns + first, scores.ravel()[places])])

    def columns(self) -> Rows:
        """Return the k best columns of each point, the best first, int32 (count, k); −1 where there were fewer."""
        found = self._pairs.of(np.lexsort((self._pairs.columns, -self._pairs.scores, self._pairs.points)))
        place = np.arange(len(found.points)) - np.searchsorted(found.points, found.points, side="left")
        kept = place < self._k
        best = np.full((len(self.least), self._k), -1, np.int32)
        best[found.points[kept], place[kept]] = found.columns[kept]
        return best

    def over(self, scores: Floats) -> npt.NDArray[np.int64]:
        """Return how many scores are more than some (count, m), as (count, m); exact where some are k-th best or more."""
        points, found = self._pairs.points, self._pairs.scores
        lines = [np.bincount(points[found > line[points]], minlength=len(self.least)) for line in scores.T]
        return np.stack(lines, axis=1)

    def _tighten(self, lists: list[_Pairs]) -> None:
        """Keep the pairs of two lists that have at least a point's k-th best score."""
        sizes = [np.bincount(pairs.points, minlength=len(self.least)) for pairs in lists]
        width = max(self._k, int((sizes[0] + sizes[1]).max(initial=0)))
        table = np.full((len(self.least), width), -np.inf, np.float32)
        for pairs, size, before in zip(lists, sizes, (0 * sizes[0], sizes[0]), strict=True):
            place = np.arange(len(pairs.points)) - np.repeat(np.cumsum(size) - size - before, size)
            table[pairs.points, place] = pairs.scores
        self.least = np.partition(table, width - self._k, axis=1)[:, width - self._k]
        kept = [pairs.of(pairs.scores >= self.least[pairs.points]) for pairs in lists]
        both = _Pairs(
            np.concatenate([pairs.points for pairs in kept]),
            np.concatenate([pairs.columns for pairs in kept]),
            np.concatenate([pairs.scores for pairs in kept]),
        )
        self._pairs = both.of(np.argsort(both.points, kind="stable"))


def _floors(scores: Floats, k: int) -> Floats:
    """Return what the k-th best score of each row of (m, n) is at least, (m,), from a part of the columns."""
    few = scores[:, ::_STRIDE] if scores.shape[1] >= _STRIDE * 4 * k else scores
    if few.shape[1] <= k:
        return np.full(len(scores), -np.inf, np.float32)
    least: Floats = np.partition(few, few.shape[1] - k, axis=1)[:, few.shape[1] - k]
    return least
