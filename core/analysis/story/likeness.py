"""Texts that say almost the same, found by their words: exact, without an index, for up to a few thousand texts.

The likeness of two texts is the Jaccard index of their sets of words (Jaccard 1912): shared ÷ all. Candidates come from
one matrix product over hashed words, which can only overcount; each is then counted exactly.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["MOST", "Pair", "Words", "like_pairs", "words_of"]

MOST: Final = 4_000
_BUCKETS: Final = 1_024
_BLOCK: Final = 1_024
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)
_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_NEGATION: Final = re.compile(r"\b(?:not|no|never|none|nothing|without|cannot|neither|nor)\b|n['’]t\b", re.IGNORECASE)
_CHARS: Final = 8_000


@dataclass(frozen=True)
class Words:
    """What of a text is compared: its words, and the text itself where two are alike."""

    words: frozenset[str]
    text: str

    def contradicts(self, other: Words) -> bool:
        """Say whether the texts differ in a number or in saying no: then they do not say the same."""
        return self._claims() != other._claims()

    def _claims(self) -> tuple[frozenset[str], int]:
        return frozenset(_NUMBER.findall(self.text)), len(_NEGATION.findall(self.text)) % 2


@dataclass(frozen=True)
class Pair:
    """Two texts by their places, the earlier first, and the share of their words that they have in common."""

    first: int
    second: int
    shared: float


def words_of(text: str) -> Words:
    """Return what of a text is compared; of a very long one its beginning."""
    head = text[:_CHARS]
    return Words(frozenset(_WORD.findall(head.lower())), head)


def like_pairs(texts: Sequence[Words], *, at_least: float, fewest: int = 6) -> tuple[Pair, ...]:
    """Return all pairs whose words are shared to at least that part, in order; texts of fewer words are left out.

    Beyond MOST texts only the first MOST are compared: who asks says so.
    """
    places = [place for place, text in enumerate(texts[:MOST]) if len(text.words) >= fewest]
    hashed = _hashed([texts[place].words for place in places])
    sizes = hashed.sum(axis=1)
    found = []
    for start in range(0, len(places), _BLOCK):
        block = hashed[start : start + _BLOCK] @ hashed.T
        union = sizes[start : start + _BLOCK, None] + sizes[None, :] - block
        # A collision makes a text's own count smaller, never a shared word unshared: leave room for it.
        for one, other in np.argwhere(block >= (at_least - _ROOM) * union):
            if start + one < other:
                pair = _exact(texts, places[start + one], places[other])
                if pair.shared >= at_least:
                    found.append(pair)
    return tuple(found)


_ROOM: Final = 0.15


def _exact(texts: Sequence[Words], first: int, second: int) -> Pair:
    one, other = texts[first].words, texts[second].words
    shared = len(one & other)
    return Pair(first, second, shared / (len(one) + len(other) - shared))


def _hashed(texts: Sequence[frozenset[str]]) -> npt.NDArray[np.float32]:
    table = np.zeros((len(texts), _BUCKETS), dtype=np.float32)
    known: dict[str, int] = {}
    for row, words in enumerate(texts):
        for word in words:
            place = known.get(word)
            if place is None:
                place = known[word] = zlib.crc32(word.encode("utf-8", "replace")) % _BUCKETS
            table[row, place] = 1.0
    return table
