"""k-NN, first picture, quality and placing at 1k to 100k, beside plain numpy over all pairs and pynndescent in the same run.

    python benchmarks/neighbours.py [--sizes 1000,5000,20000,100000] [--vectors FILE.npy [--map COORDS.npy]] [--k 15]

With a map, which has all rows of the file, every tenth row is left out and placed again. Vectors are islands of unequal size
in 384 dimensions, or the rows of a file. pynndescent is measured if it is installed: its first call in a process compiles.
Recall is against float64 on 300 rows: what is as near as the last true neighbour counts.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours import EXACT_MOST, Probed, nearest, nearest_to
from core.analysis.projection import alignment, landmarks, pca, placed, quality

_Floats = npt.NDArray[np.float32]
_DIM, _BLOCK, _ASKED, _NEW = 384, 1_024, 300, 1_000
# Beyond so many rows the exact ones take minutes.
_MOST_EXACT, _MOST_PLAIN = 50_000, 20_000


def _islands(rows: int) -> _Floats:
    """Return vectors of length 1 around 400 centres, few of them with most rows, each of 12 directions and some noise."""
    rng = np.random.default_rng(1)
    share = np.minimum(rng.zipf(1.5, 400) + 20, 2_000).astype(float)
    island = rng.choice(400, rows, p=share / share.sum())
    centres = rng.standard_normal((400, _DIM), dtype=np.float32)
    matrix = np.empty((rows, _DIM), np.float32)
    for each in range(400):
        there = np.flatnonzero(island == each)
        along = 0.35 * rng.standard_normal((12, _DIM), dtype=np.float32)
        matrix[there] = rng.standard_normal((len(there), 12), dtype=np.float32) @ along + centres[each]
        matrix[there] += 0.5 * rng.standard_normal((len(there), _DIM), dtype=np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def _plain(matrix: _Floats, k: int) -> npt.NDArray[np.int64]:
    """Return neighbours as one writes it down: all products of a block, argpartition."""
    found = []
    for start in range(0, len(matrix), _BLOCK):
        scores = matrix[start : start + _BLOCK] @ matrix.T
        scores[np.arange(len(scores)), start + np.arange(len(scores))] = -np.inf
        found.append(np.argpartition(scores, -k, axis=1)[:, -k:])
    return np.concatenate(found)


def _descent(matrix: _Floats, k: int) -> npt.NDArray[Any]:
    from pynndescent import NNDescent

    rows, _ = NNDescent(matrix, n_neighbors=k + 1, metric="cosine", random_state=0, low_memory=False).neighbor_graph
    return np.asarray(rows[:, 1:])


def _recall(points: _Floats, matrix: _Floats, found: npt.NDArray[Any], own: npt.NDArray[Any] | None = None) -> float:
    """Return the share of the neighbours found of some points that are as near as the last true one; none is its own."""
    scores = points.astype(np.float64) @ matrix.T.astype(np.float64)
    if own is not None:
        scores[np.arange(len(own)), own] = -np.inf
    last = np.partition(scores, -found.shape[1], axis=1)[:, -found.shape[1]]
    return float((np.take_along_axis(scores, found, axis=1) >= last[:, None] - 1e-7).mean())


def _apart(matrix: _Floats) -> tuple[_Floats, _Floats]:
    """Return what is there, and what is new."""
    few = min(_NEW, len(matrix) // 5)
    return matrix[few:], matrix[:few]


def _timed(run: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what a call gives, its seconds by the clock and of the processors."""
    wall, processor = time.perf_counter(), time.process_time()
    found = run()
    return found, time.perf_counter() - wall, time.process_time() - processor


def _searches(matrix: _Floats, k: int) -> dict[str, Callable[[], npt.NDArray[Any]]]:
    rows, searches = len(matrix), {}
    if rows <= _MOST_PLAIN:
        searches["plain numpy, all pairs"] = lambda: _plain(matrix, k)
    if rows <= _MOST_EXACT:
        searches["ours, exact"] = lambda: nearest(matrix, k=k, exact=True).rows
    searches["ours, cells"] = lambda: nearest(matrix, k=k, exact=False).rows
    if importlib.util.find_spec("pynndescent"):
        searches |= {name: lambda: _descent(matrix, k) for name in ("pynndescent, first", "pynndescent, again")}
    return searches


def _around(matrix: _Floats) -> dict[str, Callable[[], Any]]:
    """Return what else a map needs, by name."""
    coords, every = pca(matrix), np.arange(len(matrix), dtype=np.int32)
    old, new = _apart(matrix)
    return {
        "first picture (PCA)": lambda: pca(matrix),
        "quality on 2,000": lambda: quality(matrix, coords),
        f"placing {len(new):,}": lambda: placed(coords[len(new) :], *nearest_to(old, new)),
        "the bare product of that": lambda: new @ old.T,
        "each in a fifth, by cells": lambda: Probed.of(matrix[::5], matrix[::200], k=5).nearest(matrix, 5),
        "alignment": lambda: alignment(coords, coords[:, ::-1].copy(), (every, every)),
        "landmarks": lambda: landmarks(matrix, len(matrix) // 5),
    }


def _placed_again(matrix: _Floats, coords: _Floats) -> dict[str, float]:
    """Return how far from its own place every tenth row lies once it was placed between the others, of the map's width."""
    out = np.arange(len(matrix)) % 10 == 0
    near, away = nearest_to(matrix[~out], matrix[out])
    width = float(np.ptp(coords, axis=0).max())
    found: dict[str, float] = {}
    for name, places in (("placed", placed(coords[~out], near, away)), ("nearest", coords[~out][near[:, 0]])):
        apart = np.linalg.norm(places - coords[out], axis=1) / width
        found |= {
            f"{name}, median": round(float(np.median(apart)), 4),
            f"{name}, within 5 %": round(float((apart < 0.05).mean()), 3),
        }
    print(f"every tenth row placed again, distance from its own place in widths of the map: {found}")
    return found


def main() -> int:
    """Measure each size and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,5000,20000,100000")
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--k", type=int, default=15)
    parser.add_argument("--map", type=Path)
    arguments = parser.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    whole = np.load(arguments.vectors).astype(np.float32) if arguments.vectors else _islands(max(sizes))
    figures: dict[str, dict[str, float]] = {}
    print(f"k = {arguments.k}, exact by itself up to {EXACT_MOST:,} rows")
    print(f"{'rows':>8}  {'':<25}  {'seconds':>8}  {'processor':>9}  recall")
    for matrix in (np.ascontiguousarray(whole[:size]) for size in sizes):
        asked = np.random.default_rng(2).choice(len(matrix), min(_ASKED, len(matrix)), replace=False)
        for name, run in (_searches(matrix, arguments.k) | _around(matrix)).items():
            found, wall, processor = _timed(run)
            one = {"seconds": round(wall, 3), "processor": round(processor, 3)}
            if name in _searches(matrix, arguments.k):
                one["recall"] = round(_recall(matrix[asked], matrix, found[asked], asked), 4)
            elif name.startswith("placing"):
                old, new = _apart(matrix)
                one["recall"] = round(_recall(new[:_ASKED], old, nearest_to(old, new)[0][:_ASKED]), 4)
            figures[f"{len(matrix)} {name}"] = one
            print(f"{len(matrix):>8,}  {name:<25}  {wall:8.2f}  {processor:9.2f}  {one.get('recall', '')}", flush=True)
    if arguments.map:
        figures["placed again"] = _placed_again(whole, np.load(arguments.map).astype(np.float32))
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
