"""Events: their order on every axis, ties, the unknown, steps, the way from one to the next, lanes and colours of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings

from core.analysis.timeline import (
    LANE_FIELDS,
    OTHERS,
    Axis,
    Mark,
    colouring,
    conflicts,
    events,
    lanes,
    main_stretch,
    marks,
    micros,
    neighbour,
    steps_of,
)
from core.errors import ConfigError
from tests.core.timeline.happenings import NOW, at, happenings, made


def keys(frame: pd.DataFrame, rows: Any) -> list[str]:
    return frame["key"].iloc[rows].tolist()


def step_numbers(rows: list[dict[str, Any]]) -> np.ndarray:
    return np.array([np.nan if row["step"] is None else row["step"] for row in rows], dtype=np.float64)


@given(rows=happenings)
def test_events_are_in_order_of_time_then_step_then_key(rows: list[dict[str, Any]]) -> None:
    frame, steps = made(*rows), step_numbers(rows)
    found = events(frame, steps=steps)

    def place(row: int) -> tuple[float, str]:
        return (np.inf if np.isnan(steps[row]) else steps[row], rows[row]["key"])

    known = [row for row in range(len(rows)) if rows[row]["at"] is not None]
    expected = sorted(known, key=lambda row: (rows[row]["at"], *place(row)))
    assert found.rows.tolist() == expected
    assert found.x.tolist() == [micros(at(rows[row]["at"])) for row in expected]
    assert found.unknown.tolist() == sorted(set(range(len(rows))) - set(known), key=place)
    order = events(frame, axis=Axis.ORDER, steps=steps)
    if known:
        assert (order.rows.tolist(), order.x.tolist()) == (expected, list(range(len(expected))))
    walked, row = [], neighbour(found, None)
    while row is not None:
        walked.append(row)
        row = neighbour(found, row)
    assert walked == found.order.tolist() == [*expected, *found.unknown.tolist()]
    assert all(neighbour(found, later, -1) == earlier for earlier, later in pairwise(walked))


@settings(max_examples=50)
@given(rows=happenings)
def test_elapsed_counts_from_the_first_event_of_the_session_else_of_the_task(rows: list[dict[str, Any]]) -> None:
    def run(row: dict[str, Any]) -> tuple[Any, ...] | None:
        said = ("session", row["session_id"]) if row["session_id"] else ("task", row["task_id"])
        return (row["team_id"], *said) if said[1] and row["at"] is not None else None

    found = events(made(*rows), axis=Axis.ELAPSED)
    for x, place in zip(found.x.tolist(), found.rows.tolist(), strict=True):
        first = min(micros(at(other["at"])) for other in rows if run(other) == run(rows[place]))
        assert x == micros(at(rows[place]["at"])) - first
    assert sorted(found.unknown.tolist()) == [place for place, row in enumerate(rows) if run(row) is None]
    assert (np.diff(found.x) >= 0).all()


@settings(max_examples=50)
@given(rows=happenings)
def test_every_event_is_in_a_lane_and_has_a_colour(rows: list[dict[str, Any]]) -> None:
    frame = made(*rows)
    found = events(frame)
    for field in LANE_FIELDS:
        for order in ("count", "first", "name"):
            own = lanes(found, frame, field, most=2, order=order, keep=("é",))
            assert own.counts.sum() == len(found)
            assert np.bincount(own.codes, minlength=len(own)).tolist() == own.counts.tolist()
            assert own.total == len(own) - bool(own.folded) + own.folded
            for row, code in zip(found.rows.tolist(), own.codes.tolist(), strict=True):
                assert own.ids[code] == (OTHERS if code == own.others else rows[row][field])
            assert "é" not in {rows[row][field] for row in found.rows} or "é" in own.ids
            assert all("\x1b" not in label for label in own.labels)
    for field in ("agent_id", "confidence", "status"):
        colours = colouring(found, frame, field, most=2)
        assert np.bincount(colours.codes, minlength=len(colours)).tolist() == colours.counts.tolist()
        assert len(colours.ids) == len(colours.names) == len(colours.counts)


def test_recorded_is_what_the_journal_says_and_created_where_it_is_silent() -> None:
    frame = made({"at": 5}, {"at": 1}, {"at": None}, {"at": None})
    found = events(frame, axis=Axis.RECORDED, recorded={"k00": at(9), "k02": at(3), "gone": at(1)})
    assert keys(frame, found.rows) == ["k01", "k02", "k00"]
    assert keys(frame, found.unknown) == ["k03"]
    assert events(frame, axis=Axis.EXPIRES).unknown.tolist() == [0, 1, 2, 3]
    masked = events(frame, mask=np.array([False, True, True, False]))
    assert (masked.rows.tolist(), masked.unknown.tolist()) == ([1], [2])


def test_without_any_time_the_steps_are_the_order() -> None:
    frame = made({"at": None}, {"at": None}, {"at": None})
    found = events(frame, axis=Axis.ORDER, steps=np.array([2.0, np.nan, 1.0]))
    assert (found.rows.tolist(), found.x.tolist(), found.unknown.tolist()) == ([2, 0], [0, 1], [1])


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param({"step": ["2", None, "ten"]}, [2, None, None], id="numbers as text"),
        pytest.param({"turn": [1.5, 2.0, None], "index": [7, 8, 9]}, [1.5, 2, None], id="the first name that is there"),
        pytest.param({"step": ["a", "b", None], "seq": [3, 2, 1]}, [3, 2, 1], id="a name without a number is passed over"),
        pytest.param({"step": [None, "inf", "nan"]}, None, id="nothing finite"),
        pytest.param({"other": [1, 2, 3]}, None, id="no such name"),
    ],
)
def test_steps_are_read_under_their_usual_names(columns: dict[str, list[Any]], expected: list[Any] | None) -> None:
    found = steps_of(pa.table({"key": ["a", "b", "c"], **columns}))
    assert (None if found is None else [None if np.isnan(step) else step for step in found]) == expected
    assert steps_of(None) is None


@pytest.mark.parametrize(
    ("seconds", "stretch"),
    [
        pytest.param([*range(60)], None, id="together"),
        pytest.param([-1e9, *range(58), 1e9], (0, 57), id="one-far-off-at-each-end"),
        pytest.param([*range(58), 1e9], (0, 57), id="one-ahead"),
        pytest.param([0.0] * 40 + [1e6], (0, 0), id="one-moment"),
        pytest.param([-1e9, *range(10)], None, id="few"),
        pytest.param([*range(30), *range(10**6, 10**6 + 30)], None, id="two-crowds"),
        pytest.param([2.0**n for n in range(30)], None, id="ever-slower"),
    ],
)
def test_the_main_stretch_leaves_out_what_is_far_off(seconds: list[float], stretch: tuple[int, int] | None) -> None:
    found = main_stretch(events(made(*({"at": second} for second in seconds))))
    if stretch is None:
        assert found is None
    else:
        assert found is not None
        lo, hi = (micros(at(second)) for second in stretch)
        assert found[0] < lo <= hi < found[1]
        assert found[1] - found[0] <= 1.1 * (hi - lo) + 1_000_000


def test_a_walk_begins_in_view_where_anything_is() -> None:
    found = events(made(*({"at": place} for place in range(9))))
    assert [neighbour(found, None, step, window=(int(found.x[3]), int(found.x[6]))) for step in (1, -1)] == [3, 6]
    assert neighbour(found, 4, 1, window=(0, 1)) == 5
    assert neighbour(found, None, 1, window=(-9, -5)) == 0


def test_a_lane_is_walked_alone() -> None:
    frame = made(*({"at": place, "agent_id": "ada" if place % 2 else "bob"} for place in range(6)), {"agent_id": "bob"})
    found = events(frame)
    own = lanes(found, frame)
    assert [neighbour(found, row, lane_codes=own.codes) for row in range(7)] == [2, 3, 4, 5, None, None, None]
    assert neighbour(found, 4, -1, lane_codes=own.codes) == 2
    assert neighbour(found, None, -1) == 6  # the last: the unknown
    assert neighbour(events(made()), None) is None


def test_lanes_say_how_many_they_leave_out() -> None:
    frame = made(*({"at": place, "agent_id": f"run {place % 12}"} for place in range(30)), {"at": 99})
    found = events(frame)
    own = lanes(found, frame, most=3, order="name", keep=("run 11",))
    assert own.labels == ("run 0", "run 1", "run 2", "run 11", "9 others")
    assert (own.total, own.folded, own.others) == (13, 9, 4)
    assert lanes(found, frame, most=12).labels[-1] == "unknown"  # one more takes no more room than the others' lane
    for wrong in ({"field": "content"}, {"order": "luck"}):
        with pytest.raises(ConfigError, match="There are no lanes by"):
            lanes(found, frame, **wrong)
    with pytest.raises(ConfigError, match="choose one of memory_type"):
        colouring(found, frame, "content")


def test_colours_of_bands_and_states_mean_the_same_everywhere() -> None:
    frame = made(*({"at": 1, "confidence": value} for value in (0, 0.2, 0.6, 0.79, 0.8, 1, None)), {"status": "disputed"})
    found = events(frame)
    bands = colouring(found, frame, "confidence")
    assert bands.names == ("0.8 to 1", "0.6 to 0.8", "0.4 to 0.6", "0.2 to 0.4", "0 to 0.2", "not stated")
    assert bands.counts.tolist() == [2, 2, 0, 1, 1, 1]
    bits = marks(frame, now=NOW, retired={"k00", "k01"}, merged={"k01"})
    assert bits.tolist() == [Mark.RETIRED, Mark.RETIRED | Mark.MERGED, 0, 0, 0, 0, 0, Mark.HIDDEN | Mark.CONFLICTING]
    states = colouring(found, frame, "status", marks=bits)
    assert dict(zip(states.names, states.counts.tolist(), strict=True)) == {
        "in force": 5, "conflicting": 0, "merged": 1, "retired": 1, "hidden": 0, "expired": 0
    }  # fmt: skip


def test_marks_and_conflicts() -> None:
    frame = made({"expires_at": NOW}, {"expires_at": NOW + timedelta(microseconds=1)}, {"status": "hidden"}, {})
    assert marks(frame, now=NOW).tolist() == [Mark.EXPIRED, 0, Mark.HIDDEN, 0]
    assert marks(frame, now=NOW, conflicting={"k03", "elsewhere"})[3] == Mark.CONFLICTING
    table = pa.table({"conflicts_with": [["k01", "gone"], None, ["gone"], None], "contradicts": [None, None, None, "k02"]})
    assert conflicts(frame, table) == {"k00", "k01", "k02", "k03"}
    assert conflicts(frame, None) == frozenset()


def test_frames_below_one_another_keep_their_names() -> None:
    both = pd.concat([made({"at": 1, "agent_id": "ada"}), made({"at": 0, "agent_id": "bob", "key": "z"})], ignore_index=True)
    assert str(both["agent_id"].dtype) != "category"
    found = events(both)
    assert lanes(found, both, order="first").ids == ("bob", "ada")
    assert marks(both, now=NOW).tolist() == [0, 0]
