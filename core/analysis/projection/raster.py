"""A map of very many points as counts by cell: what is drawn where single points would take too long to send."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Raster", "Window", "raster", "within"]

Window = tuple[float, float, float, float]  # x from, y from, x until, y until


@dataclass(frozen=True, eq=False)
class Raster:
    """Counts of points in a window, cell by cell from its lower left corner, row by row upwards."""

    window: Window
    columns: int
    rows: int
    counts: npt.NDArray[np.uint32]  # (rows × columns,)
    codes: npt.NDArray[np.uint8]  # (rows × columns,): the colour that most points of a cell have; 0 where it is empty

    @property
    def total(self) -> int:
        """The number of points in the window."""
        return int(self.counts.sum())


def within(coords: npt.NDArray[np.float32], window: Window) -> npt.NDArray[np.bool_]:
    """Return which points of (n, 2) lie in a window, its edges included."""
    x0, y0, x1, y1 = window
    x, y = coords[:, 0], coords[:, 1]
    found: npt.NDArray[np.bool_] = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
    return found


def raster(
    coords: npt.NDArray[np.float32], codes: npt.NDArray[np.uint8], *, window: Window, columns: int, rows: int
) -> Raster:
    """Return how many points lie in each cell of a window, and their most frequent colour (ties: the lowest code)."""
    inside = within(coords, window)
    x0, y0, x1, y1 = window
    across = _cells(coords[inside, 0], x0, x1, columns)
    up = _cells(coords[inside, 1], y0, y1, rows)
    cells = up * columns + across
    inner = codes[inside]
    order = np.argsort(inner, kind="stable")
    ends = np.cumsum(np.bincount(inner, minlength=256))
    total, most = np.zeros((2, columns * rows), dtype=np.uint32)
    main = np.zeros(columns * rows, dtype=np.uint8)
    for code in np.unique(inner).tolist():
        each = np.bincount(cells[order[ends[code - 1] if code else 0 : ends[code]]], minlength=len(total)).astype(np.uint32)
        total = total + each
        more = each > most
        most[more], main[more] = each[more], code
    return Raster(window, columns, rows, total, main)


def _cells(values: npt.NDArray[np.float32], low: float, high: float, count: int) -> npt.NDArray[np.int64]:
    if high <= low:
        return np.zeros(len(values), dtype=np.int64)
    places = (values.astype(np.float64) - low) * (count / (high - low))
    return np.clip(places.astype(np.int64), 0, count - 1)
