"""Series: texts that differ in nothing but numbers, dates and identifiers with digits, as a heartbeat or a call. Pure.

Two of them never say the same, and each pair of them looks like a conflict: a thousand such texts are half a million pairs.
So of a long series a few stand for all, and each text of a short one is compared with a few.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.difference.reading import read

__all__ = ["Shapes", "digit_shapes", "thinned"]

# From so many texts on a series is long; so many of it stand for all.
_LONG: Final = 32
_KEPT: Final = 8
_DIGITS: Final = re.compile(r"\d+")
_LETTERS: Final = re.compile(r"\w+")
_VALUES: Final = frozenset({"number", "version", "moment", "time", "hash"})


def thinned(texts: Sequence[str], scopes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the places of the texts to compare: of a long series in one scope the first few.

    What another text of its series differs from in nothing but signs and capitals is kept: it may say the same.
    """
    shapes = [(int(scope), hash(_DIGITS.sub("0", text))) for text, scope in zip(texts, scopes, strict=True)]
    sizes = Counter(shapes)
    if max(sizes.values(), default=0) <= _LONG:
        return np.arange(len(texts))
    forms = [
        (shape, hash(tuple(_LETTERS.findall(text.lower())))) if sizes[shape] > _LONG else None
        for text, shape in zip(texts, shapes, strict=True)
    ]
    alike = Counter(form for form in forms if form is not None)
    seen: Counter[tuple[int, int]] = Counter()
    kept = []
    for place, (shape, form) in enumerate(zip(shapes, forms, strict=True)):
        seen[shape] += 1
        if form is None or seen[shape] <= _KEPT or alike[form] > 1:
            kept.append(place)
    return np.array(kept, np.int64)


def digit_shapes(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return a code for each text, (n,) from 0, that texts share which differ in nothing but their digits."""
    codes: dict[int, int] = {}
    return np.array([codes.setdefault(hash(_DIGITS.sub("0", text)), len(codes)) for text in texts], np.int64)


class Shapes:
    """Tells series by their words, each text read once."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._known: dict[int, tuple[int, int]] = {}

    def are_series(self, first: int, second: int) -> bool:
        """Say whether two texts, by their places, differ in nothing but numbers, dates and identifiers."""
        one, other = self._shape(first), self._shape(second)
        return one[0] == other[0] and one[1] != other[1]

    def _shape(self, place: int) -> tuple[int, int]:
        """Return hashes of a text without its numbers and dates, and of these."""
        if place not in self._known:
            tokens = read(self._texts[place]).tokens
            said = [(token.lower, token.kind in _VALUES or _DIGITS.search(token.lower) is not None) for token in tokens]
            words = hash(tuple(word for word, is_value in said if not is_value))
            self._known[place] = words, hash(tuple(word for word, is_value in said if is_value))
        return self._known[place]
