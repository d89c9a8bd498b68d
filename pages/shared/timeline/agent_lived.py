"""One agent's life as the index tells it, with its figures: made once for a revision and scope, kept for the next run."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.analysis.agent_activity import activity
from core.analysis.agent_life import AgentSession, Life, agents_of, confidence_over_time, life_of, sessions_of
from core.analysis.stats import growth
from pages.shared.facets import within
from pages.shared.here import Here
from pages.shared.theme import Tokens, tokens
from pages.shared.timeline.agent_charts import activity_map, activity_words, confidence_line, written_bars
from pages.shared.timeline.source import BY_IDENTITY, Source, by_minute, identity

__all__ = ["Lived", "agents_within", "lived"]


@dataclass(frozen=True, eq=False)
class Lived:
    """A life: its rows in the order of time, its sessions, and figures, None where there is nothing to draw.

    `many` says that some bucket of the confidences has more than one memory that states it.
    """

    life: Life
    rows: pd.DataFrame
    sessions: tuple[AgentSession, ...]
    active: go.Figure | None
    active_words: str
    written: go.Figure | None
    sure: go.Figure | None
    many: bool


def agents_within(here: Here) -> dict[str, int]:
    """Return how many memories each agent in scope wrote, the most active first."""
    return _agents(_source(here))


def lived(here: Here, agent: str) -> Lived:
    """Return the life of an agent."""
    return _lived(_source(here), agent, tokens())


def _source(here: Here) -> Source:
    # A life is all that happened: what expired or was hidden since belongs to it.
    scope, now = by_minute(here)
    scope = replace(scope, include_expired=True, include_hidden=True)
    return Source((*identity(here), now, repr(scope)), here, scope, now)


def _within(source: Source) -> pd.DataFrame:
    assert source.here.frame is not None
    return within(source.here.frame, source.scope, now=source.now)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_IDENTITY)
def _agents(source: Source) -> dict[str, int]:
    return dict(agents_of(_within(source)))


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_IDENTITY)
def _lived(source: Source, agent: str, t: Tokens) -> Lived:
    frame = _within(source)
    life, rows = life_of(frame, agent, now=source.now)
    active, grown, table = activity(rows["created_at"]), growth(rows, max_buckets=60), confidence_over_time(rows)
    return Lived(
        life,
        rows,
        sessions_of(rows),
        activity_map(active, t) if active.total else None,
        activity_words(active),
        written_bars(grown, t) if grown["start"].nunique() > 1 else None,
        confidence_line(table, t) if len(table) > 1 else None,
        len(table) > 1 and bool((table["stated"] > 1).any()),
    )
