"""Projections: the first picture, its box, landmarks, and how true a map is."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from core.analysis.projection import Quality, landmarks, pca, quality, unit_box
from core.errors import ConfigError
from tests.core.neighbours.vectors import Floats, distances, islands

COORDS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.integers(2, 3)),
    elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
)


def likeness(one: Floats, two: Floats) -> float:
    """Return the least correlation of the columns of two sets of coordinates, whatever their scale."""
    return min(float(np.corrcoef(a, b)[0, 1]) for a, b in zip(one.T, two.T, strict=True))


@pytest.mark.parametrize("dims", [2, 3])
def test_the_first_picture_is_that_of_the_principal_components(dims: int) -> None:
    matrix = islands(500, width=40) * np.geomspace(3, 0.2, 40, dtype=np.float32)
    moved = matrix - matrix.mean(axis=0)
    true = moved @ np.linalg.svd(moved, full_matrices=False)[2][:dims].T
    found = pca(matrix, dims=dims, metric="euclidean")
    assert (found.shape, found.dtype) == ((500, dims), np.float32)
    assert likeness(np.abs(found - found.mean(axis=0)), np.abs(true)) > 0.999
    spread = found.std(axis=0)
    np.testing.assert_allclose(spread / spread[0], true.std(axis=0) / true.std(axis=0)[0], rtol=0.02)


def test_the_first_picture_does_not_turn_with_order_or_length() -> None:
    matrix = islands(300)
    order = np.random.default_rng(1).permutation(300)
    longer = matrix * np.linspace(0.5, 9, 300, dtype=np.float32)[:, None]
    assert likeness(pca(matrix), pca(longer)) > 0.999
    assert likeness(pca(matrix)[order], pca(matrix[order])) > 0.99


def test_a_large_matrix_is_sampled_and_looks_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = islands(2_000, count=3)
    whole = pca(matrix)
    monkeypatch.setattr(sys.modules[pca.__module__], "_SAMPLE", 500 * matrix.shape[1])
    assert likeness(whole, pca(matrix)) > 0.98


@pytest.mark.parametrize("shape", [(0, 5), (1, 5), (2, 5), (3, 1), (4, 2), (5, 0)], ids=str)
def test_few_rows_or_numbers_have_a_picture(shape: tuple[int, int]) -> None:
    found = pca(np.random.default_rng(0).standard_normal(shape).astype(np.float32), dims=3)
    assert found.shape == (shape[0], 3)
    assert ((found >= 0) & (found <= 1)).all()


def test_equal_rows_lie_in_the_middle() -> None:
    assert pca(np.ones((4, 6), np.float32)).tolist() == [[0.5, 0.5]] * 4


@given(coords=COORDS)
def test_the_unit_box_keeps_proportions(coords: Floats) -> None:
    found = unit_box(coords)
    sides, true = np.ptp(found.astype(np.float64), axis=0), np.ptp(coords.astype(np.float64), axis=0)
    assert ((found >= 0) & (found <= 1)).all()
    assert sides.max() == pytest.approx(1 if true.max() > 0 else 0, abs=1e-6)
    np.testing.assert_allclose(sides, true / (true.max() or 1), atol=1e-6)
    np.testing.assert_allclose(found.min(axis=0) + found.max(axis=0), 1, atol=1e-6)


@given(rows=st.integers(0, 60), count=st.integers(0, 70), seed=st.integers(0, 3))
def test_landmarks_are_as_many_as_wanted_each_once(rows: int, count: int, seed: int) -> None:
    found = landmarks(islands(rows, width=4), count, seed)
    assert (found.dtype, len(found)) == (np.int32, min(rows, count))
    assert sorted(set(found.tolist())) == found.tolist()
    assert set(found.tolist()) <= set(range(rows))


def test_landmarks_cover_islands_of_any_size() -> None:
    centres = np.eye(8, dtype=np.float32)
    sizes = [2_000, 500, 100, 40, 20, 10, 5, 3]
    matrix = np.repeat(centres, sizes, axis=0) + 0.01 * islands(sum(sizes), count=1, width=8)
    chosen = np.repeat(np.arange(8), sizes)[landmarks(matrix, 200)]
    counts = np.bincount(chosen, minlength=8)
    assert (counts > 0).all()
    assert counts[0] == pytest.approx(200 * sizes[0] / sum(sizes), rel=0.25)


def plain_quality(matrix: Floats, coords: Floats, k: int, metric: str) -> tuple[float, float]:
    """Return trustworthiness as Venna & Kaski define it, and preservation, the long way."""
    near, apart = distances(matrix, matrix, metric), distances(coords, coords, "euclidean")
    rows, penalty, kept = len(matrix), 0, 0
    for row in range(rows):
        others = [other for other in range(rows) if other != row]
        ranks = {other: rank for rank, other in enumerate(sorted(others, key=lambda other: near[row, other]), 1)}
        on_map = sorted(others, key=lambda other: apart[row, other])[:k]
        penalty += sum(max(0, ranks[other] - k) for other in on_map)
        kept += sum(ranks[other] <= k for other in on_map)
    return 1 - 2 * penalty / (rows * k * (2 * rows - 3 * k - 1)), kept / (rows * k)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_quality_is_that_of_the_definition(metric: str) -> None:
    matrix = islands(160, count=6)
    coords = pca(matrix, metric=metric)
    found = quality(matrix, coords, k=9, metric=metric)
    trust, kept = plain_quality(matrix, coords, 9, metric)
    assert found == Quality(pytest.approx(trust, abs=1e-4), pytest.approx(kept, abs=1e-9), 160, 9)


def test_a_sample_tells_much_the_same() -> None:
    matrix = islands(1_500)
    coords = pca(matrix)
    some, all_of_them = quality(matrix, coords, sample=700), quality(matrix, coords, sample=1_500)
    assert (some.sample, all_of_them.sample) == (700, 1_500)
    assert some.trustworthiness == pytest.approx(all_of_them.trustworthiness, abs=0.01)
    assert some.preservation == pytest.approx(all_of_them.preservation, abs=0.01)


def test_a_map_that_shows_all_is_perfect_and_one_by_chance_is_not() -> None:
    flat = islands(400, width=2)
    assert quality(flat, flat, metric="euclidean") == Quality(1.0, 1.0, 400, 15)
    chance = quality(flat, np.random.default_rng(5).random((400, 2), dtype=np.float32), metric="euclidean")
    assert chance.trustworthiness == pytest.approx(0.5, abs=0.05)
    assert chance.preservation == pytest.approx(15 / 399, abs=0.02)


def test_copies_are_as_near_as_each_other() -> None:
    """On the map a copy's neighbours are any of the other 59 copies: none of them is wrong."""
    matrix = np.repeat(islands(6, count=6), 60, axis=0)
    coords = np.repeat(np.arange(6, dtype=np.float32), 60)[:, None] + np.zeros((1, 2), np.float32)
    assert quality(matrix, coords) == Quality(1.0, 1.0, 360, 15)


@pytest.mark.parametrize("rows", range(6))
def test_few_rows_have_a_quality(rows: int) -> None:
    matrix = islands(rows, width=2)
    found = quality(matrix, matrix, metric="euclidean")
    assert (found.trustworthiness, found.preservation, found.k) == (1.0, 1.0, max(0, (rows - 1) // 2))


def test_a_map_of_other_rows_has_no_quality() -> None:
    with pytest.raises(ConfigError, match="A map of 3 places is not one of 4 vectors"):
        quality(islands(4), np.zeros((3, 2), np.float32))
