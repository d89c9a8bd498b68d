"""One reviewer's way through the cards that waited when they began: frozen in the tab, so that "7 of 40" stays of 40."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import streamlit as st

from core.access import Permission
from core.curation.conflicts.card import Card
from core.curation.conflicts.inbox import Inbox
from core.curation.conflicts.queue import QueueEntry
from core.errors import BusyError, ChangedMeanwhileError, MnemoscopeError, NotFoundError
from core.hostile import one_line
from pages.shared.conflicts.asked import Asked
from pages.shared.here import Here
from pages.shared.planning import desk_of

__all__ = [
    "Done",
    "Sitting",
    "current_card",
    "forget_done",
    "has_done",
    "inbox_of",
    "may_decide",
    "sitting_of",
    "start_over",
    "take_up",
    "try_it",
]

_SITTING: Final = "conflicts_sitting"
_INBOX: Final = "conflicts_inbox"
_TAKEN: Final = "conflicts_taken_up"


@dataclass(frozen=True)
class Done:
    """What the reviewer did last, to be said and taken back: one card, or several that were decided alike."""

    cards: tuple[Card, ...]
    words: str
    at: datetime
    verdict: str = ""
    undoable: bool = True

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the cards."""
        return tuple(card.id for card in self.cards)


@dataclass(eq=False)
class Sitting:
    """The cards by their ids, where the reviewer is, what they did, and which form is open below the card.

    `error` is what could not be done last. `passed` are the cards that a viewer, who claims none, has seen.
    """

    stream: str
    of: tuple[object, ...]
    ids: tuple[str, ...]
    since: datetime
    current: str | None = None
    done: list[Done] = field(default_factory=list)
    form: str = ""
    error: str = ""
    passed: set[str] = field(default_factory=set)

    def did(self, done: Done) -> None:
        """Note what was done with the card of now, and go on."""
        self.done.append(done)
        self.leave()

    def leave(self) -> None:
        """Go on to the next card."""
        self.current, self.form, self.error = None, "", ""

    def show(self, form: str) -> None:
        """Open a form below the card, or close the one that is open; made for `on_click`."""
        self.form, self.error = "" if form == self.form else form, ""


def inbox_of(here: Here) -> Inbox:
    """Return the inbox of the open index, the same one as long as the desk is the same."""
    desk = desk_of(here)
    known: tuple[object, Inbox] | None = st.session_state.get(_INBOX)
    if known is None or known[0] is not desk:
        known = st.session_state[_INBOX] = (desk, Inbox(desk))
    return known[1]


def may_decide(here: Here) -> bool:
    """Say whether this person may decide."""
    tenant = desk_of(here).store.info.tenant
    return all(here.actor.may(each, tenant=tenant) for each in (Permission.WRITE, Permission.DELETE))


def sitting_of(here: Here, inbox: Inbox, asked: Asked) -> Sitting:
    """Return the sitting of this tab; another one begins where other cards are asked for."""
    of = (desk_of(here).stream, here.actor, replace(asked, view="queue", standing="waiting"))
    known: Sitting | None = st.session_state.get(_SITTING)
    if known is None or known.of != of:
        known = st.session_state[_SITTING] = _begun(here, inbox, asked, of)
    if (wanted := st.session_state.pop(_TAKEN, None)) is not None:
        known.leave()
        known.current = wanted
    return known


def start_over() -> None:
    """Let the next sitting begin with what waits then; made for `on_click`."""
    known: Sitting | None = st.session_state.get(_SITTING)
    if known is not None:
        known.of = ()


def has_done() -> bool:
    """Say whether something was done in this tab, so that it can be said and taken back."""
    known: Sitting | None = st.session_state.get(_SITTING)
    return known is not None and bool(known.done)


def forget_done(card_id: str) -> None:
    """Offer no undo of what was taken back elsewhere."""
    known: Sitting | None = st.session_state.get(_SITTING)
    if known is not None:
        known.done = [each for each in known.done if card_id not in each.ids]


def take_up(card_id: str) -> None:
    """Let a card be the next that the reviewer has, wherever it is in the queue."""
    st.session_state[_TAKEN] = card_id


def _begun(here: Here, inbox: Inbox, asked: Asked, of: tuple[object, ...]) -> Sitting:
    """Return a new sitting; what was done before in the index can still be taken back."""
    before: Sitting | None = st.session_state.get(_SITTING)
    began = datetime.now(UTC)
    queue = inbox.queue(actor=here.actor, only=asked.cards(here.now, waiting=True), order=asked.order)
    done = [] if before is None or before.stream != desk_of(here).stream else list(before.done)
    return Sitting(desk_of(here).stream, of, queue.ids, began, done=done)


def current_card(here: Here, inbox: Inbox, sitting: Sitting) -> QueueEntry | None:
    """Return the card that the reviewer has, claimed for ten minutes more, or the next; None where they are done."""
    if not may_decide(here):
        return _seen(here, inbox, sitting)
    if sitting.current is not None:
        try:
            return inbox.claim(sitting.current, actor=here.actor)
        except (BusyError, ChangedMeanwhileError, NotFoundError) as error:
            sitting.leave()
            sitting.error = f"The card that you had went on without you: {error}"
    after = sitting.done[-1].ids[-1] if sitting.done else None
    entry = inbox.next(sitting.ids, actor=here.actor, after=after, since=sitting.since)
    sitting.current = None if entry is None else entry.card.id
    return entry


def try_it(sitting: Sitting, action: Callable[[], object]) -> bool:
    """Do what a reviewer asked for; what goes wrong is said below the card."""
    sitting.error = ""
    try:
        action()
    except MnemoscopeError as error:
        sitting.error = one_line(str(error), 500)
        return False
    return True


def _seen(here: Here, inbox: Inbox, sitting: Sitting) -> QueueEntry | None:
    """Return the first card that a viewer has not passed; it is not claimed."""
    for card_id in sitting.ids:
        if card_id not in sitting.passed:
            try:
                return inbox.entry(card_id, actor=here.actor)
            except NotFoundError:
                sitting.passed.add(card_id)
    return None
