"""Which memories belong together, and which are left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.frame import COLUMNS
from core.curation.consolidation import groups_of, spared
from core.curation.consolidation.dividing import divided, stars
from core.errors import CancelledError, ConfigError
from tests.core.memory_builders import NOW

HOUR = timedelta(hours=1)


def frame_of(*rows: dict[str, Any]) -> pd.DataFrame:
    """Return a snapshot frame of episodic memories of ada, an hour apart."""
    usual: dict[str, Any] = {"content": "text", "memory_type": "episodic", "agent_id": "ada", "team_id": "alpha"}
    made = [
        {
            **dict.fromkeys(COLUMNS),
            "tags": [],
            "derived_from": [],
            **usual,
            "key": f"k{n:02}",
            "created_at": NOW - (50 - n) * HOUR,
            **row,
        }
        for n, row in enumerate(rows)
    ]
    kinds = {name: kind for name, kind in COLUMNS.items() if kind not in ("object", "int64")}
    return pd.DataFrame(made, columns=list(COLUMNS)).astype(kinds)


def near(*groups: int, seed: int = 0) -> np.ndarray:
    """Return rows that lie around the middle of their group."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(size=(max(groups) + 1, 24))
    rows = np.array([middles[group] + 0.2 * rng.normal(size=24) for group in groups])
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def keys(frame: pd.DataFrame, matrix: np.ndarray, **options: Any) -> set[tuple[str, ...]]:
    return {group.keys for group in groups_of(frame, matrix, now=NOW, **options)}


def test_by_likeness() -> None:
    frame = frame_of(*[{}] * 7)
    found = groups_of(frame, near(0, 1, 0, 1, 0, 1, 2), by="cluster", now=NOW)
    assert {group.keys for group in found} == {("k00", "k02", "k04"), ("k01", "k03", "k05")}
    assert all(0.8 < group.cohesion <= 1 and group.why.startswith("3 memories") for group in found)
    by_map = keys(frame, near(*[0] * 7), by="cluster", codes=np.array([0, 0, 0, 1, 1, 1, -1]))
    assert by_map == {("k00", "k01", "k02"), ("k03", "k04", "k05")}


@pytest.mark.parametrize(
    ("field", "by"), [pytest.param("task_id", "task", id="task"), pytest.param("session_id", "session", id="session")]
)
def test_by_a_name(field: str, by: str) -> None:
    frame = frame_of(*[{field: "one"}] * 3, *[{field: "two"}] * 3, {field: None})
    assert keys(frame, near(*[0] * 7), by=by) == {("k00", "k01", "k02"), ("k03", "k04", "k05")}


def test_by_time() -> None:
    times = [0, 1, 2, 30, 31, 32, 33]
    frame = frame_of(*({"created_at": NOW - (90 - hour) * HOUR} for hour in times), {"created_at": None})
    assert keys(frame, near(*[0] * 8), by="window", hours=12) == {("k00", "k01", "k02"), ("k03", "k04", "k05", "k06")}


def test_lanes_are_kept_apart_as_asked() -> None:
    frame = frame_of(*({"agent_id": name, "team_id": "alpha", "session_id": "s"} for name in ("ada", "bob") * 3))
    matrix = near(*[0] * 6)
    apart = {("k00", "k02", "k04"), ("k01", "k03", "k05")}
    assert keys(frame, matrix, by="session") == apart
    assert len(keys(frame, matrix, by="session", within="team")) == 1
    frame["team_id"] = pd.Categorical(["alpha", "beta"] * 3)
    assert keys(frame, matrix, by="session", within="team") == apart
    assert len(keys(frame, matrix, by="session", within="anyone")) == 1


def test_what_expires_is_not_merged_with_what_does_not() -> None:
    frame = frame_of(*({"session_id": "s", "expires_at": NOW + HOUR if n % 2 else None} for n in range(6)))
    assert keys(frame, near(*[0] * 6), by="session") == {("k00", "k02", "k04"), ("k01", "k03", "k05")}


SPARED = [
    pytest.param({"status": "hidden"}, "hidden", id="hidden"),
    pytest.param({"status": "quarantined"}, "quarantined", id="quarantined"),
    pytest.param({"expires_at": NOW}, "expired", id="expired"),
    pytest.param({"memory_type": "Procedural"}, "instruction", id="procedural"),
    pytest.param({"content": " \n"}, "no text", id="blank"),
    pytest.param({"content": "x" * 30_000}, "longer", id="too-long"),
]
LEFT_ALONE = [
    pytest.param({"derived_from": ["a", "b"]}, "merged", id="merged-before"),
    pytest.param({"memory_type": "semantic"}, "fact", id="a-fact"),
]


