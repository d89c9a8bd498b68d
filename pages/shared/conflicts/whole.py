"""The page Conflicts: the inbox, all cards, what the decisions measure, and triage; only what is shown is worked out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.curation.conflicts.card import Standing
from core.curation.conflicts.inbox import Inbox
from core.curation.conflicts.queue import CardFilter
from pages.shared import state
from pages.shared.conflicts.asked import Asked, asked, clear_filters, view_switch
from pages.shared.conflicts.desk_view import desk_view
from pages.shared.conflicts.filters import filters
from pages.shared.conflicts.listed import listed, one_card
from pages.shared.conflicts.scan import Scanned, scan_line, scan_offer
from pages.shared.conflicts.sitting import has_done, inbox_of
from pages.shared.here import Here
from pages.shared.markup import escaped
from pages.shared.problem import attempt
from pages.shared.words import plural

__all__ = ["draw"]

_ABOUT: Final = (
    "Two memories that are much alike and do not fit together. Similar is not contradictory: a person decides, and every "
    "decision can be undone."
)


def draw(here: Here, *, agents: Mapping[str, str]) -> None:
    """Draw the page below its title."""
    question, inbox = asked(here), inbox_of(here)
    if question.view in ("queue", "list"):
        st.html(f"<p class='mn-lead'>{_ABOUT}</p>")
    switch = st.container()
    if question.view == "measures":
        from pages.shared.conflicts.measures import measures  # only this view needs them

        view_switch(question, {})
        measures(here, inbox)
    elif question.view == "triage":
        from pages.shared.conflicts.triage import triage

        view_switch(question, {})
        triage(here, agents=agents)
    elif state.get("card"):
        view_switch(question, {})
        one_card(here, state.get("card"), agents=agents)
    else:
        _cards(here, inbox, question, switch, agents=agents)


def _cards(here: Here, inbox: Inbox, question: Asked, switch: DeltaGenerator, *, agents: Mapping[str, str]) -> None:
    scanned = scan_line(here)  # first: what it found is in the queue
    listing = question.view == "list"
    only = question.cards(here.now, waiting=not listing)
    queue = attempt(lambda: inbox.queue(actor=here.actor, only=only, order=question.order))
    if queue is None:
        return
    waits = None if listing and question.standing != "waiting" else len(queue.entries)
    with switch:
        view_switch(question, {} if waits is None else {"queue": f"Inbox · {waits:,}"})
    if not listing and not queue.entries and not question.narrowed and not has_done():
        _nothing(here, inbox, scanned)
        return
    filters(here, question, queue, scanned)
    if listing:
        listed(here, queue)
    elif not queue.entries and question.narrowed and not has_done():
        _filtered(here, inbox)
    else:
        desk_view(here, question, agents, len(queue.entries))


def _nothing(here: Here, inbox: Inbox, scanned: Scanned | None) -> None:
    """Say why there is no card: nobody looked yet, nothing was found, or all is decided."""
    every = attempt(lambda: inbox.queue(actor=here.actor, only=CardFilter(standing=tuple(Standing))))
    if every is None:
        return
    if every.entries:
        were = plural(len(every.entries), "card was", "cards were")
        said = f"Nothing waits for you. {were} decided, given to others, closed, or below the threshold."
        st.html(f"<p class='mn-empty'>{escaped(said)}</p>")
        scan_offer(here, label="Look for new ones")
    elif scanned is not None:
        compared = plural(scanned.report.compared, "memory")
        st.html(
            f"<p class='mn-empty'>No possible conflict among {compared}. Two memories are compared where they are of one "
            "team, task or tenant and near in meaning.</p>"
        )
    else:
        count = plural(here.snapshot.rows, "memory") if here.snapshot else "the memories"
        st.html(
            f"<p class='mn-empty'>Nobody looked for conflicts here yet. A scan compares {count} with those near in meaning, "
            "and changes nothing.</p>"
        )
        scan_offer(here, label="Look for possible conflicts")


def _filtered(here: Here, inbox: Inbox) -> None:
    """Say that filters leave nothing, with the way to take them away."""
    whole = attempt(lambda: inbox.queue(actor=here.actor))
    count = 0 if whole is None else len(whole.entries)
    st.html(
        "<p class='mn-empty'>No card that waits fits the filters here and on the left. "
        f"{plural(count, 'card waits', 'cards wait')} without them.</p>"
    )
    with st.container(horizontal=True, horizontal_alignment="center"):
        st.button("Take the filters away", key="conflicts_all", icon=":material/filter_list_off:", on_click=clear_filters)
