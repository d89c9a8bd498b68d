"""Stable ids between runs, and what a cluster got over time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.clusters import Clusters, carried, growth, matched
from core.errors import ConfigError


def run_of(codes: list[int], *, ids: list[int] | None = None, given: int | None = None) -> Clusters:
    made = np.array(codes, np.int32)
    count = int(made.max(initial=-1)) + 1
    kept = np.array(range(count) if ids is None else ids, np.int32)
    return Clusters(made, np.ones(len(made), np.float32), made, kept, count if given is None else given, 2)


def same_rows(count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(count, dtype=np.int32), np.arange(count, dtype=np.int32)


@pytest.mark.parametrize(
    ("former", "new", "ids"),
    [
        pytest.param([0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [0, 1], id="the-same"),
        pytest.param([0, 0, 0, 1, 1], [1, 1, -1, 0, 0], [1, 0], id="another-order"),
        pytest.param([0, 0, 0, 0, 1, 1], [0, 0, 0, 2, 1, 1], [0, 1, 2], id="a-part-split-off"),
        pytest.param([0, 0, 0, 1, 1], [0, 0, 0, 0, 0], [0], id="merged-into-the-larger"),
        pytest.param([0, 0, -1, -1], [-1, -1, 0, 0], [1], id="another-one"),
        pytest.param([-1, -1], [0, 0], [0], id="none-before"),
        pytest.param([0, 0, 0, 0, 0, 0], [0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 6], id="fallen-to-pieces"),
    ],
)
def test_ids_stay_with_those_who_share_most(former: list[int], new: list[int], ids: list[int]) -> None:
    assert matched(run_of(former), run_of(new), same_rows(len(new))).tolist() == ids


def test_an_id_is_never_given_twice() -> None:
    first = run_of([0, 0, 1, 1], ids=[4, 7], given=9)
    second = carried(first, run_of([0, 0, -1, -1]), same_rows(4))
    assert (second.ids.tolist(), second.given) == ([4], 9)
    third = carried(second, run_of([0, 0, 1, 1]), same_rows(4))
    assert (third.ids.tolist(), third.given) == ([4, 9], 10)


def test_only_common_memories_count() -> None:
    former, new = run_of([0, 0, 1, 1, 1]), run_of([0, 0, 0, 0, 1, 1])
    common = (np.array([0, 1, 3], np.int32), np.array([4, 5, 0], np.int32))
    assert matched(former, new, common).tolist() == [1, 0]
    nothing = (np.zeros(0, np.int32), np.zeros(0, np.int32))
    assert matched(former, new, nothing).tolist() == [2, 3]


@given(st.lists(st.tuples(st.integers(-1, 4), st.integers(-1, 4)), max_size=40))
@settings(max_examples=60)
def test_ids_are_distinct_and_a_second_match_changes_nothing(pairs: list[tuple[int, int]]) -> None:
    former, new = run_of([one for one, _ in pairs]), run_of([other for _, other in pairs])
    once = carried(former, new, same_rows(len(pairs)))
    assert len(set(once.ids.tolist())) == once.count
    assert once.given >= max(former.given, *(one + 1 for one in once.ids.tolist()), 0)
    for code, name in enumerate(once.ids.tolist()):
        if name < former.given:
            one, other = former.codes == name, new.codes == code
            assert (one & other).sum() >= 0.2 * (one | other).sum()
    held = np.isin(np.arange(once.count), once.codes)
    again = carried(once, new, same_rows(len(pairs)))
    assert (again.ids[held] == once.ids[held]).all()


def times(*moments: str | None) -> pd.Series:
    return pd.Series(pd.to_datetime(list(moments), utc=True)).astype("datetime64[us, UTC]")


def test_growth_counts_by_stretches_of_equal_length() -> None:
    codes = np.array([0, 0, 1, 0, -1, 1], np.int32)
    found = growth(codes, times("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-05", "2026-01-04", None), bins=4)
    assert [str(edge.date()) for edge in found.edges] == [f"2026-01-0{day}" for day in range(1, 6)]
    assert found.counts.tolist() == [[1, 1, 0, 1], [0, 0, 1, 0]]
    assert str(found.edges.dtype) == "datetime64[us, UTC]"


def test_growth_without_times_and_at_one_moment() -> None:
    assert growth(np.array([0, 0], np.int32), times(None, None)).counts.shape == (1, 0)
    once = growth(np.array([0, 1], np.int32), times("2026-01-01", "2026-01-01"))
    assert once.counts.tolist() == [[1], [1]]
    assert growth(np.zeros(0, np.int32), times()).counts.shape == (0, 0)
    with pytest.raises(ConfigError, match="one bin or more, not 0"):
        growth(np.zeros(1, np.int32), times("2026-01-01"), bins=0)


# From the year 1 to 9999.
MICROS = st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999)


@given(st.lists(st.tuples(st.integers(0, 2), MICROS), min_size=1, max_size=30), st.integers(1, 40))
@settings(max_examples=60)
def test_growth_counts_each_memory_once(rows: list[tuple[int, int]], bins: int) -> None:
    codes = np.array([code for code, _ in rows], np.int32)
    moments = np.array([moment for _, moment in rows], np.int64).view("datetime64[us]")
    created = pd.Series(pd.DatetimeIndex(moments).tz_localize("UTC"))
    found = growth(codes, created, bins=bins)
    assert found.counts.sum(axis=1).tolist() == np.bincount(codes).tolist()
    assert len(found.edges) == found.counts.shape[1] + 1
    assert found.edges.is_monotonic_increasing
    assert (found.edges[0], found.edges[-1]) == (created.min(), created.max())
