"""How true a map is: trustworthiness and the share of near neighbours that stay near (Venna & Kaski 2001)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.blocked import score_blocks
from core.analysis.neighbours.found import Rows
from core.analysis.neighbours.selection import Best
from core.analysis.neighbours.space import Space, space_of
from core.analysis.projection.pca import Coords
from core.errors import ConfigError

__all__ = ["Quality", "quality"]

_POINTS: Final = 512
_COLUMNS: Final = 8_192
# Scores that differ by less, of the largest, are those of equal vectors in float32.
_ROUNDING: Final = 2e-6

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Quality:
    """How true a map is to the distances of the vectors, measured on `sample` rows, against all of them.

    `trustworthiness` 0 to 1: 1 where nothing is near on the map that was not near; chance gives about 0.5.
    `preservation` 0 to 1: the share of the `k` nearest memories that are among the k nearest on the map.
    """

    trustworthiness: float
    preservation: float
    sample: int
    k: int


def quality(
    matrix: _Floats, coords: Coords, *, sample: int = 2_000, k: int = 15, seed: int = 0, metric: str = "cosine"
) -> Quality:
    """Return how true coordinates (n, dims) are to the distances of a matrix (n, dim), ranks exact on a sample.

    k is less where there are few rows: the measure needs 2n > 3k + 1. Raises ConfigError where the sizes differ.
    """
    rows = len(matrix)
    if len(coords) != rows:
        raise ConfigError(f"A map of {len(coords)} places is not one of {rows} vectors: give those of the same memories.")
    k = min(k, (rows - 1) // 2)
    if k < 1:
        return Quality(1.0, 1.0, rows, 0)
    asked = np.sort(np.random.default_rng(seed).choice(rows, min(sample, rows), replace=False))
    space = space_of(matrix, metric)
    parts = [_faults(space, coords, asked[start : start + _POINTS], k) for start in range(0, len(asked), _POINTS)]
    beyond, strangers = (sum(counts) for counts in zip(*parts, strict=True))
    # Venna & Kaski: 1 − 2 / (n k (2N − 3k − 1)) times the ranks beyond k of what is near on the map only.
    trust = 1 - beyond * 2 / (len(asked) * k * (2 * rows - 3 * k - 1))
    return Quality(float(trust), 1 - strangers / (len(asked) * k), len(asked), k)


def _faults(space: Space, coords: Coords, asked: _Ints, k: int) -> tuple[int, int]:
    """Return the ranks beyond k of what is near to some rows on the map only, added up, and how many these are.

    The rank of a row is one more than the number of rows nearer than it, so the ranks are counted as comparisons.
    """
    near = _nearest_on(coords, asked, k)
    points = space.vectors[asked]
    wanted = np.einsum("ijk,ik->ij", space.vectors[near], points)
    halves = space.halves
    if halves is not None:
        wanted -= halves[near]
    wanted += _ROUNDING * max(1.0, float(np.abs(wanted).max()))
    best, nearer = Best(len(asked), k), 0
    for start, scores in score_blocks(space, points, own=asked):
        best.add(scores, start)
        nearer += sum(int(np.count_nonzero(scores > line[:, None])) for line in wanted.T)
    known = wanted >= best.least[:, None]
    strangers = int(np.count_nonzero(~known))
    # What is nearer than one of the k nearest is one of them: that many were counted for what is no stranger.
    return nearer - int(best.over(wanted)[known].sum()) + strangers * (1 - k), strangers


def _nearest_on(coords: Coords, asked: _Ints, k: int) -> Rows:
    """Return the k rows nearest to some on a map, (m, k)."""
    best = Best(len(asked), k)
    for start in range(0, len(coords), _COLUMNS):
        part = coords[start : start + _COLUMNS]
        apart = np.zeros((len(asked), len(part)), np.float32)
        for places, own in zip(part.T, coords[asked].T, strict=True):
            apart -= (places - own[:, None]) ** 2
        here = np.flatnonzero((asked >= start) & (asked < start + len(part)))
        apart[here, asked[here] - start] = -np.inf
        best.add(apart, start)
    return best.columns()
