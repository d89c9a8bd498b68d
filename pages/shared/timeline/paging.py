"""Pages of a long list: where the page begins, with the way to the next one and the one before."""

from __future__ import annotations

import streamlit as st

__all__ = ["begin_at", "pager"]


def pager(name: str, total: int, size: int, *, below: bool = False, words: tuple[str, str] = ("Earlier", "Later")) -> int:
    """Draw the way to other pages where there are any, and return the place of the first row that is shown."""
    start = _start(name, total)
    if total <= size and not start:
        return start
    end = "_below" if below else ""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{name}_pager{end}"):
        for label, icon, to in (
            (words[0], ":material/arrow_back:", max(0, start - size)),
            (words[1], ":material/arrow_forward:", start + size),
        ):
            st.button(
                label,
                icon=icon,
                key=f"{name}_{label.lower()}{end}",
                type="tertiary",
                disabled=to >= total if label == words[1] else start == 0,
                on_click=begin_at,
                args=(name, to),
            )
        st.caption(f"{start + 1:,} to {min(total, start + size):,} of {total:,}", width="content")
    return start


def begin_at(name: str, place: int) -> None:
    """Let the list begin at a row, counted from 0."""
    st.session_state[f"{name}_start"] = place


def _start(name: str, total: int) -> int:
    """Return where the list begins; a list that became shorter begins at its start."""
    start: int = st.session_state.get(f"{name}_start", 0)
    return start if 0 <= start < total else 0
