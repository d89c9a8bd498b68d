"""The nearest of many vectors are found as if each was measured exactly, whatever their lengths."""

from __future__ import annotations

import numpy as np
import pytest

from core.exact import nearest

ROWS, DIMENSION = 20_000, 24


def vectors(kind: str) -> np.ndarray:
    rng = np.random.default_rng(7)
    made = rng.standard_normal((ROWS, DIMENSION)).astype(np.float32)
    if kind == "alike":
        made = np.ones((ROWS, DIMENSION), np.float32) + made * np.float32(1e-5)
    elif kind == "equal":
        made[:] = made[0]
    elif kind == "lengths":
        made *= (10.0 ** rng.integers(-30, 30, (ROWS, 1))).astype(np.float32)
    elif kind == "zeros":
        made[::2] = 0
    return made


@pytest.mark.parametrize("kind", ["plain", "alike", "equal", "lengths", "zeros"])
@pytest.mark.parametrize("k", [1, 10, ROWS + 5])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_nearest_are_the_nearest(kind: str, k: int, metric: str) -> None:
    many = vectors(kind)
    rows = np.flatnonzero(np.arange(ROWS) % 7)
    one = many[3] if kind != "zeros" else np.ones(DIMENSION, np.float32)
    wide, alone = many[rows].astype(np.float64), one.astype(np.float64)
    if metric == "cosine":
        lengths = np.linalg.norm(wide, axis=1) * np.linalg.norm(alone)
        wanted = np.divide(wide @ alone, lengths, out=np.zeros(len(rows)), where=lengths > 0)
    else:
        wanted = 1 - ((wide - alone) ** 2).sum(axis=1) / 2
    found = nearest(many, rows, one, k=k, metric=metric)
    assert len(found) == min(k, len(rows))
    assert np.allclose([cosine for _, cosine in found], np.sort(wanted)[::-1][:k], rtol=1e-12, atol=1e-12)
    places = {int(row): cosine for row, cosine in zip(rows, wanted, strict=True)}
    assert np.allclose([places[row] for row, _ in found], [cosine for _, cosine in found], rtol=1e-12, atol=1e-12)


def test_a_query_of_no_length_is_like_nothing() -> None:
    found = nearest(vectors("plain"), np.arange(ROWS), np.zeros(DIMENSION, np.float32), k=3, metric="cosine")
    assert found == [(0, 0.0), (1, 0.0), (2, 0.0)]
