"""A picture: what the drawing of one window holds, points one by one or counts by bin, and what lies between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.timeline.colour import Colouring
from core.analysis.timeline.density import Density, density, places
from core.analysis.timeline.event import Axis, Events, Ints, Rows, micros
from core.analysis.timeline.lane import Lanes
from core.analysis.timeline.structure import Gaps, Spans, Structure, structure

__all__ = ["EXACT", "NOT_STATED", "Arrows", "Expiries", "Picture", "Points", "picture"]

EXACT: Final = 20_000
OVERVIEW_BINS: Final = 240
MOST_HANDOFFS: Final = 400
MOST_EXPIRIES: Final = 2_000
MOST_SPANS: Final = 2_000
NOT_STATED: Final = 255
_FAR: Final = 2**62
_HOUR: Final = 3_600_000_000
_HALF_SECOND: Final = 500_000


@dataclass(frozen=True, eq=False)
class Points:
    """Events one by one, by x: lane, colour, Mark bits, confidence 0 to 100 (255: not stated) and the row in the frame."""

    x: Ints
    lane: npt.NDArray[np.uint16]
    colour: npt.NDArray[np.uint8]
    mark: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.uint8]
    row: Rows

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Arrows:
    """Handoffs with an end in the window, between two lanes: at most 400 of `total`, evenly over time."""

    from_lane: npt.NDArray[np.uint16]
    from_x: Ints
    from_row: Rows
    to_lane: npt.NDArray[np.uint16]
    to_x: Ints
    to_row: Rows
    stated: npt.NDArray[np.bool_]
    total: int

    def __len__(self) -> int:
        return len(self.stated)


@dataclass(frozen=True, eq=False)
class Expiries:
    """What expires after now, within the window, by x: at most 2,000 of `total`, evenly; `ahead` counts all of them."""

    lane: npt.NDArray[np.uint16]
    x: Ints
    row: Rows
    total: int
    ahead: int

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True, eq=False)
class Picture:
    """One window of a timeline.

    `window` and `extent` (everything, with a margin) are the least and the greatest x, in the axis' unit. `total` counts the
    events, those without a value on the axis too, `in_view` those of the window, `drawn` the points of them (0 where there
    are only counts).

    `points` are there for the kind "points", `density` for "density". `lane_counts` int64 (lanes,) and `colour_counts`
    (colours,) count what is in view, `overview` (240,) the events over the extent. `unknown_count` events have no value on
    the axis; `unknown_rows` are the first of them.
    """

    axis: Axis
    window: tuple[int, int]
    extent: tuple[int, int]
    kind: Literal["points", "density"]
    total: int
    in_view: int
    drawn: int
    lanes: Lanes
    lane_counts: Ints
    colouring: Colouring
    colour_counts: Ints
    points: Points | None
    density: Density | None
    overview: Ints
    spans: Spans
    gaps: Gaps
    handoffs: Arrows
    expiries: Expiries
    unknown_count: int
    unknown_rows: Rows


def picture(
    events: Events,
    lanes: Lanes,
    colouring: Colouring,
    frame: pd.DataFrame,
    *,
    now: datetime,
    window: tuple[int, int] | None = None,
    marks: npt.NDArray[np.uint8] | None = None,
    between: Structure | None = None,
    to_agent: Sequence[Any] | pd.Series[Any] | None = None,
    exact: int = EXACT,
    bins: int = 480,
    handoffs: bool = True,
    unknown_rows: int = 0,
) -> Picture:
    """Return the picture of a window (everything, where it is None): events one by one up to `exact`, beyond it by bins.

    `marks` (frame rows) come from marks(). `between` is structure(events, lanes, frame, to_agent=…), to be kept by who draws
    more than one window: without it, it is made here. The window may reach beyond the extent; ends in the wrong order are
    swapped, and it is at least one unit wide.
    """
    between = between or structure(events, lanes, frame, to_agent=to_agent)
    extent = _extent(events, between, micros(now))
    lo, hi = _bounded(window or extent)
    view = events.within(lo, hi)
    exactly = view.stop - view.start <= exact
    points = _points(events, lanes, colouring, frame, view, marks) if exactly else None
    counts = None if exactly else density(events, lanes, colouring, (lo, hi), bins)
    arrows = _arrows(events, lanes, between, view, wanted=handoffs)
    expiries = _expiries(events, lanes, between, (lo, hi), micros(now))
    unknown = events.unknown[:unknown_rows]
    return _picture(events, lanes, colouring, between, (lo, hi), extent, view, points, counts, arrows, expiries, unknown)


def _picture(
    events: Events,
    lanes: Lanes,
    colouring: Colouring,
    between: Structure,
    window: tuple[int, int],
    extent: tuple[int, int],
    view: slice,
    points: Points | None,
    counts: Density | None,
    arrows: Arrows,
    expiries: Expiries,
    unknown: Rows,
) -> Picture:
    return Picture(
        axis=events.axis,
        window=window,
        extent=extent,
        kind="density" if points is None else "points",
        total=len(events) + len(events.unknown),
        in_view=view.stop - view.start,
        drawn=0 if points is None else len(points),
        lanes=lanes,
        lane_counts=np.bincount(lanes.codes[view], minlength=len(lanes)),
        colouring=colouring,
        colour_counts=np.bincount(colouring.codes[view], minlength=len(colouring)),
        points=points,
        density=counts,
        overview=np.diff(places(events, extent, OVERVIEW_BINS)),
        spans=between.spans(*window, most=MOST_SPANS),
        gaps=between.gaps(*window),
        handoffs=arrows,
        expiries=expiries,
        unknown_count=len(events.unknown),
        unknown_rows=unknown,
    )


def _bounded(window: tuple[int, int]) -> tuple[int, int]:
    lo, hi = sorted(max(-_FAR, min(int(end), _FAR)) for end in window)
    return (lo, hi) if hi > lo else (lo, lo + 1)


def _extent(events: Events, between: Structure, now: int) -> tuple[int, int]:
    """Return the least and the greatest x with a margin; on CREATED also what expires ahead, as far as a quarter further."""
    if not len(events):
        return (now - _HOUR, now) if events.axis.is_time else (0, 1)
    lo, hi = int(events.x[0]), int(events.x[-1])
    last = int(between.expires.max())
    if events.axis is Axis.CREATED and last > now:
        hi = max(hi, min(last, hi + (hi - lo) // 4))
    least = 1 if events.axis is Axis.ORDER else _HALF_SECOND if hi == lo else 1
    margin = max((hi - lo) // 50, least)
    return lo - margin, hi + margin


def _points(
    events: Events,
    lanes: Lanes,
    colouring: Colouring,
    frame: pd.DataFrame,
    view: slice,
    marks: npt.NDArray[np.uint8] | None,
) -> Points:
    rows = events.rows[view]
    confidence = frame["confidence"].to_numpy(dtype=np.float64)[rows]
    stated = np.isfinite(confidence)
    weight = np.where(stated, np.rint(np.where(stated, confidence, 0) * 100), NOT_STATED).astype(np.uint8)
    mark = np.zeros(len(rows), dtype=np.uint8) if marks is None else marks[rows]
    return Points(events.x[view], lanes.codes[view], colouring.codes[view], mark, weight, rows)


def _arrows(events: Events, lanes: Lanes, between: Structure, view: slice, *, wanted: bool) -> Arrows:
    found = between.handoffs
    source, target = found.source, found.target
    seen = (source >= view.start) & (source < view.stop) | (target >= view.start) & (target < view.stop)
    there = np.flatnonzero(seen & (lanes.codes[source] != lanes.codes[target]) & wanted)
    told, others = there[found.stated[there]], there[~found.stated[there]]
    told = told[_spread(len(told), MOST_HANDOFFS)]
    kept = np.sort(np.concatenate([told, others[_spread(len(others), MOST_HANDOFFS - len(told))]]))
    a, b = source[kept], target[kept]
    ends = (lanes.codes[a], events.x[a], events.rows[a], lanes.codes[b], events.x[b], events.rows[b])
    return Arrows(*ends, found.stated[kept], len(there))


def _expiries(events: Events, lanes: Lanes, between: Structure, window: tuple[int, int], now: int) -> Expiries:
    ahead = np.flatnonzero((between.expires > now) & (events.axis is Axis.CREATED))
    x = between.expires[ahead]
    there = (x >= window[0]) & (x <= window[1])
    ordered, x = ahead[there], x[there]
    order = np.argsort(x, kind="stable")[_spread(len(x), MOST_EXPIRIES)]
    kept = ordered[order]
    return Expiries(lanes.codes[kept], x[order], events.rows[kept], len(x), len(ahead))


def _spread(size: int, most: int) -> npt.NDArray[np.int64]:
    """Return at most so many places of a row, evenly, the first and the last among them."""
    if size <= most:
        return np.arange(size)
    return np.linspace(0, size - 1, most).astype(np.int64) if most > 0 else np.zeros(0, dtype=np.int64)
