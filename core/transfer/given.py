"""Vectors that rows bring themselves, in the place of the embedder's."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np

from core.memory import Memory
from core.models.embedding import Embedder

__all__ = ["GivenVectors"]


class GivenVectors:
    """An embedder that answers with the vectors it was given for the next write, and asks the real one for the others.

    It carries the real one's model and version, for the index is searched with that: that the vectors are of the same model
    is the word of whoever gives them.
    """

    def __init__(self, embedder: Embedder) -> None:
        self.model_id = embedder.model_id
        self.dimension = embedder.dimension
        self.version = embedder.version
        self._embedder = embedder
        self._given: dict[str, deque[np.ndarray | None]] = {}

    def give(self, memories: Iterable[tuple[Memory, np.ndarray | None]]) -> None:
        """Set the vectors of the memories that are written next, in their order; None asks the real embedder."""
        self._given = {}
        for memory, vector in memories:
            self._given.setdefault(memory.content, deque()).append(vector)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return (n, dimension) float32: the given vectors as they are, the others of length 1."""
        vectors = [self._given[text].popleft() if self._given.get(text) else None for text in texts]
        asked = [text for text, vector in zip(texts, vectors, strict=True) if vector is None]
        answers = iter(self._embedder.embed(asked)) if asked else iter(())
        rows = [next(answers) if vector is None else vector for vector in vectors]
        return np.stack(rows) if rows else np.zeros((0, self.dimension), dtype=np.float32)
