"""The map in three dimensions, to turn and to look at; Plotly draws it. Memories are chosen in the flat one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.analysis.timeline import Colouring
from core.hostile import one_line
from pages.shared.charts import plot_text
from pages.shared.here import Here
from pages.shared.map.colours import name_of
from pages.shared.map.legend import legend
from pages.shared.map.picture import View
from pages.shared.map.progress import progress, quality_help, quality_words, stopped
from pages.shared.map.source import SPACE, looked
from pages.shared.selection import picked
from pages.shared.theme import Tokens, tokens
from pages.shared.words import plural

__all__ = ["in_space", "space_figure"]

# More make a page of many megabytes that turns slowly.
_MOST: Final = 50_000
# Texts on hover are most of what is sent.
_TEXTS: Final = 5_000
_TEXT: Final = 90
_NAMED: Final = 8
_NAME: Final = 28
_SMALLER: Final = 3_000
_HEIGHT: Final = 520
_HIDDEN: Final = {"visible": False, "showspikes": False}
_SCENE: Final = {
    "xaxis": _HIDDEN,
    "yaxis": _HIDDEN,
    "zaxis": _HIDDEN,
    "aspectmode": "data",
    "bgcolor": "rgba(0,0,0,0)",
    "camera": {"eye": {"x": 1.05, "y": 1.05, "z": 0.7}},
}


def in_space(here: Here, view: View) -> None:
    """Draw the map of three dimensions in the colours of the flat one, or how it comes to be."""
    found = looked(here, SPACE)
    if found is None:
        return
    snapshot, seen = found
    flat = view.source.state
    if (seen.stage, seen.problem) != (flat.stage, flat.problem) or seen.placed:  # what is said of both is said already
        stopped(here, snapshot, SPACE, seen)
    if seen.running:
        progress(here, snapshot, SPACE, seen)
    rows = view.where.shown
    there = rows[view.where.base[rows] >= 0]
    if seen.coords is None or seen.coords.shape[0] <= int(view.where.base.max(initial=0)):
        return
    if len(there) > _MOST:
        st.html(
            f"<p class='mn-empty'>{plural(len(there), 'memory')} are too many to turn in a browser: narrow the filters to "
            f"{_MOST:,}, or look at the flat map.</p>"
        )
        return
    if len(there) < len(rows):
        st.caption(f"{plural(len(rows) - len(there), 'memory')} of then that changed since are only in the flat map.")
    coords = seen.coords[view.where.base[there]]
    codes = view.colouring.codes[np.isin(rows, there)]
    chosen = view.where.rows.mask(picked(here))[there] if picked(here) else None
    texts = view.where.rows.frame["content"].iloc[there].tolist() if len(there) <= _TEXTS else None
    figure = space_figure(coords, codes, view.colours, view.colouring, tokens(), texts=texts, chosen=chosen)
    if "labels" in view.asked.draws:
        figure.add_trace(_named(coords, view, view.groups.codes[there], tokens()))
    config = {"displaylogo": False, "toImageButtonOptions": {"filename": f"{here.index}-map-3d"}}
    st.plotly_chart(figure, width="stretch", theme=None, key="map_space", config=config, alt=f"{view.title}, in space")
    if words := quality_words(seen):
        st.caption(f"{words[:1].upper()}{words[1:]}.", help=quality_help(seen))
    legend(here, view.where, view.colouring, view.colours, key="map_legend")


def space_figure(
    coords: np.ndarray,
    codes: np.ndarray,
    colours: Sequence[str],
    colouring: Colouring,
    t: Tokens,
    *,
    texts: Sequence[str] | None,
    chosen: np.ndarray | None,
) -> go.Figure:
    """Return points (n, 3) as one trace, those that are not chosen in grey; `texts` show on hover."""
    own = np.array(colours, dtype=object)[codes]
    if chosen is not None:
        own = np.where(chosen, own, t.line)
    size = 2.4 if len(coords) > _SMALLER else 3.6
    figure = go.Figure(
        go.Scatter3d(
            x=coords[:, 0],
            y=coords[:, 1],
            z=coords[:, 2],
            mode="markers",
            marker={"size": size, "color": own.tolist(), "opacity": 0.9, "line": {"width": 0}},
            text=_said(codes, colouring, texts),
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        scene=_SCENE,
        hoverlabel={"bgcolor": t.ground, "bordercolor": t.line, "font": {"color": t.text, "size": 13}, "align": "left"},
        uirevision="fixed",
        showlegend=False,
    )
    return figure


def _named(coords: np.ndarray, view: View, members: np.ndarray, t: Tokens) -> go.Scatter3d:
    """Return the names of the largest clusters in scope, each in the middle of its memories."""
    counts = np.bincount(members[members >= 0], minlength=len(view.groups.labels))
    largest = [code for code in np.argsort(-counts, kind="stable")[:_NAMED].tolist() if counts[code]]
    middles = np.array([np.median(coords[members == code], axis=0) for code in largest]).reshape(-1, 3)
    return go.Scatter3d(
        x=middles[:, 0],
        y=middles[:, 1],
        z=middles[:, 2],
        mode="text",
        text=[plot_text(view.groups.labels[code], _NAME) for code in largest],
        textfont={"color": t.text, "size": 11},
        hoverinfo="skip",
    )


def _said(codes: np.ndarray, colouring: Colouring, texts: Sequence[str] | None) -> list[str]:
    """Return what is said of each point under the pointer."""
    names = [plot_text(name_of(colouring, code)) for code in range(len(colouring))]
    said = [names[code] for code in codes.tolist()]
    if texts is None:
        return said
    return [f"{plot_text(one_line(text, _TEXT), _TEXT)}<br>{name}" for text, name in zip(texts, said, strict=True)]
