"""The search for many rows: an inverted file over cells, with products of 8 bits, and a measured recall (Jégou et al. 2011).

Each row is looked for in the cells whose centres are nearest to it. How many, a sample of the rows tells, whose true
neighbours are found first. What the rounded products leave is measured again in float32; where 8 bits are too coarse, as
for many nearly equal texts, all products are of float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.blocked import SPARE, ordered, searched
from core.analysis.neighbours.cells import cell_of, cell_scores, centres_of
from core.analysis.neighbours.filed import File, Found, filed
from core.analysis.neighbours.found import Distances, Floats, Rows
from core.analysis.neighbours.space import Space
from core.analysis.neighbours.threads import workers

__all__ = ["inverted_rows", "probes_for"]

_SAMPLE: Final = 512
# Distances that differ by less are those of float32: of rows as near as the last one, any is right.
_SAME, _SMALL = 1e-4, 1e-9
_WANTED: Final = 0.975
_LEAST: Final = 0.95
# Where more than this share of all rows would have to be looked at, the exact search is as fast.
_MOST_SHARE: Final = 0.4
_CHUNK: Final = 4_096

_Told = Callable[[float], None]
_Ints = npt.NDArray[np.int64]


def inverted_rows(space: Space, k: int, *, seed: int, told: _Told) -> tuple[Rows, Distances, float] | None:
    """Return the k nearest other rows of each row, the distances, and the recall; None where cells do not help.

    `told` hears 0 to 1 and may raise, which ends the search.
    """
    asked = np.random.default_rng(seed).choice(len(space), min(_SAMPLE, len(space)), replace=False)
    true_rows, true_distances = searched(space, space.vectors[asked], k, own=asked)
    told(0.05)
    centres = centres_of(space.vectors, max(1, int(len(space) ** 0.5)), seed=seed)
    cells = cell_of(space.vectors, centres)
    told(0.2)
    choosing = slice(0, len(asked) // 2)
    probes = probes_for(cell_scores(space.vectors[asked[choosing]], centres), cells, true_rows[choosing])
    if probes is None:
        return None
    judging = slice(len(asked) // 2, None)  # not the half that chose
    enough = true_distances[judging, -1:] * (1 + _SAME) + _SMALL * space.unit
    for coarse in (True, False):
        file = filed(space, cells, len(centres), coarse=coarse)
        rows, distances = _looked_for(file, _near(file, centres, probes), k, told=told)
        recall = float((distances[asked[judging]] <= enough).mean())
        if recall >= _LEAST:
            break
    return rows, distances, recall


def probes_for(scores: Floats, cells: _Ints, true_rows: Rows) -> int | None:
    """Return in how many cells to look so that enough is found, from what is true of a sample; None where too many."""
    order = np.argsort(-scores, axis=1)
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(scores.shape[1]), order.shape), axis=1)
    needed = np.take_along_axis(ranks, cells[true_rows], axis=1)
    found = np.cumsum(np.bincount(needed.ravel(), minlength=scores.shape[1])) / needed.size
    probes = int(np.searchsorted(found, _WANTED)) + 1
    sizes = np.bincount(cells, minlength=scores.shape[1])
    share = sizes[order[:, :probes]].sum(axis=1).mean() / len(cells)
    return probes if share <= _MOST_SHARE else None


def _near(file: File, centres: Floats, probes: int) -> Rows:
    """Return the cells in which each place is looked for, int32 (n, probes), its own among them."""
    vectors, count = file.space.vectors, len(centres)

    def part(start: int) -> Rows:
        scores = cell_scores(vectors[start : start + _CHUNK], centres)
        return np.argpartition(scores, count - probes, axis=1)[:, count - probes :].astype(np.int32)

    with workers() as pool:
        return np.concatenate(list(pool.map(part, range(0, len(vectors), _CHUNK))))


def _looked_for(file: File, near: Rows, k: int, *, told: _Told) -> tuple[Rows, Distances]:
    """Return the k nearest rows of each row and the distances, as far as they are in the cells near to it."""
    size = len(file.rows)
    order = np.argsort(near.ravel(), kind="stable")
    points = (order // near.shape[1]).astype(np.int32)
    ends = np.cumsum(np.bincount(near.ravel(), minlength=file.cells))[:-1]
    rows, distances = np.empty((size, k), np.int32), np.empty((size, k), np.float32)
    pool = workers()
    try:
        least = np.concatenate(list(pool.map(lambda cell: file.within(cell, k + SPARE), range(file.cells))))
        parts: list[Found] = []
        for found in pool.map(
            lambda cell, those: file.looked_for(cell, those, least), range(file.cells), np.split(points, ends)
        ):
            parts.append(found)
            told(0.3 + 0.5 * len(parts) / file.cells)
        best = Found.joined(parts).best(size, k + SPARE)
        starts = range(0, size, _CHUNK)
        measured = pool.map(lambda at: _measured(file.space, best[at : at + _CHUNK], at, k), starts)
        for start, (places, apart) in zip(starts, measured, strict=True):
            own = file.rows[start : start + _CHUNK]
            rows[own], distances[own] = file.rows[places], apart
            told(0.8 + 0.2 * start / size)
    finally:
        pool.shutdown(cancel_futures=True)
    return rows, distances


def _measured(space: Space, best: Rows, start: int, k: int) -> tuple[Rows, Distances]:
    """Return the k nearest of the candidates (m, more) of the places from `start` on; of all rows where they are too few."""
    points = space.vectors[start : start + len(best)]
    rows, distances = ordered(space, points, best, k)
    for short in np.flatnonzero(np.isinf(distances[:, -1])):
        one = slice(short, short + 1)
        rows[one], distances[one] = searched(space, points[one], k, own=np.array([start + short]))
    return rows, distances
