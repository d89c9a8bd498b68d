"""What a recalled memory is worth in a prompt: how likely it helps, of what it says for the query and how sure it is. Pure.

    value = (relevance / best relevance)^32 · effective confidence
    relevance = what recall found, less its part for confidence, + 0.25 · that of the best hit beside it · e^(-seconds / 300)

Relevance is not a chance: of two hits, the one with 9/10 of the other's relevance helps far less often than 9 of 10 times.
The power makes a chance of it. Beside a hit is what was written in the same session of the same team: an answer stands
beside its question, an action beside its reason. The three numbers were chosen on generative_agents and on two of the five
conversations of LoCoMo that we measure on; benchmarks/README.md has the other three by themselves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from core.recalled import Recalled

__all__ = ["Worth", "relevance_of", "worths"]

_POWER: Final = 32
_BESIDE: Final = 0.25
_FADING_S: Final = 300.0
_UNSTATED: Final = 0.5
_CONFIDENCE: Final = "confidence"


@dataclass(frozen=True)
class Worth:
    """What a hit is worth, above 0 to 1, and of what: `beside` is the place of the hit that lends it `lent`, if any."""

    value: float
    relevance: float
    confidence: float
    beside: int | None = None
    lent: float = 0.0


def worths(hits: Sequence[Recalled], *, alone: Iterable[int] = ()) -> list[Worth]:
    """Return what each hit is worth; those at the places `alone` neither lend to others nor borrow."""
    found = [relevance_of(hit) for hit in hits]
    lent = _lent(hits, found, frozenset(alone))
    raised = [relevance + _BESIDE * lent[place][0] for place, relevance in enumerate(found)]
    best = max(raised, default=0.0)
    return [
        Worth(
            (raised[place] / best) ** _POWER * confidence if best > 0 else 0.0,
            found[place],
            confidence,
            lent[place][1],
            _BESIDE * lent[place][0],
        )
        for place, confidence in enumerate(map(_confidence, hits))
    ]


def relevance_of(hit: Recalled) -> float:
    """Return the score without its part for confidence, which counts by itself."""
    kept = [part for part in hit.parts if part.name != _CONFIDENCE]
    share = math.fsum(part.weight for part in kept)
    found = math.fsum(part.contribution for part in kept) / share if share > 0 else hit.score
    return max(found, 0.0) if math.isfinite(found) else 0.0


def _confidence(hit: Recalled) -> float:
    """Return what is left of the confidence, as recall found it."""
    stated = _UNSTATED if hit.memory.confidence is None else hit.memory.confidence
    found = next((part.value for part in hit.parts if part.name == _CONFIDENCE), stated)
    return min(max(found, 0.0), 1.0) if math.isfinite(found) else 0.0


def _lent(hits: Sequence[Recalled], relevance: Sequence[float], alone: frozenset[int]) -> list[tuple[float, int | None]]:
    """Return for each hit the most that another of its session lends it, faded by the time between them, and which does."""
    sessions: dict[tuple[str | None, str], list[tuple[float, int]]] = defaultdict(list)
    for place, hit in enumerate(hits):
        memory = hit.memory
        if memory.session_id and memory.created_at is not None and place not in alone:
            sessions[memory.team_id, memory.session_id].append((memory.created_at.timestamp(), place))
    best: list[tuple[float, int | None]] = [(0.0, None)] * len(hits)
    for members in sessions.values():
        members.sort()
        for way in (members, members[::-1]):
            _pass(way, relevance, best)
    return best


def _pass(members: Sequence[tuple[float, int]], relevance: Sequence[float], best: list[tuple[float, int | None]]) -> None:
    """Carry the most that is lent from each member to the next one; in one direction of time."""
    carried, lender, at = 0.0, None, 0.0
    for moment, place in members:
        carried *= math.exp(-abs(moment - at) / _FADING_S) if lender is not None else 0.0
        if carried > best[place][0]:
            best[place] = carried, lender
        if relevance[place] > carried:
            carried, lender = relevance[place], place
        at = moment
