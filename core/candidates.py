"""What a query brings back: memories with their raw scores from the vector half, the text half, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.memory import Memory
from core.vectors.limits import QUERY_TEXT_CHARS_MAX

__all__ = ["Candidate", "Mode", "clip_text", "merge"]

_CUT_CHARS: Final = 100


class Mode(StrEnum):
    """How memories are found: by meaning, by words, or by both."""

    VECTOR = "vector"
    TEXT = "text"
    HYBRID = "hybrid"


@dataclass(frozen=True)
class Candidate:
    """A memory that a query found: `cosine` -1 to 1, `bm25` from 0 up, ranks from 1; None where a half did not find it."""

    memory: Memory
    cosine: float | None = None
    bm25: float | None = None
    vector_rank: int | None = None
    text_rank: int | None = None


def merge(by_vector: Sequence[Candidate], by_text: Sequence[Candidate], cosines: Mapping[str, float]) -> list[Candidate]:
    """Return each memory once, with what both lists say; `cosines` fills in those that only the text list has."""
    merged = {candidate.memory.key: candidate for candidate in by_vector}
    for found in by_text:
        key = found.memory.key
        first = merged.get(key)
        if first is None:
            merged[key] = Candidate(found.memory, cosines.get(key), found.bm25, found.vector_rank, found.text_rank)
        else:
            merged[key] = Candidate(first.memory, first.cosine, found.bm25, first.vector_rank, found.text_rank)
    return list(merged.values())


def clip_text(text: str) -> str:
    """Return the start of a query that the service takes as one text, cut between words where it can be."""
    if len(text) <= QUERY_TEXT_CHARS_MAX:
        return text
    cut = text[:QUERY_TEXT_CHARS_MAX]
    space = cut.rfind(" ", QUERY_TEXT_CHARS_MAX - _CUT_CHARS)
    return cut if space < 0 else cut[:space]
