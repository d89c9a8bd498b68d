"""A card of the conflict inbox: two memories that may contradict each other, and what a person said of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.models.judge import ConflictVerdict, Judgement

__all__ = ["Card", "CardSide", "Decision", "Resolution", "Standing", "card_id"]


class Standing(StrEnum):
    """Where a card is: waiting, given to somebody, decided, or closed as a side changed or left the index."""

    OPEN = "open"
    ASSIGNED = "assigned"
    DECIDED = "decided"
    CLOSED = "closed"


class Resolution(StrEnum):
    """What a person does about a card."""

    KEEP_LEFT = "keep_left"
    KEEP_RIGHT = "keep_right"
    KEEP_NEWER = "keep_newer"
    MERGE = "merge"
    BOTH_VALID = "both_valid"
    NOT_A_CONFLICT = "not_a_conflict"


@dataclass(frozen=True)
class CardSide:
    """One memory of a card as it was when it was found; `others` are the keys that have the same text in the same scope."""

    key: str
    hash: str
    text: str
    agent: str | None = None
    team: str | None = None
    task: str | None = None
    at: datetime | None = None
    confidence: float | None = None
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A possible conflict: the older memory is on the left, where both say when they are from.

    `id` comes from the content hashes alone, so that the same two texts are one card in every scan, import and process.
    `why` says why the two were compared ("one team, two agents"). A `sample` lies below the threshold: it was drawn at
    random, with the probability `drawn`, so that people's decisions show what the judge misses.
    """

    id: str
    left: CardSide
    right: CardSide
    judgement: Judgement
    cosine: float
    why: str
    found_at: datetime
    sample: bool = False
    drawn: float = 1.0


@dataclass(frozen=True)
class Decision:
    """What one person said of a card: the verdict for the measures, the resolution for the memories, and why.

    `plan_id` is the plan that changed the memories, None where none was needed. `clash`, `judge` and `cue` are those of the
    judgement that the person saw. A `second` look is another person's, blind: it changes no memory and outvotes nobody,
    it is there for the agreement between reviewers.
    """

    card: str
    resolution: Resolution
    verdict: ConflictVerdict
    by: str
    at: datetime
    why: str
    plan_id: str | None
    clash: float
    judge: str
    cue: str
    note: str = ""
    second: bool = False


def card_id(left_hash: str, right_hash: str) -> str:
    """Return the id of a card: a digest of the content hashes of both sides, in whatever order."""
    said = "\n".join(sorted((left_hash, right_hash)))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()
