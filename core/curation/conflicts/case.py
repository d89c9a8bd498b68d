"""A case: a card of the inbox with all that people did about it, and from that where it stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from core.curation.conflicts.card import Card, CardSide, Decision, Resolution, Standing

__all__ = [
    "FACETS",
    "RETIRING",
    "Acts",
    "Assignment",
    "Case",
    "Claim",
    "Ruling",
    "Settling",
    "case_of",
    "decisions_of",
    "keys_of",
]

# By what cards are counted and chosen, beside where they stand.
FACETS: Final = ("team", "task", "agents", "verdicts", "cues", "judges")
# The resolutions after which one of the two texts, or both, is no longer in the index.
RETIRING: Final = frozenset({Resolution.KEEP_LEFT, Resolution.KEEP_RIGHT, Resolution.KEEP_NEWER, Resolution.MERGE})


class Settling(StrEnum):
    """What became of a decision: its plan is still to be applied, or is; it came back; it is being, or was, taken back."""

    WAITING = "waiting"
    SETTLED = "settled"
    RETURNED = "returned"
    TAKING_BACK = "taking_back"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True)
class Claim:
    """Who looks at a card, and when that ends by itself."""

    by: str
    until: datetime


@dataclass(frozen=True)
class Assignment:
    """To whom a card was given, by whom and why; only they and admins have it in their queue."""

    to: str
    by: str
    at: datetime
    why: str


@dataclass(frozen=True)
class Ruling:
    """One decision of a card with what became of it; none is ever removed, but by an erasure.

    `number` is its place among the rulings of the card, from 1. `why` says why it came back, or what could not be taken
    back; `since` is when `settling` became what it is. `merged` is the text of a merge, `remember` whether the resolution
    is to be a memory, `acknowledged` the reason to go on where golden answers are lost. `taken_back_by` is who asked for
    that.
    """

    decision: Decision
    number: int
    settling: Settling
    since: datetime
    why: str = ""
    merged: str | None = None
    remember: bool = False
    acknowledged: str = ""
    taken_back_by: str = ""

    @property
    def second(self) -> bool:
        """Whether it is a second look, which changes no memory."""
        return self.decision.second

    @property
    def in_force(self) -> bool:
        """Whether it stands: it neither came back nor is taken back."""
        return self.settling in (Settling.WAITING, Settling.SETTLED)

    @property
    def unsettled(self) -> bool:
        """Whether something is still to be done for it."""
        return self.settling in (Settling.WAITING, Settling.TAKING_BACK)


@dataclass(frozen=True)
class Acts:
    """What people did about the card of an id: who looks at it, to whom it was given, what was decided, who skipped it when.

    `closed` says why the pair is no question any more, "" while it is one.
    """

    card_id: str
    claim: Claim | None = None
    assigned: Assignment | None = None
    rulings: tuple[Ruling, ...] = ()
    skipped: Mapping[str, datetime] = field(default_factory=dict)
    closed: str = ""

    @property
    def ruling(self) -> Ruling | None:
        """The ruling in force that counts for the memories, None without one."""
        if not self.rulings:
            return None
        return next((each for each in reversed(self.rulings) if each.in_force and not each.second), None)

    @property
    def standing(self) -> Standing:
        """Where the card is."""
        if self.ruling is not None:
            return Standing.DECIDED
        if self.closed:
            return Standing.CLOSED
        return Standing.OPEN if self.assigned is None else Standing.ASSIGNED

    @property
    def came_back(self) -> str:
        """Why the last decision came back, "" where it did not."""
        first = [each for each in self.rulings if not each.second]
        return first[-1].why if first and first[-1].settling is Settling.RETURNED else ""

    def claimed(self, now: datetime) -> Claim | None:
        """Return the claim that has not ended yet."""
        return self.claim if self.claim is not None and self.claim.until > now else None


@dataclass(frozen=True)
class Case(Acts):
    """A card with what people did about it."""

    card: Card = field(kw_only=True)

    @cached_property
    def clash(self) -> float:
        """What the judge gives that the two clash."""
        return self.card.judgement.clash

    @cached_property
    def facets(self) -> tuple[tuple[str, ...], ...]:
        """What the card has of each of FACETS; "" is none."""
        left, right, judged = self.card.left, self.card.right, self.card.judgement
        pairs = (left.team, right.team), (left.task, right.task), (left.agent, right.agent)
        return (*(_both(*pair) for pair in pairs), (str(judged.verdict),), (judged.cue,), (judged.judge,))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of all memories with the text of one of both sides."""
        return (*keys_of(self.card.left), *keys_of(self.card.right))

    def is_of(self, *, keys: Collection[str], hashes: Collection[str]) -> bool:
        """Say whether a side is one of these memories, or says a text with one of these content hashes."""
        sides = (self.card.left, self.card.right)
        return any(side.hash in hashes for side in sides) or any(key in keys for key in self.keys)

    def met_again(self, card: Card) -> Case:
        """Return the case after another scan found it: with the keys and the judgement of now, open if it was closed."""
        return replace(self, card=replace(card, found_at=self.card.found_at), closed="")


def case_of(card: Card, acts: Acts | None = None) -> Case:
    """Return the case of a card, about which nobody did anything without `acts`."""
    return Case(**(vars(acts) if acts is not None else {"card_id": card.id}), card=card)


def keys_of(side: CardSide) -> tuple[str, ...]:
    """Return the keys of all memories with the text of a side, in its scope."""
    return tuple(dict.fromkeys((side.key, *side.others)))


def decisions_of(cases: Iterable[Case]) -> list[Decision]:
    """Return the decisions in force of some cases, second looks too, by their time."""
    found = (ruling.decision for case in cases for ruling in case.rulings if ruling.in_force)
    return sorted(found, key=lambda decision: (decision.at, decision.card, decision.by))


def _both(left: str | None, right: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((left or "", right or "")))
