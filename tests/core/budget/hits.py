"""Builders of what a recall gives back, and counters that count in odd ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.recall import Mode, Recalled, RecallResult
from tests.core.memory_builders import make_memory


def make_hit(key: str, content: str, score: float, **overrides: Any) -> Recalled:
    """Return a hit without parts: its score is its relevance."""
    return Recalled(make_memory(key, content, **overrides), score, 0, (), None, None, None, None)


def make_result(hits: Iterable[Recalled]) -> RecallResult:
    """Return the hits as a recall of them, best first."""
    ordered = sorted(hits, key=lambda hit: (-hit.score, hit.memory.key))
    ranked = tuple(
        Recalled(hit.memory, hit.score, rank, hit.parts, None, None, None, None) for rank, hit in enumerate(ordered, start=1)
    )
    return RecallResult(ranked, "query", Mode.HYBRID, max(1, len(ranked)), len(ranked), {}, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Grumpy:
    """Counts more for a whole than for its parts: a character each, and for each paragraph one for each before it."""

    name: str = "grumpy"

    def count(self, text: str) -> int:
        """Return how many."""
        paragraphs = text.count("\n\n")
        return len(text) + paragraphs * (paragraphs + 1) // 2


@dataclass(frozen=True)
class Generous:
    """Counts far less for a whole than for its parts."""

    name: str = "generous"

    def count(self, text: str) -> int:
        """Return how many."""
        return len(text) // 12
