"""Alignment: a new map turned, mirrored, scaled and moved so that what was there before is found again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Rows
from core.analysis.projection.pca import Coords

__all__ = ["Alignment", "aligned", "alignment"]

_ROUNDS: Final = 30
# So many pairs are enough to find a transform.
_PAIRS: Final = 10_000
_SMALL: Final = 1e-9

_Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Takes coordinates to a former map: scale · x @ turn + shift. `moved` is the median distance left of a pair."""

    turn: _Doubles
    scale: float
    shift: _Doubles
    moved: float

    def of(self, coords: npt.NDArray[np.floating]) -> Coords:
        """Return coordinates (n, dims) in the former map's system."""
        return (self.scale * (coords @ self.turn) + self.shift).astype(np.float32)


def alignment(coords: Coords, former: Coords, pairs: tuple[Rows, Rows]) -> Alignment:
    """Return the similarity transform that best brings common memories together.

    Procrustes (Schönemann & Carroll 1970), weighted again and again by one over the distance left, so that islands which
    moved do not turn the rest. `pairs` are rows of `coords` and rows of `former` of the same memories; with fewer than
    dims + 1 of them, or all in one place, nothing is turned.
    """
    new, old = coords[pairs[0]].astype(np.float64), former[pairs[1]].astype(np.float64)
    dims = coords.shape[1]
    if len(new) <= dims or not (np.ptp(new, axis=0).any() and np.ptp(old, axis=0).any()):
        return Alignment(np.eye(dims), 1.0, np.zeros(dims), _left(new, old))
    every = slice(None, None, max(1, len(new) // _PAIRS))
    some_new, some_old = new[every], old[every]
    weights = np.ones(len(some_new))
    for _ in range(_ROUNDS):
        turn, scale, shift = _fitted(some_new, some_old, weights)
        apart = np.linalg.norm(scale * (some_new @ turn) + shift - some_old, axis=1)
        weights = 1 / np.maximum(apart, max(_SMALL, 0.05 * float(np.median(apart))))
    return Alignment(turn, scale, shift, _left(scale * (new @ turn) + shift, old))


def aligned(coords: Coords, former: Coords, pairs: tuple[Rows, Rows]) -> Coords:
    """Return coordinates (n, dims) in the system of a former map; they may leave its box by a little."""
    return alignment(coords, former, pairs).of(coords)


def _fitted(new: _Doubles, old: _Doubles, weights: _Doubles) -> tuple[_Doubles, float, _Doubles]:
    """Return turn, scale and shift that make the weighted squares of what is left least."""
    share = (weights / weights.sum())[:, None]
    middle_new, middle_old = (share * new).sum(axis=0), (share * old).sum(axis=0)
    from_middle = new - middle_new
    left, values, right = np.linalg.svd((share * from_middle).T @ (old - middle_old))
    turn: _Doubles = left @ right
    scale = float(values.sum() / max(float((share * from_middle**2).sum()), _SMALL**2))
    return turn, scale, middle_old - scale * (middle_new @ turn)


def _left(new: _Doubles, old: _Doubles) -> float:
    return float(np.median(np.linalg.norm(new - old, axis=1))) if len(new) else 0.0
