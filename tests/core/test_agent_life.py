"""One agent's life: its sessions, when it was active, how sure it was, whose memories it used and who used its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.agent_activity import activity
from core.analysis.agent_life import SILENCE, agents_of, confidence_over_time, life_of, sessions_of
from core.analysis.agent_sources import asked, given_to, used_by_others
from core.operate.recalls import LoggedRecall

START = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)  # a Monday
TEXTS = ("agent_id", "team_id", "task_id", "session_id", "memory_type", "status")


def make_frame(*rows: dict) -> pd.DataFrame:
    """Return a frame with what an agent's life is read from; `at` is a time after START."""
    made = []
    for number, row in enumerate(rows):
        at = row.get("at", timedelta(minutes=number))
        made.append(
            {name: row.get(name) for name in TEXTS}
            | {
                "key": row.get("key", f"k{number}"),
                "agent_id": row.get("agent_id", "ann"),
                "created_at": None if at is None else START + at,
                "expires_at": row.get("expires_at"),
                "confidence": row.get("confidence", np.nan),
                "derived_from": row.get("derived_from", []),
            }
        )
    frame = pd.DataFrame(made, columns=["key", *TEXTS, "created_at", "expires_at", "confidence", "derived_from"])
    times = {
        name: pd.to_datetime(frame[name], utc=True).astype("datetime64[us, UTC]") for name in ("created_at", "expires_at")
    }
    return frame.assign(
        **{name: column.astype("datetime64[us, UTC]") for name, column in times.items()},
        **{name: frame[name].astype("str").astype("category") for name in TEXTS},
        confidence=frame["confidence"].astype("float64"),
    )


def make_recall(*keys: str, actor: str = "ann", query: str | None = "why?", minutes: int = 0) -> LoggedRecall:
    at = START + timedelta(minutes=minutes)
    return LoggedRecall("b/i", at, actor, "agent", query, "hybrid", 5, tuple((key, 0.5) for key in keys))


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_a_life_counts_what_an_agent_wrote():
    frame = make_frame(
        {"task_id": "t1", "session_id": "s", "confidence": 0.8, "team_id": "red"},
        {"task_id": "t2", "session_id": "s", "confidence": 0.4, "expires_at": START},
        {"at": None, "status": "hidden"},
        {"agent_id": "bob"},
    )
    life, rows = life_of(frame, "ann", now=START + hours(1))
    assert (life.memories, life.tasks, life.sessions, life.no_time, life.stated) == (3, 2, 1, 1, 2)
    assert (life.first, life.last, life.teams) == (START, START + timedelta(minutes=1), ("red",))
    assert (life.expired, life.hidden, life.median_confidence) == (1, 1, pytest.approx(0.6))
    assert list(rows["key"]) == ["k0", "k1", "k2"]
    assert agents_of(frame) == [("ann", 3), ("bob", 1)]
    nobody, none = life_of(frame, "eve", now=START)
    assert (nobody.memories, nobody.first, nobody.median_confidence, len(none)) == (0, None, None, 0)


def test_sessions_are_named_or_end_with_a_silence():
    frame = make_frame(
        {"session_id": "one", "task_id": "a", "memory_type": "semantic"},
        {"session_id": "one", "at": hours(9), "task_id": "b"},
        {"at": hours(1)},
        {"at": hours(1) + SILENCE},
        {"at": hours(1) + 2 * SILENCE + timedelta(microseconds=1)},
        {"at": None},
    )
    found = sessions_of(frame)
    assert [(each.id, each.memories) for each in found] == [(None, 1), (None, 2), ("one", 2)]
    assert found[1].length == SILENCE
    assert (found[2].tasks, found[2].types, found[2].length) == (("a", "b"), (("semantic", 1),), hours(9))
    assert sessions_of(frame[:0]) == ()


@given(st.lists(st.integers(0, 6 * 3600), max_size=30))
def test_every_timed_memory_is_in_one_session(seconds):
    frame = make_frame(*({"at": timedelta(seconds=each)} for each in seconds))
    found = sorted(sessions_of(frame), key=lambda each: each.start)
    assert sum(each.memories for each in found) == len(seconds)
    assert all(later.start - earlier.end > SILENCE for earlier, later in pairwise(found))


