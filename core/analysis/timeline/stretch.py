"""Where most of it happened: a few clocks that are far off would otherwise make a line of everything else."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.analysis.timeline.event import Axis, Events

__all__ = ["main_stretch"]

# Fewer events are no crowd that a few could stand apart from.
_LEAST: Final = 20
# At most one in so many, at either end, is far off.
_ONE_IN: Final = 50
# As far off as so many times what the others fill.
_FAR: Final = 4
_SECOND: Final = 1_000_000
_MARGIN: Final = 0.02


def main_stretch(events: Events) -> tuple[int, int] | None:
    """Return the window of what happened together, with a margin, where a few events are far off; else None.

    At most one event in 50 at either end is far off, and only behind a silence of four times what the others fill.
    """
    x, size = events.x, len(events)
    if events.axis is Axis.ORDER or size < _LEAST:
        return None
    most = max(1, size // _ONE_IN)
    far = _FAR * max(int(x[size - 1 - most]) - int(x[most]), _SECOND)
    before, after = (np.flatnonzero(np.diff(end.astype(np.float64)) > far) for end in (x[: most + 1], x[-most - 1 :]))
    if not len(before) and not len(after):
        return None
    lo = int(x[before[-1] + 1 if len(before) else 0])
    hi = int(x[size - 1 - most + after[0] if len(after) else size - 1])
    margin = max(int(_MARGIN * (hi - lo)), _SECOND // 2)
    return lo - margin, hi + margin
