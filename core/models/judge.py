"""What a judge of two memories is: do they contradict each other, and how does one know?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

__all__ = ["CLASHING", "ConflictVerdict", "Judge", "JudgedPair", "Judgement", "Side", "Span"]

Span = tuple[int, int]


class ConflictVerdict(StrEnum):
    """How two memories stand to each other.

    `superseded` are two that clash because one is a later state of the same thing; `both_true` only look like it: they are
    of another scope, time, part or thing.
    """

    CONTRADICTION = "contradiction"
    SUPERSEDED = "superseded"
    BOTH_TRUE = "both_true"
    DUPLICATE = "duplicate"
    UNRELATED = "unrelated"


# The verdicts for which a person has to look.
CLASHING: Final = frozenset({ConflictVerdict.CONTRADICTION, ConflictVerdict.SUPERSEDED})


@dataclass(frozen=True)
class Side:
    """What a judge may know of one memory; the text is hostile."""

    text: str
    at: datetime | None = None
    agent: str | None = None


@dataclass(frozen=True)
class JudgedPair:
    """Two memories beside each other, and the cosine of their vectors."""

    left: Side
    right: Side
    cosine: float


@dataclass(frozen=True)
class Judgement:
    """What a judge says of two memories.

    `probabilities` has each verdict and sums to 1. `cue` names what weighed most ("number", "date", "negation", "antonym",
    "model", …; "" for nothing), `rationale` says it in words and quotes the texts, so it is hostile. `spans` are the places
    that clash in the left and in the right text, as offsets of characters. `judge` is the tag of who said so.
    """

    probabilities: Mapping[ConflictVerdict, float]
    cue: str
    rationale: str
    judge: str
    spans: tuple[tuple[Span, ...], tuple[Span, ...]] = ((), ())

    @property
    def verdict(self) -> ConflictVerdict:
        """The likeliest verdict; of equal ones the first of the taxonomy."""
        return max(ConflictVerdict, key=lambda verdict: self.probabilities.get(verdict, 0.0))

    @property
    def clash(self) -> float:
        """How likely it is that the two cannot both hold now: a contradiction, or one superseded by the other."""
        return min(1.0, sum(self.probabilities.get(verdict, 0.0) for verdict in CLASHING))


class Judge(Protocol):
    """Pairs of memories to judgements."""

    @property
    def tag(self) -> str:
        """Name and version: what was judged under another tag is judged again."""
        ...

    @property
    def threshold(self) -> float:
        """The clash from which on a pair goes to the inbox by default."""
        ...

    def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
        """Return the judgement of each pair, in order; raise ModelError where the model cannot be asked."""
        ...
