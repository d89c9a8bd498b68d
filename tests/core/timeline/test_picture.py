"""Pictures: nothing is lost between points, density and overview; spans, gaps, handoffs, expiries; regions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.timeline import Axis, colouring, events, handoffs, inside, lanes, marks, micros, picture, structure
from core.analysis.timeline.density import density
from core.analysis.timeline.structure import BREAK_US
from core.errors import ConfigError
from tests.core.timeline.happenings import NOW, T0, at, happenings, made

SECOND = 1_000_000
ENDS = st.integers(micros(T0) - 10 * SECOND, micros(T0) + 5_000 * SECOND)


@given(rows=happenings, axis=st.sampled_from(list(Axis)), ends=st.none() | st.tuples(ENDS, ENDS), bins=st.integers(1, 7))
def test_nothing_is_lost_between_points_density_and_overview(
    rows: list[dict[str, Any]], axis: Axis, ends: tuple[int, int] | None, bins: int
) -> None:
    frame = made(*rows)
    found = events(frame, axis=axis)
    own, colours = lanes(found, frame, most=2), colouring(found, frame, most=2)
    between = structure(found, own, frame)
    exact = picture(found, own, colours, frame, now=NOW, window=ends, between=between, marks=marks(frame, now=NOW))
    binned = picture(found, own, colours, frame, now=NOW, window=ends, exact=-1, bins=bins)
    lo, hi = exact.window
    there = [place for place, x in enumerate(found.x.tolist()) if lo <= x <= hi]
    assert exact.points is not None
    assert exact.points.row.tolist() == found.rows[there].tolist()
    assert (exact.kind, exact.drawn, exact.in_view, exact.total) == ("points", len(there), len(there), len(rows))
    assert binned.density is not None
    assert (binned.kind, binned.drawn, binned.in_view) == ("density", 0, len(there))
    parts = {(lane, bin_, colour): 0 for lane in range(len(own)) for bin_ in range(bins) for colour in range(len(colours))}
    for place in there:
        bin_ = max(part for part in range(bins) if lo + (hi - lo) * part // bins <= found.x[place])
        parts[int(own.codes[place]), bin_, int(colours.codes[place])] += 1
    dense = binned.density
    cells = zip(dense.lane.tolist(), dense.bin.tolist(), dense.colour.tolist(), dense.count.tolist(), strict=True)
    assert {(lane, bin_, colour): count for lane, bin_, colour, count in cells} == {k: n for k, n in parts.items() if n}
    assert exact.overview.sum() == len(found)
    assert exact.lane_counts.sum() == exact.colour_counts.sum() == len(there)
    assert exact.extent[0] < exact.extent[1]
    assert not len(found) or exact.extent[0] < found.x[0] <= found.x[-1] < exact.extent[1]


def test_a_picture_of_nothing_and_of_one() -> None:
    for axis in Axis:
        for rows in ((), ({"at": 1, "session_id": "s", "expires_at": at(2)},)):
            frame = made(*rows)
            found = events(frame, axis=axis)
            drawn = picture(found, lanes(found, frame), colouring(found, frame), frame, now=NOW, window=(2**70, -(2**70)))
            assert (drawn.in_view, drawn.total) == (len(rows), len(rows))
            assert drawn.window == (-(2**62), 2**62)
    assert picture(found, lanes(found, frame), colouring(found, frame), frame, now=NOW, window=(5, 5)).window == (5, 6)


def test_bins_are_fewer_where_there_would_be_more_counts_than_a_screen_shows() -> None:
    frame = made(*({"at": second, "agent_id": f"a{second % 5}"} for second in range(400)))
    found = events(frame)
    own, colours = lanes(found, frame), colouring(found, frame)
    window = (int(found.x[0]), int(found.x[-1]))
    assert len(density(found, own, colours, window, 480)) == 400
    fewer = density(found, own, colours, window, 480, most=60)
    assert (fewer.count.sum(), len(fewer) <= 60, 1 < fewer.bins < 480) == (400, True, True)
    assert density(found, own, colours, window, 480, most=2).bins == 1


def test_bins_reach_over_centuries() -> None:
    frame = made({"created_at": at(-(6e10))}, {"at": 0}, {"created_at": at(2.4e11)})
    found = events(frame)
    drawn = picture(found, lanes(found, frame), colouring(found, frame), frame, now=NOW, exact=0)
    assert drawn.density is not None
    assert drawn.density.count.tolist() == [1, 1, 1]
    assert np.flatnonzero(drawn.overview).tolist() == [4, 50, 235]


def test_points_carry_marks_and_confidence() -> None:
    frame = made({"at": 0, "confidence": 0.456}, {"at": 1, "confidence": None}, {"at": 2, "expires_at": at(3)}, {"at": None})
    found = events(frame)
    drawn = picture(
        found, lanes(found, frame), colouring(found, frame), frame, now=NOW, marks=marks(frame, now=NOW), unknown_rows=5
    )
    assert drawn.points is not None
    assert drawn.points.weight.tolist() == [46, 255, 255]
    assert drawn.points.mark.tolist() == [0, 0, 2]
    assert (drawn.unknown_count, drawn.unknown_rows.tolist()) == (1, [3])


def test_sessions_are_spans_and_silence_breaks_what_no_session_is_stated_for() -> None:
    half_hour = BREAK_US / SECOND
    frame = made(
        *(
            {"at": second, "agent_id": "ada", "session_id": name}
            for second, name in ((0, "one"), (5, "two"), (9_000, "one"))
        ),
        *({"at": second, "agent_id": "bob"} for second in (0, half_hour, 2 * half_hour + 1, 2 * half_hour + 2, 99_999)),
    )
    for axis in (Axis.CREATED, Axis.RECORDED, Axis.ORDER):
        found = events(frame, axis=axis)
        drawn = picture(found, lanes(found, frame, order="name"), colouring(found, frame), frame, now=NOW)
        spans = drawn.spans
        named = zip(spans.lane.tolist(), spans.label, spans.stated.tolist(), spans.count.tolist(), strict=True)
        assert sorted(named) == [(0, "one", True, 2), (0, "two", True, 1), (1, "", False, 2), (1, "", False, 2)]
        if axis.is_time:
            assert (spans.hi - spans.lo).max() == 9_000 * SECOND
    zoomed = picture(found, lanes(found, frame, order="name"), colouring(found, frame), frame, now=NOW, window=(3, 3))
    assert zoomed.spans.total == len(zoomed.spans) == 3
    assert len(structure(events(frame, axis=Axis.EXPIRES), lanes(found, frame), frame).lo) == 0


def test_a_long_silence_is_a_gap_of_its_lane() -> None:
    frame = made(
        *({"at": second, "agent_id": "ada"} for second in (0, 1, 1, 2, 3, 40, 41)),
        *({"at": second, "agent_id": "bob"} for second in (0, 20, 40)),
    )
    found = events(frame)
    own = lanes(found, frame, order="name")
    gaps = picture(found, own, colouring(found, frame), frame, now=NOW).gaps
    assert [(gaps.lane[0], gaps.lo[0] - micros(T0), gaps.hi[0] - micros(T0))] == [(0, 3 * SECOND, 40 * SECOND)]
    assert len(gaps) == 1
    wide = (micros(T0) - 2_000 * SECOND, micros(T0) + 2_000 * SECOND)
    assert len(picture(found, own, colouring(found, frame), frame, now=NOW, window=wide).gaps) == 0


@given(rows=happenings, told=st.lists(st.sampled_from([None, 3, "ada", ["bob", "nobody"], " é "]), min_size=25, max_size=25))
def test_handoffs_are_those_of_a_walk_along_each_task(rows: list[dict[str, Any]], told: list[Any]) -> None:
    frame = made(*rows)
    found = events(frame)
    ordered = [rows[row] for row in found.rows.tolist()]
    tasks = [(row["team_id"], row["task_id"]) if row["task_id"] else None for row in ordered]
    seen, stated, unanswered = set(), set(), set()
    for place, row in enumerate(ordered):
        after = [
            later for later in range(place + 1, len(ordered)) if tasks[later] is not None and tasks[later] == tasks[place]
        ]
        own = [later for later in after if ordered[later]["session_id"] == row["session_id"] and ordered[later]["agent_id"]]
        if row["agent_id"] and own and ordered[own[0]]["agent_id"] != row["agent_id"]:
            seen.add((place, own[0]))
        value = told[found.rows[place]]
        for name in value if isinstance(value, list) else [value]:
            if tasks[place] is None or not isinstance(name, str):
                continue
            answer = [later for later in after if ordered[later]["agent_id"] == name.strip()][:1]
            stated |= {(place, later) for later in answer}
            unanswered |= set() if answer else {place}
    unanswered -= {place for place, _ in stated}
    result = handoffs(frame, found, to_agent=told[: len(rows)])
    ends = list(zip(result.source.tolist(), result.target.tolist(), result.stated.tolist(), strict=True))
    assert ends == sorted((*pair, pair in stated) for pair in seen | stated)
    assert result.unanswered.tolist() == sorted(unanswered)


def test_a_picture_draws_some_of_many_handoffs_and_says_how_many_there_are() -> None:
    frame = made(*({"at": place, "agent_id": "ab"[place % 2], "task_id": "t", "team_id": "r"} for place in range(1_000)))
    found = events(frame)
    own = lanes(found, frame)
    told = [None] * 500 + ["b"] + [None] * 499
    drawn = picture(found, own, colouring(found, frame), frame, now=NOW, to_agent=told).handoffs
    assert (len(drawn), drawn.total, drawn.stated.sum()) == (400, 999, 1)
    assert drawn.from_x[0] == micros(T0)
    assert (drawn.from_lane != drawn.to_lane).all()
    hidden = picture(found, own, colouring(found, frame), frame, now=NOW, handoffs=False).handoffs
    assert (len(hidden), hidden.total) == (0, 0)
    by_task = lanes(found, frame, "task_id")
    assert len(picture(found, by_task, colouring(found, frame), frame, now=NOW).handoffs) == 0


def test_what_expires_later_is_ahead_and_near_ends_are_in_the_extent() -> None:
    frame = made(*({"at": 1_000 * place, "expires_at": at(9_500 + 500 * place)} for place in range(10)))
    found = events(frame)
    own, colours = lanes(found, frame), colouring(found, frame)
    drawn = picture(found, own, colours, frame, now=at(10_000))
    assert drawn.expiries.row.tolist() == list(range(2, 4))  # 10,500 and 11,000 of 11,250 + 2 %
    assert (drawn.expiries.total, drawn.expiries.ahead) == (2, 8)
    assert drawn.extent[1] == micros(T0) + 11_250 * SECOND + 225 * SECOND
    later = picture(found, own, colours, frame, now=NOW + timedelta(days=9))
    assert (len(later.expiries), later.extent[1]) == (0, micros(T0) + 9_180 * SECOND)
    all_of_them = picture(found, own, colours, frame, now=at(10_000), window=(micros(T0), micros(NOW)))
    assert all_of_them.expiries.total == 8


CORNERS = st.lists(
    st.tuples(st.sampled_from([-1.0, 0, 0.5, 1, 2, 60, 4_000, 90_000]), st.floats(-1, 6, width=16)), max_size=7
)


@given(rows=happenings, corners=CORNERS)
def test_inside_is_what_a_naive_test_of_each_point_says(
    rows: list[dict[str, Any]], corners: list[tuple[float, float]]
) -> None:
    frame = made(*rows)
    found = events(frame)
    own = lanes(found, frame)
    polygon = [(micros(T0) + second * SECOND, height) for second, height in corners]

    def is_inside(x: float, y: float) -> bool:
        odd = False
        for (ax, ay), (bx, by) in zip(polygon, [*polygon[1:], *polygon[:1]], strict=True):
            if (ay > y) != (by > y) and ax + (y - ay) / (by - ay) * (bx - ax) > x:
                odd = not odd
        return odd

    points = zip(found.x.tolist(), own.codes.tolist(), found.rows.tolist(), strict=True)
    expected = [row for x, lane, row in points if len(polygon) > 2 and is_inside(x, lane + 0.5)]
    assert inside(found, own, polygon).tolist() == expected


@pytest.mark.parametrize("corner", [(float("nan"), 0), (0, float("inf"))], ids=["nan", "infinite"])
def test_a_corner_that_is_no_number_is_refused(corner: tuple[float, float]) -> None:
    frame = made({"at": 0})
    found = events(frame)
    with pytest.raises(ConfigError, match="no number"):
        inside(found, lanes(found, frame), [(0, 0), (1, 1), corner])
