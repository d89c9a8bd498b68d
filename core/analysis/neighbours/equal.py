"""Equal rows: looked for once, and given out to each of them in turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours.found import Distances, Floats, Rows

__all__ = ["Groups", "equal_rows"]

_CHUNK: Final = 8_192

_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Groups:
    """Equal rows: `firsts` (g,) has one row of each group, `codes` (n,) the group of each row."""

    firsts: _Ints
    codes: _Ints

    def spread(self, rows: Rows, distances: Distances, k: int) -> tuple[Rows, Distances]:
        """Return the k neighbours of every row from those of the groups: `rows` holds groups, (g, min(k, g − 1)).

        A row's equals come first. Of equal rows each begins with the next one behind itself: were it always the lowest, a
        few rows would be everybody's neighbours.
        """
        members = np.argsort(self.codes, kind="stable")
        sizes = np.bincount(self.codes)
        starts, keys = np.cumsum(sizes) - sizes, self.codes[members] * len(members) + members
        found, apart = np.empty((len(members), k), np.int32), np.empty((len(members), k), np.float32)
        for start in range(0, len(members), _CHUNK):
            own = np.arange(start, min(len(members), start + _CHUNK))
            groups = np.concatenate([self.codes[own, None], rows[self.codes[own]]], axis=1)
            lengths = np.concatenate([np.zeros((len(own), 1), np.float32), distances[self.codes[own]]], axis=1)
            here = sizes[groups]
            here[:, 0] -= 1
            ends = np.cumsum(here, axis=1)
            which = (np.arange(k)[None, :, None] >= ends[:, None, :]).sum(axis=2)
            group = np.take_along_axis(groups, which, axis=1)
            behind = np.searchsorted(keys, group * len(members) + own[:, None], side="right") - starts[group]
            turn = np.arange(k) - np.take_along_axis(ends - here, which, axis=1)
            found[own] = members[starts[group] + (behind + turn) % sizes[group]]
            apart[own] = np.take_along_axis(lengths, which, axis=1)
        return found, apart


def equal_rows(vectors: Floats) -> Groups | None:
    """Return the groups of equal rows of a matrix (n, d); None where all differ."""
    words = (np.ascontiguousarray(vectors) + np.float32(0)).view(np.uint32)  # + 0: no negative zeros
    factors = np.random.default_rng(0).integers(1, 2**63, words.shape[1], dtype=np.uint64) | np.uint64(1)
    hashes = np.empty(len(words), np.uint64)
    for start in range(0, len(words), _CHUNK):
        hashes[start : start + _CHUNK] = words[start : start + _CHUNK].astype(np.uint64) @ factors
    _, firsts, codes = np.unique(hashes, return_index=True, return_inverse=True)
    if len(firsts) == len(words):
        return None
    differing = [
        np.flatnonzero((words[start : start + _CHUNK] != words[firsts[codes[start : start + _CHUNK]]]).any(axis=1)) + start
        for start in range(0, len(words), _CHUNK)
    ]
    alone = np.concatenate(differing)  # two vectors with one hash: such a row stands for itself
    codes[alone] = len(firsts) + np.arange(len(alone))
    return Groups(np.concatenate([firsts, alone]).astype(np.int64), codes.astype(np.int64))
