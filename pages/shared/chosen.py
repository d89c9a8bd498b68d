"""The memories that were chosen in a drawing: the line over it with what can be done with them, and the list of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from core.hostile import one_line
from core.memory import Memory
from pages.shared import state
from pages.shared.acting import selection_bar
from pages.shared.downloads import download_buttons
from pages.shared.here import Here
from pages.shared.inspector import open_button
from pages.shared.markup import chips, escaped, slug, text_block
from pages.shared.regions import left_out
from pages.shared.rows import RowNumbers, Rows
from pages.shared.selection import picked
from pages.shared.words import exact, plural

__all__ = ["bar", "listed", "reason"]

_A_PAGE: Final = 10
_NAMED: Final = 3
# A page has one of them; other lists have names of their own.
_DRAWINGS: Final = ("timeline", "map")


def bar(here: Here, shown: int, *, reason: str, on_clear: Callable[[], None], hint: str = "") -> None:
    """Draw the line over a drawing: what can be done with what is picked, or `hint` how something is.

    `shown` is how many of what is picked the drawing has.
    """
    keys = picked(here)
    if not keys:
        with st.container(key="selection"):
            st.caption(hint)
        return
    selection_bar(here, reason=reason, on_clear=on_clear)
    if left := left_out(here):
        st.caption(left)
    if aside := len(keys) - shown:
        st.caption(f"{plural(aside, 'of them is', 'of them are')} not in scope here and stay selected.")


def listed(
    here: Here,
    source: Rows,
    rows: RowNumbers,
    *,
    label: str,
    name: str,
    agents: Mapping[str, str],
    notes: Mapping[int, str] | None = None,
) -> None:
    """Draw memories, ten at a time, with their files; nothing where there are none.

    `name` is the drawing's or the list's; `notes` say of rows why they are there.
    """
    if not len(rows):
        return
    first = _first(name, len(rows))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}_chosen_head"):
        part = f"{first + 1:,} to {min(first + _A_PAGE, len(rows)):,} of " if len(rows) > _A_PAGE else ""
        st.markdown(f"**{label}**, {part}{len(rows):,}", width="content")
        _pages(name, first, len(rows))
        download_buttons(here, source, rows, what=label.lower().replace(" ", "-"), key=f"{name}_chosen")
    shown = rows[first : first + _A_PAGE]
    for row, memory in zip(shown, source.memories(shown), strict=True):
        _row(memory, here, name=name, agents=agents, note=(notes or {}).get(int(row), ""))


def reason(source: Rows, rows: RowNumbers, *, where: str) -> str:
    """Return the reason that a choice has by itself: where it was made, whose memories they are, from when to when."""
    if not len(rows):
        return f"Chosen on the {where}."
    picked_rows = source.frame.iloc[rows]
    names = [one_line(str(name), 40) for name in picked_rows["agent_id"].dropna().unique()[: _NAMED + 1]]
    by = f" of {', '.join(names)}" if 0 < len(names) <= _NAMED else ""
    times = picked_rows["created_at"].dropna()
    between = ""
    if len(times):
        lo, hi = exact(times.min().to_pydatetime()), exact(times.max().to_pydatetime())
        between = f", written on {lo}" if lo == hi else f", written between {lo} and {hi}"
    return f"Chosen on the {where}: {plural(len(rows), 'memory')}{by}{between}."


def _first(name: str, count: int) -> int:
    """Return the place of the page's first memory; a page that is gone is the last one."""
    last, kept = (count - 1) // _A_PAGE, f"{name}_chosen_page"
    page = min(int(st.session_state.get(kept, 0)), last)
    st.session_state[kept] = page
    return page * _A_PAGE


def _turn(name: str, step: int) -> None:
    kept = f"{name}_chosen_page"
    st.session_state[kept] = max(0, int(st.session_state.get(kept, 0)) + step)


def _pages(name: str, first: int, count: int) -> None:
    if count <= _A_PAGE:
        return
    for label, step, icon, off in (
        ("Earlier page", -1, ":material/chevron_left:", first == 0),
        ("Later page", 1, ":material/chevron_right:", first + _A_PAGE >= count),
    ):
        st.button(
            label,
            icon=icon,
            key=f"{name}_chosen_{'next' if step > 0 else 'back'}",
            type="tertiary",
            disabled=off,
            on_click=_turn,
            args=(name, step),
        )


def _row(memory: Memory, here: Here, *, name: str, agents: Mapping[str, str], note: str) -> None:
    """Draw a memory: why it is there, what it says in three lines, with a button that opens it."""
    of = "chosen" if name in _DRAWINGS else name
    on = "row_on" if memory.key == state.get("sel") else "row"
    said = f"<div class='mn-small mn-why'>{escaped(note)}</div>" if note else ""
    with st.container(border=True, gap=None, key=f"{on}_{of}_{slug(memory.key)}"):
        st.html(
            f"<div class='mn-over'><div class='mn-row'>{chips(memory, now=here.now, agents=agents)}</div>{said}"
            f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div></div>"
        )
        open_button(f"row_{of}_{slug(memory.key)}", memory.key)
