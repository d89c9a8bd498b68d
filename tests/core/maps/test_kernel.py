"""One epoch of the layout, run as plain Python: what it does to the places, and that blocks need no order among them."""

from __future__ import annotations

import numpy as np
import pytest

from core.maps.graph import curve, fuzzy_graph
from core.maps.kernel import DIMENSIONS, _epoch, tables
from tests.core.maps.builders import make_neighbours, make_vectors

VECTORS = make_vectors(48)
GRAPH = fuzzy_graph(make_neighbours(VECTORS))
FACTORS = tables(*curve(1.0, 0.1))


def begun():
    places = np.zeros((len(VECTORS), DIMENSIONS), np.float32)
    places[:, :2] = np.random.default_rng(3).random((len(VECTORS), 2)) * 10
    return places


def run(blocks, *, epochs=12, order=1):
    """Return the places after some epochs in so many blocks, which take their turns forwards or backwards."""
    places, bounds = begun(), np.linspace(0, len(VECTORS), blocks + 1).astype(int)
    period = (GRAPH.weights.max() / GRAPH.weights).astype(np.float32)
    edges = (GRAPH.firsts, GRAPH.tails, period, period.copy())
    states = [np.uint64(7 + block) for block in range(blocks)]
    with np.errstate(over="ignore"):
        for now in range(epochs):
            before, clock = places.copy(), (np.float32(now), np.float32(1 - now / epochs))
            for block in range(blocks)[::order]:
                span = (bounds[block], bounds[block + 1])
                states[block] = _epoch(places, before, span, edges, clock, FACTORS, states[block])
    return places


def apart(places):
    """Return how far memories of one group are from each other, of the distance between any two."""
    group = np.arange(len(VECTORS)) % 4
    distances = np.linalg.norm(places[:, None] - places, axis=2)
    return distances[group[:, None] == group].mean() / distances.mean()


@pytest.mark.parametrize("blocks", [pytest.param(1, id="one block"), pytest.param(3, id="three blocks")])
def test_memories_that_are_near_come_together(blocks):
    places = run(blocks)
    assert apart(places) < 0.7 * apart(begun())
    assert np.isfinite(places).all()
    assert not places[:, 2].any(), "a plane stays one"


def test_blocks_may_take_their_turns_in_any_order():
    forwards = run(3, epochs=4)
    assert np.array_equal(forwards, run(3, epochs=4, order=-1))
    assert not np.array_equal(forwards, run(1, epochs=4))


def test_the_tables_are_the_gradients_of_the_curve():
    a, b = curve(1.0, 0.1)
    pull, push = tables(a, b)
    squared = np.array([1e-4, 0.01, 0.5, 1, 3, 40, 900], np.float32)
    at = squared.view(np.int32) >> 16
    fall = 1 + a * squared**b
    assert pull[at] == pytest.approx(-2 * a * b * squared ** (b - 1) / fall, rel=0.01)
    assert push[at] == pytest.approx(2 * b / ((0.001 + squared) * fall), rel=0.01)
    assert np.isfinite(np.concatenate([pull, push])).all()
