"""Cards that can be decided together: the same pattern, the same two agents, the same text on one side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from core.curation.conflicts.card import Card, CardSide
from core.curation.conflicts.case import Case
from core.curation.conflicts.claims import Person
from core.curation.conflicts.deciding import Answer, decided
from core.curation.conflicts.queue import is_next
from core.curation.conflicts.register import Register
from core.errors import MnemoscopeError
from core.models.judge import Span

__all__ = ["decide_all", "similar_to"]

_Key = tuple[object, ...] | None
_MOST: Final = 200  # characters of what differs


def similar_to(card: Card, cases: Iterable[Case], person: Person) -> dict[str, tuple[str, ...]]:
    """Return the waiting cards like one, itself first, by what they share: each only where there is another."""
    others = [case.card for case in cases if case.card.id != card.id and is_next(case, person, since=None)]
    found: dict[str, tuple[str, ...]] = {}
    for name, tells in _SHARED.items():
        own = tells(card)
        alike = [other.id for other in others if own and own & tells(other)]
        if alike:
            found[name] = (card.id, *alike)
    return found


def decide_all(
    register: Register, ids: Collection[str], person: Person, answer: Answer
) -> tuple[dict[str, Case], dict[str, str]]:
    """Decide cards alike, each with a decision of its own; return those by id, and why others could not be."""
    refused: dict[str, str] = {}
    done: dict[str, Case] = {}

    def decide(case: Case) -> Case:
        card_id = case.card.id
        try:
            after = done[card_id] = decided(case, person, answer)
        except MnemoscopeError as error:
            done.pop(card_id, None)
            refused[card_id] = str(error)
            return case
        refused.pop(card_id, None)
        return after

    register.change(ids, decide)
    known = done.keys() | refused.keys()
    refused |= {card_id: "There is no such card any more." for card_id in ids if card_id not in known}
    return done, refused


def _pattern(card: Card) -> frozenset[_Key]:
    """Return the cue with what clashes in both texts, whichever is left; nothing where nobody knows what clashes."""
    left, right = card.judgement.spans
    said = sorted((_quoted(card.left, left), _quoted(card.right, right)))
    return frozenset({(card.judgement.cue, *said)}) if any(said) else frozenset()


def _agents(card: Card) -> frozenset[_Key]:
    both = (card.left.agent, card.right.agent)
    return frozenset({tuple(sorted(each for each in both if each))} if all(both) else ())


def _memories(card: Card) -> frozenset[_Key]:
    return frozenset({(card.left.hash,), (card.right.hash,)})


def _quoted(side: CardSide, spans: Iterable[Span]) -> str:
    said = " ".join(side.text[start:end] for start, end in spans)
    return " ".join(said.casefold().split())[:_MOST]


_SHARED: Final[Mapping[str, Callable[[Card], frozenset[_Key]]]] = {
    "pattern": _pattern,
    "agents": _agents,
    "memory": _memories,
}
