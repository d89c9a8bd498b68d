"""What becomes of a gesture on the map: an opened memory, a choice, another part in view, a tip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.analysis.projection.region import inside
from core.hostile import one_line
from pages.shared import regions, state
from pages.shared.here import Here
from pages.shared.map.gesture import Gesture
from pages.shared.map.places import Places
from pages.shared.regions import Polygon, Region, read_region, write_region
from pages.shared.selection import picked
from pages.shared.words import age

__all__ = [
    "AGAIN",
    "AREA",
    "CHOSE",
    "act",
    "choose_rows",
    "focus",
    "focused",
    "let_go",
    "read_window",
    "region_drawn",
    "restore",
    "tips",
]

AREA: Final = "area"
# Set by a choice in the map or its legend, so that the page lists what was chosen.
CHOSE: Final = "map_chose"
# Set where the part of the page that runs alone asks for the whole page.
AGAIN: Final = "map_again"
# Places are shares of the map's width: this many decimals are finer than a screen shows.
_DIGITS: Final = (5, 5)
_TIP: Final = "map_tip"
_FOCUS: Final = "map_focus"
_TEXT: Final = 240
_MARGIN: Final = 0.15
_LEAST_WIDTH: Final = 0.02
_NUDGE: Final = 1e-6  # the same place asked for again is asked for anew

Window = tuple[float, float, float, float]


def act(here: Here, where: Places, gesture: Gesture, *, chart: str) -> bool:
    """Do what a gesture asks for; say whether the whole page must be drawn again, and not the map alone."""
    if gesture.kind == "hover":
        st.session_state[_TIP] = (chart, gesture.row)
        return False
    if gesture.kind == "view" and gesture.window is not None:
        state.put("zoom", "~".join(f"{value:.5f}" for value in gesture.window))
        return False
    if gesture.kind == "open" and gesture.row is not None and 0 <= gesture.row < len(where.rows):
        state.put("sel", where.rows.key(gesture.row))
    elif gesture.kind == "region":
        _choose(here, where, gesture.polygon)
    elif gesture.kind == "clear":
        let_go()
        state.put("sel", None)
    return True


def let_go() -> None:
    """Choose nothing any more, and forget the region that it was chosen with."""
    regions.let_go(AREA)


def _choose(here: Here, where: Places, polygon: Polygon) -> None:
    """Pick the memories inside a region that are in scope, and no other; the link says which region."""
    text = write_region(polygon, digits=_DIGITS)
    Region(here, AREA).take(text, where.rows.keys(_inside(where, read_region(text))))
    st.session_state[CHOSE] = True


def _inside(where: Places, polygon: Polygon) -> npt.NDArray[np.int32]:
    rows = inside(where.coords[:, :2], polygon)
    return rows[where.alive[rows]]


def choose_rows(here: Here, where: Places, rows: npt.NDArray[np.integer[Any]]) -> None:
    """Pick rows, and no other; made for `on_click`. What is picked already, and nothing else, is let go."""
    keys = where.rows.keys(rows)
    if set(keys) == set(picked(here)):
        let_go()
    else:
        Region(here, AREA).pick(keys)


def restore(here: Here, where: Places) -> None:
    """Pick what a link's region chose, once; a region whose choice was let go elsewhere is forgotten."""
    if text := Region(here, AREA).news():
        _choose(here, where, read_region(text))


def region_drawn(here: Here, *views: Places) -> Polygon | None:
    """Return the corners of the region as long as it is what the choice was made with, on one of the maps."""
    region = Region(here, AREA)
    polygon, held = region.polygon, region.held()
    if not polygon or held is None:
        return None
    return polygon if any(len(_inside(where, polygon)) >= held for where in views) else None


def tips(here: Here, where: Places, *, chart: str) -> dict[int, Sequence[str]]:
    """Return the lines of the tip over the point on which the pointer rests: its text, then who wrote it and when."""
    known, row = st.session_state.get(_TIP, ("", None))
    if known != chart or row is None or not 0 <= row < len(where.rows):
        return {}
    memory = where.rows.frame.iloc[int(row)]
    said = [str(memory[name]) for name in ("memory_type", "agent_id", "task_id") if isinstance(memory[name], str)]
    made = memory["created_at"]
    when = age(made.to_pydatetime(), now=here.now) if made is not None and made == made else ""
    text = one_line(str(memory["content"])[: 4 * _TEXT], _TEXT) or "(no text)"
    return {int(row): (text, " · ".join(one_line(part, 60) for part in (*said, when) if part))}


def focus(here: Here, where: Places, rows: npt.NDArray[np.integer[Any]]) -> None:
    """Let the map go to rows; made for `on_click`."""
    points = where.coords[rows, :2].astype(np.float64)
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return
    # What lies far from the others of its group would make the window the whole map.
    (x0, y0), (x1, y1) = np.quantile(points, [0.02, 0.98], axis=0).tolist()
    margin = max(_MARGIN * max(x1 - x0, y1 - y0), _LEAST_WIDTH)
    window = (x0 - margin, y0 - margin, x1 + margin, y1 + margin)
    if focused(here) == window:
        window = (*window[:3], window[3] + _NUDGE)
    st.session_state[_FOCUS] = (_stream(here), window)


def focused(here: Here) -> Window | None:
    """Return where the map was last asked to go: at first what the link has in view, then what a reader asked to see.

    What a reader moves to by hand is in the link and not here: the map is there already.
    """
    stream, window = st.session_state.get(_FOCUS, ("", None))
    if stream != _stream(here):
        window = read_window(state.get("zoom"))
        st.session_state[_FOCUS] = (_stream(here), window)
    found: Window | None = window
    return found


def _stream(here: Here) -> str:
    return here.store.stream if here.store else ""


def read_window(text: str) -> Window | None:
    """Return the window of a link, None where it makes no sense."""
    try:
        values = [float(part) for part in text.split("~")]
    except ValueError:
        return None
    if len(values) != 4 or not all(abs(value) < 100 for value in values):
        return None
    x0, y0, x1, y1 = values
    return (x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None
