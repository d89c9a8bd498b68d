"""What a reader did in the drawing of a map, made out from what the browser sent: a browser may send anything."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal, cast, get_args

import numpy as np

from core.analysis.projection.raster import Window
from pages.shared.map.payload import View
from pages.shared.map.points import MapPoints

__all__ = ["Gesture", "gesture_of", "serial_of", "view_of"]

Kind = Literal["open", "hover", "region", "view", "clear"]

_MOST_CORNERS: Final = 64
_FARTHEST: Final = 1e12
_LATEST: Final = 2**53
_FEWEST_CELLS, _MOST_CELLS = 16, 800
_STEPS: Final = 65_535  # a place that was drawn is known to this share of the extent


@dataclass(frozen=True)
class Gesture:
    """What a reader did in the drawing; only the fields of its kind are set.

    kind      fields
    open      row: the memory that was clicked, or opened with Enter
    hover     row: the pointer rests on it; give its lines as `tips` with the same run
    region    polygon: three to 64 corners (x, y) in the units of the coordinates; a box has four
    view      window: what is in view now
    clear     nothing: the reader let go of region, picked and selected (Escape)
    """

    kind: Kind
    row: int | None = None
    polygon: tuple[tuple[float, float], ...] = ()
    window: Window | None = None
    serial: int = 0


def gesture_of(sent: Any, points: MapPoints) -> Gesture | None:
    """Return what the browser sent as a gesture on these points, None where it is none."""
    kind = sent.get("kind") if isinstance(sent, dict) else None
    if not isinstance(kind, str) or kind not in get_args(Kind):
        return None
    view = view_of(sent)
    row, polygon, window = _row(sent, points), _corners(sent.get("polygon")), view.window if view else None
    complete = {"open": row is not None, "hover": row is not None, "region": bool(polygon), "view": window is not None}
    if not complete.get(kind, True):
        return None
    return Gesture(cast(Kind, kind), row=row, polygon=polygon, window=window, serial=serial_of(sent))


def serial_of(sent: Any) -> int:
    """Return the number of what was sent, 0 where it has none."""
    serial = sent.get("serial") if isinstance(sent, dict) else None
    return serial if isinstance(serial, int) and not isinstance(serial, bool) and 0 < serial < _LATEST else 0


def view_of(sent: Any) -> View | None:
    """Return what part of the map the browser wants to see, None where it does not say."""
    if not isinstance(sent, dict) or sent.get("kind") != "view":
        return None
    corners = _corners([sent.get("low"), sent.get("high")], least=2)
    columns, rows = (_number(sent.get(name)) for name in ("columns", "rows"))
    if len(corners) != 2 or columns is None or rows is None:
        return None
    (x0, y0), (x1, y1) = corners
    if x0 >= x1 or y0 >= y1:
        return None
    return View((x0, y0, x1, y1), *(round(min(max(cells, _FEWEST_CELLS), _MOST_CELLS)) for cells in (columns, rows)))


def _row(sent: dict[str, Any], points: MapPoints) -> int | None:
    """Return the row of a point: the one that was sent if it lies where it was seen, else what does lie there.

    The rows of an index may have changed since the browser drew it.
    """
    row, at = _number(sent.get("row")), _corners([sent.get("at")], least=1)
    if row is None or not at:
        return None
    x0, y0, x1, y1 = points.extent
    reach = 2 * max(x1 - x0, y1 - y0, 1e-9) / _STEPS
    near = row.is_integer() and 0 <= row < len(points) and math.dist(points.coords[int(row)].tolist(), at[0]) <= reach
    if near and np.isfinite(points.coords[int(row)]).all():
        return int(row)
    found = points.near(*at[0], reach=reach, most=1)
    return int(found[0]) if len(found) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _FARTHEST:
        return None
    return float(value)


def _corners(value: Any, *, least: int = 3) -> tuple[tuple[float, float], ...]:
    """Return corners, none where one of them is no place or there are too few or too many."""
    if not isinstance(value, list) or not least <= len(value) <= _MOST_CORNERS:
        return ()
    found: list[tuple[float, float]] = []
    for corner in value:
        parts = [_number(part) for part in corner] if isinstance(corner, list) else []
        if len(parts) != 2 or parts[0] is None or parts[1] is None:
            return ()
        found.append((parts[0], parts[1]))
    return tuple(found)
