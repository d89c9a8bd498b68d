"""Regions of the drawing: which events lie in a box or a lasso, drawn one by one or not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from core.analysis.timeline.event import Events, Rows
from core.analysis.timeline.lane import Lanes
from core.errors import ConfigError

__all__ = ["inside"]


def inside(events: Events, lanes: Lanes, polygon: Sequence[tuple[float, float]]) -> Rows:
    """Return the rows of the events inside a polygon of (x, lane height), int32, in order of x.

    An event of lane i is at the height i + 0.5, wherever the drawing puts it to be seen: a box should cover whole lanes. The
    polygon closes itself; where it crosses itself, even-odd counts. A left edge belongs to it, a right edge does not. Fewer
    than three corners enclose nothing. Raises ConfigError for a corner that is no number.
    """
    if len(polygon) < 3:
        return np.zeros(0, dtype=np.int32)
    corners = np.array(polygon, dtype=np.float64)
    if not np.isfinite(corners).all():
        raise ConfigError(f"The region of {len(polygon)} corners has one that is no number: choose it again.")
    found = np.zeros(len(events), dtype=bool)
    for lane in range(len(lanes)):
        ends = _crossings(corners, lane + 0.5)
        # An event is inside where an odd number of edges is to its right: between the 1st and 2nd crossing, the 3rd and 4th…
        for begin, end in ends.reshape(-1, 2).tolist():
            first, last = np.searchsorted(events.x, [begin, end], side="left").tolist()
            found[first:last] |= lanes.codes[first:last] == lane
    return events.rows[found]


def _crossings(corners: npt.NDArray[np.float64], height: float) -> npt.NDArray[np.float64]:
    """Return the x at which a closed polygon crosses a height, ascending: an even number of them."""
    x, y = corners.T
    next_x, next_y = np.roll(x, -1), np.roll(y, -1)
    over = (y > height) != (next_y > height)
    x, y, next_x, next_y = x[over], y[over], next_x[over], next_y[over]
    return np.sort(x + (height - y) / (next_y - y) * (next_x - x))
