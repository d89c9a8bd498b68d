"""Many queries at once: candidates by 8 bits are all that is near, or the search says that 8 bits are too coarse."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.neighbours import METRICS, nearest_to
from core.analysis.neighbours.blocked import searched
from core.analysis.neighbours.rounded import rounded
from core.analysis.neighbours.space import space_of
from tests.core.neighbours.vectors import Floats, islands

ROWS, POINTS, K = 9_000, 300, 6


def vectors(*, count: int = 60, spread: float = 0.35) -> Floats:
    return islands(ROWS + POINTS, count=count, width=24, spread=spread)


def spiky() -> Floats:
    """Return vectors of which one in thirty has a number that 8 bits do not hold, some of the queries among them."""
    matrix = vectors()
    matrix[::30, 5] *= 40
    return matrix


@pytest.mark.parametrize(
    ("matrix", "metric"),
    [
        *(pytest.param(vectors(), metric, id=f"islands, {metric}") for metric in METRICS),
        *(pytest.param(vectors(spread=1.5), metric, id=f"a cloud, {metric}") for metric in METRICS),
        pytest.param(spiky(), "cosine", id="spikes"),
    ],
)
def test_many_queries_have_their_nearest_rows(matrix: Floats, metric: str) -> None:
    space = space_of(matrix[POINTS:], metric)
    points = space.placed(matrix[:POINTS])
    file = rounded(space, points=POINTS, k=K)
    assert file is not None
    found, true = file.searched(points, K), searched(space, points, K)
    assert found is not None
    np.testing.assert_array_equal(found[0], true[0])
    np.testing.assert_array_equal(found[1], true[1])
    np.testing.assert_array_equal(nearest_to(matrix[POINTS:], matrix[:POINTS], k=K, metric=metric)[0], true[0])


def test_where_8_bits_are_too_coarse_all_is_measured() -> None:
    """Texts that differ in a number only: islands much narrower than a step of 8 bits."""
    matrix = vectors(count=5, spread=0.0005)
    space = space_of(matrix[POINTS:], "cosine")
    file = rounded(space, points=POINTS, k=K)
    assert file is not None
    assert file.searched(space.placed(matrix[:POINTS]), K) is None
    rows, _ = nearest_to(matrix[POINTS:], matrix[:POINTS], k=K)
    np.testing.assert_array_equal(rows, searched(space, space.placed(matrix[:POINTS]), K)[0])


def test_where_many_rows_do_not_fit_8_bits_are_not_used() -> None:
    matrix = vectors()
    matrix[np.arange(len(matrix)) % 4 > 0, 5] *= 40  # one in four is looked at first
    assert rounded(space_of(matrix, "euclidean"), points=POINTS, k=K) is None


@pytest.mark.parametrize(
    ("rows", "points", "k"),
    [
        pytest.param(8_000, 300, 6, id="few rows"),
        pytest.param(9_000, 200, 6, id="few queries"),
        pytest.param(9_000, 300, 100, id="many neighbours"),
    ],
)
def test_where_there_is_little_to_do_it_is_done_plainly(rows: int, points: int, k: int) -> None:
    assert rounded(space_of(np.ones((rows, 2), np.float32), "cosine"), points=points, k=k) is None
