"""Long texts for models that read only so much: cut into windows of near equal length, whose vectors are averaged."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import Final

import numpy as np

__all__ = ["WINDOWS_MAX", "Limits", "estimated_tokens", "halves", "is_blank", "normalised", "pooled", "windows"]

# As for the local model: what lies beyond 64 windows of one memory cannot move its mean much.
WINDOWS_MAX: Final = 64
# A word is split where a space is near, so that few are cut in two.
_NEAR: Final = 0.1
# Room for what the estimate of tokens does not see.
_FULL: Final = 0.95
_LETTER: Final = re.compile(r"[A-Za-z]")
_LETTERS_PER_TOKEN: Final = 4


@dataclass(frozen=True)
class Limits:
    """What a model reads of one text: tokens, and characters as UTF-16 units, which no service counts fewer of."""

    tokens: int
    characters: int


def is_blank(text: str) -> bool:
    """Say whether there is nothing in a text to embed: services refuse those."""
    return not text.strip()


def estimated_tokens(text: str) -> float:
    """Return about how many tokens a text has: a quarter for a Latin letter, none for a space, one for the rest."""
    return sum(map(_weight, text))


def windows(text: str, limits: Limits) -> list[str]:
    """Return the text in windows of near equal weight that keep to the limits, the first WINDOWS_MAX of them."""
    if len(text) <= min(limits.tokens, limits.characters // 2):
        return [text]
    text = text[: WINDOWS_MAX * limits.characters]
    weights = [0.0, *accumulate(max(_weight(char) / limits.tokens, _units(char) / limits.characters) for char in text)]
    return list(islice(_cut(text, weights), WINDOWS_MAX))


def halves(text: str) -> list[str]:
    """Return the two halves of a window that the service found too long after all."""
    middle = len(text) // 2
    place = _break(text, 0, middle)
    return [text[:place], text[place:]]


def pooled(vectors: np.ndarray, owners: Sequence[int], rows: int) -> np.ndarray:
    """Return (rows, d) of length 1: the mean direction of the vectors that belong to each row."""
    sums = np.zeros((rows, vectors.shape[1]), dtype=np.float64)
    np.add.at(sums, list(owners), normalised(vectors))
    return normalised(sums)


def normalised(vectors: np.ndarray) -> np.ndarray:
    """Return the rows at length 1, float32; a row of zeros stays one."""
    wide = vectors.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=-1, keepdims=True)
    return np.asarray(wide / np.where(lengths > 0, lengths, 1), dtype=np.float32)


def _cut(text: str, weights: Sequence[float]) -> Iterator[str]:
    """Yield windows; `weights[i]` is the share of a window's limit that the first i characters take up."""
    start = 0
    while start < len(text):
        left = weights[-1] - weights[start]
        if left <= 1:
            yield text[start:]
            return
        share = left / math.ceil(left / _FULL)
        place = bisect_right(weights, weights[start] + share) - 1
        end = _break(text, start, max(place, start + 1))
        yield text[start:end]
        start = end


def _break(text: str, start: int, place: int) -> int:
    """Return the place of a cut at or before `place`: after a space that is near, else `place` itself."""
    earliest = place - int((place - start) * _NEAR)
    found = max(text.rfind(space, earliest, place) for space in (" ", "\n"))
    return found + 1 if found > start else place


def _weight(char: str) -> float:
    if char.isspace():
        return 0.0
    return 1 / _LETTERS_PER_TOKEN if _LETTER.match(char) else 1.0


def _units(char: str) -> int:
    return 2 if ord(char) > 0xFFFF else 1
