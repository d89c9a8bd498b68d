"""Which parts of two long texts are held against each other: the sentences that are most alike. Pure."""

from __future__ import annotations

from typing import Final

from core.analysis.difference import Span
from core.models.judges.traits import Sentence, Traits

__all__ = ["FEW", "focus"]

# A text of fewer sentences is compared as a whole.
FEW: Final = 3
_WORDS: Final = 30
_SENTENCES: Final = 60
_MOST: Final = 3
_BEST: Final = 0.6


def focus(left: Traits, right: Traits) -> tuple[tuple[Span, Span], ...]:
    """Return the places in both texts that are compared, the most alike first, at most 3; () for the whole of both.

    Of a long text beside a short one it is the two sentences that share most with it; of two long ones the pairs of
    sentences that share most.
    """
    long = [len(each.sentences) > FEW and len(each.telling) > _WORDS for each in (left, right)]
    if not any(long) or not (left.telling and right.telling):
        return ()
    if all(long):
        return _pairs(left, right)
    whole = (0, len((right if long[0] else left).text.text))
    window = _window(left, right.telling) if long[0] else _window(right, left.telling)
    return ((window, whole),) if long[0] else ((whole, window),)


def _window(text: Traits, words: frozenset[str]) -> Span:
    """Return the two sentences beside each other that share most with some words."""
    sentences = text.sentences[:_SENTENCES]
    shared = [len(sentence.stems & words) for sentence in sentences]
    best = max(range(len(sentences) - 1), key=lambda at: shared[at] + shared[at + 1])
    first, second = sentences[best], sentences[best + 1]
    if not shared[best + 1]:
        return first.span
    return second.span if not shared[best] else (first.span[0], second.span[1])


def _pairs(left: Traits, right: Traits) -> tuple[tuple[Span, Span], ...]:
    found = [
        (alike, one.span, other.span)
        for one in left.sentences[:_SENTENCES]
        for other in right.sentences[:_SENTENCES]
        if (alike := _alike(one, other))
    ]
    found.sort(key=lambda each: (-each[0], each[1], each[2]))
    return tuple((one, other) for alike, one, other in found[:_MOST] if alike >= _BEST * found[0][0])


def _alike(one: Sentence, other: Sentence) -> float:
    """Return how much two sentences share: the words, by the mean of their counts, and more where they are many."""
    shared = len(one.stems & other.stems)
    return shared * shared / (len(one.stems) * len(other.stems)) ** 0.5 if shared > 1 else 0.0
