"""The space in which neighbours are searched: rows such that the squared difference of two tells their distance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import METRICS, Distances, Floats, Rows
from core.errors import ConfigError

__all__ = ["Space", "space_of"]

_CHUNK: Final = 1_024
_FLOATS_AT_ONCE: Final = 1 << 23
# How far the square of a length may be from 1 by the rounding of float32.
_ROUNDING: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Space:
    """Vectors float32 (n, d) in one block, a dimension more than were given where some vector is all zeros.

    For cosine of length 1, each all-zero one in the direction of its own that no other has: at distance 1 from the others.
    For euclidean distances less their `middle` and in `units`, so that squares of very large and small ones are numbers.
    """

    vectors: Floats
    metric: str
    middle: npt.NDArray[np.float64] | None = None
    unit: float = 1.0

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def halves(self) -> Floats | None:
        """Half the squared lengths (n,), which a product lacks to order by distance; None where all are of length 1."""
        if self.middle is None:
            return None
        halves: Floats = np.einsum("ij,ij->i", self.vectors, self.vectors) / np.float32(2)
        return halves

    def placed(self, matrix: Floats) -> Floats:
        """Return other vectors (m, dim) in this space, (m, d)."""
        if self.middle is not None:
            return ((matrix - self.middle) / self.unit).astype(np.float32)
        return _directions(matrix, self.vectors.shape[1])

    def of(self, rows: npt.NDArray[np.integer]) -> Space:
        """Return some rows, in their order, as a space."""
        return replace(self, vectors=self.vectors[rows])

    def distances(self, points: Floats, rows: Rows) -> Distances:
        """Return the distance of each point (m, d) of this space to each of its rows (m, k), without cancellation."""
        found = np.empty(rows.shape, np.float32)
        step = max(1, _FLOATS_AT_ONCE // max(1, rows.shape[1] * self.vectors.shape[1]))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            apart = self.vectors[rows[part]]
            apart -= points[part, None, :]
            found[part] = np.einsum("ijk,ijk->ij", apart, apart)
        if self.middle is None:
            return found / np.float32(2)
        return np.sqrt(found, out=found) * np.float32(self.unit)


def space_of(matrix: Floats, metric: str, *, others: Floats | None = None) -> Space:
    """Return the vectors of a matrix (n, dim) in a space for a metric that also has room for `others` (m, dim).

    Raises ConfigError for a metric that is not known, for what is no matrix, and for a vector that is not finite.
    """
    if metric not in METRICS:
        raise ConfigError(f"There is no metric {metric!r}: use one of {', '.join(METRICS)}.")
    if matrix.ndim != 2:
        raise ConfigError(f"Vectors are rows of a matrix, this has the shape {matrix.shape}: give (n, dimension).")
    rows, width = matrix.shape
    if metric == "cosine":
        room = others is not None and not others.any(axis=1).all()
        if not room and _are_directions(matrix):
            return Space(np.ascontiguousarray(matrix), metric)
        return Space(_directions(matrix, width + bool(room or not matrix.any(axis=1).all())), metric)
    middle = matrix.mean(axis=0, dtype=np.float64) if rows else np.zeros(width)
    _check_finite(middle)
    unit = max((float(np.abs(matrix[part] - middle).max(initial=0.0)) for part in _parts(rows)), default=0.0) or 1.0
    moved = np.empty(matrix.shape, np.float32)
    for part in _parts(rows):
        moved[part] = (matrix[part] - middle) / unit
    return Space(moved, metric, middle, unit)


def _directions(matrix: Floats, width: int) -> Floats:
    """Return rows of length 1 and of a width; a row of zeros has a 1 in the last column, which is one more than given."""
    found = np.zeros((len(matrix), width), np.float32)
    for part in _parts(len(matrix)):
        largest = np.abs(matrix[part]).max(axis=1, initial=0.0)
        _check_finite(largest)
        zeros = largest == 0
        # Divided twice: the square of a very short or long vector is no float32.
        scaled = matrix[part] / np.where(zeros, 1, largest)[:, None]
        lengths = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))
        np.divide(scaled, np.where(zeros, 1, lengths)[:, None], out=found[part, : matrix.shape[1]])
        found[part, matrix.shape[1] :] = zeros[:, None]
    return found


def _are_directions(matrix: Floats) -> bool:
    """Return whether all rows are of length 1 already, as an embedder's are: then they need no copy."""
    with np.errstate(all="ignore"):
        off = np.abs(np.einsum("ij,ij->i", matrix, matrix) - 1)
    return matrix.dtype == np.float32 and bool((off <= _ROUNDING).all())


def _parts(rows: int) -> Iterator[slice]:
    """Yield all of so many rows in parts, so that what is made of one stays in the processor's cache."""
    return (slice(start, start + _CHUNK) for start in range(0, rows, _CHUNK))


def _check_finite(sizes: npt.NDArray[np.floating]) -> None:
    if not np.isfinite(sizes).all():
        raise ConfigError("A vector has a number that is not finite: write that memory again, or leave it out.")
