"""What a sentence is about, as words that can be compared."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from core.vectors.words import asked_words

__all__ = ["bare", "content_words", "said", "weight"]

_MARKS: Final = " .!…。！"
# Endings of English, the longest first; of other languages words are compared whole.
_ENDINGS: Final = (
    "ations",
    "ation",
    "ities",
    "ments",
    "ings",
    "ment",
    "ness",
    "ing",
    "ies",
    "ied",
    "ion",
    "ity",
    "ed",
    "es",
    "ly",
    "s",
)
_STEM: Final = 4
_KNOWN: Final = 50_000


def content_words(text: str) -> frozenset[str]:
    """Return the words that tell something, without their endings; all words where none does. Pairs of characters in CJK."""
    return frozenset(_stem(word) for word in asked_words(text, "en"))


def bare(text: str) -> str:
    """Return a text as it is compared word for word: without capitals, runs of white space and marks at its end."""
    return " ".join(text.split()).rstrip(_MARKS).casefold()


def said(words: frozenset[str], by: frozenset[str]) -> float:
    """Return the share of words that others have too, 0 to 1, by their weight. 1 of no words."""
    whole = sum(map(weight, words))
    return sum(weight(word) for word in words & by) / whole if whole else 1.0


def weight(word: str) -> float:
    """Return how much a word counts, 3 to 8."""
    return float(min(8, 2 + len(word)))


@lru_cache(maxsize=_KNOWN)
def _stem(word: str) -> str:
    if not word.isascii():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM - (ending == "s"):
            base = word[: -len(ending)]
            return base + "y" if ending in ("ies", "ied") else base.rstrip("e")
    return word.rstrip("e") if len(word) > _STEM else word
