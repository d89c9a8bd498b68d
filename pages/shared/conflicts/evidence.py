"""What speaks for each side of a card: memories nearby, who recalled it, what it was made from and what was made from it.

Worked out in the background, for the card of now and for the one after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from core.curation.conflicts.card import Card, CardSide
from core.memory import Memory
from core.models.judge import JudgedPair, Side
from core.models.judges.choice import judge_of
from core.operate.recalls import LoggedRecall
from pages.shared.here import Here
from pages.shared.planning import desk_of
from pages.shared.work import Errand, Work, index_of, works

__all__ = ["Backing", "Evidence", "evidence_of", "prepare"]

_NEAR: Final = 8
_SHOWN: Final = 3
_RECALLS: Final = 300
_COSINE: Final = 0.5
_KEPT: Final = 40
_WAIT_S: Final = 0.25


@dataclass(frozen=True)
class Backing:
    """What speaks for one side: `memory` as it is now (None: it is gone), and what supports it, the nearest first.

    `recalls` counts recalls by those who use memories, by who asked; `last` is the latest of them. `made_from` and `used_in`
    count its sources and what was derived from it.
    """

    memory: Memory | None
    supports: tuple[Memory, ...] = ()
    recalls: Mapping[str, int] | None = None
    last: datetime | None = None
    made_from: int = 0
    used_in: int = 0


@dataclass(frozen=True)
class Evidence:
    """What speaks for the left and for the right."""

    left: Backing
    right: Backing


def evidence_of(here: Here, card: Card) -> Evidence | None:
    """Return what speaks for each side, None while that is looked for, or where it cannot be."""
    work = works().look(_errand(here, card), wait_s=_WAIT_S)
    found: Evidence | None = work.result if work.fine else None
    return found


def prepare(here: Here, card: Card) -> Work:
    """Begin to look what speaks for a card that comes next, and return that work."""
    return works().look(_errand(here, card), wait_s=0)


def _errand(here: Here, card: Card) -> Errand:
    of = ("conflict", *index_of(here), repr(here.actor), card.id)
    return Errand(of, here.revision, "Looking what speaks for each side", lambda _: _found(here, card), kept=_KEPT)


def _found(here: Here, card: Card) -> Evidence:
    store, sides = desk_of(here).store, (card.left, card.right)
    now = store.get([side.key for side in sides], actor=here.actor)
    left, right = _supporting(here, card, now)
    recalls = _recalls(here, [key for side in sides for key in (side.key, *side.others)])
    used = _used_in(here, {side.key for side in sides})
    return Evidence(*(_backing(side, now, found, recalls, used) for side, found in ((card.left, left), (card.right, right))))


def _backing(
    side: CardSide,
    now: Mapping[str, Memory],
    found: tuple[Memory, ...],
    recalls: Iterable[LoggedRecall],
    used: Mapping[str, int],
) -> Backing:
    memory = now.get(side.key)
    own = {side.key, *side.others}
    mine = [recall for recall in recalls if recall.reinforces and not own.isdisjoint(recall.keys)]
    who = Counter(recall.actor for recall in mine)
    last = max((recall.at for recall in mine), default=None)
    return Backing(memory, found, dict(who.most_common()), last, len(memory.derived_from) if memory else 0, used[side.key])


def _recalls(here: Here, keys: list[str]) -> list[LoggedRecall]:
    store = desk_of(here).store
    return store.archive.recalls.between(store.stream, keys=keys, limit=_RECALLS) if store.archive else []


def _used_in(here: Here, keys: set[str]) -> Counter[str]:
    if here.frame is None:
        return Counter()
    return Counter(key for sources in here.frame["derived_from"] if len(sources) for key in keys.intersection(sources))


def _supporting(here: Here, card: Card, now: Mapping[str, Memory]) -> tuple[tuple[Memory, ...], tuple[Memory, ...]]:
    """Return the memories nearby that clash with one side and not with the other, as the cues tell."""
    if len(now) < 2:
        return (), ()
    store = desk_of(here).store
    own = {key for side in (card.left, card.right) for key in (side.key, *side.others)}
    nearby: dict[str, Memory] = {}
    for side in (card.left, card.right):
        for memory, cosine in store.neighbours(side.key, k=_NEAR + len(own), actor=here.actor):
            if cosine >= _COSINE and memory.key not in own:
                nearby.setdefault(memory.key, memory)
    vectors = store.vectors([card.left.key, card.right.key, *nearby], actor=here.actor)
    judge = judge_of("cues")
    found: tuple[list[tuple[float, Memory]], list[tuple[float, Memory]]] = [], []
    for memory in nearby.values():
        cosines = [float(np.dot(vectors[memory.key], vectors[side.key])) for side in (card.left, card.right)]
        one = Side(memory.content, memory.created_at, memory.agent_id)
        pairs = [
            JudgedPair(one, Side(side.text, side.at, side.agent), cosine)
            for side, cosine in zip((card.left, card.right), cosines, strict=True)
        ]
        against = [judgement.clash >= judge.threshold for judgement in judge.judge(pairs)]
        if against[0] != against[1]:
            place = 1 if against[0] else 0
            found[place].append((-cosines[place], memory))
    left, right = (tuple(memory for _, memory in sorted(each, key=lambda two: two[0])[:_SHOWN]) for each in found)
    return left, right
