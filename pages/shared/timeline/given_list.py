"""Logged recalls as a list: when, who, what was asked, how much came back, and how much of that still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

import streamlit as st

from core.hostile import one_line
from core.operate.recalls import LoggedRecall
from core.past.given import Given, recall_id
from pages.shared import state
from pages.shared.here import Here
from pages.shared.journal_timeline import day_words
from pages.shared.markup import chip, escaped
from pages.shared.timeline.agent_recalls import CHANNELS, MODES
from pages.shared.timeline.agent_sessions import more_words
from pages.shared.timeline.given_fate import changed_since, fate_counts
from pages.shared.timeline.given_log import what_it_gave
from pages.shared.words import age, exact, plural

__all__ = ["asked_words", "recall_list", "recall_row"]

_A_PAGE: Final = 25
_SHOWN: Final = "given_shown"


def recall_list(here: Here, recalls: Sequence[LoggedRecall], *, agents: Mapping[str, str]) -> None:
    """Draw recalls by day, a page of them; a click opens one."""
    shown = int(st.session_state.get(_SHOWN, _A_PAGE))
    page = recalls[:shown]
    gave = dict(zip(map(id, page), what_it_gave(here, page), strict=True))
    for day, of_day in groupby(page, key=lambda recall: recall.at.date()):
        st.html(f"<div class='mn-day'>{day_words(day, today=here.now.date())}</div>")
        for recall in of_day:
            name = recall_id(recall)
            with st.container(border=True, gap=None, key=f"row_recall_{name}"):
                st.html(recall_row(recall, gave[id(recall)], now=here.now, agents=agents))
                _open_over(name)
    if len(recalls) > shown:
        left = len(recalls) - shown
        st.button(more_words(left, _A_PAGE), key="given_more", on_click=_show_more, args=(shown,))
    if not recalls:
        st.html("<p class='mn-empty'>No recall is so.</p>")


def _open_over(name: str) -> None:
    """Lay a button over a row, as the inspector's rows have one."""
    st.button("Open this recall", key=f"open_row_recall_{name}", type="tertiary", on_click=state.put, args=("recall", name))


def _show_more(shown: int) -> None:
    st.session_state[_SHOWN] = shown + _A_PAGE


def asked_words(recall: LoggedRecall) -> str:
    """Return what was asked as HTML: the question, or that it was redacted."""
    if recall.query is None:
        return "<span class='mn-muted'>The question was redacted.</span>"
    return f"<span dir='auto'>{escaped(one_line(recall.query, 300))}</span>"


def recall_row(recall: LoggedRecall, found: Sequence[Given], *, now: datetime, agents: Mapping[str, str]) -> str:
    """Return one recall as a row: who asked what and when, and what became of what it gave."""
    changed = changed_since(found)
    hue = agents.get(recall.actor, "var(--mn-muted)")
    who = chip(recall.actor, hue=hue, mark="dot", title=f"asked by {recall.actor}")
    facts = [
        f"<span title='{exact(recall.at)}'>{recall.at:%H:%M:%S} UTC, {age(recall.at, now=now)}</span>",
        f"<span>{escaped(CHANNELS.get(recall.channel, one_line(recall.channel, 20)))}</span>",
        f"<span>{escaped(MODES.get(recall.mode, one_line(recall.mode, 20)))}</span>",
    ]
    entered = f", {len(recall.context_keys):,} in the prompt" if recall.context_keys else ""
    count = f"{plural(len(recall.hits), 'memory')} given{entered}" if recall.hits else "nothing came back"
    sign = f"<b class='mn-warn mn-num'>{changed:,} of {len(found):,}</b> changed or contradicted" if changed else ""
    words = escaped(fate_counts(found)) if changed else "all as given"
    became = f"<div>{sign} <span class='mn-muted'>{words}</span></div>" if found else ""
    return (
        f"<div class='mn-over mn-recall'><div><div class='mn-name'>{asked_words(recall)}</div>"
        f"<div class='mn-row'>{who}{''.join(facts)}</div></div>"
        f"<div class='mn-effect'><span>{escaped(count)}</span>{became}</div></div>"
    )
