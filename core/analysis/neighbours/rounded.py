"""Many points at once: products of 8 bits say which rows may be near, and float32 which are.

How far rounding takes a product off is measured on a hundred pairs of each point; a row is left out only where it would have
to be off by half as much again as the largest of all these. Where 8 bits tell too little apart, as among many nearly equal
texts, nothing is found here, and the plain search is to be taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numkong
import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Distances, Floats, Rows
from core.analysis.neighbours.space import Space
from core.analysis.neighbours.threads import workers

__all__ = ["Rounded", "rounded"]

# With fewer of them the plain search is as fast.
_LEAST_POINTS, _LEAST_ROWS = 256, 8_192
_CHUNK: Final = 512
_PAIRS_AT_ONCE: Final = 4_096
_STEPS: Final = 127
_LARGEST: Final = 2**30
# Rows with a number beyond the 8 bits are measured whole; where they are many, 8 bits are of no use.
_HELD, _MOST_BEYOND = 0.98, 0.1
# One row in so many tells what the nearest of a point are at least.
_STRIDE: Final = 32
_MEASURED: Final = 128
_CAUTION: Final = 1.5
_MOST_CANDIDATES: Final = 1_000

_Ints = npt.NDArray[np.int64]
_Products = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Rounded:
    """Rows of a space in 8 bits, `codes` (n, d), of which `scale` is 1; `beyond` (b,) are those that they do not hold."""

    space: Space
    codes: npt.NDArray[np.int8]
    scale: float
    beyond: _Ints

    def searched(self, points: Floats, k: int) -> tuple[Rows, Distances] | None:
        """Return the k nearest rows of points (m, d) of the space and their distances, (m, k), ties by row.

        None where 8 bits tell too little apart.
        """
        asked = _Asked.of(self, points)
        found = asked.candidates(k)
        return None if found is None else self._measured(points, *found, k)

    def _measured(self, points: Floats, rows: _Ints, places: _Ints, k: int) -> tuple[Rows, Distances]:
        """Return the k nearest of the candidates: row `rows[i]` is one of point `places[i]`."""

        def measured(pairs: slice) -> Distances:
            return self.space.distances(points[places[pairs]], rows[pairs, None].astype(np.int32))[:, 0]

        with workers() as pool:
            distances = np.concatenate(list(pool.map(measured, _slices(len(rows), _PAIRS_AT_ONCE))))
        order = np.lexsort((rows, distances, places))
        firsts = np.searchsorted(places[order], np.arange(len(points)))
        best = order[firsts[:, None] + np.arange(k)]
        return rows[best].astype(np.int32), distances[best]


@dataclass(frozen=True, eq=False)
class _Asked:
    """Points in 8 bits, ready for products; `unit` (m,) is what 1 is in these, `margin` (m,) how far one may be off.

    `whole` (b, m) are the products of what 8 bits do not hold.
    """

    file: Rounded
    points: Floats
    packed: Any
    unit: Floats
    margin: _Products
    whole: _Products

    @classmethod
    def of(cls, file: Rounded, points: Floats) -> _Asked:
        """Return points (m, d), with how far products of theirs are off."""
        largest = np.maximum(np.abs(points).max(axis=1), np.finfo(np.float32).tiny)
        if file.space.halves is not None:  # what is taken off is in one unit for all
            largest[:] = largest.max()
        packed = numkong.dots_pack(np.rint(points * (_STEPS / largest)[:, None]).astype(np.int8))
        unit = (file.scale * _STEPS / largest).astype(np.float32)
        none = np.zeros(len(points), np.int32)
        asked = cls(file, points, packed, unit, none, none[None])
        asked = replace(asked, whole=np.rint(asked.exact(file.beyond)).astype(np.int32))
        some = np.linspace(0, len(file.codes) - 1, _MEASURED).astype(np.int64)
        off = np.abs(asked.products(some) - asked.exact(some)) / unit
        return replace(asked, margin=np.ceil(_CAUTION * off.max() * unit).astype(np.int32))

    def exact(self, rows: _Ints) -> Floats:
        """Return what the products would be without rounding, (r, m)."""
        found: Floats = self.file.space.vectors[rows] @ self.points.T
        if self.file.space.halves is not None:
            found -= self.file.space.halves[rows, None]
        found *= self.unit
        return np.clip(found, -_LARGEST, _LARGEST, out=found)

    def products(self, rows: _Ints) -> _Products:
        """Return how near some rows, ascending, are to each point, (r, m): the larger, the nearer."""
        found: _Products = np.asarray(numkong.dots_packed(self.file.codes[rows], self.packed))
        halves = self.file.space.halves
        if halves is not None:
            found -= np.rint(np.minimum(halves[rows] * self.unit[0], _LARGEST)).astype(np.int32)[:, None]
        _, places, which = np.intersect1d(rows, self.file.beyond, assume_unique=True, return_indices=True)
        found[places] = self.whole[which]
        return found

    def candidates(self, k: int) -> tuple[_Ints, _Ints] | None:
        """Return the rows that may be among the k nearest, and the point of each, by point; None where they are too many."""
        with workers() as pool:
            sample = np.arange(0, len(self.file.codes), _STRIDE)
            known = np.concatenate(list(pool.map(self.products, np.array_split(sample, len(sample) // _CHUNK + 1))))
            least = np.partition(known, len(known) - k, axis=0)[len(known) - k] - 2 * self.margin
            if np.count_nonzero(known >= least) * _STRIDE > _MOST_CANDIDATES * len(self.points):
                return None

            def enough(part: slice) -> tuple[_Ints, _Ints, _Products]:
                products = self.products(np.arange(part.start, part.stop))
                places = np.flatnonzero(products >= least)
                rows, points = np.divmod(places, len(self.points))
                return rows + part.start, points, products.ravel()[places]

            found = list(pool.map(enough, _slices(len(self.file.codes), _CHUNK)))
        rows, points, near = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.argsort((points << 32) - near)  # by point, and the largest product first
        rows, points, near = rows[order], points[order], near[order]
        kth = near[np.searchsorted(points, np.arange(len(self.points))) + k - 1]
        kept = near >= (kth - 2 * self.margin)[points]
        return rows[kept], points[kept]


def rounded(space: Space, *, points: int, k: int) -> Rounded | None:
    """Return the rows of a space in 8 bits for a search for the k nearest of so many points.

    None where 8 bits do not hold them, and where there are too few of something to be worth it.
    """
    vectors = space.vectors
    if points < _LEAST_POINTS or len(vectors) < max(_LEAST_ROWS, 4 * k * _STRIDE):
        return None
    sample = np.abs(vectors[:: max(1, len(vectors) // 2_000)]).max(axis=1, initial=0)
    scale = _STEPS / (float(np.quantile(sample, _HELD)) or 1.0)
    codes, held = np.empty(vectors.shape, np.int8), np.empty(len(vectors), np.bool_)

    def fill(part: slice) -> None:
        steps = vectors[part] * np.float32(scale)
        np.rint(steps, out=steps)
        held[part] = np.maximum(steps.max(axis=1, initial=0), -steps.min(axis=1, initial=0)) <= _STEPS
        codes[part] = np.clip(steps, -_STEPS, _STEPS, out=steps)

    with workers() as pool:
        list(pool.map(fill, _slices(len(vectors), _CHUNK)))
    beyond = np.flatnonzero(~held)
    return Rounded(space, codes, scale, beyond) if len(beyond) <= _MOST_BEYOND * len(vectors) else None


def _slices(count: int, step: int) -> list[slice]:
    return [slice(start, min(count, start + step)) for start in range(0, count, step)]
