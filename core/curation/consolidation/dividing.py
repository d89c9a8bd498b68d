"""Rows that belong together, cut to a size at which they can be one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours import nearest

__all__ = ["cohesion_of", "divided", "stars"]

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_ROOM: Final = 3
_SEARCH: Final = 0.9  # how much of the work is to find neighbours
_AT_ONCE: Final = 5_000


def cohesion_of(matrix: Floats, rows: Rows) -> float:
    """Return the mean cosine of some rows to their middle, -1 to 1."""
    vectors = _unit(matrix[rows])
    middle = vectors.mean(axis=0)
    length = float(np.linalg.norm(middle))
    return float((vectors @ middle).mean() / length) if length > 0 else 0.0


def divided(matrix: Floats, rows: Rows, *, fewest: int, most: int) -> list[Rows]:
    """Return rows in order, cut where the talk turns until no piece has more than `most` of them.

    A turn is the place with the least like middles on both sides (TextTiling: Hearst 1997); no piece has fewer than `fewest`
    where that can be.
    """
    done: list[Rows] = []
    open_ = [rows]
    while open_:
        piece = open_.pop()
        if len(piece) <= most:
            done.append(piece)
            continue
        place = _turn(_unit(matrix[piece]), fewest if len(piece) >= 2 * fewest else 1, most)
        open_ += [piece[place:], piece[:place]]
    return done


def stars(
    matrix: Floats, rows: Rows, *, likeness: float, fewest: int, most: int, told: Callable[[float], None]
) -> list[Rows]:
    """Return groups of up to `most` rows around one that each is at least so like: the one with the most such first.

    Rows in no group of `fewest` are left out. The order within a group is that of `rows`. `told` hears 0 to 1 and may raise.
    """
    if len(rows) < fewest:
        return []
    found = nearest(matrix[rows], k=min(len(rows) - 1, _ROOM * most), progress=lambda done: told(_SEARCH * done))
    near = found.distances <= 1 - likeness + 1e-6
    free = np.ones(len(rows), bool)
    groups: list[Rows] = []
    for place, centre in enumerate(np.argsort(-near.sum(axis=1), kind="stable")):
        if place % _AT_ONCE == 0:
            told(_SEARCH + (1 - _SEARCH) * place / len(rows))
        if not free[centre]:
            continue
        around = [int(row) for row in found.rows[centre][near[centre]] if free[row]][: most - 1]
        if len(around) + 1 < fewest:
            continue
        members = np.array(sorted([int(centre), *around]), np.int64)
        free[members] = False
        groups.append(rows[members])
    return groups


def _turn(vectors: Floats, fewest: int, most: int) -> int:
    """Return where to cut: between the middles of up to `most` rows on either side that are the least like."""
    sums = np.concatenate([np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0, dtype=np.float64)])
    places = np.arange(fewest, len(vectors) - fewest + 1)
    before = sums[places] - sums[np.maximum(places - most, 0)]
    after = sums[np.minimum(places + most, len(vectors))] - sums[places]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    likeness = (before * after).sum(axis=1) / np.maximum(lengths, 1e-12)
    # Of two turns that are nearly as sharp the one nearer to the middle: pieces of like size.
    aside = np.abs(places - len(vectors) / 2) / len(vectors)
    return int(places[int(np.argmin(np.round(likeness, 2) + 0.2 * aside))])


def _unit(vectors: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)
