"""The memories that were chosen on the timeline: what can be done with them, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from core.hostile import one_line
from core.memory import Memory
from pages.shared import state
from pages.shared.acting import selection_bar
from pages.shared.here import Here
from pages.shared.inspector import open_button
from pages.shared.markup import chips, slug, text_block
from pages.shared.selection import picked, unpick
from pages.shared.timeline.downloads import download_buttons, memories_of
from pages.shared.timeline.prepared import Prepared
from pages.shared.words import exact, plural

__all__ = ["bar", "chosen_rows", "let_go", "listed"]

_A_PAGE: Final = 10
_NAMED: Final = 3


def chosen_rows(prepared: Prepared, keys: tuple[str, ...]) -> npt.NDArray[np.int32]:
    """Return the rows of keys that are shown, in the order of the axis, those without a time last."""
    if not keys:
        return np.zeros(0, dtype=np.int32)
    there = prepared.frame["key"].isin(keys).to_numpy(dtype=bool)
    order = prepared.events.order
    return order[there[order]]


def let_go() -> None:
    """Choose nothing any more, and forget the region that it was chosen with."""
    unpick()
    state.put("region", None)


def bar(here: Here, prepared: Prepared, rows: npt.NDArray[np.int32]) -> None:
    """Draw the line over the lanes: what can be done with what is picked, or how something is."""
    keys = picked(here)
    if not keys:
        with st.container(key="selection"):
            st.caption("Click a memory to read it. To choose many, drag with Shift, or take the box or the lasso.")
        return
    selection_bar(here, reason=reason(prepared, rows), on_clear=let_go)
    if aside := len(keys) - len(rows):
        st.caption(f"{plural(aside, 'of them is', 'of them are')} not in scope here and stay selected.")


def listed(here: Here, prepared: Prepared, rows: npt.NDArray[np.int32], *, label: str, agents: Mapping[str, str]) -> None:
    """Draw memories, ten at a time, with their files; nothing where there are none."""
    if not len(rows):
        return
    first = _first(len(rows))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="timeline_chosen_head"):
        st.markdown(f"**{label}**, {first + 1:,} to {min(first + _A_PAGE, len(rows)):,} of {len(rows):,}", width="content")
        _pages(first, len(rows))
        download_buttons(here, prepared, rows, what=label.lower().replace(" ", "-"), key="timeline_chosen")
    for memory in memories_of(here, prepared, rows[first : first + _A_PAGE]):
        _row(memory, here, agents=agents)


def reason(prepared: Prepared, rows: npt.NDArray[np.int32]) -> str:
    """Return the reason that a choice on the timeline has by itself: whose memories, and from when to when."""
    if not len(rows):
        return "Chosen on the timeline."
    picked_rows = prepared.frame.iloc[rows]
    names = [one_line(str(name), 40) for name in picked_rows["agent_id"].dropna().unique()[: _NAMED + 1]]
    by = f" of {', '.join(names)}" if 0 < len(names) <= _NAMED else ""
    times = picked_rows["created_at"].dropna()
    between = ""
    if len(times):
        lo, hi = exact(times.min().to_pydatetime()), exact(times.max().to_pydatetime())
        between = f", written on {lo}" if lo == hi else f", written between {lo} and {hi}"
    return f"Chosen on the timeline: {plural(len(rows), 'memory')}{by}{between}."


def _first(count: int) -> int:
    """Return the place of the page's first memory; a page that is gone is the last one."""
    last = (count - 1) // _A_PAGE
    page = min(int(st.session_state.get("timeline_chosen_page", 0)), last)
    st.session_state["timeline_chosen_page"] = page
    return page * _A_PAGE


def _turn(step: int) -> None:
    st.session_state["timeline_chosen_page"] = max(0, int(st.session_state.get("timeline_chosen_page", 0)) + step)


def _pages(first: int, count: int) -> None:
    if count <= _A_PAGE:
        return
    for label, step, icon, off in (
        ("Earlier page", -1, ":material/chevron_left:", first == 0),
        ("Later page", 1, ":material/chevron_right:", first + _A_PAGE >= count),
    ):
        st.button(
            label,
            icon=icon,
            key=f"timeline_chosen_{'next' if step > 0 else 'back'}",
            type="tertiary",
            disabled=off,
            on_click=_turn,
            args=(step,),
        )


def _row(memory: Memory, here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw a chosen memory: what it says in three lines, with a button that opens it."""
    name = "row_on" if memory.key == state.get("sel") else "row"
    with st.container(border=True, gap=None, key=f"{name}_chosen_{slug(memory.key)}"):
        st.html(
            f"<div class='mn-over'><div class='mn-row'>{chips(memory, now=here.now, agents=agents)}</div>"
            f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div></div>"
        )
        open_button(f"row_chosen_{slug(memory.key)}", memory.key)
