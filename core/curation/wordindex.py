"""The words of an index in memory, and BM25 over them as SQLite's FTS5 computes it, to the last bit where a machine can.

score = Σ over the query's words of idf · f (k1 + 1) / (f + k1 (1 − b + b · size / mean size)), with k1 1.2 and b 0.75;
idf = ln((N − n + 0.5) / (n + 0.5)), and 1e-6 where that is not above 0. Each word of a query counts by itself, also where
two have the same stem.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.vectors.words import asked_words, searchable, tokenizer

__all__ = ["ABSENT", "Matches", "WordIndex", "WordSearch"]

_K1: Final = 1.2
_B: Final = 0.75
_IDF_MIN: Final = 1e-6
ABSENT: Final = -1

_Ints = npt.NDArray[np.int64]
_Counts = npt.NDArray[np.int32]
_Floats = npt.NDArray[np.float64]
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Postings:
    """The rows that have a word or phrase, in order, and how often."""

    rows: _Ints
    counts: _Counts


@dataclass(frozen=True)
class Matches:
    """The rows with any word of a query, best first, and their scores; ties in the order of the rows."""

    rows: _Ints
    scores: _Floats


@dataclass(frozen=True, eq=False)
class WordIndex:
    """The tokens of each row's text, one after the other; `sizes` counts them, ABSENT for a row that has no text at all."""

    language: str
    vocabulary: Mapping[str, int]
    tokens: _Counts
    sizes: _Counts

    @classmethod
    def of(
        cls, values: Sequence[Any], *, language: str, former: WordIndex | None = None, same: _Ints | None = None
    ) -> WordIndex:
        """Return the words of metadata values, None for none.

        `same` names for each value the row of `former` that has the same text, ABSENT where there is none: its words are
        taken from there.
        """
        split = tokenizer(language)
        vocabulary: defaultdict[str, int] = defaultdict(None, former.vocabulary if former else {})
        vocabulary.default_factory = vocabulary.__len__
        known = [ABSENT] * len(values) if former is None or same is None else same.tolist()
        sizes = np.full(len(values), ABSENT, np.int32)
        tokens = array("i")
        for row, (value, place) in enumerate(zip(values, known, strict=True)):
            if former is not None and place != ABSENT:
                sizes[row] = former.sizes[place]
                tokens.frombytes(former.of_row(place).tobytes())
            elif value is not None:
                found = split(searchable(value))
                sizes[row] = len(found)
                tokens.extend(map(vocabulary.__getitem__, found))
        return cls(language, dict(vocabulary), np.array(tokens, np.int32), sizes)

    @cached_property
    def _starts(self) -> _Ints:
        starts = np.zeros(len(self.sizes) + 1, np.int64)
        np.cumsum(np.maximum(self.sizes, 0), out=starts[1:])
        return starts

    def of_row(self, row: int) -> _Counts:
        """Return the tokens of a row in their order."""
        return self.tokens[self._starts[row] : self._starts[row + 1]]

    @cached_property
    def _posted(self) -> tuple[_Ints, _Ints, _Counts]:
        """Return where each token's postings start, and the rows and counts of all of them."""
        count = max(1, len(self.sizes))
        rows = np.repeat(np.arange(len(self.sizes), dtype=np.int64), np.maximum(self.sizes, 0))
        pairs, counts = np.unique(self.tokens * np.int64(count) + rows, return_counts=True)
        starts = np.searchsorted(pairs, np.arange(len(self.vocabulary) + 1, dtype=np.int64) * count)
        return starts, pairs % count, counts.astype(np.int32)

    def postings(self, tokens: Sequence[str]) -> _Postings:
        """Return the rows that have these tokens one after the other."""
        ids = [self.vocabulary.get(token, ABSENT) for token in tokens]
        if not ids or ABSENT in ids:
            return _Postings(np.zeros(0, np.int64), np.zeros(0, np.int32))
        starts, rows, counts = self._posted
        found = [slice(starts[one], starts[one + 1]) for one in ids]
        if len(ids) == 1:
            return _Postings(rows[found[0]], counts[found[0]])
        common = rows[found[0]]
        for part in found[1:]:
            common = common[np.isin(common, rows[part], assume_unique=True)]
        times = np.array([_occurrences(self.of_row(int(row)), ids) for row in common], np.int32)
        return _Postings(common[times > 0], times[times > 0])


class WordSearch:
    """BM25 over some rows of several word indexes, put one behind the other. For one thread at a time."""

    def __init__(self, parts: Sequence[WordIndex], alive: _Mask) -> None:
        self._parts = parts
        self._alive = alive
        self._language = parts[0].language
        self._split = tokenizer(self._language)
        sizes = np.concatenate([part.sizes for part in parts])
        counted = alive & (sizes != ABSENT)
        self._rows = int(np.count_nonzero(counted))
        total = int(sizes[counted].sum(dtype=np.int64))
        # In the order of FTS5's own expression, so that ties stay ties.
        mean = total / self._rows if total else 1.0
        self._damping = _K1 * (1 - _B + _B * sizes.astype(np.float64) / mean)

    def matches(self, text: str, chosen: _Mask, k: int) -> Matches:
        """Return the k best of the chosen rows with a word of a query."""
        scores = np.zeros(len(self._alive))
        for word in asked_words(text, self._language):
            found = self._postings(self._split(word))
            hits = len(found.rows)
            if not hits:
                continue
            idf = math.log((self._rows - hits + 0.5) / (hits + 0.5))
            often = found.counts.astype(np.float64)
            scores[found.rows] += (idf if idf > 0 else _IDF_MIN) * (
                (often * (_K1 + 1.0)) / (often + self._damping[found.rows])
            )
        rows = np.flatnonzero((scores > 0) & chosen)
        reached = scores[rows]
        if len(rows) > 2 * k:
            best = reached >= np.partition(reached, len(reached) - k)[len(reached) - k]
            rows, reached = rows[best], reached[best]
        order = np.argsort(-reached, kind="stable")[:k]
        return Matches(rows[order], reached[order])

    def _postings(self, tokens: Sequence[str]) -> _Postings:
        start, rows, counts = 0, [], []
        for part in self._parts:
            found = part.postings(tokens)
            living = self._alive[found.rows + start]
            rows.append(found.rows[living] + start)
            counts.append(found.counts[living])
            start += len(part.sizes)
        return _Postings(np.concatenate(rows), np.concatenate(counts))


def _occurrences(tokens: _Counts, phrase: Sequence[int]) -> int:
    """Return how often the phrase occurs; overlapping ones count each."""
    last = len(tokens) - len(phrase) + 1
    found = np.ones(max(0, last), np.bool_)
    for place, token in enumerate(phrase):
        found &= tokens[place : place + max(0, last)] == token
    return int(np.count_nonzero(found))
