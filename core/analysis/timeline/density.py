"""Density: how many events are in each part of a window, by lane and colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.timeline.colour import Colouring
from core.analysis.timeline.event import Events, Ints
from core.analysis.timeline.lane import Lanes

__all__ = ["Density", "density", "places"]

_MOST_COUNTS: Final = 150_000


@dataclass(frozen=True, eq=False)
class Density:
    """Counts of a window cut into `bins` equal parts, where there are any, by lane, bin and colour.

    Bin i has the events from lo + (hi - lo)·i / bins on, rounded down; the last one includes hi. There may be fewer bins
    than were asked for: no screen shows a million counts, and no page should be sent them.
    """

    bins: int
    lane: npt.NDArray[np.uint16]
    bin: npt.NDArray[np.uint16]
    colour: npt.NDArray[np.uint8]
    count: npt.NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.count)


def places(events: Events, window: tuple[int, int], bins: int) -> Ints:
    """Return where among the events each of the parts of a window begins, and where the last one ends: int64 (bins + 1,)."""
    lo, hi = window
    edges = [lo + (hi - lo) * part // bins for part in range(bins)]  # numpy's int64 would overflow over centuries
    begins = np.searchsorted(events.x, np.array(edges, dtype=np.int64), side="left")
    return np.append(begins, np.searchsorted(events.x, hi, side="right"))


def density(
    events: Events, lanes: Lanes, colouring: Colouring, window: tuple[int, int], bins: int, *, most: int = _MOST_COUNTS
) -> Density:
    """Return the counts of a window by lane, bin and colour; bins are fewer where there would be more than `most` counts."""
    found = _counted(events, lanes, colouring, window, bins)
    while len(found) > most and found.bins > 1:
        found = _counted(events, lanes, colouring, window, max(1, found.bins * most // len(found)))
    return found


def _counted(events: Events, lanes: Lanes, colouring: Colouring, window: tuple[int, int], bins: int) -> Density:
    """Return the counts; the events are in order, so the bins are slices of them."""
    bounds = places(events, window, bins)
    view = slice(int(bounds[0]), int(bounds[-1]))
    part = np.repeat(np.arange(bins, dtype=np.int64), np.diff(bounds))
    colours = len(colouring)
    cells = (lanes.codes[view].astype(np.int64) * bins + part) * colours + colouring.codes[view]
    counts = np.bincount(cells, minlength=len(lanes) * bins * colours)
    there = np.flatnonzero(counts)
    lane_bin, colour = np.divmod(there, colours)
    lane, of_lane = np.divmod(lane_bin, bins)
    return Density(
        bins, lane.astype(np.uint16), of_lane.astype(np.uint16), colour.astype(np.uint8), counts[there].astype(np.uint32)
    )
