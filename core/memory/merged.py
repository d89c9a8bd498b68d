"""What a memory that stands for others says of it: the mark that a merge left in its extra fields."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from core.memory.model import Memory
from core.memory.times import read_time

__all__ = ["CONSOLIDATION_KEY", "DUPLICATES_KEY", "merged_at", "stands_for"]

CONSOLIDATION_KEY: Final = "consolidation"
DUPLICATES_KEY: Final = "duplicates"


def merged_at(memory: Memory) -> datetime | None:
    """Return when a memory was made of others; None for any other, a survivor of duplicates too: that was there before."""
    said = memory.extra.get(CONSOLIDATION_KEY)
    try:
        return read_time(said.get("at")) if isinstance(said, Mapping) else None
    except ValueError:
        return None


def stands_for(memory: Memory) -> frozenset[str]:
    """Return the keys that a merge put this memory in the place of, with what those were made from; none of any other."""
    marked = any(isinstance(memory.extra.get(name), Mapping) for name in (CONSOLIDATION_KEY, DUPLICATES_KEY))
    return frozenset(memory.derived_from) - {memory.key} if marked else frozenset()
