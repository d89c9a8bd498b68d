"""Framing: the turn of a map that fills a wide frame best."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.analysis.projection.pca import Coords

__all__ = ["turned"]

# Height to width of the frame that a map is drawn in.
_RATIO: Final = 0.64
_TURNS: Final = 36


def turned(coords: Coords, *, ratio: float = _RATIO) -> Coords:
    """Return a map (n, 2) turned about its middle so that it is drawn the largest in a frame of this height to width.

    Every distance stays. The smallest of equally good turns is taken, none for the map as it is; a map in space stays.
    """
    if len(coords) < 2 or coords.shape[1] != 2:
        return coords
    angles = np.arange(_TURNS) * np.pi / _TURNS
    needed = [_width(coords @ _turn(angle), ratio) for angle in angles]
    best = int(np.argmin(np.round(needed, 6)))
    return coords if not best else (coords @ _turn(angles[best])).astype(np.float32)


def _turn(angle: float) -> Coords:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]], np.float32)


def _width(coords: Coords, ratio: float) -> float:
    """Return how wide a frame must be to hold a map."""
    width, height = np.ptp(coords, axis=0)
    return float(max(width, height / ratio))
