"""What becomes of a gesture in the timeline: another window, an opened memory, a choice, another moment to look back at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.timeline import inside, neighbour
from core.past.moment import Clock, Moment
from pages.shared import state
from pages.shared.here import Here
from pages.shared.regions import Polygon, Region, read_region, write_region
from pages.shared.timeline.chart import Gesture
from pages.shared.timeline.chosen import let_go
from pages.shared.timeline.controls import Asked
from pages.shared.timeline.links import moved_to, shown_window, window_in_link, write_window
from pages.shared.timeline.prepared import Prepared

__all__ = ["act", "choose", "choose_rows", "open_row", "region_drawn", "restore", "stepped"]

# A millisecond, a second, a minute, a quarter and a whole hour, in microseconds.
_UNITS: Final = (1_000, 1_000_000, 60_000_000, 900_000_000, 3_600_000_000)


def act(here: Here, prepared: Prepared, asked: Asked, gesture: Gesture, *, extent: tuple[int, int]) -> bool:
    """Do what a gesture asks for; say whether the whole page must be drawn again, and not the lanes alone.

    `extent` is that of the picture it was done in.
    """
    if gesture.kind == "window" and gesture.lo is not None and gesture.hi is not None:
        state.put("window", window_in_link(gesture.lo, gesture.hi, prepared.events, extent=extent))
        return False
    if gesture.kind == "open" and gesture.row is not None:
        open_row(prepared, asked, gesture.row)
    elif gesture.kind == "step":
        open_row(prepared, asked, stepped(prepared, gesture.step))
    elif gesture.kind == "region":
        choose(here, prepared, gesture.polygon)
    elif gesture.kind == "as_of" and gesture.x is not None:
        clock = Clock.RECORDED if state.get("clock") == Clock.RECORDED else Clock.CREATED
        state.put("as_of", Moment.from_us(_dragged(prepared, gesture.x), clock).text)
    elif gesture.kind == "clear":
        let_go()
        state.put("sel", None)
    return True


def _dragged(prepared: Prepared, x: int) -> int:
    """Return where a line was dragged to as a round time: nobody can aim at less than a thousandth of what is in view."""
    ends = prepared.events.x
    lo, hi = shown_window(state.get("window"), prepared.events) or (int(ends[0]), int(ends[-1]))
    unit = max((unit for unit in _UNITS if 1000 * unit <= hi - lo), default=1)
    return round(x / unit) * unit


def stepped(prepared: Prepared, step: int) -> int | None:
    """Return the row after or before the memory in the inspector, the first or the last in view without one."""
    key = state.get("sel")
    row = prepared.row(key) if key else None
    return neighbour(prepared.events, row, step, window=shown_window(state.get("window"), prepared.events))


def open_row(prepared: Prepared, asked: Asked, row: int | None) -> None:
    """Open a memory in the inspector, and move the window to it where it lies outside."""
    if row is None or not 0 <= row < len(prepared.frame):
        return
    state.put("sel", prepared.key(row))
    window, x = shown_window(state.get("window"), prepared.events), prepared.x(row)
    if window and x is not None and (moved := moved_to(window, x)) != window:
        state.put("window", write_window(*moved, axis=asked.axis))


def choose(here: Here, prepared: Prepared, polygon: Sequence[tuple[float, float]]) -> None:
    """Pick the memories inside a region, and no other; the link says which region."""
    text = write_region(polygon)
    rows = inside(prepared.events, prepared.lanes, read_region(text))
    Region(here, "region").take(text, prepared.keys(rows))


def choose_rows(here: Here, prepared: Prepared, rows: npt.NDArray[np.int32]) -> int:
    """Pick rows, and no other; return how many were, which is all of them but for a bound that is said."""
    return Region(here, "region").pick(prepared.keys(rows))


def restore(here: Here, prepared: Prepared) -> None:
    """Pick what a link's region chose, once; a region whose choice was let go elsewhere is forgotten."""
    if text := Region(here, "region").news():
        choose(here, prepared, read_region(text))


def region_drawn(here: Here, prepared: Prepared) -> Polygon | None:
    """Return the corners of the region as long as it is what the choice was made with."""
    region = Region(here, "region")
    polygon, held = region.polygon, region.held()
    if not polygon or held is None:
        return None
    return polygon if len(inside(prepared.events, prepared.lanes, polygon)) >= held else None
