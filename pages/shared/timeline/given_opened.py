"""One recall, opened: what was asked, what it gave as it was then, what became of that, and what was written next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core.memory import Memory
from core.operate.recalls import LoggedRecall
from core.past.given import DECISION_SPAN, Given
from core.past.moment import Moment
from core.scope import Scope
from pages.shared import state
from pages.shared.here import Here
from pages.shared.inspector import open_button
from pages.shared.markup import chip, chips, escaped, slug, text_block
from pages.shared.past_memory import later, memories
from pages.shared.timeline.agent_recalls import CHANNELS, MODES
from pages.shared.timeline.given_again import asked_again
from pages.shared.timeline.given_fate import changed_since, fate_counts, given_rows
from pages.shared.timeline.given_list import asked_words
from pages.shared.timeline.given_log import what_it_gave, who_contradicts
from pages.shared.words import age, exact, plural

__all__ = ["opened"]


def opened(here: Here, recall: LoggedRecall, recalls: Sequence[LoggedRecall], *, agents: Mapping[str, str]) -> None:
    """Draw a recall; `recalls` are those around it, newest first."""
    (found,) = what_it_gave(here, [recall])
    st.html(f"<h3 class='mn-question'>{asked_words(recall)}</h3>{_facts(here, recall, agents=agents)}{_lead(recall, found)}")
    if here.past is None or here.past.moment.at != recall.at:
        st.button(
            "See the dashboard as of then",
            key="given_as_of",
            icon=":material/history:",
            on_click=state.put,
            args=("as_of", Moment(recall.at).text),
            help="Search, Overview and Timeline show the index as it was when this was asked, until you go back to now.",
        )
    _next(here, recall, recalls, agents=agents)
    st.subheader("What it was given", anchor=False)
    if not found:
        st.caption("Nothing came back.")
    given_rows(here, found, agents=agents, told=who_contradicts(here, found), place="opened")
    asked_again(here, recall, found)


def _facts(here: Here, recall: LoggedRecall, *, agents: Mapping[str, str]) -> str:
    words = (CHANNELS.get(recall.channel, recall.channel), MODES.get(recall.mode, recall.mode), f"best {recall.k:,}")
    parts = [
        chip(recall.actor, hue=agents.get(recall.actor, "var(--mn-muted)"), mark="dot", title=f"asked by {recall.actor}"),
        f"<span title='{exact(recall.at)}'>{exact(recall.at)}, {age(recall.at, now=here.today)}</span>",
        *(f"<span>{escaped(word)}</span>" for word in (*words, f"{recall.ms:,.0f} ms")),
    ]
    return f"<div class='mn-row mn-num'>{''.join(parts)}</div>{_scope(recall)}"


def _scope(recall: LoggedRecall) -> str:
    if not recall.scope:
        return ""
    return f"<div class='mn-muted mn-small'>Within: {escaped(Scope.from_params(recall.scope).sentence())}</div>"


def _lead(recall: LoggedRecall, found: Sequence[Given]) -> str:
    entered = f", {len(recall.context_keys):,} of them in its prompt" if recall.context_keys else ""
    changed = changed_since(found)
    became = f"Since then: {escaped(fate_counts(found))}." if changed else "All of it is as it was." if found else ""
    return (
        f"<p class='mn-lead mn-given-lead'>It was given <b>{plural(len(found), 'memory')}</b>{entered}. "
        f"<span class='{'mn-warn' if changed else ''}'>{became}</span></p>"
    )


def _next(here: Here, recall: LoggedRecall, recalls: Sequence[LoggedRecall], *, agents: Mapping[str, str]) -> None:
    """Draw what the agent wrote after it, before it asked again."""
    memory = _written_next(here, recall, recalls)
    if memory is None or memory.created_at is None:
        return
    st.subheader("What it wrote next", anchor=False)
    with st.container(border=True, gap=None, key="row_next"):
        st.html(
            f"<div class='mn-over'><div class='mn-row'>{later(memory.created_at, then=recall.at)}"
            f"{chips(memory, now=here.today, agents=agents)}</div>"
            f"<div class='mn-small'>{text_block(memory.content, clamp=True)}</div></div>"
        )
        open_button(f"row_next_{slug(memory.key)}", memory.key)


def _written_next(here: Here, recall: LoggedRecall, recalls: Sequence[LoggedRecall]) -> Memory | None:
    if here.frame is None:
        return None
    asked_next = min((each.at for each in recalls if each.actor == recall.actor and each.at > recall.at), default=None)
    until = min(recall.at + DECISION_SPAN, asked_next) if asked_next else recall.at + DECISION_SPAN
    frame = here.frame
    created = frame["created_at"]
    rows = frame[(frame["agent_id"] == recall.actor) & (created >= recall.at) & (created <= until)]
    if rows.empty:
        return None
    key = str(rows.sort_values(["created_at", "key"], kind="stable")["key"].iloc[0])
    return memories(here, [key]).get(key)
