"""What agents were given when they asked, and what became of it since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.hostile import markdown_escape, one_line
from core.operate.recalls import LoggedRecall
from pages.shared import state
from pages.shared.here import Here
from pages.shared.timeline.agent_recalls import CHANNELS
from pages.shared.timeline.given_list import recall_list
from pages.shared.timeline.given_log import LATEST, find_recall, left_out_words, recalls_of, who_asked
from pages.shared.timeline.given_opened import opened
from pages.shared.words import plural

__all__ = ["draw"]

_EVERYBODY: Final = ""


def draw(here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw the recalls of the index, or the one that the view names."""
    wanted = state.get("recall")
    if wanted:
        _one(here, recalls_of(here), wanted, agents=agents)
        return
    scope = here.scope
    recalls = recalls_of(here, since=scope.created_from, until=scope.created_to)
    if said := left_out_words(here):
        st.caption(said)
    if not recalls:
        until = " in this time" if scope.created_from or scope.created_to else " up to this moment" if here.past else ""
        st.html(f"<p class='mn-empty'>The log has no recall of this index{until}.</p>")
        st.caption(
            "Recalls by agents, on the command line and on the Search page are logged with what they brought back: ask "
            "something, or have your agents recall through core.recall, under their own names."
        )
        return
    chosen = _narrowed(recalls)
    many = f"the latest {LATEST:,} recalls" if len(recalls) == LATEST else plural(len(recalls), "recall")
    said = f"{len(chosen):,} of {many}" if len(chosen) < len(recalls) else many[:1].upper() + many[1:]
    said += " in the time of the rail" if scope.created_from or scope.created_to else ""
    st.caption(f"{said}, newest first. Each opens with what it gave, as it was then, and what became of that since.")
    recall_list(here, chosen, agents=agents)


def _one(here: Here, recalls: list[LoggedRecall], wanted: str, *, agents: Mapping[str, str]) -> None:
    found = find_recall(recalls, wanted)
    st.button(
        "All recalls",
        icon=":material/arrow_back:",
        type="tertiary",
        key="given_back",
        on_click=state.put,
        args=("recall", None),
    )
    if found is None:
        st.html("<p class='mn-empty'>The log has no such recall of this index.</p>")
        st.caption("It may be older than what the log keeps, later than the moment that you look at, or of another index.")
        return
    opened(here, found, recalls, agents=agents)


def _channel_words(name: str) -> str:
    return markdown_escape(CHANNELS.get(name, one_line(name, 20)))


def _narrowed(recalls: list[LoggedRecall]) -> list[LoggedRecall]:
    """Draw who asked, how and what, and return the recalls that pass."""
    people, channels = who_asked(recalls), sorted({str(recall.channel) for recall in recalls})
    of_rail = [name for name in state.get_all("agent") if name in people]
    if "given_agent" not in st.session_state and len(of_rail) == 1:
        st.session_state["given_agent"] = of_rail[0]
    if st.session_state.get("given_agent") not in (None, _EVERYBODY, *people):
        st.session_state["given_agent"] = _EVERYBODY
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key="given_filters"):
        who = st.selectbox(
            "Who asked",
            [_EVERYBODY, *people],
            key="given_agent",
            format_func=lambda name: f"{one_line(name, 40)} · {people[name]:,}" if name else "Everybody",
            width=260,
        )
        text = st.text_input(
            "Find a question", key="given_find", icon=":material/search:", placeholder="words of it", width=300
        )
        how: str | None = None
        if len(channels) > 1:
            how = st.pills("How", channels, key="given_channel", format_func=_channel_words)
    words = text.strip().lower()
    return [
        recall
        for recall in recalls
        if (not who or recall.actor == who)
        and (not how or recall.channel == how)
        and (not words or (recall.query is not None and words in recall.query.lower()))
    ]
