"""Frames of memories that happened, and the strategies that draw odd ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from core.analysis.frame import COLUMNS

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = T0 + timedelta(days=1)
_EMPTY = {"content": "", "tags": [], "derived_from": []}


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def made(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a frame as a snapshot has it; `at` is the second of created_at, the key is the place unless it is given."""
    records = [
        {"key": f"k{place:02d}", "created_at": at(row["at"]) if row.get("at") is not None else None} | _EMPTY | row
        for place, row in enumerate(rows)
    ]
    columns = {
        name: pd.Series([record.get(name, 0 if kind == "int64" else None) for record in records], dtype=kind)
        for name, kind in COLUMNS.items()
    }
    return pd.DataFrame(columns)


names = st.sampled_from([None, "ada", "bob", "Cy\x1b[31m", "run 2", "run 10", "é"])
happenings = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.none() | st.sampled_from([0, 1, 2, 2.000001, 60, 4_000, 90_000, 10**8]),
            "agent_id": names,
            "team_id": st.sampled_from([None, "red", "blue"]),
            "task_id": st.sampled_from([None, "t1", "t2"]),
            "session_id": st.sampled_from([None, "s1", "s2"]),
            "memory_type": names,
            "confidence": st.none() | st.floats(0, 1),
            "expires_at": st.none() | st.sampled_from([at(50), at(10**6)]),
            "key": st.text("abz\ue000\U0001f600", min_size=1, max_size=4),
            "step": st.none() | st.integers(0, 3),
        }
    ),
    max_size=25,
    unique_by=lambda row: row["key"],
)
