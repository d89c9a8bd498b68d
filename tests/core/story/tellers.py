"""Frames of one task, written as short lines: who says what, when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd

from core.analysis.frame import COLUMNS
from core.analysis.story import FIELDS, Story, story

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
Line = tuple[str | None, str] | tuple[str | None, str, dict[str, Any]]


def frame_of(*lines: Line) -> tuple[pd.DataFrame, dict[str, pd.Series[Any]]]:
    """Return the frame and the extra columns of lines (agent, text, fields); a minute passes from line to line."""
    rows, extras = [], []
    for place, line in enumerate(lines):
        given: dict[str, Any] = dict(line[2]) if len(line) > 2 else {}
        extras.append({name: given.pop(name) for name in FIELDS if name in given})
        values = {"key": f"k{place:04d}", "task_id": "t", "team_id": "red", "created_at": START + timedelta(minutes=place)}
        rows.append(values | {"agent_id": line[0], "content": line[1], "tags": [], "derived_from": []} | given)
    columns = {}
    for name, kind in COLUMNS.items():
        found = pd.Series([row.get(name) for row in rows], dtype=object)
        columns[name] = found.fillna(0).astype(kind) if kind == "int64" else found.astype(kind)
    names = {name for extra in extras for name in extra}
    return pd.DataFrame(columns), {name: pd.Series([e.get(name) for e in extras], dtype=object) for name in names}


def told(*lines: Line, **options: Any) -> Story:
    """Return the story of lines."""
    frame, extras = frame_of(*lines)
    return story(frame, ("red", "t"), extras=extras, **options)


def tagged(*tags: str, **fields: Any) -> dict[str, Any]:
    """Return the fields of a line with tags."""
    return {"tags": list(tags), **fields}