@pytest.mark.parametrize(
    ("offsets", "kind", "shape"),
    [
        pytest.param([0, 10], "minutes", (1, 12), id="seconds"),
        pytest.param([0, 29 * 60], "minutes", (30, 12), id="half-an-hour"),
        pytest.param([0, 11 * 3600], "hours", (12, 12), id="a-working-day"),
        pytest.param([0, 13 * 3600], "days", (1, 24), id="more-than-twelve-hours"),
        pytest.param([0, 59 * 86400], "days", (60, 24), id="sixty-days"),
        pytest.param([0, 60 * 86400], "weekdays", (7, 24), id="more-than-sixty-days"),
    ],
)
def test_the_grid_is_as_coarse_as_the_life_is_long(offsets, kind, shape):
    found = activity(make_frame(*({"at": timedelta(seconds=each)} for each in offsets))["created_at"])
    assert (found.kind, found.counts.shape, found.total) == (kind, shape, 2)
    assert len(found.starts) == (0 if kind == "weekdays" else shape[0])


@given(st.lists(st.none() | st.integers(0, 200 * 86400).map(lambda each: timedelta(seconds=each)), max_size=40))
def test_every_time_is_in_the_cell_of_its_hour(offsets):
    times = make_frame(*({"at": each} for each in offsets))["created_at"]
    found = activity(times)
    assert (found.total, found.unknown) == (int(times.notna().sum()), int(times.isna().sum()))
    if found.kind in ("days", "weekdays"):
        by_hour = times.dropna().dt.hour.value_counts()
        assert {hour: int(count) for hour, count in enumerate(found.counts.sum(axis=0)) if count} == by_hour.to_dict()
    if found.kind == "weekdays" and found.total:
        by_day = times.dropna().dt.day_of_week.value_counts()
        assert {day: int(count) for day, count in enumerate(found.counts.sum(axis=1)) if count} == by_day.to_dict()


def test_confidence_has_a_median_and_a_band_where_it_is_stated():
    rows = [{"confidence": value, "at": hours(0)} for value in (0.2, 0.4, 0.6, 0.8)]
    frame = make_frame(*rows, {"at": hours(1)}, {"confidence": 0.9, "at": hours(50)}, {"at": hours(50)}, {"at": None})
    found = confidence_over_time(frame)
    assert found.attrs["unit"] == "hour"
    assert found["median"].tolist() == pytest.approx([0.5, 0.9])
    assert found["low"].tolist() == pytest.approx([0.35, 0.9])
    assert found["high"].tolist() == pytest.approx([0.65, 0.9])
    assert found["stated"].tolist() == [4, 1]
    assert found["memories"].tolist() == [4, 2]
    assert found["start"].tolist() == [START.replace(minute=0), START.replace(minute=30 - 30) + hours(50)]
    assert confidence_over_time(frame[:0]).empty


def test_weeks_begin_on_monday():
    frame = make_frame({"confidence": 0.5}, {"confidence": 0.5, "at": timedelta(days=300)})
    found = confidence_over_time(frame)
    assert found.attrs["unit"] == "week"
    assert {start.day_name() for start in found["start"]} == {"Monday"}


def test_what_an_agent_asked_is_summed_up():
    recalls = [make_recall("a", "b"), make_recall("a", minutes=5), make_recall(query="how?"), make_recall(query=None)]
    found = asked(recalls)
    assert (found.recalls, found.redacted, found.empty, found.hits, found.memories) == (4, 1, 2, 3, 2)
    assert found.queries == (("why?", 2), ("how?", 1))
    assert (found.first, found.last, found.channels) == (START, START + timedelta(minutes=5), (("agent", 4),))
    assert asked([]).last is None


def test_whose_memories_were_used_and_by_whom():
    frame = make_frame(
        {"key": "a"},
        {"key": "b", "agent_id": "bob"},
        {"key": "c", "agent_id": "bob", "derived_from": ["a", "gone"]},
        {"key": "d", "derived_from": ["b", "a"]},
        {"key": "e", "agent_id": None, "derived_from": ["a"]},
    )
    recalls = [make_recall("b", "c", "a", "gone"), make_recall("b")]
    used = given_to(frame, "ann", recalls)
    assert [(each.agent, each.given, each.memories, each.derived) for each in used] == [
        ("bob", 3, 2, 1),
        ("ann", 1, 1, 1),
        (None, 1, 1, 0),
    ]
    users = used_by_others(frame, "ann", [*recalls, make_recall("a", "b", "d", actor="zoe")])
    assert [(each.agent, each.given, each.derived) for each in users] == [
        ("ann", 1, 1),
        ("zoe", 2, 0),
        ("bob", 0, 1),
        (None, 0, 1),
    ]
