"""The k-NN of a matrix is that of the plain way, whatever the vectors; the fast search says how much of it it found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.analysis.neighbours import METRICS, blocked, nearest, nearest_to, search
from core.errors import CancelledError, ConfigError
from tests.core.neighbours.vectors import Floats, distances, islands

METRIC = st.sampled_from(METRICS)
# Few values, so that many rows are equal, opposite or all zeros.
FEW = hnp.arrays(
    np.float32, st.tuples(st.integers(0, 24), st.integers(1, 4)), elements=st.sampled_from([-1.0, 0.0, 0.5, 2.0])
)


@given(matrix=FEW, k=st.integers(1, 30), metric=METRIC, exact=st.sampled_from([None, True, False]))
def test_each_row_has_its_nearest_others(matrix: Floats, k: int, metric: str, exact: bool | None) -> None:
    found = nearest(matrix, k=k, metric=metric, exact=exact)
    true = distances(matrix, matrix, metric)
    rows = len(matrix)
    assert found.rows.shape == found.distances.shape == (rows, min(k, max(0, rows - 1)))
    assert (found.rows.dtype, found.distances.dtype, found.metric) == (np.int32, np.float32, metric)
    np.fill_diagonal(true, np.inf)
    np.testing.assert_allclose(found.distances, np.sort(true, axis=1)[:, : found.k], atol=2e-6)
    np.testing.assert_allclose(found.distances, np.take_along_axis(true, found.rows, axis=1), atol=2e-6)
    assert all(len(set(line)) == found.k and row not in line for row, line in enumerate(found.rows.tolist()))
    assert (np.diff(found.distances, axis=1) >= 0).all()


@given(matrix=FEW.filter(len), k=st.integers(1, 30), metric=METRIC, data=st.data())
def test_queries_have_their_nearest_rows(matrix: Floats, k: int, metric: str, data: st.DataObject) -> None:
    shape = (data.draw(st.integers(0, 5)), matrix.shape[1])
    queries = data.draw(hnp.arrays(np.float32, shape, elements=st.sampled_from([0.0, 0.25, 1.0])))
    rows, apart = nearest_to(matrix, queries, k=k, metric=metric)
    true = distances(queries, matrix, metric)
    assert rows.shape == apart.shape == (len(queries), min(k, len(matrix)))
    np.testing.assert_allclose(apart, np.sort(true, axis=1)[:, :k], atol=2e-6)
    np.testing.assert_allclose(apart, np.take_along_axis(true, rows, axis=1), atol=2e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_many_blocks_give_what_one_does(metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, size in ((blocked, "_POINTS", 128), (blocked, "_ROWS", 500), (search, "_POINTS", 7)):
        monkeypatch.setattr(module, name, size)
    matrix = islands(1_300, width=4)
    asked = np.arange(0, len(matrix), 71)
    found = nearest(matrix, k=6, metric=metric, exact=True)
    rows, apart = nearest_to(matrix, matrix[asked], k=7, metric=metric)
    assert found.recall == 1
    np.testing.assert_array_equal(rows[:, 0], asked)
    np.testing.assert_array_equal(rows[:, 1:], found.rows[asked])
    np.testing.assert_allclose(apart[:, 1:], found.distances[asked], atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_the_fast_search_finds_nearly_all_and_says_how_much(metric: str) -> None:
    matrix = islands(3_000, count=40)
    true, found = nearest(matrix, k=10, metric=metric, exact=True), nearest(matrix, k=10, metric=metric, exact=False)
    share = float((found.distances <= true.distances[:, -1:] + 1e-6).mean())
    assert share >= 0.95
    assert found.recall < 1
    assert found.recall == pytest.approx(share, abs=0.02)
    assert not (found.rows == np.arange(len(matrix))[:, None]).any()
    again = nearest(matrix, k=10, metric=metric, exact=False)
    np.testing.assert_array_equal(found.rows, again.rows)


def test_where_8_bits_are_too_coarse_the_fast_search_takes_more() -> None:
    """Texts that differ in a number only: islands much narrower than a step of 8 bits."""
    matrix = islands(2_000, count=25, spread=0.002)
    true, heard = nearest(matrix, k=5, exact=True), []
    found = nearest(matrix, k=5, exact=False, progress=heard.append)
    assert float((found.distances <= 1.0001 * true.distances[:, -1:]).mean()) >= 0.95
    assert heard == sorted(heard)


def test_where_cells_do_not_help_the_search_is_exact() -> None:
    noise = np.random.default_rng(0).standard_normal((900, 64), dtype=np.float32)
    assert nearest(noise, k=10, exact=False).recall == 1


def test_equal_rows_are_each_others_neighbours_in_turn() -> None:
    """300 copies of one text: none of them is a neighbour of more than k others."""
    matrix = np.concatenate([np.tile(islands(1), (300, 1)), islands(50, seed=1)])
    found = nearest(matrix, k=5)
    assert found.rows[[0, 297, 299]].tolist() == [[1, 2, 3, 4, 5], [298, 299, 0, 1, 2], [0, 1, 2, 3, 4]]
    assert not found.distances[:300].any()
    assert np.bincount(found.rows[:300].ravel(), minlength=300)[:300].tolist() == [5] * 300


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("size", [pytest.param(1e-30, id="very short"), pytest.param(1e30, id="very long")])
def test_vectors_of_any_length_have_neighbours(metric: str, size: float) -> None:
    matrix = islands(40, width=8)
    usual, found = nearest(matrix, k=4, metric=metric), nearest(matrix * np.float32(size), k=4, metric=metric)
    np.testing.assert_array_equal(found.rows, usual.rows)
    unit = size if metric == "euclidean" else 1
    np.testing.assert_allclose(found.distances / unit, usual.distances, rtol=1e-4, atol=1e-6)


def test_nearly_equal_vectors_are_not_at_zero_by_chance() -> None:
    one = islands(1)[0].astype(np.float64)
    one /= np.linalg.norm(one)
    aside = np.zeros_like(one)
    aside[0] = 1e-4
    found = nearest(np.array([one, one + aside], np.float32), k=1)
    assert found.distances[0, 0] == pytest.approx(5e-9, rel=0.1)


def test_progress_goes_to_the_end_and_a_stop_is_heard() -> None:
    matrix, heard = islands(3_000), []
    nearest(matrix, k=5, exact=False, progress=heard.append)
    assert (heard[0], heard[-1]) == (0, 1)
    assert heard == sorted(heard)
    for exact in (True, False):
        with pytest.raises(CancelledError, match="was stopped"):
            nearest(matrix, k=5, exact=exact, progress=heard.append, stop=lambda: heard[-1] < 1 and heard[-1] > 0.2)


@pytest.mark.parametrize(
    ("matrix", "wanted", "message"),
    [
        pytest.param(np.ones((3, 2), np.float32), {"metric": "dot"}, "no metric 'dot'", id="metric"),
        pytest.param(np.ones((3, 2), np.float32), {"k": 0}, "0 neighbours", id="none"),
        pytest.param(np.ones(3, np.float32), {}, r"shape \(3,\)", id="no matrix"),
        pytest.param(np.array([[1, np.nan], [1, 0]], np.float32), {}, "not finite", id="no number"),
        pytest.param(np.array([[1, np.inf], [1, 0]], np.float32), {"metric": "euclidean"}, "not finite", id="infinite"),
    ],
)
def test_what_makes_no_sense_is_refused(matrix: Floats, wanted: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        nearest(matrix, **wanted)


def test_queries_of_another_dimension_are_refused() -> None:
    with pytest.raises(ConfigError, match="Queries of 3 numbers do not fit vectors of 2"):
        nearest_to(np.ones((4, 2), np.float32), np.ones((1, 3), np.float32))
