"""A page with one map, or two side by side, for the browser tests of the drawing: what it sent is written below it.

The address says what is drawn: `n` points in 24 groups, with `hits` the rings of a query, with `two` a second map beside it,
with `pick` every group but the first three dimmed, with `sized` points of several sizes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.analysis.projection.region import inside
from pages.shared.map.chart import Gesture, MapPoints, map_chart
from pages.shared.theme import AGENT_CYCLE, tokens

GROUPS = 24
HOSTILE = "</text><script>window.hacked = true</script>"
st.set_page_config(layout="wide")


@st.cache_resource
def made(count: int) -> tuple[MapPoints, np.ndarray]:
    """Return islands of points with noise between them, and the group of each point."""
    random = np.random.default_rng(7)
    middles = random.normal(size=(GROUPS, 2)) * (1.5, 1.0)
    group = random.integers(0, GROUPS, count) * (random.random(count) > 0.1)
    spread = 0.02 + 0.14 * random.random(GROUPS)
    angle = random.random(GROUPS) * np.pi
    offsets = random.normal(size=(count, 2)) * (1.0, 0.45)
    turned = np.stack(
        [
            offsets[:, 0] * np.cos(angle[group]) - offsets[:, 1] * np.sin(angle[group]),
            offsets[:, 0] * np.sin(angle[group]) + offsets[:, 1] * np.cos(angle[group]),
        ],
        axis=1,
    )
    coords = middles[group] + turned * spread[group][:, None]
    noise = group == 0
    coords[noise] = middles[random.integers(0, GROUPS, int(noise.sum()))] + 0.3 * random.normal(size=(int(noise.sum()), 2))
    sizes = (255 * random.random(count) ** 6).astype(np.uint8)
    codes = np.where(noise, 12, group % 12).astype(np.uint8)
    return MapPoints(coords.astype(np.float32), codes, sizes if "sized" in st.query_params else None), group


@st.cache_data
def labels(count: int) -> list[tuple[float, float, str, int]]:
    """Return a name for each group, in its middle."""
    points, group = made(count)
    of = [np.flatnonzero(group == number) for number in range(1, GROUPS)]
    return [
        (*points.coords[rows].mean(axis=0).tolist(), f"group {number}, kitchen, train and tulips", len(rows))
        for number, rows in enumerate(of, 1)
        if len(rows)
    ]


def heard(gesture: Gesture) -> None:
    """Keep what happened."""
    st.session_state.setdefault("heard", []).append(gesture)


@st.fragment
def drawn(count: int) -> None:
    """Draw the map, and below it what was heard of it."""
    points, group = made(count)
    gestures: list[Gesture] = st.session_state.get("heard", [])
    last = {gesture.kind: gesture for gesture in gestures}
    region = last["region"].polygon if "region" in last else None
    if "clear" in last and region and last["clear"].serial > last["region"].serial:
        region = None
    picked = None
    if region:
        picked = np.zeros(count, dtype=bool)
        picked[inside(points.coords, region)] = True
    elif "pick" in st.query_params:
        picked = (group > 0) & (group < 4)
    tips = {}
    if "hover" in last and last["hover"].row is not None:
        row = last["hover"].row
        tips[row] = [f"What memory {row} says {HOSTILE}", f"agent {points.codes[row]}", "14 Nov 2026, 09:00 UTC"]
    hits = [int(row) for row in np.flatnonzero(group == 5)[:10]] if "hits" in st.query_params else []
    dark = st.context.theme.type == "dark"
    columns = st.columns(2) if "two" in st.query_params else [st.container()]
    for number, column in enumerate(columns):
        with column:
            map_chart(
                points,
                key=f"map{number}",
                on_gesture=heard,
                palette=[*(colours[dark] for colours in AGENT_CYCLE), tokens().muted],
                names=[*(f"agent {name}" for name in "abcdefghijkl"), "in no cluster"],
                title=f"A map of {count:,} memories {HOSTILE}",
                file_name="harness",
                note="UMAP",
                back=[12],
                labels=labels(count),
                rings=hits,
                query=tuple(points.coords[hits].mean(axis=0).tolist()) if hits else None,
                selected_row=last["open"].row if "open" in last else None,
                region=region,
                picked=picked,
                tips=tips,
                link="pair",
            )  # fmt: skip
    known = [*points.coords[:3].tolist(), *points.coords[hits].tolist()]
    st.html(f"<p data-known='{json.dumps([[0, 1, 2, *hits], known, points.codes[:3].tolist()])}'></p>")
    if picked is not None:
        st.html(f"<p data-picked='{int(picked.sum())}'></p>")
    for number, gesture in enumerate(gestures):
        st.html(f"<p data-heard='{number}'>{json.dumps(asdict(gesture))}</p>")


drawn(int(st.query_params.get("n", "300")))
