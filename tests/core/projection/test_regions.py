"""Regions and counts of a map: what lies in a lasso, and how many points a cell has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.analysis.projection.raster import raster, within
from core.analysis.projection.region import inside
from core.errors import ConfigError

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
BOW_TIE = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
TWICE = (*SQUARE, *SQUARE)
ARROW = ((0.0, 0.0), (1.0, 0.5), (0.0, 1.0), (0.4, 0.5))

numbers = st.floats(-1, 2, width=32)
places = st.lists(st.tuples(numbers, numbers), max_size=40).map(lambda found: np.array(found, "f4").reshape(-1, 2))


@pytest.mark.parametrize(
    ("polygon", "place", "wanted"),
    [
        pytest.param(SQUARE, (0.5, 0.5), True, id="square"),
        pytest.param(SQUARE, (1.5, 0.5), False, id="right-of-it"),
        pytest.param(SQUARE, (0.0, 0.0), True, id="lower-left-corner"),
        pytest.param(SQUARE, (1.0, 1.0), False, id="upper-right-corner"),
        pytest.param(SQUARE[::-1], (0.5, 0.5), True, id="the-other-way-round"),
        pytest.param(BOW_TIE, (0.1, 0.5), True, id="bow-tie-left"),
        pytest.param(BOW_TIE, (0.5, 0.9), False, id="bow-tie-between"),
        pytest.param(TWICE, (0.5, 0.5), False, id="around-twice-is-even"),
        pytest.param(ARROW, (0.2, 0.5), False, id="behind-the-arrow"),
        pytest.param(ARROW, (0.6, 0.5), True, id="in-the-arrow"),
        pytest.param(SQUARE, (np.nan, 0.5), False, id="no-place"),
        pytest.param(SQUARE[:2], (0.5, 0.0), False, id="a-line"),
        pytest.param((), (0.5, 0.5), False, id="nothing"),
    ],
)
def test_inside_goes_by_even_and_odd(polygon, place, wanted):
    assert inside(np.array([place], "f4"), polygon).tolist() == ([0] if wanted else [])


@given(places, st.lists(st.tuples(numbers, numbers), min_size=3, max_size=12))
def test_inside_is_what_a_ray_from_each_point_says(coords, polygon):
    def odd(x, y):
        crossings = 0
        for (x0, y0), (x1, y1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
            if (y0 > y) != (y1 > y):
                crossings += x < x0 + (y - y0) / (y1 - y0) * (x1 - x0)
        return crossings % 2 == 1

    wanted = [row for row, (x, y) in enumerate(coords.astype(float).tolist()) if odd(x, y)]
    found = inside(coords, polygon)
    assert (found.dtype, found.tolist()) == (np.int32, wanted)


def test_a_corner_that_is_no_number_is_refused():
    with pytest.raises(ConfigError, match="region of 4 corners"):
        inside(np.zeros((1, 2), "f4"), [*SQUARE[:3], (0.0, float("nan"))])


@given(places, st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.randoms(use_true_random=False))
def test_a_raster_counts_each_point_in_view_once(coords, columns, rows, colours, random):
    codes = np.array([random.randrange(colours) for _ in coords], "u1")
    found = raster(coords, codes, window=(0.0, -0.5, 1.5, 1.0), columns=columns, rows=rows)
    seen = within(coords, found.window)
    assert found.total == seen.sum()
    each = np.zeros((rows * columns, 256), int)
    for (x, y), code in zip(coords[seen].astype(float).tolist(), codes[seen].tolist(), strict=True):
        row, column = min(int((y + 0.5) * (rows / 1.5)), rows - 1), min(int(x * (columns / 1.5)), columns - 1)
        each[row * columns + column, code] += 1
    assert found.counts.tolist() == each.sum(axis=1).tolist()
    assert found.codes.tolist() == each.argmax(axis=1).tolist()


def test_a_raster_of_one_place_is_one_cell():
    found = raster(
        np.full((3, 2), 0.25, "f4"), np.array([4, 9, 9], "u1"), window=(0.25, 0.25, 0.25, 0.25), columns=2, rows=2
    )
    assert (found.counts.tolist(), found.codes.tolist()) == ([3, 0, 0, 0], [9, 0, 0, 0])
