"""The figures of one agent's life: when it was active, how sure it was. Pure: data in, figure out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.analysis.agent_activity import WEEKDAYS, Activity
from pages.shared.charts import finish, growth_bars
from pages.shared.theme import Tokens
from pages.shared.words import day_text, minute_words

__all__ = ["activity_map", "activity_words", "cell_words", "confidence_line", "written_bars"]

_ROW: Final = 22
_TURNED: Final = 14  # more days than that stand side by side, with the hours from top to bottom
_STEPS: Final = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}
_FEWEST: Final = 8  # bars that the axis has room for, so that two do not fill the chart


def activity_map(found: Activity, t: Tokens) -> go.Figure:
    """Draw when an agent was active: the more memories, the stronger the colour; hours are UTC."""
    rows, columns = _row_names(found), _column_names(found)
    words = [[cell_words(found, row, column) for column in range(len(columns))] for row in range(len(rows))]
    counts = np.where(found.counts > 0, found.counts.astype(float), np.nan)
    turned = len(rows) > _TURNED
    if turned:
        counts, words, rows, columns = counts.T, [list(each) for each in zip(*words, strict=True)], columns, rows
    figure = go.Figure(
        go.Heatmap(
            z=counts,
            x=list(range(len(columns))),
            y=list(range(len(rows))),
            text=words,
            hovertemplate="%{text}<extra></extra>",
            hoverongaps=False,
            colorscale=[[0, _mixed(t.accent, t.panel, 0.3)], [1, t.accent]],
            zmin=0,
            zmax=max(1, int(found.counts.max(initial=1))),
            showscale=False,
            xgap=1 if len(columns) > 30 else 2,
            ygap=1 if len(rows) > 30 else 2,
        )
    )
    every = max(1, -(-len(columns) // 6))
    figure.update_xaxes(tickvals=list(range(0, len(columns), every)), ticktext=columns[::every], range=_around(len(columns)))
    down = 3 if len(rows) > _TURNED else 1
    figure.update_yaxes(
        tickvals=list(range(0, len(rows), down)),
        ticktext=rows[::down],
        range=list(reversed(_around(len(rows)))),
        automargin=True,
        showgrid=False,
    )
    figure.update_layout(plot_bgcolor=t.panel)
    finished = finish(figure, t, height=max(150, min(420, (14 if turned else _ROW) * len(rows) + 46)), y_title=None, top=6)
    return finished.update_layout(plot_bgcolor=t.panel)


def _around(count: int) -> list[float]:
    return [-0.5, count - 0.5]


def _row_names(found: Activity) -> list[str]:
    if found.kind == "weekdays":
        return [day[:3] for day in WEEKDAYS]
    if found.kind == "days":
        return [f"{day:%a} {day.day} {day:%b}" for day in found.starts]
    return [f"{start:%H:%M}" for start in found.starts]


def _column_names(found: Activity) -> list[str]:
    if found.kind in ("weekdays", "days"):
        return [f"{hour:02d}:00" for hour in range(24)]
    return [f":{5 * step:02d}" for step in range(found.counts.shape[1])]


def cell_words(found: Activity, row: int, column: int) -> str:
    """Return what one cell of the grid says: its time, UTC, and its count."""
    count = int(found.counts[row, column])
    return f"{_cell_time(found, row, column)}<br><b>{count:,}</b> {'memory' if count == 1 else 'memories'}"


def _cell_time(found: Activity, row: int, column: int) -> str:
    if found.kind == "weekdays":
        return f"{WEEKDAYS[row]}s, {column:02d}:00 to {column + 1:02d}:00 UTC"
    start = found.starts[row]
    if found.kind == "days":
        return f"{start:%a} {start.day} {start:%b %Y}, {column:02d}:00 to {column + 1:02d}:00 UTC"
    step = timedelta(minutes=5) if found.kind == "hours" else timedelta(seconds=5)
    begins = start + column * step
    shape = "%H:%M" if found.kind == "hours" else "%H:%M:%S"
    return f"{begins.day} {begins:%b %Y}, {begins:{shape}} to {begins + step:{shape}} UTC"


def activity_words(found: Activity) -> str:
    """Return what the map says, for those who do not see it: the busiest time, and what has no time."""
    if not found.total:
        return "No memory of it has a time."
    row, column = found.busiest()
    most = int(found.counts[row, column])
    busiest = f"Busiest: {_cell_time(found, row, column)}, with {most:,}."
    said = busiest if most > 1 else "Never more than one memory at a time."
    return f"{said} {found.unknown:,} more have no time." if found.unknown else said


def confidence_line(table: pd.DataFrame, t: Tokens) -> go.Figure:
    """Draw the median confidence of what was written with the middle half as a band; `table` is confidence_over_time's."""
    unit = str(table.attrs.get("unit", "day"))
    starts = [_half_later(start, unit) for start in table["start"]]
    figure = go.Figure()
    line = {"width": 0, "shape": "linear"}
    quiet = {"hoverinfo": "skip", "showlegend": False, "mode": "lines", "line": line}
    figure.add_scatter(x=starts, y=table["high"], **quiet)
    figure.add_scatter(x=starts, y=table["low"], fill="tonexty", fillcolor=_clear(t.accent, 0.18), **quiet)
    figure.add_scatter(
        x=starts,
        y=table["median"],
        mode="lines+markers",
        line={"color": t.accent, "width": 2},
        marker={"color": t.accent, "size": 6},
        customdata=_bucket_words(table, unit),
        hovertemplate="%{customdata}<br>median <b>%{y:.2f}</b><extra></extra>",
        showlegend=False,
    )
    figure.update_yaxes(range=[0, 1.02], tickvals=[0, 0.25, 0.5, 0.75, 1])
    finish(figure, t, height=220, y_title=None, top=10)
    return figure.update_yaxes(title_text="Confidence, 0 to 1")


def written_bars(grown: pd.DataFrame, t: Tokens) -> go.Figure:
    """Draw what an agent wrote over time, stacked by type, from its first memory to its last; `grown` is growth's."""
    unit = str(grown.attrs["unit"])
    one = timedelta(seconds=_STEPS[unit])
    first, end = grown["start"].min(), grown["start"].max() + one
    figure = growth_bars(grown, t, unit=unit)
    return figure.update_xaxes(range=[min(first, end - _FEWEST * one) - one / 2, end + one / 2])


def _half_later(start: datetime, unit: str) -> datetime:
    return start + timedelta(seconds=_STEPS.get(unit, 86_400) / 2)


def _bucket_words(table: pd.DataFrame, unit: str) -> list[str]:
    columns = (table[name].tolist() for name in ("start", "low", "high", "stated", "memories"))
    return [
        f"{_bucket_start(start, unit)}<br>{stated} of {memories} stated, half between {low:.2f} and {high:.2f}"
        for start, low, high, stated, memories in zip(*columns, strict=True)
    ]


def _bucket_start(start: datetime, unit: str) -> str:
    if unit in ("minute", "hour"):
        return f"{minute_words(start)} UTC"
    return f"{start:%a} {day_text(start)}" if unit == "day" else f"{unit} from {day_text(start)}"


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = zip(_parts(colour), _parts(ground), strict=True)
    return "#" + "".join(f"{round(share * a + (1 - share) * b):02x}" for a, b in pairs)


def _clear(colour: str, share: float) -> str:
    return f"rgba({','.join(str(part) for part in _parts(colour))},{share})"


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
