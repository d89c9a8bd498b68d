"""The colours of a map: groups, bands of age and use, tenants, sizes, and hues that keep near groups apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.frame import COLUMNS
from core.analysis.map_colours import USE_BANDS, centres, group_colouring, hues, map_colouring, tenants, use_sizes
from core.vectors.client import KEY_COLUMN

ROWS = np.arange(6)


def make_frame(**columns):
    """Return a frame of six memories."""
    given_ = {"key": list("abcdef"), "created_at": pd.to_datetime([None] * 6, utc=True).as_unit("us")} | columns
    frame = pd.DataFrame({name: given_.get(name, [None] * 6) for name in COLUMNS})
    return frame.astype({name: kind for name, kind in COLUMNS.items() if name in given_})


def times(*texts):
    return pd.to_datetime(list(texts), utc=True, format="ISO8601").as_unit("us")


def test_groups_are_coloured_by_their_number_and_what_is_in_none_apart():
    codes = np.array([1, 0, -1, 1, 1, 2], np.int32)
    found = group_colouring(codes, ["refunds", "releases", "rest"], ROWS[:5])
    assert found.ids == ("0", "1", "2", None)
    assert found.names == ("refunds", "releases", "rest", "in no cluster")
    assert found.counts.tolist() == [1, 3, 0, 1]
    assert found.codes.tolist() == [1, 0, 3, 1, 1]
    assert (found.others, found.unknown) == (None, 3)


def test_beyond_two_hundred_groups_the_smallest_share_a_colour():
    found = group_colouring(np.arange(260, dtype=np.int32) - 1, [f"g{i}" for i in range(259)], np.arange(260))
    assert found.names[-2:] == ("59 smaller clusters", "in no cluster")
    assert found.counts[200:].tolist() == [59, 1]
    assert found.codes.max() == found.unknown == 201


@pytest.mark.parametrize(
    ("created", "names", "codes"),
    [
        pytest.param(times(*[f"2026-0{i}-01" for i in range(1, 7)]), 5, [4, 4, 3, 2, 1, 0], id="months"),
        pytest.param(times(*["2026-01-01"] * 6), ("all at one time",), [0] * 6, id="one moment"),
        pytest.param(times(*[None] * 6), ("not stated",), [0] * 6, id="no times"),
        pytest.param(
            times("2026-01-01 10:00", "2026-01-01 12:00", *[None] * 4),
            ("after 10:00", "until 10:00", "not stated"),
            [1, 0, 2, 2, 2, 2],
            id="two, the others unknown",
        ),
        pytest.param(
            times("2020-01-01 00:00", *[f"2026-01-01 0{hour}:00" for hour in range(1, 6)]),
            (
                "after 1 Jan 2026, 04:00",
                "1 Jan 2026, 03:00 to 1 Jan 2026, 04:00",
                "1 Jan 2026, 02:00 to 1 Jan 2026, 03:00",
                "1 Jan 2026, 01:00 to 1 Jan 2026, 02:00",
                "until 1 Jan 2026, 01:00",
            ),
            [4, 4, 3, 2, 1, 0],
            id="one day of years",
        ),
        pytest.param(
            times("0001-01-01", *["9999-12-31"] * 5), ("after 1 Jan 1", "until 1 Jan 1"), [1, 0, 0, 0, 0, 0], id="odd years"
        ),
    ],
)
def test_age_has_bands_of_as_many_memories_the_newest_first(created, names, codes):
    found = map_colouring(make_frame(created_at=created), ROWS, "age")
    assert (len(found.names) if isinstance(names, int) else found.names) == names
    assert found.codes.tolist() == codes


def test_use_has_bands_from_often_to_never():
    found = map_colouring(make_frame(), ROWS, "use", uses=np.array([0, 1, 2, 5, 10, 4000]))
    assert [USE_BANDS[code] for code in found.codes] == [
        "never",
        "once",
        "2 to 4 times",
        "5 to 9 times",
        "10 times and more",
        "10 times and more",
    ]


def test_a_tenant_is_what_a_memory_says_else_the_indexs():
    plain = pa.table({KEY_COLUMN: list("abcdef")})
    assert set(tenants(plain, "acme")) == {"acme"}
    said = pa.table({KEY_COLUMN: list("abcdef"), "tenant_id": ["x", "y", None, "", "x", "x"]})
    found = map_colouring(make_frame(), ROWS, "tenant", owners=tenants(said, "acme"))
    assert dict(zip(found.names, found.counts.tolist(), strict=True)) == {"x": 3, "acme": 2, "y": 1}
    assert map_colouring(make_frame(), ROWS, "tenant").names == ("unknown",)


def test_sizes_grow_with_use():
    assert use_sizes(np.array([0, 0])).tolist() == [0, 0]
    sizes = use_sizes(np.array([0, 1, 10, 100]))
    assert sizes.tolist() == sorted(sizes.tolist())
    assert (sizes[0], sizes[-1]) == (0, 255)


def test_the_place_of_a_group_is_the_middle_of_its_members():
    coords = np.array([[0, 0], [0, 2], [0, 4], [5, 5], [9, 9]], np.float32)
    found = centres(coords, np.array([1, 1, 1, 0, -1], np.int32), 3)
    assert found[:2].tolist() == [[5, 5], [0, 2]]
    assert np.isnan(found[2]).all()


@given(st.lists(st.tuples(st.floats(0, 1, width=32), st.floats(0, 1, width=32)), max_size=40), st.randoms())
def test_near_groups_have_different_hues_and_stay_as_others_come(places, random):
    """Whatever the places: a group differs from the six nearest that chose before it, and a later one changes no hue."""
    where = np.array(places, np.float32).reshape(-1, 2)
    ids = list(range(len(places)))
    found = hues(where, ids, count=12)
    assert all(0 <= hue < 12 for hue in found)
    for group in range(1, len(places)):
        nearest = np.argsort(np.square(where[:group] - where[group]).sum(axis=1), kind="stable")[:6]
        assert found[group] not in {found[other] for other in nearest}
    assert hues(where[: len(places) // 2], ids[: len(places) // 2], count=12) == found[: len(places) // 2]
    order = random.sample(ids, len(ids))
    assert tuple(hues(where[order], order, count=12)[order.index(each)] for each in ids) == found
