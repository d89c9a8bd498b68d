"""What a map is drawn from: a place and a colour for each memory, and which of them are near a place."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from core.analysis.projection.raster import Window

__all__ = ["MapPoints", "Window"]


@dataclass(frozen=True, eq=False)
class MapPoints:
    """Points of a map, one for each row; a point whose place is not finite is not drawn.

    coords  float32 (n, 2): places, y upwards; any unit, the drawing keeps the aspect
    codes   uint8 (n,): which colour of the palette
    sizes   uint8 (n,): 0 is the smallest, 255 the largest; None: all alike
    alive   bool (n,): False is not drawn (out of scope, not yet there), or as a faint dot with `ghosts`; None: all are
    shown   which are drawn: alive, with a place
    total   how many that is
    extent  the box around all places, shown or not: what is in scope moves no point
    """

    coords: npt.NDArray[np.float32]
    codes: npt.NDArray[np.uint8]
    sizes: npt.NDArray[np.uint8] | None = None
    alive: npt.NDArray[np.bool_] | None = None
    shown: npt.NDArray[np.bool_] = field(init=False, repr=False)
    total: int = field(init=False)
    extent: Window = field(init=False)

    def __post_init__(self) -> None:
        placed = np.isfinite(self.coords).all(axis=1)
        shown = placed if self.alive is None else placed & self.alive
        coords = self.coords if placed.all() else self.coords[placed]
        extent = (*coords.min(axis=0).tolist(), *coords.max(axis=0).tolist()) if len(coords) else (0.0, 0.0, 1.0, 1.0)
        for name, value in (("shown", shown), ("total", int(shown.sum())), ("extent", extent)):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.codes)

    def near(self, x: float, y: float, *, reach: float, most: int = 20) -> npt.NDArray[np.int32]:
        """Return the rows of the drawn points within a distance of a place, the nearest first, ties by row."""
        across, up = (self.coords[:, axis].astype(np.float64) - at for axis, at in enumerate((x, y)))
        distances = np.where(self.shown, np.hypot(across, up), np.inf)
        rows = np.flatnonzero(distances <= reach)
        return rows[np.lexsort((rows, distances[rows]))][:most].astype(np.int32)
