"""What a recall gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.candidates import Mode
from core.memory import Memory
from core.scoring import ScorePart

__all__ = ["RecallResult", "Recalled"]


@dataclass(frozen=True)
class Recalled:
    """A memory with its place (from 1), its score (0 to 1) and why; the raw scores are None where a half did not find it."""

    memory: Memory
    score: float
    rank: int
    parts: tuple[ScorePart, ...]
    cosine: float | None
    bm25: float | None
    vector_rank: int | None
    text_rank: int | None


@dataclass(frozen=True)
class RecallResult:
    """The hits, best first, and how they came about: `considered` candidates, `left_out` by reason, times in ms."""

    hits: tuple[Recalled, ...]
    query: str
    mode: Mode
    k: int
    considered: int
    left_out: Mapping[str, int]
    embed_ms: float
    query_ms: float
    total_ms: float
    notes: tuple[str, ...] = ()
