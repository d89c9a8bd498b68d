"""A resolution that was written as a memory, for the agents: it quotes both sides, so it is no conflict with either."""

from __future__ import annotations

from typing import Final

__all__ = ["CONFLICT", "QUOTED", "quoted", "tells_of"]

CONFLICT: Final = "conflict"  # the policy of the plan, and the source of the memory
QUOTED: Final = 1_000


def quoted(text: str) -> str:
    """Return a text as a resolution quotes it."""
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def tells_of(source: str | None, text: str, other: str) -> bool:
    """Say whether a memory of a source tells how a conflict of another text was resolved."""
    return source == CONFLICT and quoted(other) in text
