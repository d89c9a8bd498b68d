"""Search is exact: the same answers as float64 brute force on vectors chosen to break shortcuts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.vectors.embedded import EmbeddedClient
from core.vectors.embedded.segment import Segment
from tests.core.builders import Where, make_client, make_index, query_all
from tests.core.engine.oracle import check_nearest

ROWS, WIDTH = 4_500, 24  # above the 4,096 rows from which int8 shadows are used
Rng = np.random.Generator
METRICS = ["cosine", "euclidean"]


def units(rng: Rng, count: int) -> np.ndarray:
    rows = rng.standard_normal((count, WIDTH))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cone(rng: Rng, *, cosine: float, norm: float) -> np.ndarray:
    """Return vectors of nearly one norm, all at nearly one angle to the first axis."""
    rows = rng.standard_normal((ROWS, WIDTH))
    rows[:, 0] = 0
    rows *= np.sqrt(1 - cosine**2) / np.linalg.norm(rows, axis=1, keepdims=True)
    rows[:, 0] = cosine
    return rows * norm * (1 + 1e-7 * rng.standard_normal((ROWS, 1)))


AXIS = np.eye(WIDTH)[0]
# name: (rows, queries) of a generator.
CASES: dict[str, Callable[[Rng], tuple[np.ndarray, list[np.ndarray]]]] = {
    "gaussian": lambda rng: (rng.standard_normal((ROWS, WIDTH)), [rng.standard_normal(WIDTH)]),
    "seven-distinct": lambda rng: (rng.standard_normal((7, WIDTH))[rng.integers(0, 7, ROWS)], [rng.standard_normal(WIDTH)]),
    "all-equal": lambda rng: (np.ones((ROWS, WIDTH)), [np.ones(WIDTH), -AXIS]),
    "near-ties": lambda rng: (units(rng, 1) + 1e-6 * rng.standard_normal((ROWS, WIDTH)), [units(rng, 1)[0]]),
    "one-angle": lambda rng: (cone(rng, cosine=0.5, norm=1e4), [AXIS * 1e4, AXIS]),
    "as-far-as-the-origin": lambda rng: (units(rng, ROWS) * 1e3 + AXIS * 1e3, [AXIS * 1e3]),
    "norm-1e-30": lambda rng: (units(rng, ROWS) * 1e-30, [units(rng, 1)[0] * 1e-30, units(rng, 1)[0]]),
    "subnormal": lambda rng: (units(rng, ROWS) * 1e-38, [units(rng, 1)[0] * 1e-38, units(rng, 1)[0] * 1e10]),
    "smallest": lambda rng: (np.sign(rng.standard_normal((ROWS, WIDTH))) * 1e-45, [np.sign(units(rng, 1)[0]) * 1e-45]),
    "norm-1e18": lambda rng: (units(rng, ROWS) * 1e18, [units(rng, 1)[0] * 1e18, units(rng, 1)[0]]),
    "largest": lambda rng: (np.sign(rng.standard_normal((ROWS, WIDTH))) * 3e38, [np.sign(units(rng, 1)[0]) * 3e38, AXIS]),
    "huge-query": lambda rng: (units(rng, ROWS), [units(rng, 1)[0] * 1e38, units(rng, 1)[0] * 1e20]),
    "every-norm": lambda rng: (units(rng, ROWS) * 10.0 ** rng.uniform(-30, 16, (ROWS, 1)), [units(rng, 1)[0], AXIS * 1e16]),
    "sparse": lambda rng: ((rng.random((ROWS, WIDTH)) < 0.1) * rng.standard_normal((ROWS, WIDTH)) + AXIS * 1e-3, [AXIS]),
    "one-outlier": lambda rng: (np.where(np.arange(ROWS)[:, None] == 7, 1e15, units(rng, ROWS)), [units(rng, 1)[0]]),
}


def filled(directory: Path, metric: str, rows: np.ndarray) -> tuple[EmbeddedClient, Where]:
    client = make_client(directory)
    where = make_index(client, dimension=rows.shape[1], distanceMetric=metric)
    share = np.arange(len(rows)) / len(rows)
    for start in range(0, len(rows), 500):
        batch = range(start, min(start + 500, len(rows)))
        client.put_vectors(
            **where,
            vectors=[{"key": str(n), "data": {"float32": rows[n]}, "metadata": {"share": float(share[n])}} for n in batch],
        )
    return client, where


def ask(client: EmbeddedClient, where: Where, query: np.ndarray, k: int, **more: Any) -> list[dict[str, Any]]:
    return query_all(client, where, topK=k, queryVector={"float32": query}, returnDistance=True, **more)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("name", CASES)
def test_the_nearest_of_difficult_vectors(tmp_path: Path, name: str, metric: str) -> None:
    rows, queries = CASES[name](np.random.default_rng(7))
    rows = rows.astype(np.float32)
    client, where = filled(tmp_path, metric, rows)
    keys = [str(number) for number in range(len(rows))]
    for query in [*queries, rows[5]]:
        single = query.astype(np.float32)
        for k in (1, 10, 700):
            hits = ask(client, where, single, k)
            check_nearest(hits, keys, rows.astype(np.float64), single.astype(np.float64), k, cosine=metric == "cosine")
    hits = ask(client, where, single, 10_000)
    check_nearest(hits, keys, rows.astype(np.float64), single.astype(np.float64), 10_000, cosine=metric == "cosine")
    client.close()


@pytest.mark.parametrize("metric", METRICS)
def test_filters_of_every_selectivity_and_deletes(tmp_path: Path, metric: str) -> None:
    rng = np.random.default_rng(11)
    rows = rng.standard_normal((6_000, WIDTH)).astype(np.float32)
    client, where = filled(tmp_path, metric, rows)
    query = rng.standard_normal(WIDTH).astype(np.float32)
    alive = np.ones(len(rows), np.bool_)

    def check_all(reader: EmbeddedClient) -> None:
        for share in (0, 0.0001, 0.001, 0.01, 0.09, 0.11, 0.5, 0.99, 1):
            picked = np.flatnonzero((np.arange(len(rows)) / len(rows) < share) & alive)
            keys, truth = [str(number) for number in picked], rows[picked].astype(np.float64)
            for k in (1, 10, 500):
                hits = ask(reader, where, query, k, filter={"share": {"$lt": share}})
                check_nearest(hits, keys, truth, query.astype(np.float64), k, cosine=metric == "cosine")

    check_all(client)
    dead = rng.permutation(len(rows))[:2_500]
    alive[dead] = False
    for start in range(0, len(dead), 500):
        client.delete_vectors(**where, keys=[str(number) for number in dead[start : start + 500]])
    check_all(client)
    client.close()
    reopened = EmbeddedClient(tmp_path)
    check_all(reopened)
    reopened.close()


_magnitudes = st.sampled_from([0.0, 1e-45, 1e-38, 1e-30, 1e-20, 1e-3, 0.5, 1.0, 3.0, 1e4, 1e10, 1e16, 1e18, 1e30, 3e38])
_component = st.builds(lambda size, sign: size * sign, _magnitudes, st.sampled_from([-1.0, 1.0]))


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    width = draw(st.integers(1, 5))
    count = draw(st.integers(1, 24))
    # One magnitude for all, or any for each.
    component = draw(
        st.sampled_from([_component, _magnitudes.map(lambda size: size), st.sampled_from([-1.0, 0.5, 1.0, 2.0])])
    )
    scale = draw(st.sampled_from([1.0, 1e-30, 1e-15, 1e8, 1.0]))
    cells = arrays.arrays(np.float64, (count + 1, width), elements=component)
    rows = np.clip(draw(cells) * scale, -3e38, 3e38).astype(np.float32)
    rows[~rows.any(axis=1), 0] = 1
    return rows[:-1], rows[-1]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=_worlds(), k=st.integers(1, 30), cosine=st.booleans(), seed=st.integers(0, 2**16))
@example(world=(np.float32([[1, 0], [0, 1e-45]]), np.float32([3e38, 0])), k=1, cosine=False, seed=0)
def test_a_segment_is_exact(
    small_thresholds: None, world: tuple[np.ndarray, np.ndarray], k: int, cosine: bool, seed: int
) -> None:
    rows, query = world
    rng = np.random.default_rng(seed)
    segment = Segment.empty(rows.shape[1], cosine=cosine)
    cut = int(rng.integers(0, len(rows) + 1))
    for part in (slice(0, cut), slice(cut, len(rows))):
        segment.append(np.arange(len(rows))[part] + 1, rows[part], [{} for _ in rows[part]])
    dead = np.flatnonzero(rng.random(len(rows)) < rng.choice([0, 0.4])) + 1
    segment.bury(dead)
    chosen = None if rng.random() < 0.5 else rng.random(len(rows)) < rng.choice([0.05, 0.5, 1])
    top = segment.view().search(query, k, chosen)
    left = np.setdiff1d(np.arange(len(rows)) if chosen is None else np.flatnonzero(chosen), dead - 1)
    hits = [{"key": seq, "distance": distance} for seq, distance in zip(top.seqs, top.distances, strict=True)]
    check_nearest(
        hits, [number + 1 for number in left], rows[left].astype(np.float64), query.astype(np.float64), k, cosine=cosine
    )
