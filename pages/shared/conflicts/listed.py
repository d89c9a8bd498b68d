"""All cards as a list: what waits, what was given to whom, what was decided by whom and why, each to be opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from core.access import Role
from core.curation.authority import same_person
from core.curation.conflicts.case import Settling
from core.curation.conflicts.queue import Queue, QueueEntry
from core.hostile import one_line
from pages.shared import state
from pages.shared.conflicts.asked import VERDICTS
from pages.shared.conflicts.card_view import CardLook, card_head, card_sides, card_support, name_of
from pages.shared.conflicts.compared import excerpt
from pages.shared.conflicts.deciding import DID
from pages.shared.conflicts.evidence import evidence_of
from pages.shared.conflicts.settling import settle, settling_line
from pages.shared.conflicts.sitting import forget_done, inbox_of, may_decide, take_up
from pages.shared.here import Here
from pages.shared.markup import chip, escaped
from pages.shared.problem import attempt
from pages.shared.timeline.paging import pager
from pages.shared.words import age, exact

__all__ = ["listed", "one_card"]

_A_PAGE: Final = 10
_SETTLING: Final[Mapping[Settling, str]] = {
    Settling.WAITING: "being applied",
    Settling.RETURNED: "came back",
    Settling.TAKING_BACK: "being taken back",
}


def listed(here: Here, queue: Queue) -> None:
    """Draw the cards that match, a page at a time."""
    settling_line(here)
    if not queue.entries:
        st.html("<p class='mn-empty'>No card is like this. Take filters away to see more.</p>")
        return
    start = pager("conflicts", len(queue.entries), _A_PAGE, words=("Earlier", "Next"))
    for entry in queue.entries[start : start + _A_PAGE]:
        _row(here, entry)
    if start + _A_PAGE < len(queue.entries):
        pager("conflicts", len(queue.entries), _A_PAGE, below=True, words=("Earlier", "Next"))


def one_card(here: Here, card_id: str, *, agents: Mapping[str, str]) -> None:
    """Draw the card of a link with what became of it, and the way to decide it."""
    st.button(
        "All cards",
        icon=":material/arrow_back:",
        type="tertiary",
        key="conflict_back",
        on_click=state.put,
        args=("card", None),
    )
    entry = attempt(lambda: inbox_of(here).entry(card_id, actor=here.actor))
    if entry is None:
        return
    name = name_of(entry.card)
    decided = entry.decision is not None
    with st.container(gap="small", key="conflict_card"):
        look = CardLook(here.now, agents, reveals=decided)
        st.html(card_head(entry, look) + _became(entry, here))
        found = evidence_of(here, entry.card)
        card_sides(entry.card, look, found, name=name)
        with st.container(horizontal=True, gap="small"):
            _ways(here, entry, opened=True)
        if found is not None:
            card_support(found, look)


def _row(here: Here, entry: QueueEntry) -> None:
    card, name = entry.card, name_of(entry.card)
    with st.container(border=True, gap="small", key=f"conflict_row_{name}"):
        sides = "".join(
            f"<div><b class='mn-letter'>{letter}</b> <span dir='auto'>{excerpt(side.text, spans)}</span>"
            f" <span class='mn-muted'>{escaped(one_line(side.agent or '', 30))}</span></div>"
            for letter, side, spans in zip("AB", (card.left, card.right), card.judgement.spans, strict=True)
        )
        with st.container(horizontal=True, vertical_alignment="top", gap="small", key=f"conflict_line_{name}"):
            st.html(f"<div class='mn-small mn-pair'>{sides}</div>{_became(entry, here)}", width="stretch")
            _ways(here, entry, opened=False)


def _became(entry: QueueEntry, here: Here) -> str:
    """Return what was decided, or where the card is, as HTML."""
    decision = entry.decision
    if decision is None:
        where = entry.closed or entry.back or _where(entry)
        found = f"found {age(entry.card.found_at, now=here.now)}"
        return f"<div class='mn-reason' dir='auto'>{escaped(' · '.join(filter(None, (one_line(where, 200), found))))}</div>"
    settled = _SETTLING.get(entry.settling, "") if entry.settling else ""
    badge = chip(settled, hue="var(--mn-warn)", mark="◔", badge=True) if settled else ""
    said = [one_line(each, 300) for each in (decision.note, decision.why, entry.why) if each]
    why = f"<div dir='auto'>“{escaped(' · '.join(said))}”</div>" if said else ""
    words = f"{DID[decision.resolution]} ({VERDICTS[decision.verdict].lower()})"
    return (
        f"<div class='mn-reason'><b>{escaped(words)}</b> {badge}<span title='{escaped(exact(decision.at))}'>by "
        f"{escaped(one_line(decision.by, 60))} {escaped(age(decision.at, now=here.now))}</span>{why}</div>"
    )


def _where(entry: QueueEntry) -> str:
    if entry.claimed_by:
        return f"{entry.claimed_by} is looking at it"
    if entry.assigned is not None:
        return f"{entry.assigned.by} gave it to {entry.assigned.to}: {entry.assigned.why}"
    return "waits"


def _ways(here: Here, entry: QueueEntry, *, opened: bool) -> None:
    card, name, may = entry.card, name_of(entry.card), may_decide(here)
    if not opened:
        st.button("Look at it", key=f"conflict_look_{name}", type="tertiary", on_click=state.put, args=("card", card.id))
    if entry.decision is not None:
        mine = same_person(entry.decision.by, here.actor.name) or here.actor.role is Role.ADMIN
        st.button(
            "Take back",
            icon=":material/undo:",
            key=f"conflict_take_back_{name}",
            type="tertiary",
            disabled=not (may and mine),
            help="The card waits again, and the memories are as before." if mine else "Only who decided it, or an admin.",
            on_click=_take_back,
            args=(here, card.id),
        )
    elif opened and not entry.closed:
        st.button(
            "Decide it",
            type="primary",
            key=f"conflict_take_up_{name}",
            disabled=not may,
            help=None if may else f"You are a {here.actor.role}: to decide takes a reviewer.",
            on_click=_decide_it,
            args=(card.id,),
        )


def _decide_it(card_id: str) -> None:
    take_up(card_id)
    state.put("card", None)
    state.put("inbox", None)


def _take_back(here: Here, card_id: str) -> None:
    done = attempt(lambda: inbox_of(here).undo(card_id, actor=here.actor))
    if done is not None:
        forget_done(card_id)
        settle(here)
