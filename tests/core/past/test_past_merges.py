"""Looking back past a merge: what was made of others was not there before, however old its sources are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from core.curation.consolidation import CONSOLIDATION_KEY
from core.memory.merged import merged_at, stands_for
from core.memory.times import iso
from core.past.made import made_at
from core.past.moment import Clock, Moment
from core.past.then import look_back
from core.snapshots.job import Job
from core.snapshots.reading import Wish, read_in_process
from core.store import MemoryStore
from tests.core.curation.desks import ADA, Ticking, apply
from tests.core.curation.merge_builders import consolidation, make_merge_desk, make_merge_store, merged_key
from tests.core.memory_builders import DAY, NOW, make_memory

HOUR = timedelta(hours=1)
SOURCES = {"s0", "s1", "s2", "s3"}


def there(store: MemoryStore, at: datetime, clock: Clock) -> set[str]:
    """Return the keys that were there at a moment."""
    job = Job("agents", clock=lambda: NOW)
    snapshot = read_in_process(store, None, Wish(vectors=True), actor=ADA, now=NOW, job=job)
    return set(look_back(store, snapshot, Moment(at, clock), actor=ADA).snapshot.frame["key"])


@pytest.mark.parametrize("clock", Clock)
def test_a_merged_memory_is_not_there_before_its_merge(tmp_path: Path, clock: Clock) -> None:
    desk = make_merge_desk(tmp_path, clock=Ticking())
    plan = consolidation(desk)
    key = merged_key(plan)
    before = there(desk.store, NOW, clock)
    assert apply(desk, plan).complete
    assert desk.store.get([key], actor=ADA)[key].created_at == NOW - DAY  # as old as its latest source
    # By the clock of the agents it was merged when the plan was made, by that of the store when it was applied.
    assert there(desk.store, NOW - HOUR, clock) == before >= SOURCES
    assert there(desk.store, NOW + HOUR, clock) == before - SOURCES | {key}


def test_a_merged_memory_that_was_imported_counts_from_its_merge(tmp_path: Path) -> None:
    said = {CONSOLIDATION_KEY: {"at": iso(NOW + DAY), "since": iso(NOW), "sources": ["a"]}}
    store = make_merge_store(tmp_path, make_memory("m", created_at=NOW - DAY, derived_from=("a",), extra=said))
    assert "m" not in there(store, NOW, Clock.CREATED)
    assert "m" in there(store, NOW + DAY, Clock.CREATED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('{"consolidation":{"at":"2026-03-04T05:06:07Z","since":"x"}}', "2026-03-04T05:06:07", id="ours"),
        pytest.param('{"a": 1, "consolidation": {"at": "2026-03-04"}}', "2026-03-04", id="spaces"),
        pytest.param('{"consolidation":{"at":"2020-01-01T00:00:00Z"}}', None, id="before-its-sources"),
        pytest.param('{"consolidation":{"at":"soon"}}', None, id="no-time"),
        pytest.param('{"consolidation":"at"}', None, id="no-mark"),
        pytest.param('{"note":"\\"consolidation\\":{\\"at\\":\\"2026-03-04\\"}"}', None, id="a-text-that-looks-like-it"),
        pytest.param("{", None, id="no-json"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_when_a_memory_was_made(text: str | None, expected: str | None) -> None:
    created = pd.Timestamp("2026-01-01", tz="UTC")
    frame = pd.DataFrame({"created_at": pd.Series([created, pd.NaT, created], dtype="datetime64[us, UTC]")})
    table = pa.table({"extra_json": pa.array([text, text, None], pa.string())})
    made = made_at(frame, table)
    assert made.dtype == frame["created_at"].dtype
    assert made[0] == (created if expected is None else pd.Timestamp(expected, tz="UTC"))
    assert pd.isna(made[1])
    assert made[2] == created
    assert made_at(frame, table.drop_columns("extra_json")).equals(frame["created_at"])


@pytest.mark.parametrize(
    ("extra", "at", "stands"),
    [
        ({"consolidation": {"at": "2026-11-01T00:00:00Z"}}, True, {"a", "b"}),
        ({"duplicates": {"at": "2026-11-01T00:00:00Z"}}, False, {"a", "b"}),
        ({"consolidation": {"at": "soon"}}, False, {"a", "b"}),
        ({"consolidation": "2026"}, False, set()),
        ({}, False, set()),
    ],
)
def test_what_a_mark_says(extra: dict[str, Any], at: bool, stands: set[str]) -> None:
    memory = replace(make_memory("m", derived_from=("a", "b", "m")), extra=extra)
    assert ((merged_at(memory) is not None), stands_for(memory)) == (at, stands)