@pytest.mark.parametrize(("row", "why"), SPARED + LEFT_ALONE)
def test_what_is_spared_is_in_no_group_and_the_reason_is_said(row: dict[str, Any], why: str) -> None:
    frame = frame_of(*[{"session_id": "s"}] * 3, {"session_id": "s", **row})
    assert why in spared(frame, now=NOW)["k03"]
    assert keys(frame, near(*[0] * 4), by="session") == {("k00", "k01", "k02")}


@pytest.mark.parametrize(("row", "why"), SPARED)
def test_nobody_can_choose_what_may_not_be_merged(row: dict[str, Any], why: str) -> None:
    frame = frame_of(*[{}] * 3, row)
    given_keys = [*frame["key"], "gone"]
    assert keys(frame, near(*[0] * 4), by="given", given=given_keys) == {("k00", "k01", "k02")}
    said = spared(frame, now=NOW, given=given_keys)
    assert set(said) == {"k03", "gone"}
    assert why in said["k03"]


@pytest.mark.parametrize(("row", "why"), LEFT_ALONE)
def test_facts_and_merges_may_be_chosen_by_hand(row: dict[str, Any], why: str) -> None:
    frame = frame_of(*[{}] * 3, row)
    assert keys(frame, near(*[0] * 4), by="given", given=list(frame["key"])) == {("k00", "k01", "k02", "k03")}


def test_what_is_in_conflict_is_left_out() -> None:
    frame = frame_of(*[{"session_id": "s"}] * 4)
    assert keys(frame, near(*[0] * 4), by="session", avoid={"k01": "it is in conflict"}) == {("k00", "k02", "k03")}
    assert spared(frame, now=NOW, avoid={"k01": "it is in conflict", "other": "x"}) == {"k01": "it is in conflict"}


@settings(max_examples=40)
@given(st.integers(2, 4), st.integers(0, 6), st.lists(st.integers(0, 3), min_size=1, max_size=40), st.booleans())
def test_groups_are_bounded_and_share_nothing(fewest: int, more: int, rows: list[int], alike: bool) -> None:
    matrix, places = near(*rows), np.arange(len(rows))
    most = fewest + more
    if alike:
        pieces = stars(matrix, places, likeness=0.5, fewest=fewest, most=most, told=lambda _: None)
        assert all(fewest <= len(piece) <= most for piece in pieces)
    else:
        pieces = divided(matrix, places, fewest=fewest, most=most)
        assert all(1 <= len(piece) <= most for piece in pieces)
        assert sorted(row for piece in pieces for row in piece) == list(places)
    members = [row for piece in pieces for row in piece]
    assert len(members) == len(set(members))
    assert all(list(piece) == sorted(piece) for piece in pieces)


def test_a_long_session_is_cut_where_the_talk_turns() -> None:
    pieces = divided(near(*[0] * 7, *[1] * 9), np.arange(16), fewest=3, most=12)
    assert [len(piece) for piece in pieces] == [7, 9]


def test_it_can_be_stopped() -> None:
    frame = frame_of(*[{"session_id": "s"}] * 4)
    with pytest.raises(CancelledError):
        groups_of(frame, near(*[0] * 4), by="session", now=NOW, stop=lambda: True)
    calls = iter([False, False, True])  # inside the search for neighbours
    with pytest.raises(CancelledError):
        groups_of(frame, near(*[0] * 4), by="cluster", now=NOW, stop=lambda: next(calls))


@pytest.mark.parametrize("by", ["cluster", "session", "window"])
def test_it_says_how_far_it_is(by: Any) -> None:
    frame = frame_of(*[{"session_id": "s", "agent_id": agent} for agent in ("ann", "bob") for _ in range(4)])
    heard: list[float] = []
    groups_of(frame, near(*[0] * 8), by=by, now=NOW, progress=heard.append)
    assert heard == sorted(heard)
    assert (heard[0], heard[-1]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({"by": "colour"}, "colour", id="way"),
        pytest.param({"by": "task", "fewest": 1}, "1 to 12", id="too-few"),
        pytest.param({"by": "task", "fewest": 5, "most": 4}, "5 to 4", id="turned"),
        pytest.param({"by": "window", "hours": 0.0}, "0.0 hours", id="no-time"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        groups_of(frame_of({}), near(0), now=NOW, **options)
    with pytest.raises(ConfigError, match="1 memories do not fit 2 vectors"):
        groups_of(frame_of({}), near(0, 0), by="task", now=NOW)


def test_an_empty_index_has_no_groups() -> None:
    for by in ("cluster", "task", "session", "window", "given"):
        assert groups_of(frame_of(), np.zeros((0, 24), np.float32), by=by, now=NOW) == ()  # type: ignore[arg-type]
