"""Figures of the Measures view: whether probabilities mean what they say, and what a threshold would do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from core.curation.conflicts.measuring import Outlook
from core.curation.conflicts.measuring.calibration import Calibration
from pages.shared.charts import finish
from pages.shared.theme import Tokens

__all__ = ["calibration_curve", "outlook_curve"]


def calibration_curve(found: Calibration, t: Tokens) -> go.Figure:
    """Draw how many of the decided cards clash, by how likely that was said to be; the line is what would be right."""
    bins = [each for each in found.bins if each.count]
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(x=[0, 1], y=[0, 1], mode="lines", line={"color": t.muted, "width": 1, "dash": "dot"}, hoverinfo="skip")
    )
    known = [each for each in bins if each.share.value is not None]
    figure.add_trace(
        go.Scatter(
            x=[each.mean for each in known],
            y=[each.share.value for each in known],
            mode="markers+lines",
            marker={"color": t.accent, "size": [min(22, 7 + each.count**0.5) for each in known]},
            line={"color": t.accent, "width": 1.5},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [(each.share.high or 0) - (each.share.value or 0) for each in known],
                "arrayminus": [(each.share.value or 0) - (each.share.low or 0) for each in known],
                "color": t.muted,
                "thickness": 1,
                "width": 3,
            },
            customdata=[[f"{each.low:.0%} to {each.high:.0%}", each.count, each.share.words] for each in known],
            hovertemplate="said %{customdata[0]}<br><b>%{customdata[2]}</b> are conflicts<extra></extra>",
        )
    )
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", title_text="How likely the judge said that they clash")
    finish(figure, t, height=300, y_title=None, top=10)
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", title_text="Were conflicts", automargin=True)
    return figure


def outlook_curve(found: Sequence[Outlook], t: Tokens, *, now: float, chosen: float) -> go.Figure:
    """Draw how many cards there would be from each threshold on, with the one of now and the one that is looked at."""
    figure = go.Figure(
        go.Bar(
            x=[each.threshold for each in found],
            y=[each.cards for each in found],
            width=0.04,
            marker={"color": [t.accent if each.threshold >= chosen - 1e-9 else t.line for each in found], "cornerradius": 2},
            customdata=[[each.precision.words, each.recall.words] for each in found],
            hovertemplate="from %{x:.0%}: <b>%{y:,.0f} cards</b><br>precision %{customdata[0]}<br>recall %{customdata[1]}"
            "<extra></extra>",
        )
    )
    figure.add_vline(x=now, line={"color": t.warn, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        x=now, y=1, yref="paper", text=f"now: {now:.0%}", showarrow=False, xanchor="left", xshift=6,
        font={"color": t.muted, "size": 12.5},
    )  # fmt: skip
    figure.update_layout(showlegend=False)
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title_text="Threshold: how likely a clash must be to become a card")
    return finish(figure, t, height=240, y_title="Cards", top=10, most=max((each.cards for each in found), default=0))
