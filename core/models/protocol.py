"""What an embedder is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

__all__ = ["Embedder", "embedder_tag"]


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


def embedder_tag(embedder: Embedder) -> str:
    """Return "model_id/dimension/version", as an index remembers its embedder."""
    return f"{embedder.model_id}/{embedder.dimension}/{embedder.version}"
