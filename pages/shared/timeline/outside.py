"""What lies outside of the view of a timeline, and the way to it: a few far-off clocks, the memory that is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import streamlit as st

from core.analysis.timeline import Events, Picture, main_stretch
from pages.shared.timeline.links import moved_to

__all__ = ["ways_outside"]

_FAR: Final = "A few memories are dated so far from all others that these would become one line. At first they are left out."


def ways_outside(
    events: Events, drawn: Picture, *, opened: int | None, go: Callable[[tuple[int, int] | None], None], name: str
) -> None:
    """Draw the buttons for what is there and not in view.

    `opened` is where on the axis the open memory is, None without one. `go` is called with the window that a reader wants,
    with None for the first picture; `name` tells the buttons of one drawing from those of another.
    """
    lo, hi = drawn.window
    if opened is not None and not lo <= opened <= hi:
        st.button(
            "Go to the open memory",
            icon=":material/my_location:",
            key=f"{name}_open_one",
            type="tertiary",
            help="It is not in view.",
            on_click=go,
            args=(moved_to(drawn.window, opened),),
        )
    usual = main_stretch(events)
    if usual is None:
        return
    far = len(events) - len(events.rows[events.within(*usual)])
    if drawn.window == usual:
        label, icon, window = f"Show {far:,} far off in time", ":material/fit_width:", drawn.extent
    elif drawn.in_view == len(events):
        label, icon, window = f"Leave out {far:,} far off in time", ":material/compress:", None
    else:
        return
    st.button(label, icon=icon, key=f"{name}_far_off", type="tertiary", help=_FAR, on_click=go, args=(window,))
