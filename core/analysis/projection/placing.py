"""Placing: new memories on a map that exists, between the places of their neighbours."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Distances, Rows
from core.analysis.projection.pca import Coords
from core.errors import ConfigError

__all__ = ["placed"]

_CHUNK: Final = 4_096
# Chosen on 1,000 of 10,472 real memories, left out and placed again: benchmarks/README.md.
_FALL: Final = 4
# How wide an island is, of the map's width; at least half as far as neighbours are apart on a map of few.
_ISLAND: Final = 0.02
_STEPS: Final = 3


def placed(coords: Coords, neighbour_rows: Rows, distances: Distances) -> Coords:
    """Return places of new points, float32 (m, dims), on a map (n, dims), from their nearest rows and distances, (m, k).

    Nearer neighbours count more. Where the neighbours lie in several islands, a point goes to the weightiest, never into
    the sea between them: a few steps of mean shift from the neighbour with most weight around it. What equals a neighbour
    comes to lie on it. Raises ConfigError where the map is empty.
    """
    if not len(neighbour_rows):
        return np.zeros((0, coords.shape[1]), np.float32)
    if not len(coords) or not neighbour_rows.shape[1]:
        raise ConfigError("New memories cannot be placed on a map without any: make the map first.")
    width = float((coords.max(axis=0) - coords.min(axis=0)).max()) or 1.0
    island = width * max(_ISLAND, 0.5 * len(coords) ** (-1 / coords.shape[1]))
    parts = [
        _placed(coords[neighbour_rows[start : start + _CHUNK]], distances[start : start + _CHUNK], island)
        for start in range(0, len(neighbour_rows), _CHUNK)
    ]
    return np.concatenate(parts)


def _placed(places: Coords, distances: Distances, island: float) -> Coords:
    """Return a place among those of the neighbours (m, k, dims) by their distances (m, k)."""
    weights = _weights(distances)
    apart = ((places[:, :, None] - places[:, None]) ** 2).sum(axis=3)
    around = np.einsum("ijk,ik->ij", np.exp(-apart / (2 * island**2)), weights)
    begin = (around * np.sqrt(weights)).argmax(axis=1)
    found: Coords = np.take_along_axis(places, begin[:, None, None], axis=1)[:, 0]
    for _ in range(_STEPS):
        pull = weights * np.exp(-((places - found[:, None]) ** 2).sum(axis=2) / (2 * island**2))
        found = (places * pull[:, :, None]).sum(axis=1) / np.maximum(pull.sum(axis=1), 1e-30)[:, None]
    return found.astype(np.float32)


def _weights(distances: Distances) -> npt.NDArray[np.float32]:
    """Return what each neighbour counts: 1 for the nearest, a sixteenth at twice its distance."""
    nearest = distances[:, :1]
    ratio = np.divide(nearest, distances, out=np.ones_like(distances), where=distances > nearest)
    weights: npt.NDArray[np.float32] = ratio**_FALL
    return weights
