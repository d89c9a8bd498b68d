"""A page with one timeline, for the browser tests of the drawing: what it sent is written below it.

The address says what is drawn: `n` events, with `past` a line for as-of.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

sys.path.insert(0, str(Path(__file__).parents[2]))

from core.analysis.frame import COLUMNS
from core.analysis.timeline import Mark, colouring, events, lanes, picture
from pages.shared.timeline.chart import SHOWS, Gesture, timeline_chart

START = datetime(2026, 11, 14, 9, tzinfo=UTC)
PALETTE = ("#2673c4", "#0a8270", "#b5720e", "#7c8294", "#b45f93")
HOSTILE = "</text><script>window.hacked = true</script>"


@st.cache_resource
def happenings(count: int) -> pd.DataFrame:
    """Return memories of four agents, one every three minutes and three without a time, with hostile names."""
    random = np.random.default_rng(7)
    columns = {
        "key": [f"m{i:06}" for i in range(count)],
        "content": [f"memory {i}" for i in range(count)],
        "agent_id": [f"agent {'abcd'[i % 4]} {HOSTILE}" for i in range(count)],
        "memory_type": [("episodic", "semantic", "procedural")[i % 3] for i in range(count)],
        "session_id": [f"session {i // 40}" for i in range(count)],
        "task_id": [f"task {i // 20}" for i in range(count)],
        "team_id": ["team"] * count,
        "created_at": [START + timedelta(minutes=3 * i) if i < count - 3 else pd.NaT for i in range(count)],
        "expires_at": [START + timedelta(minutes=3 * count + i) if i % 50 == 0 else pd.NaT for i in range(count)],
        "confidence": random.random(count),
    }
    frame = pd.DataFrame({name: columns.get(name, [None] * count) for name in COLUMNS})
    return frame.astype({name: kind for name, kind in COLUMNS.items() if name in columns})


def heard(gesture: Gesture) -> None:
    """Keep what happened, and show the window that was asked for."""
    st.session_state.setdefault("heard", []).append(gesture)
    if gesture.kind == "window":
        st.session_state["window"] = (gesture.lo, gesture.hi)


count = int(st.query_params.get("n", "200"))
frame = happenings(count)
placed = events(frame)
bits = np.where(np.arange(count) % 17 == 0, np.uint8(Mark.CONFLICTING), np.uint8(0))
bits[::23] = Mark.RETIRED
drawn = picture(
    placed,
    lanes(placed, frame, "agent_id"),
    colours := colouring(placed, frame, "memory_type"),
    frame,
    now=START + timedelta(minutes=3 * count),
    window=st.session_state.get("window"),
    marks=bits,
    unknown_rows=10,
)
returned = timeline_chart(
    drawn,
    key="timeline",
    palette=PALETTE,
    names=colours.names,
    lane_colours=PALETTE[: len(drawn.lanes)],
    shows=SHOWS,
    now=START + timedelta(minutes=3 * count),
    as_of=START + timedelta(hours=2) if "past" in st.query_params else None,
    selected_row=st.session_state["heard"][-1].row if st.session_state.get("heard") else None,
    previews={row: f"memory {row} {HOSTILE}" for row in range(min(count, 500))},
    title=f"What {count:,} memories were about {HOSTILE}",
    file_name="harness",
    on_gesture=heard,
)
for number, gesture in enumerate(st.session_state.get("heard", [])):
    st.html(f"<p data-heard='{number}'>{json.dumps(asdict(gesture))}</p>")
st.html(f"<p data-returned='{returned.serial if returned else 0}'></p>")
