"""Which memories are put beside each other to be judged: near by their vectors, of one scope, and of one subject. Pure.

The nearest of each text are searched in each scope by itself, so that other teams take nobody's place. Of these a text is
judged with those that are likeliest to speak of the same thing. The same text twice is one side, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.neighbours import nearest, nearest_to
from core.curation.conflicts.reach import Pass, passes
from core.curation.conflicts.sides import UNKNOWN_TIME, moments
from core.curation.conflicts.speaking import DAY, MOMENT, comparable_voices, voices
from core.curation.conflicts.subject import identities, of_other_things, promise, signatures
from core.curation.duplicates.distinct import Texts, Told, check_fit, distinct_texts, part_of, teller
from core.curation.duplicates.exact import comparable
from core.curation.duplicates.series import digit_shapes, thinned

__all__ = ["DEFAULT_BOUNDS", "Bounds", "Candidates", "candidates"]

# Of texts that differ in nothing but their digits so many may be of one thing that is said differently; more are a series.
_SERIES: Final = 8
_MICROSECOND: Final = timedelta(microseconds=1)

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bounds:
    """How far a search goes.

    `cosine` is the least that two memories must be alike by their vectors: at 0.5 the gate lets 95 of 100 contradictions
    through, at 0.7 only 78. `neighbours` of each text are looked at, and it is judged with so many `partners` of them, those
    with the most promise (see subject.promise), of which each has at least `promise`.
    """

    cosine: float = 0.5
    neighbours: int = 24
    partners: int = 4
    promise: float = 0.72
    same_agent: bool = True


DEFAULT_BOUNDS: Final = Bounds()


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs of rows of a frame, (p,) each, the most promising first, with the cosine and the promise of each.

    `first` and `second` are the latest rows with their text in the scope in which they met; `texts` has for each row's place
    among the distinct texts, `place` (n,), all rows that share it. `recall` is the share of the nearest that was found, 1.0
    where the search was exact; `near` counts the pairs of one scope at or above the gate, `cut` the texts that had more
    promising partners than were taken, `series` those of which only a few were looked at as they differ in digits alone.
    """

    first: _Ints
    second: _Ints
    cosines: _Floats
    promise: _Floats
    texts: Texts
    place: _Ints
    recall: float
    near: int
    cut: int
    series: int

    def __len__(self) -> int:
        return len(self.first)


