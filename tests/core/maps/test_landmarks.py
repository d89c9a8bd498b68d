"""Memories that are not laid out: each lies by the landmarks that it is like, and is in the cluster of the nearest."""

from __future__ import annotations

import numpy as np
import pytest

from core.analysis.clusters import Clusters
from core.analysis.neighbours import METRICS
from core.analysis.projection import landmarks, pca
from core.maps.work import _placed, _Rows, _spread
from tests.core.maps.builders import make_vectors

MATRIX = make_vectors(3_000, groups=20)
CHOSEN = landmarks(MATRIX, 600)


@pytest.mark.parametrize("metric", METRICS)
def test_all_lie_by_the_landmarks_that_they_are_like(metric):
    heard = []
    whole = pca(MATRIX, metric=metric)
    rows = _Rows(np.ascontiguousarray(MATRIX[CHOSEN]), CHOSEN)
    coords, owner = _placed(whole[CHOSEN], rows, MATRIX, metric, lambda *said: heard.append(said))
    assert np.array_equal(owner[CHOSEN], np.arange(len(CHOSEN)))
    assert np.allclose(coords[CHOSEN], whole[CHOSEN], atol=1e-6)
    assert np.median(np.linalg.norm(coords - whole, axis=1)) < 0.05
    assert heard[0] == ("layout", 0.5)


def test_all_are_in_the_cluster_of_their_landmark():
    codes, nearest, ids = (np.array(each, np.int32) for each in ([0, 1, -1], [0, 1, 1], [0, 1]))
    found = Clusters(codes, np.array([0.5, 1, 0], np.float32), nearest, ids, 2, 5)
    spread = _spread(found, np.array([2, 2, 0, 1, 0], np.int32))
    assert spread.codes.tolist() == [-1, -1, 0, 1, 0]
    assert spread.nearest.tolist() == [1, 1, 0, 1, 0]
    assert spread.strength.tolist() == [0, 0, 0.5, 1, 0.5]
