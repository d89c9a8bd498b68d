"""The graph that is laid out: what umap-learn makes of the same neighbours, written out row by row."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.neighbours import Neighbours
from core.maps.graph import curve, fuzzy_graph


def plain_weights(distances: list[float]) -> list[float]:
    """Return the weights of one row's neighbours as umap-learn's smooth_knn_dist and compute_membership_strengths do."""
    apart = [distance for distance in distances if distance > 0]
    nearest, target = (apart[0] if apart else 0.0), math.log2(len(distances) + 1)
    low, high, scale = 0.0, math.inf, 1.0
    for _ in range(64):
        total = sum(math.exp(-max(0.0, distance - nearest) / scale) for distance in distances)
        if abs(total - target) < 1e-5:
            break
        if total > target:
            high, scale = scale, (low + scale) / 2
        else:
            low, scale = scale, scale * 2 if math.isinf(high) else (scale + high) / 2
    if nearest:
        scale = max(scale, 1e-3 * sum(distances) / (len(distances) + 1))
    return [1.0 if distance <= nearest else math.exp(-(distance - nearest) / scale) for distance in distances]


def ring(distances: np.ndarray) -> Neighbours:
    """Return neighbours of rows in a ring: the first is the next one, and so on."""
    count, k = distances.shape
    rows = (np.arange(count)[:, None] + np.arange(1, k + 1)) % count
    return Neighbours(rows.astype(np.int32), np.sort(distances, axis=1).astype(np.float32), 1.0, "cosine")


@settings(max_examples=25)
@given(st.lists(st.lists(st.floats(0.0078125, 2, width=32), min_size=4, max_size=4), min_size=9, max_size=15))
def test_the_weights_are_those_of_umap_learn(distances):
    neighbours = ring(np.array(distances))
    graph = fuzzy_graph(neighbours)
    count = len(distances)
    one_way = np.zeros((count, count))
    for row in range(count):
        one_way[row, neighbours.rows[row]] = plain_weights(neighbours.distances[row].astype(float).tolist())
    wanted = one_way + one_way.T - one_way * one_way.T
    found = np.zeros((count, count))
    for row in range(count):
        part = slice(graph.firsts[row], graph.firsts[row + 1])
        found[row, graph.tails[part]] = graph.weights[part]
    assert np.allclose(found, wanted, atol=2e-4)
    assert np.array_equal(found, found.T)


def test_memories_that_are_equal_hold_each_other_with_full_weight():
    distances = np.zeros((6, 3))
    distances[:, 2] = 0.5
    graph = fuzzy_graph(ring(distances))
    assert np.isfinite(graph.weights).all()
    assert graph.weights.max() == 1
    assert np.isfinite(fuzzy_graph(ring(np.zeros((6, 3)))).weights).all()


def test_an_order_renames_nodes_and_keeps_edges():
    graph = fuzzy_graph(ring(np.random.default_rng(0).random((8, 3))))
    order = np.array([3, 1, 0, 2, 7, 6, 5, 4])
    renamed = graph.ordered(order)
    edges = {
        (order[head], order[tail]): weight
        for head in range(8)
        for tail, weight in zip(
            renamed.tails[renamed.firsts[head] : renamed.firsts[head + 1]],
            renamed.weights[renamed.firsts[head] : renamed.firsts[head + 1]],
            strict=True,
        )
    }
    heads = np.repeat(np.arange(8), np.diff(graph.firsts))
    assert edges == dict(zip(zip(heads, graph.tails, strict=True), graph.weights, strict=True))


def test_edges_that_no_epoch_would_reach_are_left_out():
    graph = fuzzy_graph(ring(np.random.default_rng(0).random((8, 3))))
    assert len(graph.above(0.5).weights) < len(graph.weights)
    assert graph.above(0.5).weights.min() >= np.float32(0.5) * graph.weights.max()


@pytest.mark.parametrize(
    ("spread", "min_dist", "a", "b"),
    [
        pytest.param(1.0, 0.1, 1.5769, 0.8951, id="as umap-learn's own defaults"),
        pytest.param(1.0, 0.5, 0.5830, 1.3342, id="loose"),
    ],
)
def test_the_curve_is_that_of_umap_learn(spread, min_dist, a, b):
    assert curve(spread, min_dist) == pytest.approx((a, b), abs=1e-3)
