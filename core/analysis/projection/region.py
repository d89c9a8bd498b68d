"""Regions of a map: which points lie inside a box or a lasso."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.errors import ConfigError

__all__ = ["inside"]

Corner = tuple[float, float]


def inside(coords: npt.NDArray[np.float32], polygon: Sequence[Corner]) -> npt.NDArray[np.int32]:
    """Return the rows of the points inside a polygon, int32, ascending; `coords` is (n, 2).

    The polygon closes itself; where it crosses itself, even-odd counts. A left and a lower edge belong to it, a right and an
    upper edge do not. A point without a place (NaN) is in no region, and fewer than three corners enclose nothing. Raises
    ConfigError for a corner that is no number.
    """
    if len(polygon) < 3:
        return np.zeros(0, dtype=np.int32)
    corners = np.array(polygon, dtype=np.float64)
    if not np.isfinite(corners).all():
        raise ConfigError(f"The region of {len(polygon)} corners has one that is no number: draw it again.")
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero(((coords >= low) & (coords <= high)).all(axis=1))
    near = near[np.argsort(coords[near, 1])]  # by height: the points beside an edge are then one stretch
    x, y = coords[near].astype(np.float64).T
    odd = np.zeros(len(near), dtype=bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue
        first, last = np.searchsorted(y, [min(y0, y1), max(y0, y1)])
        beside = slice(int(first), int(last))
        odd[beside] ^= x[beside] < x0 + (y[beside] - y0) / (y1 - y0) * (x1 - x0)
    return np.sort(near[odd]).astype(np.int32)
