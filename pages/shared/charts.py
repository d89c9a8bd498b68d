"""Plotly figures in the page's own colours: growth, facet bars, what expires, confidence. Pure: data in, figure out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from core.hostile import one_line
from pages.shared.theme import Tokens, type_hue

__all__ = ["CONFIG", "confidence_bars", "day_bars", "facet_bars", "finish", "growth_bars", "plot_text"]

CONFIG: Final = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}
_ROW: Final = 27
_FEW: Final = 5
_UNIT_WORDS: Final = {
    "hour": "{day} {start:%b %Y, %H:00} UTC",
    "day": "{start:%a} {day} {start:%b %Y}",
    "week": "week of {day} {start:%b %Y}",
    "month": "{start:%B %Y}",
    "year": "{start:%Y}",
}
_UNIT_MS: Final = {"hour": 3_600_000, "day": 86_400_000, "week": 604_800_000, "month": 2_592_000_000, "year": 31_536_000_000}


def plot_text(value: str, limit: int = 30) -> str:
    """Return a value that Plotly shows as it is written: it reads tags, so they are escaped."""
    return html.escape(one_line(value, limit), quote=False)


def growth_bars(frame: pd.DataFrame, t: Tokens, *, unit: str, selected: Sequence[str] = ()) -> go.Figure:
    """Draw memories written per `unit`, stacked by type; `frame` has start, value and count."""
    figure = go.Figure()
    for name in _type_order(frame["value"]):
        rows = frame[frame["value"].isna()] if name is None else frame[frame["value"] == name]
        hue = type_hue(name)
        figure.add_bar(
            x=rows["start"],
            y=rows["count"],
            name=plot_text(hue.label),
            marker={"color": hue.now, "line": {"width": 0}},
            opacity=1.0 if not selected or (name or "unknown") in selected else 0.3,
            width=_UNIT_MS[unit] * 0.86,
            offset=0,
            customdata=_in_words(rows["start"], unit),
            hovertemplate="%{customdata}<br><b>%{y:,}</b> " + plot_text(hue.label).lower() + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0, showlegend=True)
    figure.update_xaxes(range=_at_least(frame["start"], unit))
    figure.update_layout(
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "itemclick": False,
            "itemdoubleclick": False,
            "traceorder": "normal",
        }
    )
    most = frame.groupby("start")["count"].sum().max()
    return finish(figure, t, height=290, y_title=f"Memories per {unit}", top=34, most=most)


def _at_least(starts: pd.Series[Any], unit: str, bars: int = 24) -> list[pd.Timestamp]:
    """Return an axis wide enough for some bars, so that a single one does not fill the chart."""
    one = pd.Timedelta(milliseconds=_UNIT_MS[unit])
    first, last = starts.min(), starts.max() + one
    return [min(first, last - bars * one) - one / 2, last + one / 2]


def facet_bars(
    values: Sequence[tuple[str, int]],
    t: Tokens,
    *,
    colours: Mapping[str, str],
    dots: Mapping[str, str],
    selected: Sequence[str],
    labels: Mapping[str, str],
) -> go.Figure:
    """Draw one bar a value with its count at the end; point i is `values[i]`. `dots` marks values that have a colour."""
    counts, rows = [count for _, count in values], list(range(len(values)))
    faded = [1.0 if not selected or value in selected else 0.28 for value, _ in values]
    # A click filters and draws anew: nothing is dimmed meanwhile. Plotly fails on bars with text without these two.
    calm = {"marker": {"opacity": 1}, "textfont": {"color": t.muted}}
    figure = go.Figure(
        go.Bar(
            y=rows,
            x=counts,
            orientation="h",
            marker={"color": [colours.get(value, t.bar) for value, _ in values], "opacity": faded, "cornerradius": 3},
            text=[f"{count:,}" for count in counts],
            textposition="outside",
            textfont={"color": t.muted, "size": 13},
            cliponaxis=False,
            selected=calm,
            unselected=calm,
            width=0.62,
            customdata=[plot_text(labels.get(value, value), 120) for value, _ in values],
            hovertemplate="%{customdata}<br><b>%{x:,}</b> memories<extra></extra>",
        )
    )
    figure.update_xaxes(visible=False, range=[0, (max(counts, default=1) or 1) * 1.18])
    names = [_dot(dots.get(value)) + plot_text(labels.get(value, value), 24) for value, _ in values]
    figure.update_yaxes(
        tickvals=rows, ticktext=names, autorange="reversed", showgrid=False, automargin=True, ticksuffix="  "
    )
    return finish(figure, t, height=_ROW * len(values) + 8, y_title=None, top=2)


def _dot(colour: str | None) -> str:
    return f'<span style="color:{colour}">●</span> ' if colour else ""


def _in_words(starts: pd.Series[pd.Timestamp], unit: str) -> list[str]:
    return [_UNIT_WORDS[unit].format(start=start, day=start.day) for start in starts]


def day_bars(frame: pd.DataFrame, t: Tokens) -> go.Figure:
    """Draw how many memories expire on each day; `frame` has day and count."""
    figure = go.Figure(
        go.Bar(
            x=frame["day"],
            y=frame["count"],
            marker={"color": t.warn, "cornerradius": 2},
            customdata=_in_words(frame["day"], "day"),
            hovertemplate="%{customdata}<br><b>%{y:,}</b> expire<extra></extra>",
        )
    )
    figure.update_layout(bargap=0.25)
    return finish(figure, t, height=220, y_title="Memories that expire", top=10, most=frame["count"].max())


def confidence_bars(frame: pd.DataFrame, t: Tokens, *, low: float) -> go.Figure:
    """Draw how confidence is spread, with what is below `low` set apart; `frame` has low, high and count."""
    middle = (frame["low"] + frame["high"]) / 2
    figure = go.Figure(
        go.Bar(
            x=middle,
            y=frame["count"],
            width=(frame["high"] - frame["low"]) * 0.88,
            marker={"color": [t.warn if high <= low + 1e-9 else t.bar for high in frame["high"]], "cornerradius": 2},
            customdata=[f"{a:.2f} to {b:.2f}" for a, b in zip(frame["low"], frame["high"], strict=True)],
            hovertemplate="confidence %{customdata}<br><b>%{y:,}</b> memories<extra></extra>",
        )
    )
    figure.add_vline(x=low, line={"color": t.warn, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        x=low,
        y=1,
        yref="paper",
        text=f"low: below {low:g}",
        showarrow=False,
        xanchor="right",
        xshift=-6,
        font={"color": t.muted, "size": 12.5},
    )
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1], title_text="Confidence, 0 to 1")
    return finish(figure, t, height=220, y_title="Memories", top=10, most=frame["count"].max())


def _type_order(values: pd.Series[Any]) -> list[str | None]:
    present = {None if pd.isna(v) else str(v) for v in values.unique()}
    known: list[str | None] = [name for name in ("episodic", "semantic", "procedural") if name in present]
    return known + sorted(v for v in present - set(known) if v is not None) + ([None] if None in present else [])


def finish(
    figure: go.Figure, t: Tokens, *, height: int, y_title: str | None, top: int, most: float | None = None
) -> go.Figure:
    """Apply what every chart shares: no junk, the page's colours, no zoom by accident; few counts have whole ticks."""
    axis = {"fixedrange": True, "gridcolor": t.line, "zeroline": False, "tickfont": {"color": t.muted, "size": 13}}
    figure.update_xaxes(**axis, showgrid=False, linecolor=t.line, title_font={"color": t.muted, "size": 13})
    figure.update_yaxes(**axis, title_font={"color": t.muted, "size": 13})
    if y_title:
        figure.update_yaxes(title_text=y_title, nticks=5, rangemode="tozero", tickformat=",d", automargin=True)
    if most is not None and most < _FEW:
        figure.update_yaxes(dtick=1)
    figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": top, "b": 0},
        dragmode=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"bgcolor": t.ground, "bordercolor": t.line, "font": {"color": t.text, "size": 13}, "align": "left"},
        font={"color": t.text, "size": 13},
        legend_font={"color": t.muted, "size": 13},
        uirevision="fixed",
    )
    return figure
