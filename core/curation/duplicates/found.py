"""What a search for duplicates finds: pairs with their scores, suspects that only look alike, and groups to merge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.analysis.difference import Difference

__all__ = ["Group", "Pair", "PairScore", "Pairs", "Suspect", "Within"]


class Within(StrEnum):
    """Whose memories are compared with each other."""

    AGENT = "agent"
    TEAM = "team"
    ANYONE = "anyone"


@dataclass(frozen=True)
class PairScore:
    """How alike two texts are: `probability` that they say the same, and what it comes from, each 0 to 1.

    `alike` is the probability as it would be if they did not clash. `cosine` of their vectors; `words` and `letters` that
    they share (Dice); `length` of the shorter by the longer.
    """

    probability: float
    alike: float
    cosine: float
    words: float
    letters: float
    length: float
    differences: tuple[Difference, ...] = ()

    @property
    def clashes(self) -> tuple[Difference, ...]:
        """The differences for which two alike texts are no duplicates but may contradict each other."""
        return tuple(difference for difference in self.differences if difference.clashes)

    @property
    def reason(self) -> str:
        """What the probability comes from, in words."""
        shared = f"cosine {self.cosine:.2f}, {self.words:.0%} of the words and {self.letters:.0%} of the letters shared"
        return "; ".join(
            [f"{self.probability:.0%} likely to say the same: {shared}", *(d.sentence for d in self.differences)]
        )


@dataclass(frozen=True)
class Pair:
    """Two memories by key, the smaller key first, and how alike they are."""

    first: str
    second: str
    score: PairScore


@dataclass(frozen=True)
class Suspect:
    """Two alike memories that clash: not duplicates, but for the conflict inbox."""

    first: str
    second: str
    score: PairScore

    @property
    def reason(self) -> str:
        """What they differ in, in words."""
        return "; ".join(difference.sentence for difference in self.score.clashes)


@dataclass(frozen=True)
class Pairs:
    """What was found: pairs of at least the threshold, suspects, and classes of keys whose texts are the same.

    A class of the same text stands in pairs by its first key. `recall` is the share of the near vectors that were found,
    1.0 where the search was exact; `cut` counts the texts with more neighbours than were compared, `series` those that
    differ from others in nothing but numbers and dates, of which only a few were compared. `compared` counts the memories.
    `hashes` are the content hashes of the keys in pairs, suspects and classes.
    """

    pairs: tuple[Pair, ...]
    suspects: tuple[Suspect, ...]
    same: tuple[tuple[str, ...], ...]
    threshold: float
    within: Within
    recall: float
    compared: int
    cut: int = 0
    series: int = 0
    hashes: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Group:
    """Memories that say the same, by key in order: every two of them are at least as alike as the threshold says.

    `least` is the least similar pair in it, `certainty` its probability; None and 1.0 where all texts are the same.
    `hashes` are the content hashes of its texts, each once and sorted: by these a rejection is remembered.
    """

    keys: tuple[str, ...]
    certainty: float
    least: Pair | None = None
    hashes: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Say whether all texts are the same."""
        return self.least is None
