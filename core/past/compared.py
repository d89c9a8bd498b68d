"""A logged recall beside the same question asked again: what stands where, and why that differs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.memory import Memory
from core.memory.merged import merged_at
from core.past.given import Fate, Given
from core.recalled import RecallResult

__all__ = ["Place", "Why", "against_now", "against_then"]


class Why(StrEnum):
    """Why a memory stands where it does in the second list."""

    SAME = "same place"
    MOVED = "moved"
    OUTRANKED = "outranked"
    NEW = "written since"
    RISEN = "ranks higher now"
    OTHER = "was not given"
    ERASED = "erased"
    GONE = "gone"
    RETIRED = "retired"
    MERGED = "merged"
    HIDDEN = "hidden"
    EXPIRED = "expired"
    EDITED = "edited"


@dataclass(frozen=True)
class Place:
    """A memory in the second list (`rank` from 1, None where it is not in it) and where it `was` (None: nowhere)."""

    key: str
    memory: Memory | None
    rank: int | None
    was: int | None
    score: float | None
    why: Why


# Fates with which a memory cannot be recalled, and what they are called here.
_OUT: Mapping[Fate, Why] = {
    Fate.ERASED: Why.ERASED,
    Fate.GONE: Why.GONE,
    Fate.RETIRED: Why.RETIRED,
    Fate.MERGED: Why.MERGED,
    Fate.HIDDEN: Why.HIDDEN,
    Fate.EXPIRED: Why.EXPIRED,
}


def against_then(given: Sequence[Given], result: RecallResult) -> tuple[Place, ...]:
    """Return the same question asked again as of then against what was given: its hits, then what is missing in it."""
    ranks = {each.key: each.rank for each in given}
    hits = [_hit(hit.memory, hit.rank, hit.score, ranks.get(hit.memory.key), Why.OTHER) for hit in result.hits]
    found = {place.key for place in hits}
    return (
        *hits,
        *(Place(each.key, each.was, None, each.rank, None, Why.OUTRANKED) for each in given if each.key not in found),
    )


def against_now(given: Sequence[Given], result: RecallResult, *, at: datetime) -> tuple[Place, ...]:
    """Return the question asked now against what was given at a moment: its hits, then what is missing, each with why."""
    by_key = {each.key: each for each in given}
    places = []
    for hit in result.hits:
        known, created = by_key.get(hit.memory.key), merged_at(hit.memory) or hit.memory.created_at
        if known is not None and any(turn.fate is Fate.EDITED for turn in known.turns):
            places.append(Place(hit.memory.key, hit.memory, hit.rank, known.rank, hit.score, Why.EDITED))
            continue
        new = Why.NEW if created is not None and created > at else Why.RISEN
        places.append(_hit(hit.memory, hit.rank, hit.score, known.rank if known else None, new))
    found = {place.key for place in places}
    missing = [
        Place(each.key, each.now or each.was, None, each.rank, None, _why_missing(each))
        for each in given
        if each.key not in found
    ]
    return (*places, *missing)


def _hit(memory: Memory, rank: int, score: float, was: int | None, otherwise: Why) -> Place:
    why = otherwise if was is None else Why.SAME if was == rank else Why.MOVED
    return Place(memory.key, memory, rank, was, score, why)


def _why_missing(each: Given) -> Why:
    return next((_OUT[turn.fate] for turn in each.turns if turn.fate in _OUT), Why.OUTRANKED)
