"""What a context block is: the text for a prompt, and for each hit of the recall why it is in it, or is not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ContextBlock", "Entered", "LeftOut", "Reason", "Step"]


class Reason(StrEnum):
    """Why a hit is not in a block."""

    NO_ROOM = "no room"
    SAME_TEXT = "same text"
    SAID_ALREADY = "said already"
    EXPIRED = "expired"
    BELOW = "below the least relevance"


@dataclass(frozen=True)
class Entered:
    """A hit in the block: its tokens, and what it was taken for."""

    key: str
    tokens: int
    value: float
    relevance: float
    confidence: float
    sentence: str


@dataclass(frozen=True)
class LeftOut:
    """A hit that is not in the block: `by` is the key that says the same, `short` how many tokens are missing."""

    key: str
    reason: Reason
    sentence: str
    short: int | None = None
    by: str | None = None


@dataclass(frozen=True)
class Step:
    """The next hit that enters as a budget grows: with `budget` tokens, `more` than now, it is in the block."""

    key: str
    budget: int
    more: int


@dataclass(frozen=True)
class ContextBlock:
    """The text for a prompt and its tokens; the keys in it, best first, why they are, and what is not in it, and why."""

    text: str
    used: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    tokens: int
    budget: int = 0
    counted_by: str = ""
    entered: tuple[Entered, ...] = ()
