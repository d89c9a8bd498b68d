"""A file of rows by cell: products of a whole cell with all that is looked for in it, at once, in 8 bits or float32."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numkong
import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Floats, Rows
from core.analysis.neighbours.space import Space

__all__ = ["File", "Found", "filed"]

_CHUNK: Final = 1_024
_PRODUCTS_AT_ONCE: Final = 250_000
_LOWEST: Final = np.iinfo(np.int32).min
_LONGEST: Final = 2**30
# Of the numbers of the vectors, the share that 8 bits hold without a cut: a few large ones would make all others coarse.
_HELD: Final = 0.9999

_Ints = npt.NDArray[np.int64]
_Codes = npt.NDArray[np.int8] | npt.NDArray[np.float32]
_Products = npt.NDArray[np.int32] | npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Found:
    """Pairs of places in a file, int32, and their products, int32 or float32, (c,) each."""

    points: Rows
    others: Rows
    products: _Products

    @staticmethod
    def joined(parts: Sequence[Found]) -> Found:
        """Return several lists as one."""
        return Found(
            np.concatenate([part.points for part in parts]),
            np.concatenate([part.others for part in parts]),
            np.concatenate([part.products for part in parts]),
        )

    def best(self, count: int, k: int) -> Rows:
        """Return the k others with the largest products of each of `count` points, int32 (count, k), −1 for none."""
        # One number to sort by: the point, then the product, the largest first.
        order = np.argsort((self.points.astype(np.uint64) << np.uint64(32)) | _falling(self.products))
        sizes = np.bincount(self.points, minlength=count)
        place = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        kept = order[place < k]
        found = np.full((count, k), -1, np.int32)
        found[self.points[kept], place[place < k]] = self.others[kept]
        return found


@dataclass(frozen=True, eq=False)
class File:
    """Rows in the order of their cells: cell c has the places starts[c] to starts[c + 1]; `rows` tells whose they are.

    `codes` are the vectors in 8 bits, of which `step` is one, or as they are; `halves` half their squared lengths in the
    same unit, None where all are of length 1. Products are int32 of 8 bits, else float32.
    """

    space: Space
    rows: Rows
    starts: _Ints
    codes: _Codes
    halves: _Products | None
    step: float = 0.0

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return len(self.starts) - 1

    def within(self, cell: int, k: int) -> _Products:
        """Return the k-th largest product of each place of a cell with the others there; the lowest number for none."""
        places = np.arange(self.starts[cell], self.starts[cell + 1], dtype=np.int32)
        size, whole = len(places), self.codes.dtype == np.int8
        least: _Products = np.full(size, _LOWEST, np.int32) if whole else np.full(size, _LOWEST, np.float32)
        if size <= k:
            return least
        for part in self._steps(places, size):
            products = self.products(self.codes[part], cell)
            products[np.arange(len(part)), part - places[0]] = _LOWEST
            kth = products.shape[1] - k
            least[part - places[0]] = np.partition(products, kth, axis=1)[:, kth]
        return least

    def looked_for(self, cell: int, points: Rows, least: _Products) -> Found:
        """Return which rows of a cell have at least the product that each of some places wants; none finds itself."""
        first, size = int(self.starts[cell]), int(self.starts[cell + 1] - self.starts[cell])
        none = np.zeros(0, np.int32)
        parts = [Found(none, none, least[:0])]
        for part in self._steps(points, size):
            products = self.products(self.codes[part], cell)
            hits = np.flatnonzero(products >= least[part][:, None])
            place, other = np.divmod(hits, size)
            found = Found(part[place], (other + first).astype(np.int32), products.ravel()[hits])
            others = found.points != found.others
            parts.append(Found(found.points[others], found.others[others], found.products[others]))
        return Found.joined(parts)

    def coded(self, points: Floats) -> _Codes:
        """Return points (m, d) of the space as the codes are."""
        return _coded(points, self.step) if self.step else points

    def products(self, codes: _Codes, cell: int) -> _Products:
        """Return how near some codes (m, d) are to each of a cell, (m, size): the larger, the nearer."""
        first, end = self.starts[cell], self.starts[cell + 1]
        found: _Products
        if self.codes.dtype == np.int8:
            found = np.asarray(numkong.dots_packed(codes, numkong.dots_pack(self.codes[first:end])))
        else:
            found = codes @ self.codes[first:end].T
        return found if self.halves is None else found - self.halves[first:end]

    def _steps(self, points: Rows, size: int) -> Iterator[Rows]:
        """Yield the points in parts whose products with a cell stay in the processor's cache."""
        step = max(256, _PRODUCTS_AT_ONCE // max(1, size))
        return (points[start : start + step] for start in range(0, len(points) if size else 0, step))


def filed(space: Space, cells: _Ints, count: int, *, coarse: bool) -> File:
    """Return the rows of a space in a file, given the cell of each and how many cells there are; `coarse` in 8 bits."""
    order = np.argsort(cells, kind="stable").astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(np.bincount(cells, minlength=count))])
    moved = space.of(order)
    vectors, halves = moved.vectors, moved.halves
    if not coarse:
        return File(moved, order, starts, vectors, halves)
    held = float(np.quantile(np.abs(vectors[:: max(1, len(vectors) // 2_000)]), _HELD)) or 1.0
    codes, step = _coded(vectors, held / 127), held / 127
    if halves is None:
        return File(moved, order, starts, codes, None, step)
    rounded = np.rint(np.minimum(halves / step**2, _LONGEST)).astype(np.int32)
    return File(moved, order, starts, codes, rounded, step)


def _coded(vectors: Floats, step: float) -> npt.NDArray[np.int8]:
    """Return vectors in steps, of which 8 bits hold 127."""
    codes = np.empty(vectors.shape, np.int8)
    for start in range(0, len(vectors), _CHUNK):
        part = vectors[start : start + _CHUNK] * np.float32(1 / step)
        codes[start : start + _CHUNK] = np.clip(np.rint(part, out=part), -127, 127, out=part)
    return codes


def _falling(products: _Products) -> npt.NDArray[np.uint64]:
    """Return numbers of 32 bits that are the smaller, the larger the product."""
    if products.dtype == np.int32:
        return (2**31 - 1 - products.astype(np.int64)).astype(np.uint64)
    bits = products.view(np.uint32)
    # As unsigned numbers the bits of positive floats rise with them, those of negative ones fall.
    return np.where(bits >> 31, bits, ~bits & np.uint32(2**31 - 1)).astype(np.uint64)
