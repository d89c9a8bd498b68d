"""Figures of the page Lifecycle: what the rules touch, what expires when, how confidence fades. Data in, figure out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from pages.shared.charts import finish, plot_text
from pages.shared.theme import Tokens

__all__ = ["AGES", "Curve", "age_bars", "fading_curves", "shift_bars"]

# Ages in days, as people tell them apart; the last has no end.
AGES: Final[tuple[tuple[str, float, float], ...]] = (
    ("<1 week", 0, 7),
    ("1–4 wk", 7, 28),
    ("1–3 mo", 28, 91),
    ("3–6 mo", 91, 182),
    ("6–12 mo", 182, 365),
    (">1 year", 365, float("inf")),
    ("unknown", float("nan"), float("nan")),
)


@dataclass(frozen=True)
class Curve:
    """How the confidence of one kind of memory falls: a value for each day, from 0."""

    label: str
    colour: str
    values: tuple[float, ...]
    dash: str = "solid"


def age_bars(rows: Sequence[tuple[str, str, Sequence[int]]], t: Tokens) -> go.Figure:
    """Draw how many memories of each age the rules touch; a row is label, colour and one count for each of AGES."""
    figure = go.Figure()
    shown = [place for place, _ in enumerate(AGES) if place < len(AGES) - 1 or any(row[2][place] for row in rows)]
    names = [AGES[place][0] for place in shown]
    for label, colour, counts in rows:
        figure.add_bar(
            x=names,
            y=[counts[place] for place in shown],
            name=plot_text(label, 60),
            marker={"color": colour, "line": {"width": 1, "color": t.ground}, "cornerradius": 2},
            hovertemplate="%{x}<br><b>%{y:,}</b> · " + plot_text(label, 60) + "<extra></extra>",
        )
    figure.update_layout(barmode="stack", bargap=0.28, showlegend=len(rows) > 1, legend=_LEGEND)
    figure.update_xaxes(tickangle=0, title_text="Time since they were made")
    most = max((sum(row[2][place] for row in rows) for place in shown), default=0)
    return finish(figure, t, height=260, y_title="Memories", top=34 if len(rows) > 1 else 10, most=most)


def fading_curves(curves: Sequence[Curve], t: Tokens, *, threshold: float | None) -> go.Figure:
    """Draw confidence by days without reinforcement, a line for each kind, named at its end."""
    figure = go.Figure()
    for curve in curves:
        days = list(range(len(curve.values)))
        figure.add_scatter(
            x=days,
            y=curve.values,
            mode="lines",
            name=plot_text(curve.label),
            line={"color": curve.colour, "width": 2.5, "dash": curve.dash},
            hovertemplate="%{x} days: <b>%{y:.2f}</b> · " + plot_text(curve.label) + "<extra></extra>",
        )
    if threshold is not None:
        last = max((len(curve.values) for curve in curves), default=2) - 1
        figure.add_scatter(
            x=[0, last],
            y=[threshold, threshold],
            mode="lines",
            name=f"retire below {threshold:g}",
            line={"color": t.warn, "width": 1.5, "dash": "dot"},
            hoverinfo="skip",
        )
    figure.update_layout(showlegend=True, legend=_LEGEND, hovermode="x unified" if len(curves) < 6 else "closest")
    figure.update_xaxes(title_text="Days since it was last recalled or validated")
    figure = finish(figure, t, height=280, y_title="Effective confidence", top=34)
    figure.update_yaxes(range=[0, 1.02], tickvals=[0, 0.25, 0.5, 0.75, 1], tickformat=".2f")
    return figure


def shift_bars(frame: pd.DataFrame, t: Tokens, *, threshold: float | None) -> go.Figure:
    """Draw how confidence is spread as it was stated and as it counts today; `frame` has low, high, stated, effective."""
    middle = (frame["low"] + frame["high"]) / 2
    said = [f"{a:.2f} to {b:.2f}" for a, b in zip(frame["low"], frame["high"], strict=True)]
    figure = go.Figure()
    figure.add_bar(
        x=middle,
        y=frame["effective"],
        name="counts today",
        width=(frame["high"] - frame["low"]) * 0.86,
        marker={"color": t.bar, "cornerradius": 2},
        customdata=said,
        hovertemplate="%{customdata} today<br><b>%{y:,}</b> memories<extra></extra>",
    )
    figure.add_scatter(
        x=middle,
        y=frame["stated"],
        name="as it was stated",
        mode="lines",
        line={"color": t.muted, "width": 2, "shape": "hvh"},
        customdata=said,
        hovertemplate="%{customdata} as stated<br><b>%{y:,}</b> memories<extra></extra>",
    )
    if threshold is not None:
        figure.add_vline(x=threshold, line={"color": t.warn, "width": 1.5, "dash": "dot"})
        figure.add_annotation(
            x=threshold,
            y=1,
            yref="paper",
            text=f"retire below {threshold:g}",
            showarrow=False,
            xanchor="left",
            xshift=6,
            font={"color": t.muted, "size": 12.5},
        )
    figure.update_layout(showlegend=True, legend=_LEGEND)
    figure.update_xaxes(range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1], title_text="Confidence, 0 to 1")
    most = frame[["effective", "stated"]].to_numpy().max(initial=0)
    return finish(figure, t, height=280, y_title="Memories", top=34, most=most)


_LEGEND: Final = {
    "orientation": "h",
    "y": 1.02,
    "yanchor": "bottom",
    "x": 0,
    "itemclick": False,
    "itemdoubleclick": False,
    "traceorder": "normal",
}
