"""Modularity: how much more often near neighbours share a cluster than they would by chance (Newman & Girvan 2004)."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours import Neighbours

__all__ = ["modularity"]

_NEIGHBOURS: Final = 15
_LEAST_WEIGHT: Final = 1e-9


def modularity(codes: npt.NDArray[np.int32], neighbours: Neighbours) -> float:
    """Return the modularity of clusters (n,), none of them noise, in the graph of their rows' nearest neighbours.

    The nearest of 15 weighs the most and the last nothing, and each row as much as any other: groups smaller than 15 count.
    1 is the most, 0 what chance gives; 0 where there are no neighbours.
    """
    if not len(codes) or not neighbours.k:
        return 0.0
    rows, weights = neighbours.rows[:, :_NEIGHBOURS], _weights(neighbours.distances[:, :_NEIGHBOURS])
    count = len(codes)
    within = float(weights[codes[rows] == codes[:, None]].sum()) / count
    degrees = (1 + np.bincount(rows.ravel(), weights=weights.ravel(), minlength=count)) / (2 * count)
    shares = np.bincount(codes, weights=degrees)
    return within - float(np.square(shares).sum())


def _weights(distances: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return weights (n, k) that fall to nothing with the distance; the sum of each row is 1."""
    weights = np.maximum(distances[:, -1:] - distances, 0) + np.float32(_LEAST_WEIGHT)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
