"""What a scan tells the register: new cards, which texts left the index, which losers are there again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from core.access import Actor
from core.curation.conflicts.card import Card, Resolution
from core.curation.conflicts.case import Case, Ruling, Settling, case_of
from core.curation.conflicts.deciding import settled_as
from core.curation.conflicts.presence import IsThere, present, refreshed, there_of
from core.curation.conflicts.register import Register
from core.curation.conflicts.reported import is_reported
from core.store import MemoryStore

__all__ = ["Found", "take_in"]

_AGAIN = "What was retired for it is in the index again."


@dataclass(frozen=True)
class Found:
    """What a scan found (see Inbox.take_in)."""

    cards: Iterable[Card]
    judge: str
    checked: Mapping[str, str]
    present: Mapping[str, str] | None
    dropped: Collection[str]


def take_in(store: MemoryStore, register: Register, found: Found, *, actor: Actor, now: datetime) -> int:
    """Keep what a scan found, and return how many cards are new."""
    cards = _still_there(store, found.cards, actor=actor)
    new = register.put_cards(cards.values(), judge=found.judge, checked=found.checked)
    _reopen(store, register, cards, actor=actor, now=now)
    dropped = [each for each in found.dropped if each not in cards]
    if dropped:
        why = f"a scan with {found.judge} found no conflict any more"
        register.change(dropped, partial(_dropped, why=why, now=now))
    if found.present is not None:
        _close(store, register, found.judge, found.present, actor=actor)
    return new


def _still_there(store: MemoryStore, cards: Iterable[Card], *, actor: Actor) -> dict[str, Card]:
    """Return the cards, by id, of which both texts are in the index: one may have been erased while the scan went on."""
    every = list(cards)
    there = present(store, dict.fromkeys(key for card in every for key in case_of(card).keys), actor=actor)
    is_there = there_of(there)
    return {card.id: card for card in every if is_there(card.left) and is_there(card.right)}


def _close(store: MemoryStore, register: Register, judge: str, there: Mapping[str, str], *, actor: Actor) -> None:
    """Close the cards of which a text is in no memory any more, and forget what was looked at and is gone.

    The index says so in the end: what was written while the scan went on is not in what it read.
    """
    hashes = frozenset(there.values())
    refresh = partial(refreshed, is_there=lambda side: side.hash in hashes)
    # Few change: whoever decides one of the others meanwhile does not wait.
    cases = [case for case in register.cases() if refresh(case) is not case]
    hashes |= frozenset(present(store, dict.fromkeys(key for case in cases for key in case.keys), actor=actor).values())
    refresh = partial(refreshed, is_there=lambda side: side.hash in hashes)
    register.change([case.card.id for case in cases], refresh)
    if gone := register.checked(judge).keys() - there.keys():
        register.forget_checked(gone)


def _reopen(store: MemoryStore, register: Register, found: Collection[str], *, actor: Actor, now: datetime) -> None:
    """Open the cards again whose loser was retired and is there again; the index says so, for a scan may be of before."""
    settled = {case.card.id: case for case in register.cases(found) if _retired(case) is not None}
    if settled:
        keys = dict.fromkeys(key for case in settled.values() for key in case.keys)
        is_there = there_of(present(store, keys, actor=actor))
        register.change(settled, partial(_again, is_there=is_there, now=now))


def _retired(case: Case) -> Ruling | None:
    """Return the ruling that took one of the two out of the index, None without one; a merge may have left one there."""
    ruling = case.ruling
    kept_one = (Resolution.KEEP_LEFT, Resolution.KEEP_RIGHT, Resolution.KEEP_NEWER)
    if ruling is None or ruling.settling is not Settling.SETTLED or ruling.decision.resolution not in kept_one:
        return None
    return ruling


def _again(case: Case, *, is_there: IsThere, now: datetime) -> Case:
    ruling = _retired(case)
    if ruling is None or not (is_there(case.card.left) and is_there(case.card.right)):
        return case
    return settled_as(case, ruling.number, Settling.RETURNED, now, why=_AGAIN)


def _dropped(case: Case, *, why: str, now: datetime) -> Case:
    """Return the case closed where nobody has done anything about it yet; a sample is there because it is no card.

    What an agent reported waits for a person, whatever a judge says of it.
    """
    given = case.card.sample or is_reported(case.card)
    touched = given or case.rulings or case.assigned is not None or case.claimed(now) is not None
    return case if touched or case.closed else replace(case, closed=why, claim=None)