def candidates(
    frame: pd.DataFrame,
    matrix: _Floats,
    *,
    now: datetime | None,
    tenant: bool = False,
    bounds: Bounds = DEFAULT_BOUNDS,
    reached: Callable[[Texts], _Floats] | None = None,
    seed: int = 0,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Candidates:
    """Return the pairs of memories of a snapshot that are worth a judge's look.

    `matrix` (n, dim) has the vector of each row of the frame. Spared memories (see curation.sparing) are in no pair, nor are
    those whose time is over at `now`. `tenant` says that all of the index is one tenant's. `reached` says down to which
    promise each distinct text was judged before, inf for not at all: a pair that both texts reached is left out. Raises
    CancelledError soon after `stop` returns true, ConfigError where frame and matrix do not fit; `progress` is told 0 to 1.
    """
    check_fit(frame, matrix)
    told = teller("conflicts", stop, progress)
    told(0.0)
    rows = comparable(frame, now=now)
    texts = distinct_texts(frame, rows, np.zeros(len(frame), np.int64), told=part_of(told, 0.0, 0.1))
    place = np.full(len(frame), -1, np.int64)
    for at, members in enumerate(texts.members):
        place[list(members)] = at
    search = _Search(frame, matrix, texts, place, bounds, reached, seed, stop)
    search.read(told=part_of(told, 0.1, 0.2))
    rounds = list(passes(frame, rows, tenant=tenant))
    total, done = max(1, sum(len(each.rows) for each in rounds)), 0
    for each in rounds:
        search.look(each, told=part_of(told, 0.3 + 0.65 * done / total, 0.65 * len(each.rows) / total))
        done += len(each.rows)
    found = search.found()
    told(1.0)
    return found


class _Search:
    """A search, one pass after the other; what each finds is thinned at once, so that memory is bounded by the texts."""

    def __init__(
        self,
        frame: pd.DataFrame,
        matrix: _Floats,
        texts: Texts,
        place: _Ints,
        bounds: Bounds,
        reached: Callable[[Texts], _Floats] | None,
        seed: int,
        stop: Callable[[], bool] | None,
    ) -> None:
        self._matrix, self._texts, self._place, self._bounds = matrix, texts, place, bounds
        self._seed, self._stop = seed, stop
        self._reached = None if reached is None else reached(texts)
        self._agents, self._tasks, self._sessions = (
            frame[name].cat.codes.to_numpy().astype(np.int64) for name in ("agent_id", "task_id", "session_id")
        )
        self._times = moments(frame)
        keys = frame["key"].to_numpy().astype(object)
        self._order = np.empty(len(keys), np.int64)
        self._order[np.argsort(keys, kind="stable")] = np.arange(len(keys))
        self._parts: list[tuple[_Ints, _Ints, _Floats, _Floats]] = []
        self._hit, self._asked, self._near = 0.0, 0, 0
        self._cut: set[int] = set()
        self._series: set[int] = set()

    def read(self, *, told: Told) -> None:
        """Read the words of all texts."""
        self._words = signatures(self._texts.texts, told=told)
        self._shapes = digit_shapes(self._texts.texts)
        self._voices = voices(self._texts.texts)
        self._named = identities(self._texts.texts)

    def look(self, each: Pass, *, told: Told) -> None:
        """Search one pass."""
        rows = self._latest(each.rows)
        kept = rows[thinned([self._texts.texts[at] for at in self._place[rows]], np.zeros(len(rows), np.int64))]
        self._series.update(np.setdiff1d(rows, kept).tolist())
        if len(kept) < 2:
            return
        free = None if each.free is None else np.isin(self._place[kept], self._place[each.rows[each.free]])
        first, second, cosines = self._neighbours(kept, free, told)
        few = self._within(first, second, cosines, np.bincount(self._shapes[self._place[rows]]))
        first, second, cosines = first[few], second[few], cosines[few]
        worth = promise(self._words, self._place[first], self._place[second], cosines)
        likely = worth >= self._bounds.promise
        first, second, cosines, worth = first[likely], second[likely], cosines[likely], worth[likely]
        best = self._partners(first, second, worth)
        self._parts.append((first[best], second[best], cosines[best], worth[best]))

    def found(self) -> Candidates:
        """Return what all passes found, each pair of texts once: as it was found first."""
        empty = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.float32))
        first, second, cosines, worth = (np.concatenate(part) for part in zip(empty, *self._parts, strict=True))
        one, other = self._place[first], self._place[second]
        _, once = np.unique(np.minimum(one, other) * len(self._texts.texts) + np.maximum(one, other), return_index=True)
        if self._reached is not None:
            once = once[worth[once] < np.maximum(self._reached[one[once]], self._reached[other[once]])]
        first, second, cosines, worth = first[once], second[once], cosines[once], worth[once]
        order = np.lexsort((self._order[second], self._order[first], -worth))
        return Candidates(
            first[order],
            second[order],
            cosines[order],
            worth[order],
            self._texts,
            self._place,
            self._hit / self._asked if self._asked else 1.0,
            self._near,
            len(self._cut),
            len(self._series),
        )

    def _latest(self, rows: _Ints) -> _Ints:
        """Return of each text among some rows the latest one, in the order of their keys."""
        place = self._place[rows]
        order = np.lexsort((self._order[rows], self._times[rows], place))
        last = np.append(np.diff(place[order]) != 0, True) if len(rows) else np.zeros(0, np.bool_)
        found: _Ints = rows[order[last]]
        return np.asarray(found[np.argsort(self._order[found])], np.int64)

    def _neighbours(self, rows: _Ints, free: npt.NDArray[np.bool_] | None, told: Told) -> tuple[_Ints, _Ints, _Floats]:
        """Return the pairs of some rows that are near, each once."""
        vectors, k = self._matrix[rows], self._bounds.neighbours
        if free is not None:
            points = np.flatnonzero(free)
            near, distances = nearest_to(vectors, vectors[points], k=k + 1)
            recall = 1.0
        else:
            points = np.arange(len(rows))
            found = nearest(vectors, k=k, seed=self._seed, stop=self._stop, progress=told)
            near, distances, recall = found.rows, found.distances, found.recall
        self._hit, self._asked = self._hit + len(points) * recall, self._asked + len(points)
        at, slot = np.nonzero(distances <= 1 - self._bounds.cosine)
        one, other = points[at], near[at, slot].astype(np.int64)
        apart = one != other
        low, high = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
        _, once = np.unique(low * len(rows) + high, return_index=True)
        cosines = 1 - distances[at, slot][apart][once]
        self._near += len(once)
        return rows[low[once]], rows[high[once]], cosines.astype(np.float32)

    def _within(self, first: _Ints, second: _Ints, cosines: _Floats, sizes: _Ints) -> npt.NDArray[np.bool_]:
        """Return which pairs are no series, and can be held against each other by who says them and how."""
        one, other = self._shapes[self._place[first]], self._shapes[self._place[second]]
        series = (one == other) & (sizes[one] > _SERIES)
        self._series.update(first[series].tolist())
        same_agent = _same(self._agents, first, second)
        apart = _apart(self._tasks, first, second)
        may = comparable_voices(
            self._voices[self._place[first]],
            self._voices[self._place[second]],
            same_agent=same_agent,
            same_task=~apart,
            same_talk=~(apart | _apart(self._sessions, first, second)),
            same_moment=self._within_time(first, second, MOMENT),
            same_day=self._within_time(first, second, DAY),
            cosines=cosines,
        )
        few = ~series & may & ~of_other_things(self._named, self._place[first], self._place[second])
        return np.asarray(few if self._bounds.same_agent else few & ~same_agent, np.bool_)

    def _within_time(self, first: _Ints, second: _Ints, most: timedelta) -> npt.NDArray[np.bool_]:
        one, other = self._times[first].astype(np.float64), self._times[second].astype(np.float64)
        unknown = np.minimum(one, other) <= UNKNOWN_TIME
        return np.asarray(unknown | (np.abs(one - other) <= most / _MICROSECOND), np.bool_)

    def _partners(self, first: _Ints, second: _Ints, worth: _Floats) -> npt.NDArray[np.bool_]:
        """Return which pairs are among the most promising of one of both sides."""
        side = np.concatenate([first, second])
        pair = np.tile(np.arange(len(first)), 2)
        order = np.lexsort((self._order[np.concatenate([second, first])], -np.tile(worth, 2), side))
        rank = np.arange(len(side)) - np.searchsorted(side[order], side[order], side="left")
        kept = np.zeros(len(first), np.bool_)
        kept[pair[order[rank < self._bounds.partners]]] = True
        self._cut.update(np.unique(np.concatenate([first[~kept], second[~kept]])).tolist())
        return kept


def _same(codes: _Ints, first: _Ints, second: _Ints) -> npt.NDArray[np.bool_]:
    """Return which pairs of rows have one value, and one that is known."""
    return np.asarray((codes[first] == codes[second]) & (codes[first] >= 0), np.bool_)


def _apart(codes: _Ints, first: _Ints, second: _Ints) -> npt.NDArray[np.bool_]:
    """Return which pairs of rows have two values, both known."""
    return np.asarray((codes[first] != codes[second]) & (codes[first] >= 0) & (codes[second] >= 0), np.bool_)
