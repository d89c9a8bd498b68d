"""The k nearest rows of each row of a matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from core.analysis.neighbours.blocked import exact_rows, searched
from core.analysis.neighbours.equal import equal_rows
from core.analysis.neighbours.found import Distances, Floats, Neighbours, Rows
from core.analysis.neighbours.inverted import inverted_rows
from core.analysis.neighbours.rounded import rounded
from core.analysis.neighbours.space import Space, space_of
from core.errors import CancelledError, ConfigError

__all__ = ["EXACT_MOST", "nearest", "nearest_to"]

EXACT_MOST: Final = 10_000
_POINTS: Final = 1_024


def nearest(
    matrix: Floats,
    *,
    k: int = 15,
    metric: str = "cosine",
    seed: int = 0,
    exact: bool | None = None,
    stop: Callable[[], bool] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Neighbours:
    """Return the k nearest other rows of each row of a matrix (n, dim); with n − 1 of them where k is more.

    `exact` forces or forbids the exact search; None takes it up to EXACT_MOST rows that differ, and where no other helps.
    `progress` is told 0 to 1. Raises CancelledError soon after `stop` returns true, ConfigError for a metric or a k that
    makes no sense.
    """
    if k < 1:
        raise ConfigError(f"{k} neighbours cannot be searched: ask for at least 1.")

    heard = 0.0

    def told(done: float) -> None:
        nonlocal heard
        if stop is not None and stop():
            raise CancelledError("The search for neighbours was stopped.")
        heard = max(heard, done)  # where a search was in vain, the next one begins again
        if progress is not None:
            progress(heard)

    told(0.0)
    space = space_of(matrix, metric)
    groups = equal_rows(space.vectors)
    distinct = space if groups is None else space.of(groups.firsts)
    rows, distances, recall = _found(distinct, k, seed=seed, exact=exact, told=told)
    if groups is not None:
        rows, distances = groups.spread(rows, distances, min(k, len(space) - 1))
    told(1.0)
    return Neighbours(rows, distances, recall, metric)


def nearest_to(matrix: Floats, queries: Floats, *, k: int = 15, metric: str = "cosine") -> tuple[Rows, Distances]:
    """Return the k nearest rows of a matrix (n, dim) for each of some queries (m, dim), exact: rows and distances, (m, k).

    For many queries by products of 8 bits with a margin; core.analysis.neighbours.rounded says how sure that is. Nearest
    first, ties by row; k is at most n. A query that is itself a row finds that row. Raises ConfigError where the dimensions
    differ.
    """
    if matrix.shape[1:] != queries.shape[1:]:
        raise ConfigError(
            f"Queries of {queries.shape[-1]} numbers do not fit vectors of {matrix.shape[-1]}: use one embedder."
        )
    space = space_of(matrix, metric, others=queries)
    points, k = space.placed(queries), min(k, len(space))
    file = rounded(space, points=len(points), k=k)
    parts = np.array_split(points, len(points) // _POINTS + 1)
    found = [(file.searched(part, k) if file is not None else None) or searched(space, part, k) for part in parts]
    rows, distances = zip(*found, strict=True)
    return np.concatenate(rows), np.concatenate(distances)


def _found(
    space: Space, k: int, *, seed: int, exact: bool | None, told: Callable[[float], None]
) -> tuple[Rows, Distances, float]:
    """Return rows, distances and the recall; the exact search also where the other one gives up."""
    if exact is False or (exact is None and len(space) > EXACT_MOST):
        found = inverted_rows(space, min(k, len(space) - 1), seed=seed, told=told) if len(space) > 2 * k else None
        if found is not None:
            return found
    return *exact_rows(space, k, told=told), 1.0
