"""A picture as the component reads it: little-endian columns in base64. The other end is assets/timeline/payload.js.

A point is 17 bytes, so that 20,000 of them are 450 KB on the wire. Times are float64: microseconds since 1970 are whole
numbers in it until the year 2255.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, Required, TypedDict

import numpy as np
import numpy.typing as npt

from core.analysis.timeline import Picture, micros
from core.hostile import clean_text, one_line

__all__ = ["SHOWS", "Drawing", "drawing_data", "packed", "picture_data", "preview_texts"]

SHOWS: Final = frozenset({"marks", "handoffs", "sessions", "gaps", "expiry"})

_LABEL: Final = 80
_PREVIEW: Final = 300
_COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "points": {"x": "f8", "row": "i4", "lane": "u2", "colour": "u1", "mark": "u1", "weight": "u1"},
    "density": {"count": "u4", "lane": "u2", "bin": "u2", "colour": "u1"},
    "spans": {"lo": "f8", "hi": "f8", "lane": "u2", "count": "u4"},
    "gaps": {"lo": "f8", "hi": "f8", "lane": "u2"},
    "handoffs": {
        "from_x": "f8",
        "to_x": "f8",
        "from_row": "i4",
        "to_row": "i4",
        "from_lane": "u2",
        "to_lane": "u2",
        "stated": "u1",
    },
    "expiries": {"x": "f8", "row": "i4", "lane": "u2"},
}


class Drawing(TypedDict, total=False):
    """How a picture is drawn; only the first four must be given."""

    palette: Required[Sequence[str]]  # a CSS colour for each colour code of the picture
    names: Required[Sequence[str]]  # what each of them means; shown as text, never as markup
    title: Required[str]  # names the figure for screen readers and heads the downloads
    file_name: Required[str]  # of the downloads, without an ending
    lane_colours: Sequence[str | None] | None
    weight: Literal["size", "opacity", ""]  # how confidence is shown
    shows: Collection[str]  # some of SHOWS; all of them unless given
    now: datetime | None  # a line there, on axes that are a time
    as_of: datetime | None  # likewise; what is after it is veiled
    selected_row: int | None
    region: Sequence[tuple[float, float]] | None  # corners, as a gesture has them
    picked_rows: Sequence[int]  # the others are dimmed, unless there are none
    previews: Mapping[int, str] | None  # texts for the tip over a point, by row: give what is cheap


def packed(values: npt.ArrayLike, kind: str) -> dict[str, str]:
    """Return an array for payload.js; `kind` is a numpy type code: f8, i4, u4, u2 or u1."""
    column = np.ascontiguousarray(values, dtype=f"<{kind}")
    return {"type": kind, "data": base64.b64encode(column.tobytes()).decode("ascii")}


def preview_texts(previews: Mapping[int, str]) -> dict[str, str]:
    """Return the texts for the tips, cleaned and short."""
    return {str(row): clean_text(text[: 4 * _PREVIEW], limit=_PREVIEW) for row, text in previews.items()}


def drawing_data(picture: Picture, drawing: Drawing) -> dict[str, Any]:
    """Return all that the component reads but for the gesture that was answered."""
    shows = frozenset(drawing.get("shows", SHOWS)) & SHOWS
    now, as_of = (drawing.get("now"), drawing.get("as_of")) if picture.axis.is_time else (None, None)
    region = drawing.get("region")
    return picture_data(picture, lane_colours=drawing.get("lane_colours"), shows=shows) | {
        "palette": list(drawing["palette"]),
        "names": [one_line(name, _LABEL) for name in drawing["names"]],
        "title": one_line(drawing["title"]),
        "file_name": drawing["file_name"],
        "weight": drawing.get("weight", ""),
        "shows": sorted(shows),
        "now": micros(now) if now is not None else None,
        "as_of": micros(as_of) if as_of is not None else None,
        "selected": drawing.get("selected_row"),
        "region": [list(corner) for corner in region] if region else None,
        "picked": [int(row) for row in drawing.get("picked_rows", ())],
        "previews": preview_texts(drawing.get("previews") or {}),
    }


def picture_data(picture: Picture, *, lane_colours: Sequence[str | None] | None, shows: frozenset[str]) -> dict[str, Any]:
    """Return what the drawing needs of a picture; what `shows` leaves out is not sent."""
    colours = lane_colours or (None,) * len(picture.lanes)
    lanes = zip(picture.lanes.labels, picture.lanes.counts.tolist(), picture.lane_counts.tolist(), colours, strict=True)
    spans = picture.spans if "sessions" in shows else None
    return {
        "axis": picture.axis.value,
        "kind": picture.kind,
        "window": list(picture.window),
        "extent": list(picture.extent),
        "total": picture.total,
        "in_view": picture.in_view,
        "unknown": picture.unknown_count,
        "unknown_rows": packed(picture.unknown_rows, "i4"),
        "ahead": picture.expiries.ahead if "expiry" in shows else 0,
        "bins": picture.density.bins if picture.density is not None else 1,
        "lanes": [
            {"label": one_line(label, _LABEL), "count": count, "in_view": seen, "colour": colour}
            for label, count, seen, colour in lanes
        ],
        "others": picture.lanes.others,
        "totals": {"handoffs": picture.handoffs.total, "expiries": picture.expiries.total},
        "overview": packed(picture.overview, "u4"),
        "points": _table("points", picture.points),
        "density": _table("density", picture.density),
        "spans": _table("spans", spans) | {"label": [one_line(label, _LABEL) for label in spans.label] if spans else []},
        "gaps": _table("gaps", picture.gaps if "gaps" in shows else None),
        "handoffs": _table("handoffs", picture.handoffs if "handoffs" in shows else None),
        "expiries": _table("expiries", picture.expiries if "expiry" in shows else None),
    }


def _table(name: str, found: object) -> dict[str, Any]:
    """Return the columns of a table of the picture, empty where there is none."""
    return {column: packed(() if found is None else getattr(found, column), kind) for column, kind in _COLUMNS[name].items()}
