"""Builders of cards, and of an inbox over an index that has both of their sides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from core.access import LOCAL_ADMIN
from core.curation.conflicts.card import Card, CardSide, card_id
from core.curation.conflicts.case import Case, Ruling
from core.curation.conflicts.claims import Person
from core.curation.conflicts.deciding import Answer, decided
from core.curation.conflicts.inbox import Inbox
from core.curation.duplicates.exact import content_hash
from core.memory import Memory
from core.models.judge import ConflictVerdict, Judgement
from core.store import MemoryStore
from tests.core.curation.desks import make_desk
from tests.core.memory_builders import NOW, make_memory, make_store

JUDGE = "cues/1"
MINUTE = timedelta(minutes=1)
TIMEOUT = "The gateway times out after 30 seconds."
LONGER = "The gateway times out after 60 seconds."


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def make_side(key: str, text: str, **overrides: Any) -> CardSide:
    """Return a side as a scan makes it."""
    values: dict[str, Any] = {"agent": "planner", "team": "alpha", "at": NOW - timedelta(days=1)}
    return CardSide(key, content_hash(text), text, **(values | overrides))


def make_card(left: str = TIMEOUT, right: str = LONGER, *, number: int = 0, clash: float = 0.9, **overrides: Any) -> Card:
    """Return a card of two texts; `number` makes their keys other ones."""
    one = make_side(f"a{number}", left, at=NOW - timedelta(days=2))
    other = make_side(f"b{number}", right, agent="executor")
    probabilities = dict.fromkeys(ConflictVerdict, 0.0)
    probabilities |= {ConflictVerdict.CONTRADICTION: clash, ConflictVerdict.UNRELATED: 1 - clash}
    judged = Judgement(probabilities, "number", "30 seconds and 60 seconds", JUDGE, (((27, 29),), ((27, 29),)))
    values: dict[str, Any] = {
        "id": card_id(one.hash, other.hash),
        "left": one,
        "right": other,
        "judgement": judged,
        "cosine": 0.93,
        "why": "one team, two agents",
        "found_at": NOW,
    }
    return Card(**(values | overrides))


def cards(count: int) -> list[Card]:
    """Return cards whose texts differ, in the order in which they were found."""
    return [
        make_card(
            f"Host {n} has {n + 10} disks.", f"Host {n} has {n + 20} disks.", number=n, found_at=NOW + timedelta(seconds=n)
        )
        for n in range(count)
    ]


def memories_of(*made: Card) -> list[Memory]:
    """Return the memories of the sides of cards."""
    return [
        make_memory(key, side.text, agent_id=side.agent, team_id=side.team, task_id=side.task, created_at=side.at)
        for card in made
        for side in (card.left, card.right)
        for key in (side.key, *side.others)
    ]


def make_inbox(directory: Path, *made: Card, clock: Callable[[], datetime] | None = None, **options: Any) -> Inbox:
    """Return the inbox of a new index that has the sides of these cards, which a scan just found."""
    store = make_store(directory, *memories_of(*made))
    return inbox_of(store, directory, *made, clock=clock, **options)


def inbox_of(
    store: MemoryStore, directory: Path, *made: Card, clock: Callable[[], datetime] | None = None, **options: Any
) -> Inbox:
    """Return another inbox of the same index, as another process has it."""
    settings: dict[str, Any] = {"second_looks": 0.0, "wait": lambda _: None}
    inbox = Inbox(make_desk(store, directory), clock=clock or Watch(), **(settings | options))
    if made:
        take_in(inbox, *made)
    return inbox


def take_in(inbox: Inbox, *made: Card, **options: Any) -> int:
    """Let a scan have found these cards."""
    given: dict[str, Any] = {"judge": JUDGE, "checked": {}, "actor": LOCAL_ADMIN}
    return inbox.take_in(made, **(given | options))


def person(name: str = "ann", *, admin: bool = False, now: datetime = NOW, second_looks: float = 0.0) -> Person:
    """Return who asks."""
    return Person(name, admin, now, second_looks)


def deciding(answer: Answer, who: Person) -> Callable[[Case], Case]:
    """Return what decides a case."""
    return lambda case: decided(case, who, answer)


def last(case: Case) -> Ruling:
    """Return the last ruling of a case."""
    return case.rulings[-1]


def renamed(card: Card, suffix: str) -> Card:
    """Return the card of an import under other keys."""
    left, right = (replace(side, key=f"{side.key}{suffix}") for side in (card.left, card.right))
    return replace(card, left=left, right=right)
