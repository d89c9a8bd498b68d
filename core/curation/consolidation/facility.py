"""The sentences that stand for all: greedy facility location over their vectors.

    value(S) = Σ weight · max over chosen of similarity

It is submodular, so that greedy choice reaches 1 − 1/e of the best (Nemhauser, Wolsey & Fisher 1978; for summaries Lin &
Bilmes 2011). What differs in a number, a name, a date or a no is not stood for by the other, however like they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["ALIKE", "Choice", "Says", "choose"]

ALIKE: Final = 0.85
_DIFFERENT: Final = 0.5  # how like two count as that differ in what they claim
_LIKE: Final = 0.7
_ABOUT: Final = 0.4  # less like than that, two are not about the same thing
_COMPARED: Final = 40
_NOTHING: Final = 1e-9
Reals = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Says = Callable[[int, int], bool]


@dataclass(frozen=True, eq=False)
class Choice:
    """What was chosen, in the order of choice; `stands_for` has for each the places that it stands for, itself left out."""

    chosen: tuple[int, ...]
    stands_for: tuple[tuple[int, ...], ...]


def choose(
    vectors: npt.NDArray[np.float32],
    weights: Reals,
    quality: Reals,
    groups: Sequence[Sequence[int]],
    *,
    most: int,
    hard: bool,
    says: Says,
    opposed: Says,
) -> Choice:
    """Return up to `most` rows of vectors (n, dim), weighted (n,), that stand for all; `quality` (n,) prefers some.

    Each of the `groups` of rows comes to speak first, beyond `most` too unless that is `hard`. `says(a, b)`: a says all that
    b does. What is `opposed` to a chosen row is chosen with it, beyond any number: a contradiction is never told by half.
    """
    similar = np.clip(vectors.astype(np.float64) @ vectors.T.astype(np.float64), 0.0, 1.0)
    bounds = (similar * weights[:, None]).sum(axis=0) * quality
    chosen: list[int] = []
    stands: list[tuple[int, ...]] = []
    cover = np.zeros(len(vectors))
    silent = {number for number, rows in enumerate(groups) if len(rows)}
    while len(chosen) < len(vectors) and (len(chosen) < most or (silent and not hard)):
        free = np.ones(len(vectors), bool) if not silent else np.zeros(len(vectors), bool)
        free[[row for number in silent for row in groups[number]]] = True
        free[chosen] = False
        if not free.any():
            silent.clear()
            continue
        best = _best(similar, weights, quality, cover, bounds, free)
        if not silent and bounds[best] <= _NOTHING:
            break
        for row in _with_opposites(best, similar, opposed, taken=chosen):
            column, covers = _reach(row, similar, says)
            cover = np.maximum(cover, column)
            chosen.append(row)
            stands.append(covers)
        spoken = {*chosen, *(row for covers in stands for row in covers)}
        silent = {number for number in silent if not spoken & set(groups[number])}
    return Choice(tuple(chosen), tuple(stands))


def _best(similar: Reals, weights: Reals, quality: Reals, cover: Reals, bounds: Reals, free: Bools) -> int:
    """Return the free row with the most to gain.

    What a row gains only falls as more is covered, so that an older gain bounds it: only the best of these is reckoned again
    until it stays the best (lazy greedy: Minoux 1978). `bounds` is brought up to date.
    """
    while True:
        best = int(np.argmax(np.where(free, bounds, -1.0)))
        gain = float((np.maximum(similar[:, best] - cover, 0.0) * weights).sum() * quality[best])
        if gain >= bounds[best] - _NOTHING:
            return best
        bounds[best] = gain


def _reach(row: int, similar: Reals, says: Says) -> tuple[Reals, tuple[int, ...]]:
    """Return how far a row stands for each other, and those that it stands for wholly."""
    column = similar[:, row].copy()
    covers = []
    near = _near(column, row, _LIKE)
    column[column >= _LIKE] = _DIFFERENT
    column[row] = 1.0
    for other in near:
        if says(row, other):
            column[other] = similar[other, row]
            if column[other] >= ALIKE:
                covers.append(other)
    return column, tuple(sorted(covers))


def _near(column: Reals, row: int, least: float) -> list[int]:
    """Return the rows that are so like another, the most like first, no more than can be compared word by word."""
    order = np.argsort(-column, kind="stable")[: _COMPARED + 1]
    return [int(other) for other in order if other != row and column[other] >= least]


def _with_opposites(row: int, similar: Reals, opposed: Says, *, taken: Sequence[int]) -> list[int]:
    """Return a row and what is opposed to it, to that, and so on."""
    party, place = [row], 0
    while place < len(party):
        one = party[place]
        near = [other for other in _near(similar[one], one, _ABOUT) if other not in taken and other not in party]
        party += [other for other in near if opposed(one, other)]
        place += 1
    return party
