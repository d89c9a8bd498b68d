"""What the author of a memory had been given before it was written: a tab of the inspector."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import pandas as pd
import streamlit as st

from core.memory import Memory
from core.past.given import DECISION_SPAN, Given, before, recall_id
from pages.shared import state
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.past_memory import later
from pages.shared.theme import agent_colours
from pages.shared.timeline.given_fate import changed_since, fate_counts, given_rows
from pages.shared.timeline.given_list import asked_words
from pages.shared.timeline.given_log import recalls_of, what_became, what_it_gave, who_contradicts
from pages.shared.words import exact, plural

__all__ = ["given_tab", "previous_of"]

_RECALLS: Final = 5


def given_tab(here: Here, memory: Memory) -> None:
    """Draw what the author knew: its stated sources and its recalls before this memory, and what became of both since."""
    if memory.agent_id is None or memory.created_at is None:
        st.caption("It names no agent or has no time, so nobody can say what its author had been given.")
        return
    sources = what_became(here, memory.derived_from, at=memory.created_at)
    recalls = before(
        memory,
        recalls_of(here, actor=memory.agent_id, since=memory.created_at - DECISION_SPAN, until=memory.created_at),
        previous=previous_of(here.frame, memory),
    )
    gave = what_it_gave(here, recalls)
    everything = {each.key: each for found in (*gave, sources) for each in found}
    st.html(_lead(list(everything.values()), len(recalls), len(sources)))
    agents = agent_colours(here.frame["agent_id"].dropna().unique()) if here.frame is not None else {}
    told = who_contradicts(here, everything.values())
    if sources:
        st.markdown("**It says that it is made from**")
        given_rows(here, sources, agents=agents, told=told, place="source")
    for recall, found in list(zip(recalls, gave, strict=True))[:_RECALLS]:
        name = recall_id(recall)
        st.html(
            f"<div class='mn-asked-before'><b>{asked_words(recall)}</b><div class='mn-muted' title='{exact(recall.at)}'>"
            f"Asked {_before_words(recall.at, memory.created_at)}</div></div>"
        )
        given_rows(here, found, agents=agents, told=told, place=f"tab_{name}")
        st.button("Open this recall", key=f"given_tab_{name}", icon=":material/arrow_forward:", on_click=_open, args=(name,))
    if len(recalls) > _RECALLS:
        st.caption(f"And {plural(len(recalls) - _RECALLS, 'recall')} before.")


def _open(name: str) -> None:
    state.put("view", "given")
    state.put("recall", name)


def _before_words(asked: datetime, written: datetime) -> str:
    said = later(written, then=asked)
    return said.replace(" later", " before it was written") if said.endswith("later") else "right before it was written"


def _lead(found: Sequence[Given], recalls: int, sources: int) -> str:
    if not found:
        said = f"It asked {plural(recalls, 'question')} before, and nothing came back." if recalls else _NOTHING
        return f"<p class='mn-muted'>{escaped(said)}</p>"
    grounds = [f"what {plural(recalls, 'question')} brought back before it was written"] if recalls else []
    grounds += [plural(sources, "stated source")] if sources else []
    became = fate_counts(found) if changed_since(found) else "all of them are as they were"
    kind = "mn-warn" if changed_since(found) else "mn-good"
    return (
        f"<p>It rests on <b>{plural(len(found), 'memory')}</b>: {' and '.join(grounds)}. "
        f"<span class='{kind}'>Since then: {escaped(became)}.</span></p>"
    )


_NOTHING = (
    "The log has no recall by its author since the memory that it wrote before this one, nor within 24 hours, and it does "
    "not say what it is made from."
)


def previous_of(frame: pd.DataFrame | None, memory: Memory) -> datetime | None:
    """Return when the author of a memory wrote the one before it, None for its first."""
    if frame is None or memory.agent_id is None or memory.created_at is None:
        return None
    created = frame.loc[(frame["agent_id"] == memory.agent_id) & (frame["created_at"] < memory.created_at), "created_at"]
    return None if created.empty else created.max().to_pydatetime()
