"""What makes two texts say different things: a number, a date, a negation, a name, a status, a word of quantity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Claim", "Difference", "Kind", "Span"]

Span = tuple[int, int]


class Kind(StrEnum):
    """What kind of thing two texts differ in."""

    NUMBER = "number"
    DATE = "date"
    NEGATION = "negation"
    NAME = "name"
    STATUS = "status"
    QUANTITY = "quantity"


@dataclass(frozen=True)
class Claim:
    """One thing that a text says: what it is compared by, its words as they are written, and where they are.

    `about` is what it says it of, in small letters, "" where that is not known: the unit of a number, the axis of a status,
    the form of a name; of a negation the stems of all that it may deny.
    """

    kind: Kind
    value: str
    text: str
    span: Span
    about: str = ""

    def within(self, spans: Sequence[Span]) -> bool:
        """Say whether it is in one of these, or runs from one to another; "2012-13", which only begins with one, is not."""
        start, end = self.span
        return any(first <= start < last for first, last in spans) and any(first < end <= last for first, last in spans)


@dataclass(frozen=True)
class Difference:
    """One thing that two texts say differently, in their own words; "" where one of them says nothing of it.

    `spans` are the places in the left and in the right text.
    """

    kind: Kind
    left: str
    right: str
    spans: tuple[tuple[Span, ...], tuple[Span, ...]]

    @property
    def clashes(self) -> bool:
        """Say whether both texts say something, and not the same; else one of them only says more."""
        return bool(self.left and self.right)

    @property
    def sentence(self) -> str:
        """Return it in words, as in "the number differs: 5 ms, 7 ms"; the texts are those of memories, so hostile."""
        if self.left and self.right:
            return f"{self.kind} differs: {self.left} | {self.right}"
        return f"{self.kind} only {'left' if self.left else 'right'}: {self.left or self.right}"
