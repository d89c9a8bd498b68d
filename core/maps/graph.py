"""The weighted graph that UMAP lays out, from neighbours that are known: umap-learn's own, in numpy.

umap-learn's functions give the same numbers (benchmarks/projection.py compares them), but to import them is to compile
pynndescent, for twenty seconds on a machine that never did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours import Neighbours

__all__ = ["Graph", "curve", "fuzzy_graph"]

Floats = npt.NDArray[np.float32]

_STEPS: Final = 64
_CLOSE: Final = 1e-5
_LEAST_SCALE: Final = 1e-3


@dataclass(frozen=True, eq=False)
class Graph:
    """A symmetric graph by rows: the tails of head i, and their weights, lie from `firsts[i]` to `firsts[i + 1]`."""

    firsts: npt.NDArray[np.int64]
    tails: npt.NDArray[np.int32]
    weights: Floats

    def ordered(self, order: npt.NDArray[np.int64]) -> Graph:
        """Return the same graph with its nodes in another order: node i is the one that was `order[i]`."""
        return _of_matrix(self._matrix()[order][:, order])

    def above(self, share: float) -> Graph:
        """Return the graph without the edges whose weight is below a share of the heaviest one's."""
        matrix = self._matrix()
        matrix.data[matrix.data < share * matrix.data.max(initial=0)] = 0
        matrix.eliminate_zeros()
        return _of_matrix(matrix)

    def _matrix(self) -> Any:
        from scipy.sparse import csr_matrix

        nodes = len(self.firsts) - 1
        return csr_matrix((self.weights.copy(), self.tails, self.firsts), shape=(nodes, nodes))


def curve(spread: float, min_dist: float) -> tuple[float, float]:
    """Return a and b of 1 ÷ (1 + a d^2b), fitted to 1 up to `min_dist` and then to a fall as slow as `spread`."""
    from scipy.optimize import curve_fit

    distances = np.linspace(0, spread * 3, 300)
    wanted = np.where(distances < min_dist, 1.0, np.exp(-(distances - min_dist) / spread))
    (a, b), _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), distances, wanted)
    return float(a), float(b)


def fuzzy_graph(neighbours: Neighbours) -> Graph:
    """Return the union of the fuzzy simplicial sets of all rows (McInnes, Healy & Melville 2018, section 3.1).

    As in umap-learn a row is its own first neighbour, which counts where distances are averaged and for log2 of k.
    """
    from scipy.sparse import csr_matrix

    nodes, k = neighbours.rows.shape
    distances = np.maximum(neighbours.distances, 0).astype(np.float32)
    nearest, scales = _scales(distances)
    beyond = distances - nearest[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        weights = np.where((beyond <= 0) | (scales[:, None] == 0), 1, np.exp(-beyond / scales[:, None])).astype(np.float32)
    firsts = np.arange(0, nodes * k + 1, k)
    one_way = csr_matrix((weights.ravel(), neighbours.rows.ravel(), firsts), shape=(nodes, nodes))
    back = one_way.T.tocsr()
    return _of_matrix((one_way + back - one_way.multiply(back)).tocsr())


def _of_matrix(matrix: Any) -> Graph:
    matrix.sort_indices()
    return Graph(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), matrix.data.astype(np.float32))


def _scales(distances: Floats) -> tuple[Floats, Floats]:
    """Return for each row the distance to what is nearest but not equal, and the scale at which its weights add to log2 k.

    Bisection of all rows at once; those that are there already are left alone.
    """
    rows, k = distances.shape
    apart = np.where(distances > 0, distances, np.inf).min(axis=1, initial=np.inf)
    nearest = np.where(np.isfinite(apart), apart, 0).astype(np.float32)
    beyond = np.maximum(distances - nearest[:, None], 0)
    target, scales = np.log2(k + 1), np.ones(rows)
    low, high, open_ = np.zeros(rows), np.full(rows, np.inf), np.arange(rows)
    for _ in range(_STEPS):
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            sums = np.nan_to_num(np.exp(-beyond[open_] / scales[open_, None]), nan=1.0).sum(axis=1)
        far = np.abs(sums - target) >= _CLOSE
        open_, above = open_[far], (sums > target)[far]
        if not len(open_):
            break
        high[open_[above]], low[open_[~above]] = scales[open_[above]], scales[open_[~above]]
        middle = np.where(np.isinf(high[open_]), scales[open_] * 2, (low[open_] + high[open_]) / 2)
        scales[open_] = middle
    mean = np.where(nearest > 0, distances.sum(axis=1) / (k + 1), distances.sum() / (rows * (k + 1)))
    return nearest, np.maximum(scales, _LEAST_SCALE * mean).astype(np.float32)
