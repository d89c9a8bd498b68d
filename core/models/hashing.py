"""An embedder without a model: words and character trigrams hashed into a vector. For tests and machines without MiniLM."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

__all__ = ["HashingEmbedder"]

_WORD = re.compile(r"\w+")
_GRAM: Final = 3
_WORD_WEIGHT: Final = 1.0
_GRAM_WEIGHT: Final = 0.4


class HashingEmbedder:
    """The hashing trick (Weinberger et al. 2009) over lower-case words and trigrams: deterministic, knows no synonyms."""

    model_id = "hashing"
    version = "1"

    def __init__(self, dimension: int = 384) -> None:
        self.dimension = dimension

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return (n, dimension) float32 of length 1, row i for text i; a text without words has a direction of its own."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for feature, weight in _features(text):
                code = zlib.crc32(feature.encode("utf-8", "replace"))
                vectors[row, (code >> 1) % self.dimension] += weight if code & 1 else -weight
            if not vectors[row].any():
                vectors[row, 0] = 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _features(text: str) -> Iterator[tuple[str, float]]:
    words = Counter(_WORD.findall(text.lower()))
    for word, count in words.items():
        weight = 1 + np.log(count)
        yield word, _WORD_WEIGHT * weight
        padded = f"#{word}#"
        grams = {padded[place : place + _GRAM] for place in range(len(padded) - _GRAM + 1)}
        for gram in sorted(grams):
            yield f"#{gram}", _GRAM_WEIGHT * weight / np.sqrt(len(grams))
