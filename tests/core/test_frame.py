"""The snapshot frame and the statistics over it: declared columns, missing is missing, odd data is survived."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.analysis import stats
from core.analysis.frame import COLUMNS
from core.memory import Memory, to_metadata
from core.models.embedding import HashingEmbedder
from core.vectors.validation import metadata_bytes
from tests.core.memory_builders import DAY, NOW, make_memory, make_store, memories
from tests.core.test_store import storable


def frame_of(directory: Path, *given_memories: Memory) -> pd.DataFrame:
    return make_store(directory, *given_memories).frame(actor=LOCAL_ADMIN)


def missing(value: Any) -> Any:
    return None if value is None or value is pd.NaT or (not isinstance(value, list) and pd.isna(value)) else value


@settings(max_examples=30)
@given(drawn=st.lists(memories.filter(storable), max_size=6, unique_by=lambda memory: memory.key))
def test_a_frame_says_what_the_memories_say(tmp_path_factory: pytest.TempPathFactory, drawn: list[Memory]) -> None:
    frame = frame_of(tmp_path_factory.mktemp("store"), *drawn)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == COLUMNS
    assert sorted(frame["key"]) == sorted(memory.key for memory in drawn)
    rows = frame.set_index("key").to_dict("index")
    for memory in drawn:
        row = rows[memory.key]
        for name in ("memory_type", "agent_id", "team_id", "task_id", "session_id", "source", "notes", "content"):
            assert missing(row[name]) == getattr(memory, name)
        for name in ("created_at", "expires_at", "last_recalled_at", "confidence"):
            assert missing(row[name]) == getattr(memory, name)
        assert (tuple(row["tags"]), tuple(row["derived_from"])) == (memory.tags, memory.derived_from)
        assert row["recall_count"] == memory.recall_count
        assert row["content_bytes"] == len(memory.content.encode())


def test_an_empty_index_has_every_column(tmp_path: Path) -> None:
    frame = frame_of(tmp_path)
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == COLUMNS
    assert stats.totals(frame, now=NOW).memories == 0
    assert stats.growth(frame).empty
    assert stats.limits_use(frame, indexes=1)[1].key is None


def test_sizes_are_the_services_own_measure(tmp_path: Path) -> None:
    given_memories = [
        make_memory("a", "naïve", tags=("x", "yy"), extra={"flag": True, "n": 3, "deep": {"a": None}}),
        make_memory("b", "x" * 5_000, derived_from=("a",), notes="n", extra={"scores": [1.5, 2.5]}),
    ]
    store = make_store(tmp_path, *given_memories)
    frame = store.frame(actor=LOCAL_ADMIN).set_index("key")
    for memory in given_memories:
        metadata = to_metadata(memory)
        assert frame.loc[memory.key, "metadata_bytes"] == metadata_bytes(metadata)
        assert frame.loc[memory.key, "filterable_bytes"] == metadata_bytes(metadata, leave_out=store.info.non_filterable)


def test_records_of_others_never_break_the_frame(tmp_path: Path) -> None:
    store = make_store(tmp_path, make_memory("ours", confidence=0.5, tags=("a",)))
    vector = HashingEmbedder().embed(["x"])[0]
    odd: list[dict[str, Any]] = [
        {"confidence": "high", "created_at": 5, "tags": "a,b", "content": 7},
        {"confidence": 7, "created_at": "yesterday", "tags": [1, 2], "recall_count": "many", "agent_id": True},
        {"confidence": 0.25, "created_at": "2026-02-28", "expires_at": "2026-03-01T13:00:00+02:00", "agent_id": ["x"]},
        {},
    ]
    records = [{"key": f"odd{n}", "data": {"float32": vector}, "metadata": metadata} for n, metadata in enumerate(odd)]
    store._client.put_vectors(vectorBucketName=store.bucket, indexName=store.info.name, vectors=records)
    frame = store.frame(actor=LOCAL_ADMIN).set_index("key")
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {k: v for k, v in COLUMNS.items() if k != "key"}
    assert frame["confidence"].dropna().to_dict() == {"ours": 0.5, "odd2": 0.25}
    assert frame.loc["odd2", "created_at"] == pd.Timestamp("2026-02-28", tz="UTC")
    assert frame.loc["odd2", "expires_at"] == pd.Timestamp("2026-03-01T11:00", tz="UTC")
    assert frame["created_at"].notna().sum() == 2
    assert frame["agent_id"].dropna().to_dict() == {"ours": "planner"}
    assert frame["tags"].to_dict() == {"ours": ["a"], "odd0": [], "odd1": [], "odd2": [], "odd3": []}


WORLD = [
    make_memory("a", created_at=NOW - 40 * DAY, confidence=0.2, tags=("x", "y")),
    make_memory("b", created_at=NOW - 10 * DAY, confidence=0.9, agent_id="writer", expires_at=NOW + DAY, tags=("x",)),
    make_memory("c", created_at=NOW - 10 * DAY, agent_id=None, team_id="beta", task_id="t", expires_at=NOW - DAY),
    make_memory("d", created_at=None, memory_type=None, expires_at=NOW + 20 * DAY),
]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return frame_of(tmp_path_factory.mktemp("store"), *WORLD)


def test_totals(world: pd.DataFrame) -> None:
    assert stats.totals(world, now=NOW) == stats.Totals(
        memories=4,
        agents=2,
        teams=2,
        tasks=1,
        oldest=NOW - 40 * DAY,
        newest=NOW - 10 * DAY,
        expired=1,
        expiring_soon=1,
        low_confidence=1,
        no_confidence=2,
        no_time=1,
        content_bytes=4 * len("The report goes out on Friday."),
    )
    wide = stats.totals(world, now=NOW, soon=timedelta(days=30), low=0.95)
    assert (wide.expiring_soon, wide.low_confidence) == (2, 2)


def test_counts(world: pd.DataFrame) -> None:
    assert stats.counts(world, "agent_id") == stats.Counts("agent_id", (("planner", 2), ("writer", 1)), 0, 0, 1)
    assert stats.counts(world, "agent_id", top=1) == stats.Counts("agent_id", (("planner", 2),), 1, 1, 1)
    assert stats.counts(world, "tags") == stats.Counts("tags", (("x", 2), ("y", 1)), 0, 0, 2)
    only_writer = world[world["agent_id"] == "writer"]
    assert stats.counts(only_writer, "agent_id").values == (("writer", 1),)


@pytest.mark.parametrize(
    ("span", "unit"),
    [
        pytest.param(timedelta(0), "hour", id="one-moment"),
        pytest.param(timedelta(hours=80), "hour", id="three-days"),
        pytest.param(timedelta(days=60), "day", id="two-months"),
        pytest.param(timedelta(days=400), "week", id="a-year"),
        pytest.param(timedelta(days=2_000), "month", id="five-years"),
        pytest.param(timedelta(days=20_000), "year", id="a-lifetime"),
    ],
)
def test_growth_takes_the_smallest_unit_that_fits(tmp_path: Path, span: timedelta, unit: str) -> None:
    frame = frame_of(tmp_path, make_memory("a", created_at=NOW - span), make_memory("b", created_at=NOW, memory_type=None))
    grown = stats.growth(frame)
    assert grown.attrs["unit"] == unit
    assert grown["count"].sum() == 2
    assert (grown["start"] <= pd.Timestamp(NOW)).all()
    assert str(grown["start"].dtype) == "datetime64[us, UTC]"
    assert grown["value"].isna().sum() == 1


def test_growth_counts_by_bucket_and_value(world: pd.DataFrame) -> None:
    grown = stats.growth(world, by="team_id")
    assert grown.attrs["unit"] == "day"
    assert [tuple(row) for row in grown.itertuples(index=False)] == [
        (pd.Timestamp("2026-01-20", tz="UTC"), "alpha", 1),
        (pd.Timestamp("2026-02-19", tz="UTC"), "alpha", 1),
        (pd.Timestamp("2026-02-19", tz="UTC"), "beta", 1),
    ]
    weeks = stats.growth(world, max_buckets=7)
    assert weeks.attrs["unit"] == "week"
    assert (weeks["start"].dt.day_of_week == 0).all()


def test_what_expires(world: pd.DataFrame) -> None:
    days = stats.expiring(world, now=NOW, days=30)
    assert len(days) == 30
    assert days["day"].iloc[0] == pd.Timestamp("2026-03-01", tz="UTC")
    assert days[days["count"] > 0]["day"].dt.day.tolist() == [2, 21]
    assert days["count"].sum() == 2


def test_confidences(world: pd.DataFrame) -> None:
    spread = stats.confidence_histogram(world, bins=10)
    assert spread["count"].tolist() == [0, 0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert (spread["low"].iloc[0], spread["high"].iloc[-1]) == (0, 1)


def test_limits(world: pd.DataFrame) -> None:
    uses = {use.name: use for use in stats.limits_use(world, indexes=3)}
    assert (uses["vectors"].used, uses["indexes"].used) == (4, 3)
    assert (uses["metadata"].key, uses["metadata"].limit) == (world["key"][world["metadata_bytes"].idxmax()], 40_960)
    assert uses["filterable"].used == world["filterable_bytes"].max()
    assert uses["key"].used == 1
    assert all(0 < use.used < use.limit for use in uses.values())
