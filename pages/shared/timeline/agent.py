"""One agent's life: when it was active, what it wrote and recalled, whose memories it used, and who used its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.analysis.agent_life import Life
from core.analysis.agent_sources import asked, given_to, used_by_others
from core.hostile import markdown_escape, one_line
from core.operate.recalls import LoggedRecall
from pages.shared import state
from pages.shared.charts import CONFIG
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.past_stops import moment_words
from pages.shared.timeline.agent_lived import Lived, agents_within, lived
from pages.shared.timeline.agent_recalls import exchanges, what_it_asked
from pages.shared.timeline.agent_sessions import session_list
from pages.shared.timeline.given_log import LATEST, recalls_of
from pages.shared.words import exact, minute_words, plural

__all__ = ["draw"]

_CHOSEN: Final = "life_agent"


def draw(here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw the life of the agent that the view names, else of the most active one in scope."""
    names = agents_within(here)
    if not names:
        st.html("<p class='mn-empty'>No memory in scope names its agent.</p>")
        return
    agent = _choose(names)
    found = lived(here, agent)
    _head(found.life, agents.get(agent, ""))
    left, right = st.columns(2, gap="large")
    with left:
        _activity(found)
    with right:
        _written(found)
    recalls = recalls_of(here, actor=agent)
    with left:
        _confidence(found)
    with right:
        what_it_asked(asked(recalls), agent=agent, now=here.today)
    _exchanged(here, agent, recalls, agents=agents)
    session_list(here, found.sessions, found.rows, agents=agents)


def _exchanged(here: Here, agent: str, recalls: list[LoggedRecall], *, agents: Mapping[str, str]) -> None:
    assert here.frame is not None
    everybody = recalls_of(here)
    used, users = given_to(here.frame, agent, recalls), used_by_others(here.frame, agent, everybody)
    if not used and not users:
        st.caption("Neither the log of recalls nor a memory says whose memories it used, or who used its own.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        exchanges("Whose memories it used", used, agents=agents, own=agent, uses=True)
    with right:
        exchanges("Who used its memories", users, agents=agents, own=agent, uses=False)
    if len(everybody) == LATEST:
        st.caption(f"Of recalls, the latest {LATEST:,} count.")


def _choose(counts: Mapping[str, int]) -> str:
    """Draw the list of agents and return the one whose life is drawn."""
    wanted = next((name for name in (state.get("life"), *state.get_all("agent")) if name in counts), next(iter(counts)))
    state.prepare_widget(_CHOSEN, wanted)
    st.selectbox(
        "Agent",
        list(counts),
        key=_CHOSEN,
        format_func=lambda name: f"{one_line(name, 60)} · {counts[name]:,}",
        on_change=state.store_value,
        args=("life", _CHOSEN),
        help="The number is how many memories in scope it wrote, expired and hidden ones too.",
        width=420,
    )
    return wanted


def _head(life: Life, colour: str) -> None:
    if life.first is None or life.last is None:
        when = "; no memory of it has a time"
    elif life.first == life.last:
        when = f", on {moment_words(life.first)} UTC"
    else:
        span = f"{minute_words(life.first)} to {minute_words(life.last)} UTC"
        when = f", from <span title='{exact(life.first)} to {exact(life.last)}'>{span}</span>"
    teams = f", in {escaped(one_line(', '.join(life.teams[:3]), 80))}" if life.teams else ""
    became = ((life.expired, "expired"), (life.hidden, "hidden"))
    since = [f"{count:,} {word}" for count, word in became if count]
    st.html(
        f"<p class='mn-lead'><span class='mn-dot' style='--hue:{colour or 'var(--mn-muted)'}'></span>"
        f"<b>{escaped(one_line(life.agent, 80))}</b> wrote <b>{plural(life.memories, 'memory')}</b> on "
        f"{plural(life.tasks, 'task')} in {plural(life.sessions, 'session')}{teams}{when}."
        f"{' Since then ' + ' and '.join(since) + '.' if since else ''}</p>"
    )


def _activity(found: Lived) -> None:
    st.subheader("When it was active", anchor=False)
    if found.active is not None:
        st.plotly_chart(found.active, key="life_activity", config=CONFIG)
    st.caption(found.active_words)


def _written(found: Lived) -> None:
    st.subheader("What it wrote", anchor=False)
    if found.written is not None:
        st.plotly_chart(found.written, key="life_written", config=CONFIG)
    kinds = found.rows["memory_type"].astype("str").value_counts()
    named = [f"{count:,} {markdown_escape(one_line(str(name), 30))}" for name, count in kinds.head(6).items() if count]
    unknown = int(found.rows["memory_type"].isna().sum())
    st.caption(", ".join(named + ([f"{unknown:,} without a type"] if unknown else [])) + ".")


def _confidence(found: Lived) -> None:
    st.subheader("How sure it was", anchor=False)
    life = found.life
    if life.median_confidence is None:
        st.caption("It never stated a confidence.")
        return
    if found.sure is not None:
        st.plotly_chart(found.sure, key="life_confidence", config=CONFIG)
    band = " The band holds the middle half." if found.many else ""
    st.caption(
        f"Median {life.median_confidence:.2f}, as {life.stated:,} of {plural(life.memories, 'memory')} state it now.{band}"
    )
