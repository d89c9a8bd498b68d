"""Vectors for the tests of neighbours: islands as embeddings have them, and the plain way to find neighbours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def islands(rows: int, *, count: int = 20, width: int = 32, spread: float = 0.35, seed: int = 0) -> Floats:
    """Return vectors (rows, width) around `count` centres, not of length 1."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((count, width))
    near = centres[rng.integers(0, count, rows)]
    return (near + spread * rng.standard_normal((rows, width))).astype(np.float32)


def distances(matrix: npt.NDArray[np.floating], others: npt.NDArray[np.floating], metric: str) -> npt.NDArray[np.float64]:
    """Return all distances (n, m) in float64; a vector of zeros is at 1 from all but those of zeros."""
    one, two = matrix.astype(np.float64), others.astype(np.float64)
    if metric == "euclidean":
        return np.sqrt(((one[:, None] - two[None]) ** 2).sum(axis=2))
    lengths = np.linalg.norm(one, axis=1)[:, None] * np.linalg.norm(two, axis=1)[None]
    cosines = np.divide(one @ two.T, lengths, out=np.zeros(lengths.shape), where=lengths > 0)
    both = ~one.any(axis=1)[:, None] & ~two.any(axis=1)[None]
    return np.where(both, 0.0, 1 - cosines)
