"""Hubness: which rows are neighbours of unusually many others, and which stand alone.

The k-occurrence of a row is the number of rows that have it among their k nearest (Radovanović, Nanopoulos & Ivanović 2010).
A memory with a high one, a magnet, comes up for queries that have little to do with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.analysis.neighbours.found import Floats, Neighbours, Rows

__all__ = ["Magnet", "isolation", "magnets", "occurrences", "outliers", "skewness"]

_DEVIATIONS: Final = 2.0
_FENCE: Final = 1.5


@dataclass(frozen=True)
class Magnet:
    """A row that is a neighbour of many: its k-occurrence, how many times the mean that is, and how many rows equal it."""

    row: int
    occurrences: int
    times: float
    copies: int = 0


def occurrences(neighbours: Neighbours) -> Rows:
    """Return the k-occurrence of each row, int32 (n,); the mean is k."""
    return np.bincount(neighbours.rows.ravel(), minlength=len(neighbours)).astype(np.int32)


def skewness(neighbours: Neighbours) -> float:
    """Return the skewness of the k-occurrences: 0 where none is a hub; above about 1.4 hubs are many or large."""
    counts = occurrences(neighbours).astype(np.float64)
    spread = float(counts.std()) if len(counts) else 0.0
    return float((((counts - counts.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0


def magnets(neighbours: Neighbours, *, most: int = 20) -> tuple[Magnet, ...]:
    """Return the rows whose k-occurrence is more than two standard deviations above the mean, the largest first.

    Of equal rows only the largest.
    """
    counts = occurrences(neighbours)
    if not counts.any():
        return ()
    mean, spread = float(counts.mean()), float(counts.std())
    found = np.flatnonzero(counts > mean + _DEVIATIONS * spread)
    listed: list[Magnet] = []
    known: set[int] = set()
    for row in found[np.argsort(-counts[found], kind="stable")].tolist():
        if len(listed) == most:
            break
        if row not in known:
            equal = _equals(neighbours, row)
            known |= equal
            listed.append(Magnet(row, int(counts[row]), float(counts[row]) / mean, len(equal) - 1))
    return tuple(listed)


def isolation(neighbours: Neighbours) -> Floats:
    """Return the mean distance of each row to its k nearest, float32 (n,); 0 where there are none."""
    if not neighbours.k:
        return np.zeros(len(neighbours), np.float32)
    found: Floats = neighbours.distances.mean(axis=1, dtype=np.float64).astype(np.float32)
    return found


def outliers(neighbours: Neighbours, *, most: int = 20) -> Rows:
    """Return the rows that stand alone, int32, the most isolated first.

    Their isolation is above the upper quartile by more than 1.5 interquartile ranges (Tukey 1977).
    """
    alone = isolation(neighbours)
    if not len(alone):
        return np.zeros(0, np.int32)
    lower, upper = np.quantile(alone, [0.25, 0.75])
    found = np.flatnonzero(alone > upper + _FENCE * (upper - lower))
    return found[np.argsort(-alone[found], kind="stable")[:most]].astype(np.int32)


def _equals(neighbours: Neighbours, row: int) -> set[int]:
    """Return a row and all that equal it: each has the next ones among its own neighbours."""
    found, ahead = {row}, [row]
    while ahead:
        here = ahead.pop()
        new = set(neighbours.rows[here, neighbours.distances[here] == 0].tolist()) - found
        found |= new
        ahead.extend(new)
    return found
