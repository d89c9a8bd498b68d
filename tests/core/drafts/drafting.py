"""Sources of drafts and the embedder without a model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from core.curation.consolidation import Draft, checked, summarise
from core.memory import Memory
from core.models.embedding import HashingEmbedder
from tests.core.memory_builders import NOW

EMBEDDER = HashingEmbedder(256)


def source(number: int, content: str, **overrides: Any) -> Memory:
    """Return an episodic memory of ada, so many days before NOW."""
    values: dict[str, Any] = {
        "memory_type": "episodic",
        "agent_id": "ada",
        "team_id": "alpha",
        "created_at": NOW - timedelta(days=30 - number),
    }
    return Memory(f"m{number}", content, **(values | overrides))


def sources(*contents: str, **overrides: Any) -> list[Memory]:
    """Return a memory of each text, a day apart."""
    return [source(number, content, **overrides) for number, content in enumerate(contents)]


def draft_of(*contents: str, **options: Any) -> Draft:
    """Return the extractive draft of some texts."""
    return summarise(sources(*contents), embedder=EMBEDDER, **options)


def check(text: str, *contents: str) -> Draft:
    """Return a written text held against some sources."""
    return checked(text, sources(*contents), EMBEDDER)
