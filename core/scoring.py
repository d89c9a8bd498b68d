"""The score of a recalled memory: a convex combination of parts from 0 to 1, each explained.

    score = Σ weight · value / Σ weight

- similarity and words share the weight of relevance: (1 - text_share) and text_share in hybrid mode.
  similarity = (1 + cosine) / (1 + best cosine); words = BM25 / best BM25, 0 outside the text list. Bruch, Gai and Ingber
  2022, "An Analysis of Fusion Functions for Hybrid Retrieval": a convex combination of scores, each normalised from its
  theoretical minimum (-1 and 0) to the best of the query, beats rank fusion and hardly needs tuning.
- author: the part of the agent's name that the query has and the text has not.
- lineage: the relevance of the best memory derived from this one, divided among its sources (core.lineage). What is lent
  counts from a cosine of 0: a memory that has nothing in common with the query lends nothing.
- recency = 2^(-age / half-life), reinforcement = n / (n + 3) for n recalls, confidence what is left of the stated one
  (core.curation.decay; 0.5 where nobody stated any). Park et al. 2023, "Generative Agents": relevance, recency and
  importance are added.

Author and lineage take part only in a recall in which some candidate has them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core import explain
from core.candidates import Candidate, Mode
from core.curation.decay import DEFAULT_DECAY, DecayRules, Effective, effective_confidence
from core.errors import ConfigError
from core.lineage import Loan, loans
from core.memory import Memory

__all__ = ["Kept", "ScorePart", "Scored", "Weights", "part_weights", "relevances", "score"]

_LABELS: Final[Mapping[str, str]] = {
    "similarity": "Similarity",
    "words": "Words",
    "author": "Author",
    "lineage": "Lineage",
    "recency": "Recency",
    "reinforcement": "Reinforcement",
    "confidence": "Confidence",
}
_OPTIONAL: Final = ("author", "lineage")
_NEVER: Final[Mapping[str, datetime]] = {}


# By the identity of a memory, which it keeps alive: recency, reinforcement and confidence.
Kept = dict[int, tuple[Memory, tuple[float, float, float]]]


@dataclass(frozen=True)
class Weights:
    """What counts how much; only proportions matter. `text_share`: what words decide of relevance in hybrid mode."""

    relevance: float = 1.0
    recency: float = 0.05
    reinforcement: float = 0.025
    confidence: float = 0.025
    half_life_days: float = 30.0
    text_share: float = 0.5
    author: float = 0.2
    lineage: float = 0.5

    def __post_init__(self) -> None:
        parts = {name: getattr(self, name) for name in ("relevance", "recency", "reinforcement", "confidence", *_OPTIONAL)}
        for name, value in parts.items():
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f"The weight {name} is {value}: choose a number from 0 up.")
        if not sum(value for name, value in parts.items() if name not in _OPTIONAL):
            raise ConfigError("Every weight is 0: give at least one of relevance, recency, reinforcement and confidence.")
        if not (math.isfinite(self.half_life_days) and self.half_life_days > 0):
            raise ConfigError(f"half_life_days is {self.half_life_days}: choose a number of days above 0.")
        if not 0 <= self.text_share <= 1:
            raise ConfigError(f"text_share is {self.text_share}: choose a number from 0 (meaning only) to 1 (words only).")


@dataclass(frozen=True)
class ScorePart:
    """One part of a score: `value` 0 to 1, `weight` its share (all shares add up to 1), `contribution` their product."""

    name: str
    label: str
    value: float
    weight: float
    contribution: float
    explanation: str


@dataclass(frozen=True)
class _Asking:
    """What the parts of all candidates of one recall are read from."""

    words: AbstractSet[str]
    best_cosine: float
    best_bm25: float
    lent: Mapping[str, Loan]
    weights: Weights
    now: datetime
    decay: DecayRules
    recalled: Mapping[str, datetime]

    def values(self, candidate: Candidate, kept: Kept | None) -> tuple[float, ...]:
        """Return the value of each part of a candidate, in the order of the labels."""
        memory = candidate.memory
        known = kept.get(id(memory)) if kept is not None else None
        own = self._own(memory) if known is None else known[1]
        if kept is not None and known is None:
            kept[id(memory)] = (memory, own)
        return (
            explain.similarity(candidate.cosine, self.best_cosine),
            explain.words(candidate.bm25, self.best_bm25),
            explain.author(memory, self.words),
            explain.lineage(self.lent.get(memory.key)),
            *own,
        )

    def why(self, name: str, candidate: Candidate) -> str:
        """Say why a part of a candidate has its value."""
        memory = candidate.memory
        match name:
            case "similarity":
                return explain.why_similarity(candidate.cosine, self.best_cosine)
            case "words":
                return explain.why_words(candidate.bm25, self.best_bm25)
            case "author":
                return explain.why_author(memory, self.words)
            case "lineage":
                return explain.why_lineage(self.lent.get(memory.key))
            case "recency":
                return explain.why_recency(memory, self.weights.half_life_days, self.now)
            case "reinforcement":
                return explain.why_reinforcement(memory.recall_count)
            case _:
                return explain.why_confidence(self._sure(memory))

    def _own(self, memory: Memory) -> tuple[float, float, float]:
        """Return what does not depend on the query."""
        return (
            explain.recency(memory, self.weights.half_life_days, self.now),
            explain.reinforcement(memory.recall_count),
            explain.confidence(self._sure(memory)),
        )

    def _sure(self, memory: Memory) -> Effective | None:
        return effective_confidence(memory, now=self.now, rules=self.decay, last_recall=self.recalled.get(memory.key))


@dataclass(frozen=True)
class Scored:
    """A candidate with its score, 0 to 1: the values of its parts, in the order of the labels, by their shares."""

    candidate: Candidate
    score: float
    values: tuple[float, ...]
    shares: Mapping[str, float]
    asking: _Asking

    @property
    def parts(self) -> tuple[ScorePart, ...]:
        """The parts that add up to the score, each with its reason."""
        found = zip(_LABELS.items(), self.values, strict=True)
        named = ((name, label, value, self.shares[name]) for (name, label), value in found if name in self.shares)
        return tuple(
            ScorePart(name, label, value, share, share * value, self.asking.why(name, self.candidate))
            for name, label, value, share in named
        )


def relevances(candidates: Sequence[Candidate], *, mode: Mode, weights: Weights) -> dict[str, float]:
    """Return the relevance that each candidate can lend, by key, 0 to 1: meaning above a cosine of 0, and words."""
    share = _text_share(mode, weights)
    best_cosine, best_bm25 = _best(candidates)
    return {
        one.memory.key: (1 - share) * _part(one.cosine, best_cosine) + share * _part(one.bm25, best_bm25)
        for one in candidates
    }


def score(
    candidates: Sequence[Candidate],
    query: str,
    *,
    mode: Mode,
    weights: Weights,
    now: datetime,
    decay: DecayRules = DEFAULT_DECAY,
    recalled: Mapping[str, datetime] = _NEVER,
    kept: Kept | None = None,
) -> list[Scored]:
    """Return the candidates with their scores, best first; ties by cosine, then by key.

    `recalled` is when the recall log last saw a key, beyond what the memories say themselves. `kept` holds what does not
    depend on the query between queries of one moment and the same rest.
    """
    best_cosine, best_bm25 = _best(candidates)
    lent = loans(candidates, relevances(candidates, mode=mode, weights=weights))
    asking = _Asking(explain.words_of(query), best_cosine, best_bm25, lent, weights, now, decay, recalled)
    values = [asking.values(candidate, kept) for candidate in candidates]
    idle = {name for place, name in enumerate(_LABELS) if name in _OPTIONAL and not any(one[place] for one in values)}
    shares = _shares(mode, weights, idle)
    placed = [(place, shares[name]) for place, name in enumerate(_LABELS) if name in shares]
    scored = [
        Scored(candidate, math.fsum([share * one[place] for place, share in placed]), one, shares, asking)
        for candidate, one in zip(candidates, values, strict=True)
    ]
    return sorted(scored, key=_order)


def _best(candidates: Sequence[Candidate]) -> tuple[float, float]:
    best_cosine = max((one.cosine for one in candidates if one.cosine is not None), default=0.0)
    return best_cosine, max((one.bm25 for one in candidates if one.bm25 is not None), default=0.0)


def _part(value: float | None, best: float) -> float:
    return 0.0 if value is None or value <= 0 or best <= 0 else value / best


def _text_share(mode: Mode, weights: Weights) -> float:
    return {Mode.VECTOR: 0.0, Mode.TEXT: 1.0, Mode.HYBRID: weights.text_share}[mode]


def _shares(mode: Mode, weights: Weights, idle: set[str]) -> dict[str, float]:
    """Return the share of each part that takes part, in the order of their labels."""
    raw = part_weights(mode, weights)
    unused = idle | {{Mode.VECTOR: "words", Mode.TEXT: "similarity"}.get(mode, "")}
    total = sum(value for name, value in raw.items() if name not in unused)
    return {name: value / total for name, value in raw.items() if name not in unused}


def part_weights(mode: Mode, weights: Weights) -> dict[str, float]:
    """Return what each part weighs before the shares are taken, in the order of their labels."""
    share = _text_share(mode, weights)
    return {
        "similarity": weights.relevance * (1 - share),
        "words": weights.relevance * share,
        **{name: getattr(weights, name) for name in list(_LABELS)[2:]},
    }


def _order(one: Scored) -> tuple[float, float, str]:
    cosine = one.candidate.cosine
    return -one.score, -(cosine if cosine is not None else -1.0), one.candidate.memory.key
