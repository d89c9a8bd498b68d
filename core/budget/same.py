"""Which hits say what another says: the same text, as good as the same, or made from it.

"As good as the same" is what a search for duplicates calls so (core.curation.duplicates): near by their vectors, or where
these are not known by their words, and without a number, name, date or no that clashes. So "on Friday" and "on Thursday"
both reach the prompt.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.curation.duplicates import DEFAULT_THRESHOLD, content_hash, likeness
from core.curation.duplicates.likeness import least_cosine
from core.explain import words_of
from core.recalled import Recalled

__all__ = ["Sameness"]

_Reals = npt.NDArray[np.float64]
# Fewer shared words than that, and without vectors two texts are not looked at together.
_WORDS_LEAST = 0.7
# What is longer is not read word by word.
_CHARS = 8_000


@dataclass(frozen=True, eq=False)
class Sameness:
    """How far one hit says what another does, 0 to 1; what was found is kept."""

    hits: Sequence[Recalled]
    vectors: Mapping[str, npt.NDArray[np.float32]]
    _known: dict[tuple[int, int], float] = field(default_factory=dict)

    @cached_property
    def hashes(self) -> list[str]:
        """Return for each hit what it shares with those that have the same text."""
        return [content_hash(hit.memory.content) for hit in self.hits]

    @cached_property
    def sources(self) -> list[tuple[int, ...]]:
        """Return for each hit the places of the hits that it was made from."""
        places = {hit.memory.key: place for place, hit in enumerate(self.hits)}
        return [
            tuple(sorted({places[key] for key in hit.memory.derived_from if key in places} - {place}))
            for place, hit in enumerate(self.hits)
        ]

    @cached_property
    def derived(self) -> dict[int, list[int]]:
        """Return the places of what was made from each hit."""
        found: dict[int, list[int]] = {}
        for place, sources in enumerate(self.sources):
            for source in sources:
                found.setdefault(source, []).append(place)
        return found

    def near(self, place: int, others: Sequence[int]) -> list[tuple[int, float]]:
        """Return which of the others say as good as the same as a hit, each with how likely that is."""
        cosines = self._likenesses(place)
        found = [(other, self._probability(place, other, cosines[other])) for other in others if cosines[other] > 0]
        return [(other, probability) for other, probability in found if probability >= DEFAULT_THRESHOLD]

    def share_in(self, place: int, taken: set[int]) -> float:
        """Return which share of what a hit was made from is taken."""
        sources = self.sources[place]
        if not sources or taken.isdisjoint(sources):
            return 0.0
        return len(taken.intersection(sources)) / len(set(self.hits[place].memory.derived_from))

    def _probability(self, place: int, other: int, cosine: float) -> float:
        pair = min(place, other), max(place, other)
        if pair not in self._known:
            first, second = (self.hits[one].memory.content for one in pair)
            long = max(len(first), len(second)) > _CHARS
            self._known[pair] = 0.0 if long else likeness(first, second, cosine=cosine).probability
        return self._known[pair]

    def _likenesses(self, place: int) -> _Reals:
        """Return the cosine of each hit with one where both vectors are known, else the words they share; 0: too few."""
        cosines = self._matrix @ self._matrix[place]
        cosines[cosines < least_cosine(DEFAULT_THRESHOLD)] = 0.0
        for other in range(len(self.hits)) if not self._known_vectors[place] else np.flatnonzero(~self._known_vectors):
            cosines[other] = _shared(self._words[place], self._words[other])
        return np.asarray(np.minimum(cosines, 1.0))

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        return [frozenset(words_of(hit.memory.content[:_CHARS])) for hit in self.hits]

    @cached_property
    def _known_vectors(self) -> npt.NDArray[np.bool_]:
        return np.array([bool(row.any()) for row in self._matrix], dtype=np.bool_)

    @cached_property
    def _matrix(self) -> _Reals:
        """Return (n, dimension) of length 1; of zeros where there is no vector, or one of another dimension than most."""
        given = [self.vectors.get(hit.memory.key) for hit in self.hits]
        sizes = Counter(vector.shape for vector in given if vector is not None and vector.ndim == 1)
        size = sizes.most_common(1)[0][0] if sizes else (0,)
        rows = [np.zeros(size) if one is None or one.shape != size else one.astype(np.float64) for one in given]
        matrix = np.stack(rows) if rows else np.zeros((0, *size))
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        usable = np.isfinite(lengths) & (lengths > 0)
        return np.where(usable, matrix / np.where(usable, lengths, 1.0), 0.0)


def _shared(a: frozenset[str], b: frozenset[str]) -> float:
    """Return the share of words that two texts have in common (Dice), 0 below what is worth a closer look."""
    shared = 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0
    return shared if shared >= _WORDS_LEAST else 0.0
