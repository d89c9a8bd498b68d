"""A kept map on the memories of now: whose place is known, where the new ones go, and what its clusters are of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from core.analysis.clusters import Clusters, Granularity
from core.analysis.neighbours import Neighbours, nearest_to
from core.analysis.projection import placed
from core.maps.keeping import Kept, key_digests
from core.maps.state import ClusterView
from core.snapshots.digests import vector_digests

__all__ = ["DRIFT", "Carried", "carried_over", "marks_of"]

# Above this share of new memories a map is laid out anew.
DRIFT: Final = 0.05
_NEAREST: Final = 15
_AT_ONCE: Final = 200_000

Floats = npt.NDArray[np.float32]
Digests = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Carried:
    """A kept map row for row of other memories; `fitted` are those that were laid out, `exact` says that it is all of them.

    `neighbours` is None unless exact: whose neighbour went has others now.
    """

    coords: Floats
    fitted: npt.NDArray[np.bool_]
    clusters: Mapping[Granularity, ClusterView]
    neighbours: Neighbours | None
    exact: bool

    @property
    def placed(self) -> int:
        """How many memories came after the layout."""
        return int(np.count_nonzero(~self.fitted))

    @property
    def drifted(self) -> bool:
        """Say whether so many came that the map is to be laid out anew."""
        return self.placed > DRIFT * max(1, int(np.count_nonzero(self.fitted)))


def marks_of(keys: pa.ChunkedArray, matrix: Floats) -> tuple[Digests, Digests]:
    """Return a digest of each key and one of each vector, (n,) uint64: what knows a memory again without its text."""
    return key_digests(keys), vector_digests(matrix)


def carried_over(kept: Kept, keys: Digests, marks: Digests, matrix: Floats, *, metric: str) -> Carried | None:
    """Return a kept map on the memories of now, (n,) digests and (n, dim) vectors; None where it has hardly any of them."""
    rows = _rows_in(kept, keys, marks)
    known = rows >= 0
    if not known.any() or np.count_nonzero(known) < np.count_nonzero(~known):
        return None
    same = bool(len(rows) == len(kept.keys) and known.all())
    coords, owners = kept.coords[rows], rows.copy()
    new = np.flatnonzero(~known)
    if len(new):
        coords[new], near = _places(coords, known, matrix, new, metric)
        owners[new] = rows[near]
    now = np.full(len(kept.keys), -1, np.int64)
    now[rows[known]] = np.flatnonzero(known)
    views = {name: _view(view, owners, now) for name, view in kept.clusters.items()}
    return Carried(coords, known & kept.fitted[rows], views, _neighbours(kept, rows, now) if same else None, same)


def _rows_in(kept: Kept, keys: Digests, marks: Digests) -> npt.NDArray[np.int64]:
    """Return the row of each memory in a kept map, −1 where it is not there or its vector was another."""
    if not len(kept.keys):
        return np.full(len(keys), -1, np.int64)
    order = np.argsort(kept.keys, kind="stable")
    at = np.minimum(np.searchsorted(kept.keys, keys, sorter=order), len(order) - 1)
    rows = order[at]
    return np.where((kept.keys[rows] == keys) & (kept.marks[rows] == marks), rows, -1)


def _places(
    coords: Floats, known: npt.NDArray[np.bool_], matrix: Floats, new: npt.NDArray[np.int64], metric: str
) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Return the places of new rows between their neighbours on the map, and the nearest of these."""
    there, asked = np.flatnonzero(known), np.ascontiguousarray(matrix[new])
    found: list[tuple[npt.NDArray[np.int64], Floats]] = []
    for start in range(0, len(there), _AT_ONCE):  # a copy of the whole would be as large as the index
        some = there[start : start + _AT_ONCE]
        near, away = nearest_to(matrix[some], asked, k=_NEAREST, metric=metric)
        found.append((some[near], away))
    rows, distances = (np.concatenate(parts, axis=1) for parts in zip(*found, strict=True))
    best = np.lexsort((rows, distances), axis=1)[:, :_NEAREST]
    rows, distances = np.take_along_axis(rows, best, axis=1), np.take_along_axis(distances, best, axis=1)
    return placed(coords, rows, distances), rows[:, 0]


def _view(view: ClusterView, owners: npt.NDArray[np.int64], now: npt.NDArray[np.int64]) -> ClusterView:
    """Return clusters on the memories of now: a new one is in that of its nearest; a cluster without members is no more."""
    arrays = view.clusters.to_arrays()
    arrays |= {name: arrays[name][owners] for name in ("codes", "strength", "nearest")}
    left = np.unique(arrays["codes"][arrays["codes"] >= 0])
    renamed = np.full(view.clusters.count + 1, -1, np.int32)
    renamed[left] = np.arange(len(left), dtype=np.int32)
    for name in ("codes", "nearest"):
        arrays[name] = renamed[arrays[name]]
    found = Clusters.of_arrays(arrays | {"ids": view.clusters.ids[left]})
    sizes = found.sizes
    infos = tuple(
        replace(info, code=int(renamed[info.code]), central=int(now[info.central]), size=int(sizes[renamed[info.code]]))
        for info in view.infos
        if renamed[info.code] >= 0 and now[info.central] >= 0
    )
    return ClusterView(found, infos if len(infos) == found.count else ())


def _neighbours(kept: Kept, rows: npt.NDArray[np.int64], now: npt.NDArray[np.int64]) -> Neighbours | None:
    if kept.neighbours is None:
        return None
    return replace(
        kept.neighbours, rows=now[kept.neighbours.rows[rows]].astype(np.int32), distances=kept.neighbours.distances[rows]
    )
