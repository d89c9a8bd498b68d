"""A map as the component reads it: what changes with a run, and columns that the browser keeps under their digest.

The other end is assets/map/payload.js. A point is 6 bytes and a bit for each mask, so that 100,000 are 0.85 MB on the wire.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Required, TypedDict

import numpy as np
import numpy.typing as npt

from core.analysis.projection.raster import Raster, Window, raster, within
from core.hostile import clean_text, one_line
from pages.shared.map.columns import Columns
from pages.shared.map.points import MapPoints

__all__ = ["MOST_POINTS", "Drawing", "Label", "View", "drawing_data"]

MOST_POINTS: Final = 300_000  # drawn one by one; more are counted by cell
Label = tuple[float, float, str, float]  # x, y, text, weight: the heavier come first where there is no room for all

_LABEL: Final = 80
_TEXT: Final = 300
_FACT: Final = 120
_STEPS: Final = 65_535
_GRID: Final = 4  # steps in the width of a view
_MOST_CELLS: Final = 1_000
_UNPICKED: Final = 255  # a colour code that no palette has
_OUTWARDS: Final = (math.floor, math.floor, math.ceil, math.ceil)


class Drawing(TypedDict, total=False):
    """How points are drawn; only the first four must be given."""

    palette: Required[Sequence[str]]  # a CSS colour for each colour code
    names: Required[Sequence[str]]  # what each of them means; shown as text, never as markup
    title: Required[str]  # names the figure for screen readers and heads the downloads
    file_name: Required[str]  # of the downloads, without an ending
    note: str  # the line below the title of a download: how the map was made, as of when
    labels: Sequence[Label]  # of clusters: placed without overlap, more of them as one zooms in
    back: Collection[int]  # colour codes that are drawn behind the others and smaller: noise, unknown
    rings: Sequence[int]  # rows of the hits of a query, the best first; Tab goes from one to the next
    query: tuple[float, float] | None  # where the query itself lies
    selected_row: int | None
    region: Sequence[tuple[float, float]] | None  # corners, as a gesture has them
    picked: npt.NDArray[np.bool_] | None  # (n,): the others are dimmed; None: there is no selection
    ghosts: bool  # draw points that are not alive as faint dots, up to MOST_POINTS in all
    tips: Mapping[int, Sequence[str]]  # lines for the tip over a row, its text first: the answer to a "hover"
    focus: Window | None  # go there when it changes; the reader may leave it
    link: str  # charts with the same link on a page show the same part of the map
    tells_view: bool  # send a "view" when the reader rests; a raster always does


@dataclass(frozen=True)
class View:
    """What part of a map is in view, and how many cells of it are worth telling apart."""

    window: Window
    columns: int = 600
    rows: int = 390


def drawing_data(points: MapPoints, drawing: Drawing, *, view: View | None, columns: Columns) -> dict[str, Any]:
    """Return all that the component reads but for the gesture that was answered."""
    drawn = _drawn(points, view)
    back = sorted(int(code) for code in drawing.get("back", ()))
    if isinstance(drawn, View):
        scene = _raster_data(points, drawn, drawing.get("picked"), columns, np.array(back, dtype=np.uint8))
    else:
        scene = _points_data(points, drawn, drawing.get("picked"), columns)
    focus, region, query = drawing.get("focus"), drawing.get("region"), drawing.get("query")
    return scene | {
        "palette": list(drawing["palette"]),
        "names": [one_line(name, _LABEL) for name in drawing["names"]],
        "title": one_line(drawing["title"]),
        "file_name": drawing["file_name"],
        "note": one_line(drawing.get("note", "")),
        "extent": list(points.extent),
        "window": list(view.window) if view else None,  # of which this is the picture
        "total": points.total,
        "labels": [_label(label) for label in drawing.get("labels", ())],
        "back": back,
        "rings": [place for row in drawing.get("rings", ()) if (place := _place(points, row))],
        "query": [float(part) for part in query] if query else None,
        "selected": _place(points, drawing.get("selected_row")),
        "region": [[float(x), float(y)] for x, y in region] if region else None,
        "ghosts": drawing.get("ghosts", False),
        "tips": {str(row): _tip(lines) for row, lines in drawing.get("tips", {}).items()},
        "focus": [float(edge) for edge in focus] if focus else None,
        "link": drawing.get("link", ""),
        "tells_view": drawing.get("tells_view", False) or scene["kind"] == "raster" or scene["rows"] is not None,
        "columns": columns.sent,
    }


def _drawn(points: MapPoints, view: View | None) -> npt.NDArray[np.int32] | View | None:
    """Return which rows are drawn one by one, None for all, or the view whose cells are counted."""
    if len(points) <= MOST_POINTS:
        return None
    if points.total <= MOST_POINTS:
        return np.flatnonzero(points.shown).astype(np.int32)
    if view is None:
        return View(points.extent)
    wider = _wider(view)
    for window in (wider.window, view.window):
        rows = np.flatnonzero(points.shown & within(points.coords, window)).astype(np.int32)
        if len(rows) <= MOST_POINTS:
            return rows
    return wider


def _wider(view: View) -> View:
    """Return a view with its edges moved out to a grid that goes with its size: a short drag then needs nothing new."""
    x0, y0, x1, y1 = view.window
    step = 2.0 ** math.ceil(math.log2(max(x1 - x0, y1 - y0, 1e-9))) / _GRID
    low_x, low_y, high_x, high_y = (move(edge / step) * step for edge, move in zip(view.window, _OUTWARDS, strict=True))
    columns, rows = view.columns * (high_x - low_x) / max(x1 - x0, 1e-9), view.rows * (high_y - low_y) / max(y1 - y0, 1e-9)
    return View((low_x, low_y, high_x, high_y), min(round(columns), _MOST_CELLS), min(round(rows), _MOST_CELLS))


def _points_data(
    points: MapPoints, rows: npt.NDArray[np.int32] | None, picked: npt.NDArray[np.bool_] | None, columns: Columns
) -> dict[str, Any]:
    """Return the columns of points: of all in their order, or of some with their rows."""

    def taken(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return values if rows is None else values[rows]

    coords = taken(points.coords)
    box = points.extent if rows is None else _box(coords, points.extent)
    low, span = np.array(box[:2], dtype=np.float64), np.array([box[2] - box[0], box[3] - box[1]])
    placed = np.where(np.isfinite(coords), (coords - low) * (_STEPS / np.where(span > 0, span, 1.0)), 0.0)
    return {
        "kind": "points",
        "count": len(coords),
        "box": list(box),
        "place": columns.add(np.rint(placed), "u2"),
        "colour": columns.add(taken(points.codes), "u1"),
        "size": columns.add(taken(points.sizes), "u1") if points.sizes is not None else None,
        "alive": columns.bits(points.shown) if rows is None and not points.shown.all() else None,
        "picked": columns.bits(taken(picked)) if picked is not None else None,
        "rows": columns.add(rows, "u4") if rows is not None else None,
    }


def _box(coords: npt.NDArray[np.float32], otherwise: Window) -> Window:
    if not len(coords):
        return otherwise
    (x0, y0), (x1, y1) = coords.min(axis=0).tolist(), coords.max(axis=0).tolist()
    return (x0, y0, x1, y1)


def _raster_data(
    points: MapPoints,
    view: View,
    picked: npt.NDArray[np.bool_] | None,
    columns: Columns,
    back: npt.NDArray[np.uint8],
) -> dict[str, Any]:
    """Return counts by cell of a view, and coarser ones of the whole map to lie behind it."""
    near = _cells_data(_counted(points, view, picked, back), columns)
    whole = View(points.extent, columns=300, rows=195)
    behind = near if view.window == points.extent else _cells_data(_counted(points, whole, picked, back), columns)
    return {"kind": "raster", "rows": None, "cells": [behind, near]}


def _counted(points: MapPoints, view: View, picked: npt.NDArray[np.bool_] | None, back: npt.NDArray[np.uint8]) -> Raster:
    """Return the counts of a view. A cell has the colour of what is picked in it, or _UNPICKED; `back` only where alone."""

    def counts(mask: npt.NDArray[np.bool_]) -> Raster:
        coords, codes = (points.coords, points.codes) if mask.all() else (points.coords[mask], points.codes[mask])
        return raster(coords, codes, window=view.window, columns=view.columns, rows=view.rows)

    found = counts(points.shown)
    coloured = points.shown if picked is None else points.shown & picked
    codes = found.codes
    if picked is not None:
        chosen = counts(coloured)
        codes = np.where(chosen.counts > 0, chosen.codes, np.uint8(_UNPICKED))
    if len(back):
        front = counts(coloured & ~np.isin(points.codes, back))
        codes = np.where(front.counts > 0, front.codes, codes)
    return replace(found, codes=codes)


def _cells_data(counted: Raster, columns: Columns) -> dict[str, Any]:
    return {
        "window": list(counted.window),
        "columns": counted.columns,
        "rows": counted.rows,
        "counts": columns.add(np.minimum(counted.counts, _STEPS), "u2"),
        "codes": columns.add(counted.codes, "u1"),
    }


def _place(points: MapPoints, row: int | None) -> list[float] | None:
    """Return x, y and the row, None where there is no such point."""
    if row is None or not 0 <= row < len(points) or not np.isfinite(points.coords[row]).all():
        return None
    return [*(float(part) for part in points.coords[row]), int(row)]


def _label(label: Label) -> list[float | str]:
    x, y, text, weight = label
    return [float(x), float(y), one_line(text, _LABEL), float(weight)]


def _tip(lines: Sequence[str]) -> list[str]:
    """Return the lines of a tip, cleaned and short."""
    return [clean_text(line[: 4 * _TEXT], limit=_FACT if i else _TEXT) for i, line in enumerate(lines)]
