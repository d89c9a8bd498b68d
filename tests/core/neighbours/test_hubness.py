"""Magnets and outliers: who is a neighbour of many, and who stands alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.neighbours import Magnet, Neighbours, isolation, magnets, nearest, occurrences, outliers, skewness
from tests.core.neighbours.vectors import islands


def found(rows: list[list[int]], distances: list[list[float]] | None = None) -> Neighbours:
    near = np.array(rows, np.int32).reshape(len(rows), -1)
    away = np.ones(near.shape) if distances is None else np.array(distances)
    return Neighbours(near, away.astype(np.float32), 1.0, "cosine")


def test_a_row_that_all_others_have_is_a_magnet() -> None:
    star = found([[1], *([[0]] * 9)])
    assert occurrences(star).tolist() == [9, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert magnets(star) == (Magnet(0, 9, 9.0),)
    assert skewness(star) > 1.4


def test_where_all_are_alike_there_are_no_magnets() -> None:
    ring = found([[(row + 1) % 8] for row in range(8)])
    assert (magnets(ring), skewness(ring)) == ((), 0.0)


def test_the_largest_magnets_come_first_and_no_more_than_asked() -> None:
    rows = [[1, 2], [0, 2], [0, 1], *([[0, 1]] * 40), *([[0, 2]] * 4)]
    assert [magnet.row for magnet in magnets(found(rows))] == [0, 1]
    assert [magnet.row for magnet in magnets(found(rows), most=1)] == [0]


def test_of_copies_only_one_is_a_magnet_and_says_how_many_there_are() -> None:
    """30 copies of one text, each of them a neighbour of every other row."""
    rows = [[(row + step) % 30 for step in range(1, 5)] for row in range(30)]
    others = [[row % 30, (row + 1) % 30, (row + 2) % 30, (row + 3) % 30] for row in range(200)]
    neighbours = found([*rows, *others], [*([[0.0] * 4] * 30), *([[1.0] * 4] * 200)])
    assert [(magnet.copies, magnet.occurrences >= 30) for magnet in magnets(neighbours)] == [(29, True)]


def test_occurrences_add_up_to_k_for_each_row() -> None:
    neighbours = nearest(islands(200), k=7)
    assert occurrences(neighbours).sum() == 7 * 200
    assert occurrences(neighbours).dtype == np.int32


def test_what_stands_alone_is_an_outlier() -> None:
    matrix = np.concatenate([islands(120, count=3, spread=0.1), 20 * islands(2, count=2, seed=9)])
    neighbours = nearest(matrix, k=5, metric="euclidean")
    assert set(outliers(neighbours, most=2).tolist()) == {120, 121}
    assert outliers(neighbours, most=1).tolist() == [int(isolation(neighbours).argmax())]


def test_isolation_is_the_mean_distance() -> None:
    assert isolation(found([[1, 2], [0, 2], [0, 1]], [[0.5, 1], [0, 0], [1, 1]])).tolist() == [0.75, 0, 1]


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_have_neither(rows: int) -> None:
    neighbours = nearest(np.ones((rows, 3), np.float32))
    assert (magnets(neighbours), outliers(neighbours).tolist(), skewness(neighbours)) == ((), [], 0.0)
    assert (occurrences(neighbours).tolist(), isolation(neighbours).tolist()) == ([0] * rows, [0.0] * rows)
