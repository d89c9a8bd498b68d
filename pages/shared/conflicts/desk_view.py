"""The card before a reviewer: how far they are, both sides, what can be done. A decision draws this part alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.curation.conflicts.inbox import Inbox
from core.curation.conflicts.queue import QueueEntry
from core.errors import NotFoundError
from core.hostile import markdown_escape
from pages.shared.conflicts.asked import Asked
from pages.shared.conflicts.card_view import OPENED, CardLook, card_head, card_sides, card_support, name_of
from pages.shared.conflicts.deciding import Review, ways, with_decision
from pages.shared.conflicts.evidence import evidence_of, prepare
from pages.shared.conflicts.forms import forms
from pages.shared.conflicts.habits import hides_suggestion
from pages.shared.conflicts.settling import settling_line
from pages.shared.conflicts.sitting import Sitting, current_card, inbox_of, sitting_of
from pages.shared.conflicts.trail import caught_up, last_done, position
from pages.shared.here import Here
from pages.shared.work import Work

__all__ = ["desk_view"]

_NEXT: Final = "conflicts_next"


@st.fragment
def desk_view(here: Here, asked: Asked, agents: Mapping[str, str], waits: int) -> None:
    """Draw one card of the sitting, or that there is none left; `waits` is how many cards waited when the page was drawn."""
    if st.session_state.pop(OPENED, False):
        st.rerun()
    inbox = inbox_of(here)
    sitting = sitting_of(here, inbox, asked)
    entry = current_card(here, inbox, sitting)
    progress = inbox.progress(sitting.ids, actor=here.actor, since=sitting.since)
    # Each part keeps its place, so that a form is not drawn twice for a moment: its Enter would be lost with the first.
    far, last, line, card = (st.container(gap="small") for _ in range(4))
    with far:
        if sitting.ids:
            st.html(position(progress, sitting, entry))
    with last:
        last_done(here, sitting)
    with line:
        settling_line(here)
    if entry is None:
        if sitting.error:
            st.error(markdown_escape(sitting.error), icon=":material/error:")
        caught_up(sitting, progress, waits=waits)
        return
    with card:
        _card(Review(here, inbox, sitting, entry), agents)
    _next_ready(here, inbox, sitting, entry)


def _card(review: Review, agents: Mapping[str, str]) -> None:
    look = CardLook(review.here.now, agents, reveals=not hides_suggestion(review.here))
    name = name_of(review.card)
    with st.container(gap="small", key="conflict_card"):
        st.html(card_head(review.entry, look))
        found = evidence_of(review.here, review.card)
        card_sides(review.card, look, found, name=name)
        ways(review)
        with st.container(gap="small"):
            forms(review)
        with_decision(review)
        if found is not None:
            card_support(found, look)
        else:
            _looking(review)


@st.fragment(run_every="0.5s")
def _looking(review: Review) -> None:
    """Draw the sides anew once it is known what speaks for them."""
    work: Work = prepare(review.here, review.card)
    if work.fine:
        st.rerun()
    said = "What speaks for each side could not be found." if work.error else "Looking what speaks for each side."
    st.html(f"<div class='mn-muted'>{said}</div>")


def _next_ready(here: Here, inbox: Inbox, sitting: Sitting, entry: QueueEntry) -> None:
    """Look what speaks for the card after this one, so that it is there when it is shown."""
    ids = sitting.ids
    place = ids.index(entry.card.id) + 1 if entry.card.id in ids else len(ids)
    if place < len(ids):
        try:
            prepare(here, inbox.entry(ids[place], actor=here.actor).card)
        except NotFoundError:
            return
