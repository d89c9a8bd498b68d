"""UMAP's layout of a graph: epochs in blocks, side by side, the same for the same seed on any number of processors."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import numpy as np

from core.analysis.neighbours import Neighbours
from core.maps.graph import Graph, curve, fuzzy_graph
from core.maps.kernel import DIMENSIONS, Floats, compiled, tables
from core.maps.parameters import MapParameters

__all__ = ["laid_out", "processors"]

# As umap-learn: more epochs where they cost little.
_SMALL: Final = 10_000
_EPOCHS_SMALL, _EPOCHS = 500, 200
_SIDE: Final = 10.0
# The first step of a former map, of 1: it moves the median memory by 2 %, and the map is as true as one from the start.
_SETTLING: Final = 0.1
# A block is read by the others as it was an epoch ago, so small maps have one.
_BLOCKS: Final = 4
_BLOCK_LEAST: Final = 1_000


def laid_out(
    neighbours: Neighbours,
    start: Floats,
    parameters: MapParameters,
    *,
    side: float | None = None,
    progress: Callable[[float], None] | None = None,
    threads: int | None = None,
) -> Floats:
    """Return UMAP's places of n rows, float32 (n, dims), in its own scale, from their neighbours and a place to begin at.

    umap-learn counts a row as its own first neighbour, so of `parameters.neighbours` one is the row itself. `start`,
    (n, dims), is a first picture, which is stretched to a box of side 10, as umap-learn does; or, with the `side` that it
    had, a former map, which is settled by small steps, so that its islands stay where they were. `progress` is told 0 to 1.
    """
    count, dims = start.shape
    if count < 3 or not neighbours.k:
        return start.astype(np.float32)
    factors = tables(*curve(parameters.spread, parameters.min_dist))
    random = np.random.default_rng(parameters.seed)
    places = _begun(start, random, side)
    order = np.argsort(places[:, 0], kind="stable")  # what lies together is worked on together
    epochs = _EPOCHS_SMALL if count <= _SMALL and side is None else _EPOCHS
    graph = fuzzy_graph(_nearest_of(neighbours, parameters.neighbours - 1)).above(1 / epochs).ordered(order)
    places = np.ascontiguousarray(places[order])
    steps = np.linspace(1.0 if side is None else _SETTLING, 0, epochs, endpoint=False, dtype=np.float32)
    _run(places, graph, factors, steps, random, progress or (lambda _: None), threads or processors())
    found = np.empty((count, dims), np.float32)
    found[order] = places[:, :dims]
    return found


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _nearest_of(neighbours: Neighbours, k: int) -> Neighbours:
    return replace(neighbours, rows=neighbours.rows[:, :k], distances=neighbours.distances[:, :k])


def _begun(start: Floats, random: np.random.Generator, side: float | None) -> Floats:
    """Return the places to begin with, (n, 3), what lies on one spot a little apart."""
    low, high = start.min(axis=0), start.max(axis=0)
    scale = _SIDE / np.where(high > low, high - low, 1) if side is None else side
    places = np.zeros((len(start), DIMENSIONS), np.float32)
    places[:, : start.shape[1]] = scale * (start - low) + random.normal(scale=1e-3, size=start.shape)
    return places


def _run(
    places: Floats,
    graph: Graph,
    factors: tuple[Floats, Floats],
    steps: Floats,
    random: np.random.Generator,
    progress: Callable[[float], None],
    threads: int,
) -> None:
    """Move the places through all epochs, by steps that become smaller."""
    step = compiled()
    blocks = max(1, min(_BLOCKS, len(places) // _BLOCK_LEAST))
    bounds = np.linspace(0, len(places), blocks + 1).astype(np.int64).tolist()
    states = random.integers(0, 2**63, blocks, np.int64).astype(np.uint64)
    period = (graph.weights.max(initial=0) / graph.weights).astype(np.float32)
    edges = (graph.firsts, graph.tails, period, period.copy())
    with ThreadPoolExecutor(min(threads, blocks), thread_name_prefix="layout") as pool:
        for now, alpha in enumerate(steps):
            clock = (np.float32(now), alpha)
            before = places.copy() if blocks > 1 else places

            def move(block: int, before: Floats = before, clock: tuple[np.float32, np.float32] = clock) -> None:
                span = (bounds[block], bounds[block + 1])
                states[block] = step(places, before, span, edges, clock, factors, states[block])

            list(pool.map(move, range(blocks)))
            progress((now + 1) / len(steps))
