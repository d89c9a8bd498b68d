"""What lies between events: sessions as spans of a lane, long silences, handoffs. Made once, cut to each window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.timeline.event import Axis, Events, Ints, coded, times_of
from core.analysis.timeline.handoff import Handoffs, handoffs
from core.analysis.timeline.lane import Lanes
from core.hostile import one_line

__all__ = ["BREAK_US", "NEVER", "Gaps", "Spans", "Structure", "structure"]

BREAK_US: Final = 30 * 60 * 1_000_000
NEVER: Final = np.iinfo(np.int64).min
_LONG: Final = 8  # times the median step of the lane
_SHARE: Final = 0.05  # of the window

Codes = npt.NDArray[np.uint16]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Spans:
    """Sessions in their lanes: `lane` (s,), from `lo` to `hi` (the events at both ends), `count` events, `label` or "".

    Where no session is stated a span is inferred (`stated` False): events with at most 30 minutes of silence between them.
    They are those of a window, the longest of the `total` that it has.
    """

    lane: Codes
    lo: Ints
    hi: Ints
    count: Ints
    stated: Flags
    label: tuple[str, ...]
    total: int

    def __len__(self) -> int:
        return len(self.lane)


@dataclass(frozen=True, eq=False)
class Gaps:
    """Long silences: nothing in `lane` (g,) between the events at `lo` and `hi`."""

    lane: Codes
    lo: Ints
    hi: Ints

    def __len__(self) -> int:
        return len(self.lane)


@dataclass(frozen=True, eq=False)
class Structure:
    """What lies between all events: sessions by (lane, session), silences beyond eight times the median step, handoffs.

    `session` is a place in `names`, -1 for a span that is inferred. `expires` int64 (n,) says when each event expires, NEVER
    where it does not.
    """

    lane: Codes
    lo: Ints
    hi: Ints
    count: Ints
    session: Ints
    names: Sequence[str]
    silences: Gaps
    handoffs: Handoffs
    expires: Ints

    def spans(self, lo: int, hi: int, *, most: int) -> Spans:
        """Return the sessions that reach into a window, the `most` longest of them, by their beginning."""
        there = np.flatnonzero((self.hi >= lo) & (self.lo <= hi))
        kept = there
        if len(there) > most:
            kept = np.sort(there[np.argpartition(self.lo[there] - self.hi[there], most)[:most]])
        session = self.session[kept]
        label = tuple("" if code < 0 else one_line(self.names[code], 120) for code in session.tolist())
        return Spans(self.lane[kept], self.lo[kept], self.hi[kept], self.count[kept], session >= 0, label, len(there))

    def gaps(self, lo: int, hi: int) -> Gaps:
        """Return the silences in a window that take more than a twentieth of it."""
        found = self.silences
        kept = (found.hi > lo) & (found.lo < hi) & (found.hi - found.lo > _SHARE * (hi - lo))
        return Gaps(found.lane[kept], found.lo[kept], found.hi[kept])


def structure(
    events: Events, lanes: Lanes, frame: pd.DataFrame, *, to_agent: Sequence[Any] | pd.Series[Any] | None = None
) -> Structure:
    """Return sessions, silences, handoffs and expiries of all events; `to_agent` as in handoffs().

    The lane of the others has no sessions and no silences, and along expiries there are neither. Silences need time on the
    axis; sessions that are not stated need it in created_at.
    """
    session, names = coded(frame, "session_id")
    session = session[events.rows]
    own = np.full(len(events), events.axis is not Axis.EXPIRES)
    if lanes.others is not None:
        own &= lanes.codes != lanes.others
    stated = _sessions(events, lanes, np.flatnonzero(own & (session >= 0)), session)
    inferred = _stretches(events, lanes, np.flatnonzero(own & (session < 0)), frame)
    parts = [np.concatenate([ours, theirs]) for ours, theirs in zip(stated, inferred, strict=True)]
    order = np.argsort(parts[1], kind="stable")
    lane, lo, hi, count, code = (part[order] for part in parts)
    silences = _silences(events, lanes, np.flatnonzero(own & (events.axis is not Axis.ORDER)))
    expires, known = times_of(frame, "expires_at")
    return Structure(
        lane.astype(np.uint16),
        lo,
        hi,
        count,
        code,
        names,
        silences,
        handoffs(frame, events, to_agent=to_agent),
        np.where(known, expires, NEVER)[events.rows],
    )


def _sessions(events: Events, lanes: Lanes, places: npt.NDArray[np.intp], session: Ints) -> tuple[Ints, ...]:
    """Return lane, lo, hi, count and session of the sessions stated."""
    sessions = int(session.max(initial=-1)) + 1
    codes, found = pd.factorize(lanes.codes[places].astype(np.int64) * sessions + session[places])
    keys = np.asarray(found, dtype=np.int64)
    x = events.x[places]
    first, last = np.zeros(len(keys), dtype=np.int64), np.zeros(len(keys), dtype=np.int64)
    first[codes[::-1]], last[codes] = x[::-1], x  # the last one written stays
    count = np.bincount(codes, minlength=len(keys))
    return keys // max(sessions, 1), first, last, count, keys % max(sessions, 1)


def _stretches(events: Events, lanes: Lanes, places: npt.NDArray[np.intp], frame: pd.DataFrame) -> tuple[Ints, ...]:
    """Return lane, lo, hi, count and -1 of the stretches of more than one event without a long silence."""
    if events.axis is Axis.ELAPSED:
        places = places[:0]
    places = places[np.argsort(lanes.codes[places], kind="stable")]
    at = times_of(frame, "created_at")[0][events.rows] if events.axis is Axis.ORDER else events.x
    lane, time, x = lanes.codes[places].astype(np.int64), at[places], events.x[places]
    begins = np.flatnonzero(np.concatenate([[True], (lane[1:] != lane[:-1]) | (np.diff(time) > BREAK_US)])[: len(places)])
    count = np.diff(np.append(begins, len(places)))
    begins, count = begins[count > 1], count[count > 1]
    return lane[begins], x[begins], x[begins + count - 1], count, np.full(len(begins), -1)


def _silences(events: Events, lanes: Lanes, places: npt.NDArray[np.intp]) -> Gaps:
    places = places[np.argsort(lanes.codes[places], kind="stable")]
    lane, x = lanes.codes[places], events.x[places]
    step = np.diff(x)
    steps = (lane[1:] == lane[:-1]) & (step > 0)
    long = np.zeros(len(step), dtype=bool)
    bounds = np.searchsorted(lane, np.arange(len(lanes) + 1))
    for begin, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        own = slice(begin, max(end - 1, begin))
        known = step[own][steps[own]]
        if len(known):
            long[own] = steps[own] & (step[own] > _LONG * np.median(known))
    after = np.flatnonzero(long)
    return Gaps(lane[after], x[after], x[after + 1])
