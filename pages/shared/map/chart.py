"""The drawing of a map: our component on Streamlit's components v2, and what a reader did to it.

Python gives places and colours, the component draws them and answers at once to a drag or a zoom. What the reader did comes
back as a `Gesture`, once: corners of a region, never a list of points, so that any number of points can be chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Unpack

import streamlit as st

from pages.shared.map.columns import Columns
from pages.shared.map.gesture import Gesture, gesture_of, serial_of, view_of
from pages.shared.map.payload import Drawing, Label, View, drawing_data
from pages.shared.map.points import MapPoints
from pages.shared.script import DRAWING, joined, styles

__all__ = ["SCRIPTS", "Drawing", "Gesture", "Label", "MapPoints", "map_chart", "module"]

# In this order each file only needs the ones before it.
SCRIPTS: Final = (
    *DRAWING,
    *(f"map/{name}" for name in ("store", "payload", "camera", "looks", "webgl", "dots", "cells", "labels", "rings")),
    *(f"map/{name}" for name in ("scene", "pointed", "spoken", "legend", "drags", "pointers", "keyboard")),
    *(f"map/{name}" for name in ("download", "tips", "moving", "chart", "main")),
)


@dataclass
class _Kept:
    """What is kept from one run of a chart to the next."""

    answered: int = 0  # the number of the last gesture that this run's picture takes account of
    seen: int = 0  # the number of the last gesture that was handed out
    known: tuple[str, ...] = ()  # columns that the browser has
    view: View | None = None  # the last part that it asked for


def module() -> str:
    """Return the component's script."""
    return joined(SCRIPTS)


_component = st.components.v2.component("mnemoscope_map", css=styles("drawing", "map"), js=module())


def map_chart(
    points: MapPoints, *, key: str, on_gesture: Callable[[Gesture], None] | None = None, **drawing: Unpack[Drawing]
) -> Gesture | None:
    """Draw a map and return what the reader did since the last run, or None.

    A gesture comes back in exactly one run (the fragment's, when called in one). With `on_gesture` it is called before that
    run's script, as Streamlit's callbacks are, so that one run is enough to show its effect. Columns that the browser has
    are not sent again. Above 300,000 points in view it draws counts by cell.
    """
    kept: _Kept = st.session_state.setdefault(f"{key}_kept", _Kept())
    columns = Columns(kept.known)
    data = drawing_data(points, drawing, view=kept.view, columns=columns) | {"answered": kept.answered}
    kept.known = columns.known

    def happened() -> None:
        sent = st.session_state[key].gesture
        kept.answered = max(kept.answered, serial_of(sent))
        if isinstance(sent, dict) and sent.get("kind") == "need":
            kept.known = ()
        kept.view = view_of(sent) or kept.view
        gesture = gesture_of(sent, points)
        if gesture is not None and on_gesture is not None:
            on_gesture(gesture)

    gesture = gesture_of(_component(key=key, data=data, on_gesture_change=happened).gesture, points)
    if gesture is None or gesture.serial == kept.seen:
        return None
    kept.seen = gesture.serial
    return gesture
