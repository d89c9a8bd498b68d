"""How much of their words and letters two texts share, and how many words stand on one side alone. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from core.analysis.difference import Kind, claims
from core.analysis.difference.reading import read

__all__ = ["SILENT", "Overlap", "overlap"]

_GRAM: Final = 3
# Of a longer text its letters are compared as far as here, its words all.
_CHARS: Final = 8_000
# Words that say nothing by themselves.
SILENT: Final = frozenset(
    "a an the is are was were be been being am do does did of to in on at by for and or as it its he she we you i "
    "they his her their our my your me him us them this that these those there here has have had will would can "
    "could should may might with from into so if but when while which who whom what that's it's than then der die "
    "das und ist ein eine den dem zu le la les des et est un une du de el los las y es il lo e".split()
)


@dataclass(frozen=True)
class Overlap:
    """What two texts share: `words`, `pairs` of words and `letters` as Dice (1945), 2 · shared ÷ both, 0 to 1.

    `length` is the shorter by the longer. `left` and `right` count the words that say something on one side alone.
    `exchanged` is the share of the words but for names, 0 to 1, for which the other text has others, and `named` says
    whether they share a name: it makes vectors alike, whatever else is said of whom it is.
    """

    words: float
    pairs: float
    letters: float
    length: float
    left: int
    right: int
    named: bool
    exchanged: float


@dataclass(frozen=True, eq=False)
class _Counts:
    words: Mapping[str, int]
    pairs: Mapping[tuple[str, str], int]
    letters: Mapping[str, int]
    telling: frozenset[str]
    names: frozenset[str]
    chars: int


def overlap(a: str, b: str) -> Overlap:
    """Return what two texts share."""
    left, right = _counts(a), _counts(b)
    short, long = sorted((left.chars, right.chars))
    plain, other = left.telling - left.names, right.telling - right.names
    exchanged = min(len(plain - right.telling), len(other - left.telling))
    return Overlap(
        words=_dice(left.words, right.words),
        pairs=_dice(left.pairs, right.pairs),
        letters=_dice(left.letters, right.letters),
        length=short / long if long else 1.0,
        left=len(left.telling - right.telling),
        right=len(right.telling - left.telling),
        named=not left.names.isdisjoint(right.names),
        exchanged=exchanged / max(1, min(len(plain), len(other))),
    )


@lru_cache(maxsize=8_192)
def _counts(text: str) -> _Counts:
    tokens = [token for token in read(text).tokens if token.kind != "sign"]
    stems = [token.stem for token in tokens]
    telling = [token.stem for token in tokens if token.lower not in SILENT]
    named = {claim.span for claim in claims(text) if claim.kind is Kind.NAME and claim.about == "name"}
    letters = " ".join(token.lower for token in tokens)[:_CHARS]
    grams = (letters[at : at + _GRAM] for at in range(max(1, len(letters) - _GRAM + 1)))
    return _Counts(
        words=Counter(telling or stems),
        pairs=Counter(itertools.pairwise(stems)),
        letters=Counter(grams),
        telling=frozenset(telling),
        names=frozenset(token.stem for token in tokens if token.span in named),
        chars=len(letters),
    )


def _dice(left: Mapping[Any, int], right: Mapping[Any, int]) -> float:
    both = sum(left.values()) + sum(right.values())
    if not both:
        return 1.0
    short, long = (left, right) if len(left) <= len(right) else (right, left)
    shared = sum(min(count, long[item]) for item, count in short.items() if item in long)
    return 2 * shared / both
