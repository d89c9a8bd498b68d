"""What a link says of the timeline: the window in view, as text and back; regions are those of pages.shared.regions."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.analysis.timeline import Axis, Events, main_stretch, micros, moment
from core.errors import MnemoscopeError
from core.memory.fields import iso
from core.past.moment import Moment
from pages.shared.regions import Polygon, read_region, write_region

__all__ = [
    "Polygon",
    "moved_to",
    "read_region",
    "read_window",
    "shown_window",
    "window_in_link",
    "write_region",
    "write_window",
]

_FARTHEST: Final = 2**62


def write_window(lo: int, hi: int, *, axis: Axis) -> str:
    """Return a window as text: two moments to the microsecond, or two places in the order."""
    try:
        return "..".join(iso(moment(x)) if axis.is_time else str(x) for x in (lo, hi))
    except OverflowError:  # beyond the years that a calendar has
        return f"{lo}..{hi}"


def read_window(text: str, *, axis: Axis) -> tuple[int, int] | None:
    """Return the window of a link, None where it makes no sense on the axis."""
    ends = [_read(part, axis=axis) for part in text.split("..")]
    if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] >= ends[1]:
        return None
    return ends[0], ends[1]


def shown_window(text: str, events: Events) -> tuple[int, int] | None:
    """Return the window of a link; without one, that of most events, None where nothing is far from the others."""
    return read_window(text, axis=events.axis) or main_stretch(events)


def window_in_link(lo: int, hi: int, events: Events, *, extent: tuple[int, int]) -> str | None:
    """Return a window for the link; one that is all of the extent is none, unless the first picture shows less."""
    if lo <= extent[0] and hi >= extent[1] and main_stretch(events) is None:
        return None
    return write_window(lo, hi, axis=events.axis)


def moved_to(window: tuple[int, int], x: int) -> tuple[int, int]:
    """Return a window of the same width around x, the same one where x is in it."""
    lo, hi = window
    half = (hi - lo) // 2
    return window if lo <= x <= hi else (x - half, x - half + hi - lo)


def _read(text: str, *, axis: Axis) -> int | None:
    try:
        number = int(text)
    except ValueError:
        return micros(at) if axis.is_time and (at := _moment(text)) else None
    return number if abs(number) < _FARTHEST else None


def _moment(text: str) -> datetime | None:
    try:
        return Moment.parse(text).at
    except MnemoscopeError:
        return None
