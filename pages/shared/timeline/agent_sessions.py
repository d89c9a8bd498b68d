"""The sessions of an agent, the latest first; one opened shows what was written in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

import pandas as pd
import streamlit as st

from core.analysis.agent_life import SILENCE, AgentSession
from core.hostile import one_line
from pages.shared.here import Here
from pages.shared.inspector import open_button
from pages.shared.markup import chips, escaped, slug, text_block
from pages.shared.past_memory import memories
from pages.shared.words import age, exact, minute_words, plural

__all__ = ["length_words", "more_words", "session_list"]

_A_PAGE: Final = 10
_SHOWN: Final = "life_sessions_shown"
_OPENED: Final = "life_session"
_MEMORIES: Final = 50


def session_list(here: Here, sessions: Sequence[AgentSession], rows: pd.DataFrame, *, agents: Mapping[str, str]) -> None:
    """Draw the sessions, a page of them; the rows are the agent's."""
    st.subheader(plural(len(sessions), "session"), anchor=False)
    if any(each.id is None for each in sessions):
        minutes = int(SILENCE.total_seconds() // 60)
        st.caption(f"Where no session is stated, a silence of more than {minutes} minutes ends one.")
    shown = int(st.session_state.get(_SHOWN, _A_PAGE))
    with st.container(key="life_sessions", gap=None):
        for each in sessions[:shown]:
            _session(here, each, rows, agents=agents)
    if len(sessions) > shown:
        left = len(sessions) - shown
        st.button(more_words(left, _A_PAGE), key="life_more", on_click=_show_more, args=(shown,))


def more_words(left: int, page: int) -> str:
    """Return what a button says that shows the next page of so many."""
    return f"Show {left:,} more" if left <= page else f"Show {page:,} more of {left:,}"


def _show_more(shown: int) -> None:
    st.session_state[_SHOWN] = shown + _A_PAGE


def _session(here: Here, each: AgentSession, rows: pd.DataFrame, *, agents: Mapping[str, str]) -> None:
    name = slug(f"{each.id}\n{each.start.isoformat()}\n{each.memories}")
    is_open = st.session_state.get(_OPENED) == name
    with st.container(key=f"session_{name}", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_line(each, here), width="stretch")
        label, icon = ("Close", ":material/expand_less:") if is_open else ("Read", ":material/expand_more:")
        st.button(
            label, key=f"session_open_{name}", icon=icon, type="tertiary", on_click=_toggle, args=(name,), width="content"
        )
    if is_open:
        _memories(here, each, rows, agents=agents)


def _toggle(name: str) -> None:
    st.session_state[_OPENED] = None if st.session_state.get(_OPENED) == name else name


def _line(each: AgentSession, here: Here) -> str:
    tasks = one_line(", ".join(each.tasks[:3]), 80) + (f" and {len(each.tasks) - 3:,} more" if len(each.tasks) > 3 else "")
    name = one_line(each.id, 60) if each.id is not None else "Session without a name"
    kinds = ", ".join(f"{count:,} {one_line(kind, 20)}" for kind, count in each.types[:4])
    lasted, count = length_words(each.length), plural(each.memories, "memory")
    return (
        f"<div class='mn-session'><div><div class='mn-name'>{escaped(name)}</div>"
        f"<div class='mn-muted'>{escaped(tasks or 'no task')}</div></div>"
        f"<div><span title='{exact(each.start)} to {exact(each.end)}'>{minute_words(each.start)} UTC</span>"
        f"<div class='mn-muted'>{age(each.start, now=here.now)}{f', {lasted} long' if lasted else ''}</div></div>"
        f"<div><b class='mn-num'>{count}</b><div class='mn-muted'>{escaped(kinds)}</div></div></div>"
    )


def length_words(length: timedelta) -> str:
    """Return how long something took in words, "" for no time at all."""
    seconds = length.total_seconds()
    if seconds <= 0:
        return ""
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= 2 * size:
            return plural(int(seconds // size), word)
    return plural(int(seconds), "second") if seconds >= 1 else f"{1e3 * seconds:,.0f} ms"


def _memories(here: Here, each: AgentSession, rows: pd.DataFrame, *, agents: Mapping[str, str]) -> None:
    inside = (rows["created_at"] >= each.start) & (rows["created_at"] <= each.end)
    same = rows["session_id"].isna() if each.id is None else rows["session_id"] == each.id
    keys = [str(key) for key in rows["key"][inside & same]]
    found = memories(here, keys[:_MEMORIES])
    for key in keys[:_MEMORIES]:
        if key not in found:
            continue
        memory = found[key]
        with st.container(border=True, gap=None, key=f"row_life_{slug(key)}"):
            st.html(
                f"<div class='mn-over'><div class='mn-row'>{chips(memory, now=here.now, agents=agents)}</div>"
                f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div></div>"
            )
            open_button(f"row_life_{slug(key)}", key)
    if len(keys) > _MEMORIES:
        st.caption(f"The first {_MEMORIES} of {plural(len(keys), 'memory')}.")
