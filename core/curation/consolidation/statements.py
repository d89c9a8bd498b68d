"""The sentences of some memories, each with what it can be compared by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.curation.consolidation.sentences import sentences_in
from core.curation.consolidation.words import bare, content_words, weight
from core.memory import Memory
from core.models.protocol import Embedder

__all__ = ["Floats", "Statements", "in_order", "statements_of"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Statements:
    """Sentences in order: `owner` int64 (n,) has the place of the memory that each is of.

    `bare` is what is compared word for word, `words` what tells something, `vectors` float32 (n, dim) of length 1.
    """

    texts: tuple[str, ...]
    bare: tuple[str, ...]
    owner: npt.NDArray[np.int64]
    words: tuple[frozenset[str], ...]
    vectors: Floats

    @cached_property
    def _rows(self) -> Mapping[str, npt.NDArray[np.int64]]:
        found: dict[str, list[int]] = {}
        for row, words in enumerate(self.words):
            for word in words:
                found.setdefault(word, []).append(row)
        return {word: np.array(rows, np.int64) for word, rows in found.items()}

    def lexical(self, words: frozenset[str]) -> npt.NDArray[np.float64]:
        """Return for each sentence the share of some words that it has, float64 (n,); see words.said."""
        shares = np.zeros(len(self))
        for word in words & self._rows.keys():
            shares[self._rows[word]] += weight(word)
        whole = sum(map(weight, words))
        return shares / whole if whole else np.ones(len(self))

    def __len__(self) -> int:
        return len(self.texts)


def statements_of(memories: Sequence[Memory], embedder: Embedder) -> Statements:
    """Return the sentences of some memories, in the order of the memories."""
    found = [(place, sentence) for place, memory in enumerate(memories) for sentence in sentences_in(memory.content)]
    texts = tuple(sentence for _, sentence in found)
    vectors = embedder.embed(texts) if texts else np.zeros((0, embedder.dimension), np.float32)
    owner = np.array([place for place, _ in found], np.int64)
    return Statements(
        texts, tuple(map(bare, texts)), owner, tuple(content_words(text) for text in texts), np.asarray(vectors, np.float32)
    )


def in_order(memories: Sequence[Memory]) -> tuple[Memory, ...]:
    """Return memories by time and key, those without a time last; of two with one key the first."""
    unique = {memory.key: memory for memory in reversed(memories)}.values()
    return tuple(
        sorted(unique, key=lambda one: (one.created_at is None, one.created_at and one.created_at.timestamp(), one.key))
    )
