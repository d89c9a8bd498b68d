"""A map as anybody would make it with umap-learn, for benchmarks/projection.py."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["peak_mb", "plain"]


def plain(folder: str, began: float) -> dict[str, Any]:
    """Return the figures of umap-learn as anybody would call it, cold and warm."""
    vectors = np.load(Path(folder, "vectors.npy"))
    import umap

    coords = umap.UMAP().fit_transform(vectors)
    cold = time.time() - began
    start = time.time()
    umap.UMAP().fit_transform(vectors)
    warm = time.time() - start
    peak = peak_mb()
    from core.analysis.projection import quality

    measured = quality(vectors, np.ascontiguousarray(coords, np.float32))
    return {
        "graph_difference": _graph_difference(vectors),
        "plain_cold_s": cold,
        "plain_warm_s": warm,
        "plain_mb": peak,
        "plain_trust": measured.trustworthiness,
        "plain_kept15": measured.preservation,
    }


def _graph_difference(vectors: npt.NDArray[np.float32]) -> float:
    """Return the largest difference between a weight of our graph and umap-learn's of the same neighbours."""
    from scipy.sparse import csr_matrix
    from umap.umap_ import fuzzy_simplicial_set

    from core.analysis.neighbours import nearest
    from core.maps.graph import fuzzy_graph

    found = nearest(vectors, k=14)
    graph = fuzzy_graph(found)
    rows = np.hstack([np.arange(len(vectors), dtype=np.int32)[:, None], found.rows])
    distances = np.hstack([np.zeros((len(vectors), 1), np.float32), np.maximum(found.distances, 0)])
    random = np.random.RandomState(0)
    theirs, _, _ = fuzzy_simplicial_set(vectors, 15, random, "cosine", knn_indices=rows, knn_dists=distances)
    mine = csr_matrix((graph.weights, graph.tails, graph.firsts), shape=theirs.shape)
    return float(abs(mine - theirs.tocsr()).max())


def peak_mb() -> float:
    """Return the largest memory of this process so far in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
