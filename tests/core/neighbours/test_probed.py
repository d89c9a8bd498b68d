"""Points looked for in a few cells: nearly all that is near is found, and always as many as were asked for."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.neighbours import METRICS, Probed, nearest_to
from tests.core.neighbours.vectors import distances, islands


@pytest.mark.parametrize("metric", METRICS)
def test_nearly_all_that_is_near_is_found(metric: str) -> None:
    matrix = islands(5_000, count=60)
    old, new = matrix[1_000:], matrix[:1_000]
    search = Probed.of(old, new[::2], k=5, metric=metric)
    assert search.probes < len(search.centres) / 4
    rows, apart = search.nearest(new, 5)
    true = nearest_to(old, new, k=5, metric=metric)
    assert float((apart <= true[1][:, -1:] + 1e-6).mean()) >= 0.95
    np.testing.assert_allclose(apart[:9], np.take_along_axis(distances(new[:9], old, metric), rows[:9], axis=1), atol=2e-6)
    assert (np.diff(apart, axis=1) >= 0).all()


@pytest.mark.parametrize(("rows", "k"), [(1, 3), (2, 2), (30, 29), (40, 60)], ids=str)
def test_each_has_as_many_as_there_are(rows: int, k: int) -> None:
    matrix = islands(rows, count=3)
    matrix[0] = 0
    found, apart = Probed.of(matrix, matrix, k=k).nearest(matrix, k)
    assert found.shape == apart.shape == (rows, min(rows, k))
    assert all(len(set(line)) == len(line) for line in found.tolist())
    np.testing.assert_allclose(apart, nearest_to(matrix, matrix, k=k)[1], atol=1e-6)


def test_no_queries_find_nothing() -> None:
    matrix = islands(20)
    assert Probed.of(matrix, matrix, k=2).nearest(matrix[:0], 2)[0].shape == (0, 2)
