"""What of its sources a draft says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.curation.consolidation.draft import BREAK, Draft
from core.curation.consolidation.heading import Heading
from core.curation.consolidation.statements import in_order, statements_of
from core.curation.consolidation.support import judged
from core.curation.consolidation.telling import telling
from core.memory import Memory
from core.models.protocol import Embedder

__all__ = ["Coverage", "SourceCoverage", "coverage"]

# What tells less than this is small talk: it counts little, and is not named as missing.
_SMALL: Final = 0.2
_AS_DRAFT: Final = "draft"


@dataclass(frozen=True)
class SourceCoverage:
    """How much of one source is in the draft, 0 to 1, its sentences counted by what they tell; `missing` are not in it."""

    key: str
    share: float
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """How much of all sources is in the draft, each counted alike; `sources` in order of time."""

    share: float
    sources: tuple[SourceCoverage, ...]

    def of(self, key: str) -> SourceCoverage:
        """Return the coverage of one source; KeyError for another key."""
        for one in self.sources:
            if one.key == key:
                return one
        raise KeyError(key)


def coverage(draft: Draft, sources: Sequence[Memory], embedder: Embedder) -> Coverage:
    """Return what of each source is in the draft and what is not: they are held against it as it is against them."""
    memories = in_order(sources)
    statements = statements_of(memories, embedder)
    # What no source says stands for nothing in them.
    written = [Memory(_AS_DRAFT, BREAK.join(one.text for one in draft.sentences if one.supported), memory_type="semantic")]
    lines = statements_of(written, embedder)
    told: list[list[tuple[str, float, bool]]] = [[] for _ in memories]
    for text, owner, vector in zip(statements.texts, statements.owner, statements.vectors, strict=True):
        found = len(lines) > 0 and _stands(draft, text, memories[owner].key)
        if not found and len(lines):
            found = judged(text, Heading(), text, vector, lines, written).supported
        told[owner].append((text, telling(text), found))
    each = tuple(_of(one.key, rows) for one, rows in zip(memories, told, strict=True))
    return Coverage(sum(one.share for one in each) / len(each) if each else 1.0, each)


def _stands(draft: Draft, text: str, key: str) -> bool:
    """Say whether the draft has a sentence in its own words with the heading of its source."""
    return any(
        one.supported and key in one.sources and (one.text == text or one.text.endswith(f": {text}"))
        for one in draft.sentences
    )


def _of(key: str, rows: Sequence[tuple[str, float, bool]]) -> SourceCoverage:
    whole = sum(weight for _, weight, _ in rows)
    # Of what tells nothing there is nothing to say.
    share = sum(weight for _, weight, found in rows if found) / whole if whole >= _SMALL else 1.0
    return SourceCoverage(key, share, tuple(text for text, weight, found in rows if not found and weight >= _SMALL))
