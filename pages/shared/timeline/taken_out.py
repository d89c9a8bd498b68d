"""A memory that is not in the index any more, in the inspector's place: what it was, and who took it out, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from core.errors import MnemoscopeError
from core.hostile import one_line
from core.memory import Memory, from_metadata
from core.past.moment import Moment
from pages.shared import state
from pages.shared.here import Here
from pages.shared.inspector import open_memory
from pages.shared.markup import chips, escaped, memory_facts, text_block
from pages.shared.past_memory import change_words, open_deed
from pages.shared.past_stops import versions
from pages.shared.words import age, exact

if TYPE_CHECKING:
    from core.past.versions import Applied

__all__ = ["taken_out"]


def taken_out(here: Here, *, agents: Mapping[str, str]) -> bool:
    """Draw the selected memory if it was taken out of the index; say whether it was, else the inspector has it."""
    key = state.get("sel")
    if not key or here.past or here.frame is None or (here.frame["key"] == key).any():
        return False
    try:
        found = _found(here, key)
    except MnemoscopeError:  # the inspector says what is wrong
        return False
    if found is None:
        return False
    memory, change = found
    with st.container(key="inspector", border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("**Memory**", width="content")
            st.button(
                "Close", icon=":material/close:", type="tertiary", key="inspector_close", on_click=open_memory, args=(None,)
            )
        st.html(f"<div class='mn-row'>{chips(memory, now=here.now, agents=agents)}</div>")
        with st.container(key="past_note", gap="small"):
            st.html(_note(here, change))
            _ways(change)
        st.html(text_block(memory.content, clamp=False))
        st.html(memory_facts(memory, now=here.now))
    return True


def _found(here: Here, key: str) -> tuple[Memory, Applied] | None:
    """Return the memory before the change that took it out, None without one or where it was erased."""
    known = versions(here)
    changes = known.of(key) if known else ()
    if known is None or here.store is None or not changes or not changes[-1].takes_out:
        return None
    image = known.images([changes[-1]]).get(key)
    if image is None or image.before is None:
        return None
    return from_metadata(key, image.before.metadata, here.store.schema), changes[-1]


def _note(here: Here, change: Applied) -> str:
    by = escaped(one_line(change.actor, 60))
    why = f" “{escaped(one_line(change.reason, 200))}”" if change.reason else ""
    when = f"<span title='{exact(change.at)}'>{age(change.at, now=here.now)}</span>"
    return f"<div><b>{escaped(change_words(change).capitalize())}</b> {when} by {by}.{why}</div>"


def _ways(change: Applied) -> None:
    with st.container(horizontal=True, gap="small"):
        if st.button("Open the plan", icon=":material/history:", key="taken_out_plan", type="tertiary"):
            open_deed(change.plan_id)
        st.button(
            "See as of before",
            icon=":material/history_toggle_off:",
            key="taken_out_before",
            type="tertiary",
            help="Show the whole dashboard as of the moment before it was taken out.",
            on_click=state.put,
            args=("as_of", Moment(change.at - timedelta(microseconds=1)).text),
        )
