"""What an embedder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

__all__ = ["Embedder", "QueryEmbedder", "embed_query", "embedder_tag"]


class Embedder(Protocol):
    """Texts to vectors; the three names say which, so that vectors of two embedders never meet."""

    @property
    def model_id(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def version(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return (n, dimension) float32 of length 1, row i for text i; an empty text has a vector too."""
        ...


@runtime_checkable
class QueryEmbedder(Protocol):
    """An embedder that reads a query otherwise than a memory."""

    def embed_query(self, text: str) -> np.ndarray:
        """Return (dimension,) float32 of length 1."""
        ...


def embed_query(embedder: Embedder, text: str) -> np.ndarray:
    """Return the vector of a query, (dimension,) float32 of length 1; most embedders read it as they read a memory."""
    if isinstance(embedder, QueryEmbedder):
        return embedder.embed_query(text)
    vector: np.ndarray = embedder.embed([text])[0]
    return vector


def embedder_tag(embedder: Embedder) -> str:
    """Return "model_id/dimension/version", as an index remembers its embedder."""
    return f"{embedder.model_id}/{embedder.dimension}/{embedder.version}"
