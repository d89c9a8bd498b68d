"""A run of rows in memory: vectors, their int8 shadows and the coded metadata; exact search over them.

Exactness: with x = s·x8 + e and q = t·q8 + f (x8, q8 int8), |x·q − s·t·(x8·q8)| ≤ |q||e| + |f||s·x8|. The int8 products
bound every score; only rows whose upper bound reaches the k-th best lower bound are scored again on the float32 rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numkong
import numpy as np
import numpy.typing as npt

from core.vectors.columns import Column, Mask

__all__ = ["Segment", "Top"]

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

_SHADOWED_FROM = 4_096  # rows; below, one float32 product is quicker than two passes
_GATHER_BELOW = 0.10  # share of rows; below, scoring the chosen float32 rows is quicker than all int8 ones
_BLOCK = 64  # rows whose best lower bound stands for them when the k-th best is sought
_FLOAT32_SLACK = 2e-6  # relative rounding of a float32 product of unit vectors, generous
_DOUBLE_BELOW = 256  # rows; up to here all are scored in float64 at once, beyond, float32 first thins them out
_HUGE = 1e17  # components; a float32 sum of 4,096 of their squares stays finite
_TINY = 1e-37  # smallest normal float32 and more: what a flushed product may have lost
_FACTOR_MAX = np.float32(1e25)  # 1/|x|; products of shorter vectors are too near to float32's smallest
_FIELDS = ("vectors", "shadow", "scale", "error", "size", "factor", "seqs", "alive")


@dataclass(frozen=True)
class Top:
    """The best rows of a segment, best first: distances (float64) and sequence numbers."""

    distances: npt.NDArray[np.float64]
    seqs: Ints


class Segment:
    """Rows in order of sequence. Arrays may be longer than `rows` (room to grow) or memory-mapped (a snapshot).

    `factor` is 1/|x| on cosine and −|x|²/2 on euclidean; `scale`, `error` = |e| and `size` = |s·x8| are those of the
    normalised row on cosine. Deleted rows stay with `alive` False; that array is replaced, never changed in place.
    """

    def __init__(self, *, cosine: bool, columns: dict[str, Column], **arrays: Any) -> None:
        self.cosine = cosine
        self.columns = columns
        self.vectors: Floats = arrays["vectors"]
        self.shadow: npt.NDArray[np.int8] = arrays["shadow"]
        self.scale: Floats = arrays["scale"]
        self.error: Floats = arrays["error"]
        self.size: Floats = arrays["size"]
        self.factor: Floats = arrays["factor"]
        self.seqs: Ints = arrays["seqs"]
        self.alive: Mask = arrays["alive"]
        self.rows: int = len(self.seqs)
        self.dead = int(self.rows - np.count_nonzero(self.alive))
        # Lengths whose float32 square or inverse overflows: the bounds do not hold, so the search is in float64.
        self.extreme = _overflows(self.factor, cosine=cosine) or bool((self.size > _HUGE).any())

    @classmethod
    def empty(cls, dimension: int, *, cosine: bool) -> Segment:
        """Return a segment without rows."""
        return cls(
            cosine=cosine,
            columns={},
            vectors=np.empty((0, dimension), np.float32),
            shadow=np.empty((0, dimension), np.int8),
            seqs=np.empty(0, np.int64),
            alive=np.empty(0, np.bool_),
            **{name: np.empty(0, np.float32) for name in ("scale", "error", "size", "factor")},
        )

    @property
    def capacity(self) -> int:
        """Rows that fit without growing."""
        return len(self.seqs)

    def reserve(self, capacity: int) -> None:
        """Make room for `capacity` rows; earlier views keep the arrays they hold."""
        if capacity <= self.capacity:
            return
        capacity = max(capacity, 2 * self.capacity, 256)
        for name in _FIELDS:
            old = getattr(self, name)
            grown = np.zeros((capacity, *old.shape[1:]), old.dtype)
            grown[: self.rows] = old[: self.rows]
            setattr(self, name, grown)
        for column in self.columns.values():
            column.reserve(capacity)

    def append(self, seqs: Ints, vectors: Floats, metadata: list[dict[str, Any]]) -> None:
        """Add rows whose sequence numbers are above every one held."""
        start, end = self.rows, self.rows + len(seqs)
        self.reserve(end)
        # float64: a float32 square underflows below 1e-19 and overflows above 1e19.
        norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))
        scaled = (vectors / norms[:, None]).astype(np.float32) if self.cosine else vectors
        peak = np.abs(scaled).max(axis=1, initial=0.0)
        scale = (peak / 127).astype(np.float32)
        scale[scale < _TINY] = 1  # a row of zeros, or one so near that its error alone bounds it
        shadow = np.rint(scaled / scale[:, None]).astype(np.int8)
        near = shadow * scale[:, None]
        self.vectors[start:end], self.shadow[start:end], self.scale[start:end] = vectors, shadow, scale
        with np.errstate(over="ignore"):
            self.error[start:end] = np.linalg.norm((scaled - near).astype(np.float64), axis=1)
            self.size[start:end] = np.linalg.norm(near.astype(np.float64), axis=1)
            self.factor[start:end] = 1 / norms if self.cosine else -(norms**2) / 2
        self.extreme |= _overflows(self.factor[start:end], cosine=self.cosine) or _peak(vectors) > _HUGE
        self.seqs[start:end], self.alive[start:end] = seqs, True
        for row, values in enumerate(metadata, start):
            for key, value in values.items():
                column = self.columns.get(key)
                if column is None:
                    column = self.columns[key] = Column.empty(self.capacity)
                column.set(row, value)
        self.rows = end

    def bury(self, seqs: Ints) -> None:
        """Mark rows as deleted; numbers that the segment does not hold are passed over."""
        rows = self.locate(seqs)
        rows = rows[rows >= 0]
        rows = rows[self.alive[rows]]
        if len(rows):
            alive = self.alive.copy()
            alive[rows] = False
            self.alive = alive
            self.dead += len(rows)

    def locate(self, seqs: Ints) -> Ints:
        """Return the row of each sequence number, −1 where there is none."""
        held = self.seqs[: self.rows]
        places = np.searchsorted(held, seqs)
        inside = places < self.rows
        found = inside & (held[np.where(inside, places, 0)] == seqs) if self.rows else inside
        return np.where(found, places, -1)

    def view(self) -> View:
        """Return what a reader may search while rows are added or deleted."""
        return View(self, self.rows, self.alive)


class View:
    """A segment as it was at one moment."""

    def __init__(self, segment: Segment, rows: int, alive: Mask) -> None:
        self.segment, self.rows = segment, rows
        self.alive = alive[:rows]
        self.whole = segment.dead == 0
        self.extreme = segment.extreme
        self.shadowed = rows >= _SHADOWED_FROM
        self._arrays = {name: getattr(segment, name)[:rows] for name in _FIELDS[:-1]}

    @property
    def seqs(self) -> Ints:
        """Sequence numbers of the rows, dead ones too."""
        seqs: Ints = self._arrays["seqs"]
        return seqs

    @property
    def vectors(self) -> Floats:
        """The vectors as they were put."""
        vectors: Floats = self._arrays["vectors"]
        return vectors

    def array(self, name: str) -> npt.NDArray[Any]:
        """Return one of the segment's arrays up to the view's end."""
        return self._arrays[name] if name != "alive" else self.alive

    def search(self, query: Floats, k: int, chosen: Mask | None) -> Top:
        """Return the k nearest of the living rows, of `chosen` ones if given."""
        if not self.whole:
            chosen = self.alive if chosen is None else chosen & self.alive
        unit = _unit(query) if self.segment.cosine else query.astype(np.float64)
        bounded = not self.extreme and _peak(unit) <= _HUGE
        if chosen is None:
            rows = self._candidates(unit, k, None) if self.shadowed and bounded else None
        else:
            many = self.shadowed and np.count_nonzero(chosen) > max(_GATHER_BELOW * self.rows, k)
            rows = self._candidates(unit, k, chosen) if many and bounded else np.flatnonzero(chosen)
        return self._rescored(unit, k, self._thinned(unit, k, rows) if bounded else rows)

    def _candidates(self, unit: npt.NDArray[np.float64], k: int, chosen: Mask | None) -> Ints:
        """Return rows among which the k best are for certain."""
        arrays = self._arrays
        peak = np.abs(unit).max()
        step = peak / 127 if peak > 0 else 1.0
        shadow = np.rint(unit / step).astype(np.int8)
        length, rest = float(np.linalg.norm(unit)), float(np.linalg.norm(unit - shadow * step))
        products = np.asarray(numkong.cdist(shadow[None, :], arrays["shadow"], metric="dot"))[0]
        score = (products * step).astype(np.float32)
        score *= arrays["scale"]
        if not self.segment.cosine:
            score += arrays["factor"]
        slack = np.float32(length) * arrays["error"]
        slack += np.float32(rest + _FLOAT32_SLACK * length) * arrays["size"]
        if not self.segment.cosine:
            slack += np.float32(_FLOAT32_SLACK) * np.abs(arrays["factor"]) + np.float32(_TINY)
        lower = score - slack
        if chosen is not None:
            lower[~chosen] = -np.inf
        score += slack
        near = score >= _kth_best(lower, k)
        return np.flatnonzero(near if chosen is None else near & chosen)

    def _thinned(self, unit: npt.NDArray[np.float64], k: int, rows: Ints | None) -> Ints | None:
        """Return those of many rows (all when None) that a float32 score leaves in question for the k best."""
        count = self.rows if rows is None else len(rows)
        if count <= max(_DOUBLE_BELOW, 2 * k):
            return rows
        pick: Any = slice(None) if rows is None else rows
        rough, error = self._rough(unit, pick)
        keep = np.flatnonzero(rough - error <= np.partition(rough + error, k - 1)[k - 1])
        return keep if rows is None else rows[keep]

    def _rescored(self, unit: npt.NDArray[np.float64], k: int, rows: Ints | None) -> Top:
        """Return the k best of the rows (all when None) by exact distance, ties in order of sequence."""
        pick: Any = slice(None) if rows is None else rows
        vectors, seqs = self.vectors[pick].astype(np.float64), self.seqs[pick]
        if self.segment.cosine:
            # Not BLAS, whose sums depend on a row's place: equal rows must be at equal distances.
            products = np.einsum("ij,j->i", vectors, unit)
            distances = np.clip(1 - products / np.linalg.norm(vectors, axis=1), 0, 2)
        else:
            distances = np.linalg.norm(vectors - unit, axis=1)
        order = np.lexsort((seqs, distances))[:k]
        return Top(distances[order], seqs[order])

    def _rough(self, unit: npt.NDArray[np.float64], pick: Any) -> tuple[Floats, Floats]:
        """Return something that orders the rows as their distances do, and how far float32 may have moved it."""
        rows = self.vectors[pick]
        products, factor = rows @ unit.astype(np.float32), self._arrays["factor"][pick]
        share = np.float32((rows.shape[1] + 16) * 2.0**-24)  # of |q||x|: Higham 2002, 3.1, whatever the order of summation
        if self.segment.cosine:
            return -products * factor, np.full(len(rows), share)
        # The square root of an underflown square, at most, is added to |x|.
        lengths = np.float32(np.linalg.norm(unit)) * (np.sqrt(-2 * factor) + np.float32(2 * _TINY**0.5))
        return -products - factor, share * (lengths - factor) + np.float32(_TINY)


def _peak(values: npt.NDArray[Any]) -> float:
    return float(np.abs(values).max(initial=0))


def _overflows(factor: Floats, *, cosine: bool) -> bool:
    return bool((factor > _FACTOR_MAX).any() if cosine else np.isneginf(factor).any())


def _unit(query: Floats) -> npt.NDArray[np.float64]:
    exact = query.astype(np.float64)
    return exact / np.linalg.norm(exact)


def _kth_best(lower: Floats, k: int) -> float:
    """Return a value that at least k entries reach, close to the k-th best: the k-th best of the blocks' bests."""
    blocks = len(lower) // _BLOCK
    if 4 * k <= blocks:
        lower = lower[: blocks * _BLOCK].reshape(blocks, _BLOCK).max(axis=1)
    return float(np.partition(lower, len(lower) - k)[len(lower) - k]) if k < len(lower) else -np.inf
