"""The drawing of a timeline: our component on Streamlit's components v2, and what a reader did to it.

Python decides what is drawn (`core.analysis.timeline.Picture`), the component draws it and answers at once to a drag or
a zoom from what it has. When the reader rests, a `Gesture` comes back, once; the page acts on it and draws again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, Unpack, cast, get_args

import streamlit as st

from core.analysis.timeline import Picture
from pages.shared.script import DRAWING, joined, styles
from pages.shared.timeline.payload import SHOWS, Drawing, drawing_data

__all__ = ["MOST_ARROWS", "SCRIPTS", "SHOWS", "Drawing", "Gesture", "gesture_of", "module", "timeline_chart"]

Kind = Literal["window", "open", "region", "step", "as_of", "clear"]

# In this order each file only needs the ones before it.
SCRIPTS: Final = (
    *DRAWING,
    *(
        f"timeline/{name}"
        for name in ("ticks", "payload", "view", "layout", "fan", "frame", "between", "events", "overview")
    ),
    *(f"timeline/{name}" for name in ("key", "scene", "overlay", "hover", "spoken", "download", "drags", "gestures")),
    *(f"timeline/{name}" for name in ("keyboard", "chart", "main")),
)
# More arrows than these hide what they connect.
MOST_ARROWS: Final = 150
_MOST_CORNERS: Final = 5_000
_FARTHEST: Final = 2**62  # beyond the years of a calendar; floats are whole up to there and further


@dataclass(frozen=True)
class Gesture:
    """What a reader did in the drawing; only the fields of its kind are set.

    kind      fields
    window    lo, hi: what is in view now, in the axis' units (µs since 1970, µs elapsed, or ordinals)
    open      row: the memory that was clicked (a position in the frame)
    region    polygon: at least three (x, lane) corners; lane i covers i … i+1; a box has four and covers whole lanes
    step      step: +1 or -1, to the next or the previous memory
    as_of     x: the moment the line was dragged to, in µs since 1970
    clear     nothing: the reader let go of region, picked and selected
    """

    kind: Kind
    lo: int | None = None
    hi: int | None = None
    row: int | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    step: int = 0
    x: int | None = None
    serial: int = 0


def module() -> str:
    """Return the component's script."""
    return joined(SCRIPTS)


_component = st.components.v2.component("mnemoscope_timeline", css=styles("drawing"), js=module())


def timeline_chart(
    picture: Picture, *, key: str, on_gesture: Callable[[Gesture], None] | None = None, **drawing: Unpack[Drawing]
) -> Gesture | None:
    """Draw a picture and return what the reader did since the last run, or None.

    A gesture comes back in exactly one run (the fragment's, when called in one). With `on_gesture` it is called before that
    run's script, as Streamlit's callbacks are, so that one run is enough to show its effect: set the window there, and the
    picture of the same run can have it. The gesture is returned as well.
    """
    data = drawing_data(picture, drawing) | {"answered": st.session_state.get(_answered(key), 0)}

    def happened() -> None:
        gesture = gesture_of(st.session_state[key].gesture)
        if gesture is not None and on_gesture is not None:
            st.session_state[_answered(key)] = gesture.serial
            on_gesture(gesture)

    gesture = gesture_of(_component(key=key, data=data, on_gesture_change=happened).gesture)
    if gesture is None or gesture.serial == st.session_state.get(_seen(key)):
        return None
    st.session_state[_seen(key)] = st.session_state[_answered(key)] = gesture.serial
    return gesture


def _answered(key: str) -> str:
    """Return where the number of the last gesture is kept that this run's picture takes account of."""
    return f"{key}_answered"


def _seen(key: str) -> str:
    """Return where the number of the last gesture is kept that was handed out."""
    return f"{key}_seen"


def gesture_of(sent: Any) -> Gesture | None:
    """Return what the browser sent as a gesture, None where it is none: a browser may send anything."""
    kind = sent.get("kind") if isinstance(sent, dict) else None
    if not isinstance(kind, str) or kind not in get_args(Kind):
        return None
    serial = _whole(sent.get("serial")) or 0
    lo, hi, row, x, step = (_whole(sent.get(name)) for name in ("lo", "hi", "row", "x", "step"))
    polygon = _corners(sent.get("polygon"))
    complete = {
        "window": lo is not None and hi is not None and lo < hi,
        "open": row is not None and row >= 0,
        "region": len(polygon) >= 3,
        "step": step in (-1, 1),
        "as_of": x is not None,
        "clear": True,
    }
    if not complete[kind]:
        return None
    return Gesture(cast(Kind, kind), lo=lo, hi=hi, row=row, polygon=polygon, step=step or 0, x=x, serial=serial)


def _whole(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _FARTHEST or math.isnan(value):
        return None
    return int(value)


def _corners(value: Any) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, list) or len(value) > _MOST_CORNERS:
        return ()
    corners = [tuple(corner) if isinstance(corner, list) and len(corner) == 2 else () for corner in value]
    if not all(corner and all(_whole(part) is not None for part in corner) for corner in corners):
        return ()
    return tuple((float(x), float(lane)) for x, lane in corners)
