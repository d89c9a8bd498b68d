"""Bursts: an agent or a source that wrote far more in an hour than it ever does.

An hour is held against the other hours in which the same writer wrote anything, or, where these are few, against those
of all other writers. It must stand out twice: above the median by many robust deviations, and beyond what a Poisson process
of the usual busy rate gives (Chernoff's bound on its tail).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.timeline.event import coded, times_of
from core.hostile import one_line

__all__ = ["Burst", "bursts", "poisson_tail"]

WINDOW: Final = timedelta(hours=1)
_LEAST: Final = 20
_OWN_HOURS: Final = 8
_OTHER_HOURS: Final = 20
_OTHER_WRITERS: Final = 3
_DEVIATIONS: Final = 8.0
_RARE: Final = -6.0
_US: Final = int(WINDOW / timedelta(microseconds=1))

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Burst:
    """One hour of one writer: `column` is agent_id or source, `rows` what it wrote then, `usual` its rate in a busy hour."""

    column: str
    writer: str
    start: datetime
    rows: Ints
    usual: float
    history: int
    own: bool

    @property
    def score(self) -> float:
        """How far it stands out: 1 from thirty times the usual on."""
        return min(1.0, math.log(len(self.rows) / max(self.usual, 1.0)) / math.log(30))

    @property
    def reason(self) -> str:
        """It in words."""
        who = f"{'agent' if self.column == 'agent_id' else 'source'} {one_line(self.writer, 40)!r}"
        whom = "its other" if self.own else "other writers'"
        return (
            f"{who} wrote {len(self.rows):,} memories in the hour from {self.start:%Y-%m-%d %H:%M} UTC, usual are "
            f"{self.usual:.0f} at most ({whom} {self.history:,} hours)"
        )


def bursts(frame: pd.DataFrame) -> tuple[Burst, ...]:
    """Return the bursts in a snapshot frame, the strongest first; memories without a time are in none."""
    found = [*_bursts_of(frame, "agent_id"), *_bursts_of(frame, "source")]
    taken: set[bytes] = set()
    kept = []
    for burst in sorted(found, key=lambda each: (-each.score, each.column, each.writer, each.start)):
        same = burst.rows.tobytes()  # of a source with one agent it is one burst
        if same not in taken:
            taken.add(same)
            kept.append(burst)
    return tuple(kept)


def poisson_tail(count: int, rate: float) -> float:
    """Return the logarithm to base 10 of a bound on the chance of at least that many where `rate` are usual (Chernoff)."""
    if count <= rate:
        return 0.0
    return (count - rate - count * math.log(count / rate)) / math.log(10)


def _bursts_of(frame: pd.DataFrame, column: str) -> Iterator[Burst]:
    times, known = times_of(frame, "created_at")
    codes, names = coded(frame, column)
    rows = np.flatnonzero(known & (codes >= 0))
    if not len(rows):
        return
    hours = times[rows] // _US
    order = np.lexsort((rows, hours, codes[rows]))
    rows, hours, writers = rows[order], hours[order], codes[rows[order]]
    firsts = np.flatnonzero(np.r_[True, (np.diff(hours) != 0) | (np.diff(writers) != 0)])
    counts = np.diff(np.r_[firsts, len(rows)])
    whose = writers[firsts]
    for place in np.flatnonzero(counts >= _LEAST).tolist():
        own = whose == whose[place]
        own[place] = False
        is_own = int(own.sum()) >= _OWN_HOURS
        others = counts[own] if is_own else counts[whose != whose[place]]
        if not is_own and (len(others) < _OTHER_HOURS or len(np.unique(whose)) <= _OTHER_WRITERS):
            continue
        count, usual = int(counts[place]), float(np.quantile(others, 0.95))
        if _stands_out(count, others) and poisson_tail(count, max(usual, 1.0)) < _RARE:
            start = datetime.fromtimestamp(int(hours[firsts[place]]) * WINDOW.total_seconds(), UTC)
            part = np.sort(rows[firsts[place] : firsts[place] + count])
            yield Burst(column, names[whose[place]], start, part, usual, len(others), is_own)


def _stands_out(count: int, others: Ints) -> bool:
    middle = float(np.median(others))
    spread = 1.4826 * float(np.median(np.abs(others - middle)))
    return (count - middle) / max(spread, math.sqrt(middle), 1.0) > _DEVIATIONS
