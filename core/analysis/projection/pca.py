"""Principal components: the first picture of a map, and where its layout starts."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.space import space_of

__all__ = ["Coords", "pca", "unit_box"]

# The directions come from so many numbers at most: 20,000 rows of 384.
_SAMPLE: Final = 20_000 * 384
_ROUNDS: Final = 8
_SPARE: Final = 8

Coords = npt.NDArray[np.float32]


def pca(matrix: npt.NDArray[np.float32], *, dims: int = 2, seed: int = 0, metric: str = "cosine") -> Coords:
    """Return the rows of a matrix (n, dim) along its first components, float32 (n, dims), in the unit box.

    Of vectors of length 1 for cosine. Directions come from a sample of many rows, by subspace iteration (Halko, Martinsson
    & Tropp 2011); the longer side of a component is its positive one. Components that there are not are 0.5.
    """
    vectors = space_of(matrix, metric).vectors
    rows, width = vectors.shape
    rng = np.random.default_rng(seed)
    most = max(2, _SAMPLE // max(1, width))
    sample = vectors if rows <= most else vectors[np.sort(rng.choice(rows, most, replace=False))]
    directions = _directions(sample, min(dims, rows, width), rng)
    coords = np.zeros((rows, dims), np.float32)
    coords[:, : directions.shape[1]] = vectors @ directions
    coords -= coords.mean(axis=0, dtype=np.float64).astype(np.float32) if rows else 0
    signs = np.where((coords.astype(np.float64) ** 3).sum(axis=0) < 0, -1, 1).astype(np.float32)
    return unit_box(coords * signs)


def unit_box(coords: npt.NDArray[np.floating]) -> Coords:
    """Return coordinates (n, dims) moved and scaled into 0 to 1: the longest side whole, the others in proportion."""
    if not len(coords):
        return coords.astype(np.float32)
    low, high = coords.min(axis=0).astype(np.float64), coords.max(axis=0).astype(np.float64)
    longest = float((high - low).max())
    middle = (low + high) / 2
    placed: Coords = np.clip((coords - middle) / (longest or 1.0) + 0.5, 0, 1).astype(np.float32)
    return placed


def _directions(sample: npt.NDArray[np.float32], count: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return the first components of a sample (m, dim), (dim, count), orthonormal, the largest first."""
    if not count:
        return np.zeros((sample.shape[1], 0), np.float32)
    middle = sample.mean(axis=0, dtype=np.float64).astype(np.float32)
    size = min(count + _SPARE, *sample.shape)
    basis = rng.standard_normal((sample.shape[1], size), dtype=np.float32)
    for _ in range(_ROUNDS):
        basis, _ = np.linalg.qr(_covaried(sample, middle, basis))
    values, turns = np.linalg.eigh(basis.T @ _covaried(sample, middle, basis))
    found: npt.NDArray[np.float32] = basis @ turns[:, np.argsort(-values, kind="stable")[:count]]
    return found


def _covaried(
    sample: npt.NDArray[np.float32], middle: npt.NDArray[np.float32], basis: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Return the sample's scatter matrix times a basis, without making the one or moving the other."""
    along = sample @ basis - middle @ basis
    found: npt.NDArray[np.float32] = sample.T @ along - np.outer(middle, along.sum(axis=0))
    return found
