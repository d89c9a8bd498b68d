"""A map stays familiar: what is new lands near its neighbours, and a refit is turned back to what it was."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.neighbours import nearest_to
from core.analysis.projection import aligned, alignment, pca, placed
from core.errors import ConfigError
from tests.core.neighbours.vectors import Floats, islands

ROWS = np.arange(200, dtype=np.int32)


def some_map(rows: int = 200, dims: int = 2, seed: int = 3) -> Floats:
    return pca(islands(rows, count=5, seed=seed), dims=dims)


def test_new_memories_land_where_they_were() -> None:
    matrix = islands(2_000, count=12, spread=0.2)
    coords = pca(matrix)
    found = placed(coords[200:], *nearest_to(matrix[200:], matrix[:200]))
    assert (found.shape, found.dtype) == ((200, 2), np.float32)
    assert float(np.median(np.linalg.norm(found - coords[:200], axis=1))) < 0.03


def test_what_equals_a_neighbour_comes_to_lie_on_it() -> None:
    matrix, coords = islands(50), some_map(50)
    found = placed(coords, *nearest_to(matrix, 3 * matrix[7:9], k=5))
    np.testing.assert_allclose(found, coords[7:9], atol=1e-6)


def test_between_two_islands_there_is_only_sea() -> None:
    coords = np.concatenate([np.zeros((40, 2)), np.ones((40, 2))]).astype(np.float32)
    rows = np.array([[0, 1, 2, 40, 41], [0, 40, 41, 42, 43]], np.int32)
    found = placed(coords, rows, np.full((2, 5), 0.3, np.float32))
    np.testing.assert_allclose(found, [[0, 0], [1, 1]], atol=1e-3)


def test_a_much_nearer_neighbour_outweighs_an_island_of_others() -> None:
    coords = np.concatenate([np.zeros((40, 2)), np.ones((40, 2))]).astype(np.float32)
    found = placed(coords, np.array([[0, 40, 41, 42, 43]], np.int32), np.array([[0.01, 0.3, 0.3, 0.3, 0.3]], np.float32))
    np.testing.assert_allclose(found, [[0, 0]], atol=1e-3)


@given(seed=st.integers(0, 50), k=st.integers(1, 8), dims=st.integers(2, 3))
def test_new_places_are_among_those_of_their_neighbours(seed: int, k: int, dims: int) -> None:
    rng, coords = np.random.default_rng(seed), some_map(60, dims)
    rows = np.stack([rng.choice(60, k, replace=False) for _ in range(9)]).astype(np.int32)
    away = np.sort(rng.choice([0.0, 0.1, 0.5, 2.0], (9, k)), axis=1).astype(np.float32)
    found, near = placed(coords, rows, away), coords[rows]
    assert (found >= near.min(axis=1) - 1e-5).all()
    assert (found <= near.max(axis=1) + 1e-5).all()


def test_nothing_is_placed_on_an_empty_map() -> None:
    none = np.zeros((0, 2), np.float32)
    assert placed(some_map(), np.zeros((0, 5), np.int32), np.zeros((0, 5), np.float32)).shape == (0, 2)
    with pytest.raises(ConfigError, match="make the map first"):
        placed(none, np.zeros((1, 0), np.int32), np.zeros((1, 0), np.float32))


@settings(max_examples=40)
@given(
    angle=st.floats(0, 6.28),
    mirrored=st.booleans(),
    scale=st.floats(0.1, 10),
    shift=st.floats(-5, 5),
    dims=st.integers(2, 3),
)
def test_a_map_turned_mirrored_scaled_and_moved_comes_back(
    angle: float, mirrored: bool, scale: float, shift: float, dims: int
) -> None:
    former = some_map(dims=dims)
    turn = np.eye(dims)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    turn[0] *= -1 if mirrored else 1
    new = (scale * (former @ turn) + shift).astype(np.float32)
    found = alignment(new, former, (ROWS, ROWS))
    np.testing.assert_allclose(found.of(new), former, atol=1e-4)
    assert found.moved < 1e-4
    assert found.scale == pytest.approx(1 / scale, rel=1e-3)


def test_islands_that_moved_do_not_turn_the_rest() -> None:
    former = some_map()
    new = former[:, ::-1].copy()
    new[:60] += [0.5, -0.3]
    np.testing.assert_allclose(aligned(new, former, (ROWS, ROWS))[60:], former[60:], atol=0.01)


def test_only_common_memories_tell_how_a_map_was_turned() -> None:
    former = some_map()
    new = np.concatenate([np.full((30, 2), 9, np.float32), former[100:] @ np.array([[0, 1], [-1, 0]], np.float32)])
    pairs = np.arange(30, 130, dtype=np.int32), np.arange(100, 200, dtype=np.int32)
    np.testing.assert_allclose(aligned(new, former, pairs)[30:], former[100:], atol=1e-4)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_common_memories_turn_nothing(count: int) -> None:
    former, new = some_map(), some_map(seed=4)
    pairs = ROWS[:count], ROWS[:count]
    np.testing.assert_array_equal(aligned(new, former, pairs), new)


def test_a_map_in_one_place_stays_there() -> None:
    point = np.full((200, 2), 0.5, np.float32)
    np.testing.assert_array_equal(aligned(point, some_map(), (ROWS, ROWS)), point)
    np.testing.assert_array_equal(aligned(some_map(), point, (ROWS, ROWS)), some_map())
