"""What the service cannot filter, done here: which records a scope admits, and which of these are nearest, exactly."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.candidates import Candidate
from core.memory import Schema
from core.scope import EVERYTHING, FILTERS, Scope
from core.vectors.limits import TOP_K_MAX

__all__ = ["Found", "Seen", "Taken", "exact_cosine", "exact_cosines", "nearest", "notes_of", "take"]

_CHUNK: Final = 8_192
# Squares of lengths that float32 can tell, and more than a cosine of up to 4,096 numbers can be off in it.
_SMALL, _LARGE, _ROUGH = 1e-30, 1e30, 1e-3


class Seen(Protocol):
    """A snapshot of an index: its frame and its vectors, row for row."""

    @property
    def frame(self) -> pd.DataFrame: ...
    @property
    def rows(self) -> int: ...
    @property
    def total(self) -> int | None: ...
    @property
    def has_vectors(self) -> bool: ...
    def vectors(self) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class Found:
    """The candidates of a query, and what a reader must know of how they were found."""

    candidates: list[Candidate]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Taken:
    """The first candidates of a list that pass, `cut` if the list ended before there were enough."""

    candidates: list[Candidate]
    cut: bool = False


def take(
    found: Iterable[Candidate],
    k: int,
    *,
    admits: Callable[[Candidate], bool] | None,
    ranked: Callable[[Candidate, int], Candidate],
) -> Taken:
    """Return the first k that pass, each with its rank from 1; no more of the list is read than that takes."""
    taken: list[Candidate] = []
    seen = 0
    for candidate in found:
        seen += 1
        if admits is None or admits(candidate):
            taken.append(ranked(candidate, len(taken) + 1))
        if len(taken) == k:
            return Taken(taken)
    return Taken(taken, cut=admits is not None and seen >= TOP_K_MAX)


def nearest(
    vectors: npt.NDArray[np.float32], rows: npt.NDArray[np.int64], vector: npt.NDArray[np.float32], *, k: int, metric: str
) -> list[tuple[int, float]]:
    """Return the k rows that are nearest to a vector with their cosines, the nearest first; ties in the order of the rows.

    `vectors` is (n, dimension), `rows` says which of them take part.
    """
    measure = _cosines if metric == "cosine" else _cosines_of_distance
    if metric == "cosine" and len(rows) > _CHUNK:
        rows = rows[_hopeful(vectors, rows, vector, k)]
    parts = [measure(vectors[rows[start : start + _CHUNK]], vector) for start in range(0, len(rows), _CHUNK)]
    cosines = np.concatenate(parts) if parts else np.zeros(0)
    best = np.argsort(-cosines, kind="stable")[:k]
    return [(int(rows[place]), float(cosines[place])) for place in best]


def _hopeful(
    vectors: npt.NDArray[np.float32], rows: npt.NDArray[np.int64], vector: npt.NDArray[np.float32], k: int
) -> npt.NDArray[np.bool_]:
    """Return which rows may be among the k nearest, as far as float32 tells; those beyond its range may always be."""
    rough, squares = np.empty(len(rows), np.float32), np.empty(len(rows), np.float32)
    one = vector.astype(np.float64)
    with np.errstate(all="ignore"):
        one = (one / np.linalg.norm(one)).astype(np.float32)
        for start in range(0, len(rows), _CHUNK):
            part = vectors[rows[start : start + _CHUNK]]
            squares[start : start + _CHUNK] = np.einsum("ij,ij->i", part, part)
            rough[start : start + _CHUNK] = part @ one
        rough /= np.sqrt(squares)
    told = (squares > _SMALL) & (squares < _LARGE) & np.isfinite(rough)
    if told.sum() <= k:
        return np.ones(len(rows), np.bool_)
    least = np.partition(rough[told], -k)[-k]
    hopeful: npt.NDArray[np.bool_] = ~told | (rough >= least - _ROUGH)
    return hopeful


def exact_cosines(one: npt.NDArray[np.float32], others: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return the cosine of a vector with each of several, (n, dimension); equal ones have the same, wherever they stand."""
    many, single = others.astype(np.float64), one.astype(np.float64)
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(single)
    cosines = np.zeros(len(many))
    np.divide(np.einsum("ij,j->i", many, single), lengths, out=cosines, where=lengths > 0)
    return cosines


def exact_cosine(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Return the cosine of two vectors; one of length 0 is like nothing."""
    return float(exact_cosines(one, other[np.newaxis])[0])


def notes_of(ours: Scope | None, schema: Schema) -> tuple[str, ...]:
    """Return what a reader must know of the part of a scope that the service cannot filter in an index of the schema."""
    if ours is None:
        return ()
    active = [row for row in FILTERS if getattr(ours, row.key) != getattr(EVERYTHING, row.key)]
    notes = []
    if any(row.by_clock and schema.epoch(row.field) is None for row in active):
        notes.append("Time filters run here, not in the service: this index has no numeric times.")
    others = [row.label for row in active if not (row.by_clock and schema.epoch(row.field) is None)]
    if others:
        notes.append(f"Filtered here, not in the service: {', '.join(others)}. The keys of this index cannot be filtered.")
    return tuple(notes)


def _cosines(matrix: npt.NDArray[np.float32], vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    # In float64, for the squares of what others stored may be beyond float32.
    many, one = matrix.astype(np.float64), vector.astype(np.float64)
    lengths = np.linalg.norm(many, axis=1) * np.linalg.norm(one)
    cosines = np.zeros(len(many))
    np.divide(many @ one, lengths, out=cosines, where=lengths > 0)
    return cosines


def _cosines_of_distance(matrix: npt.NDArray[np.float32], vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return 1 - d²/2, which is the cosine between vectors of length 1."""
    apart = matrix.astype(np.float64) - vector.astype(np.float64)
    squares: npt.NDArray[np.float64] = 1 - np.einsum("ij,ij->i", apart, apart) / 2
    return squares
