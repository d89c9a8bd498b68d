"""Cells: a coarse clustering of vectors by k-means, so that what is near is looked for in few places."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Floats

__all__ = ["cell_of", "cell_scores", "centres_of"]

_ROUNDS: Final = 8
_SAMPLE_PER_CELL: Final = 40
_CHUNK: Final = 8_192

_Ints = npt.NDArray[np.int64]


def centres_of(vectors: Floats, count: int, *, seed: int) -> Floats:
    """Return the centres (count, d) of a k-means clustering of vectors (n, d), learned from a sample of them.

    An empty cell gets the vector of the sample that is farthest from its centre.
    """
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(len(vectors), min(len(vectors), count * _SAMPLE_PER_CELL), replace=False))
    seen: Floats = np.ascontiguousarray(vectors[sample])
    centres: Floats = seen[np.sort(rng.choice(len(seen), count, replace=False))].copy()
    for _ in range(_ROUNDS):
        cells, scores = _nearest(seen, centres)
        order = np.argsort(cells, kind="stable")
        sizes = np.bincount(cells, minlength=count)
        filled = sizes > 0
        sums = np.add.reduceat(seen[order], (np.cumsum(sizes) - sizes)[filled], axis=0)
        centres[filled] = sums / sizes[filled, None].astype(np.float32)
        empty = np.flatnonzero(~filled)
        centres[empty] = seen[np.argsort(scores, kind="stable")[: len(empty)]]
    return centres


def cell_of(vectors: Floats, centres: Floats) -> _Ints:
    """Return the cell of each vector, (n,): that of the nearest centre."""
    return _nearest(vectors, centres)[0]


def cell_scores(vectors: Floats, centres: Floats) -> Floats:
    """Return how near each vector is to each centre, (n, count): the larger, the nearer."""
    scores: Floats = vectors @ centres.T
    scores -= np.einsum("ij,ij->i", centres, centres) / np.float32(2)
    return scores


def _nearest(vectors: Floats, centres: Floats) -> tuple[_Ints, Floats]:
    cells, scores = np.empty(len(vectors), np.int64), np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _CHUNK):
        part = cell_scores(vectors[start : start + _CHUNK], centres)
        found = part.argmax(axis=1)
        cells[start : start + _CHUNK] = found
        scores[start : start + _CHUNK] = part[np.arange(len(found)), found]
    return cells, scores
