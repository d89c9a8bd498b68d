"""Where every memory lies and how it is coloured: made once for a map, a moment and a scope, and kept for the next run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from core.analysis.clusters import Granularity
from core.analysis.map_colours import centres, group_colouring, hues, map_colouring, tenants, use_sizes
from core.analysis.neighbours import nearest_to
from core.analysis.projection import placed
from core.analysis.snapshot import Snapshot
from core.analysis.timeline import Colouring, conflicts, marks
from core.maps import MapState
from pages.shared.disputes import digest, disputes
from pages.shared.here import Here
from pages.shared.map.points import MapPoints
from pages.shared.rows import Rows
from pages.shared.theme import AGENT_CYCLE
from pages.shared.timeline.source import BY_IDENTITY, Source, by_minute, identity

__all__ = ["BY_SOURCE", "Groups", "MapSource", "Places", "coloured", "grouped", "places", "pointed", "source_of", "used"]

Codes = npt.NDArray[np.int32]
_NEAR: Final = 15


@dataclass(frozen=True, eq=False)
class Places:
    """Every memory of the moment that is looked at.

    `coords` float32 (n, dims), `alive` bool (n,): in scope; `base` int64 (n,): its row in the map, −1 for what is not as it
    was; `near` int32 (n,): its row in the map, or that of what it is most like. `later` float32 (m, dims): the places of
    what came since a moment of the past, so that its map keeps the frame of now.
    """

    rows: Rows
    coords: npt.NDArray[np.float32]
    alive: npt.NDArray[np.bool_]
    base: npt.NDArray[np.int64]
    near: npt.NDArray[np.int64]
    later: npt.NDArray[np.float32]

    @property
    def shown(self) -> npt.NDArray[np.int64]:
        """The rows in scope."""
        return np.flatnonzero(self.alive)

    def row(self, key: str) -> int | None:
        """Return the row of a key that is in scope, None where it is not."""
        row = self.rows.row(key)
        return row if row is not None and self.alive[row] else None


@dataclass(frozen=True, eq=False)
class Groups:
    """The clusters of a map at one granularity: what each row is in, −1 for none; a name, a place and a hue for each.

    Groups are in the order of their size in the whole map.
    """

    codes: Codes
    labels: tuple[str, ...]
    ids: tuple[int, ...]
    centres: npt.NDArray[np.float32]
    hues: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class MapSource(Source):
    """What a map is drawn from; `identity` stands for all of it. `disputed` are keys in a possible conflict that waits."""

    disputed: frozenset[str] = field(kw_only=True)
    snapshot: Snapshot = field(kw_only=True)
    state: MapState = field(kw_only=True)


BY_SOURCE: Final[Mapping[str | type[Any], Any]] = {MapSource: BY_IDENTITY[Source]}


def source_of(here: Here, snapshot: Snapshot, state: MapState) -> MapSource:
    """Return what the map is drawn from at the moment of `here`; the map is that of `snapshot`, of now."""
    (scope, now), disputed = by_minute(here), frozenset(disputes(here))
    known = (*identity(here), snapshot.revision, state.serial, now, repr(scope), digest(disputed))
    return MapSource(known, here, scope, now, disputed=disputed, snapshot=snapshot, state=state)


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=BY_SOURCE)
def places(source: MapSource) -> Places:
    """Return every memory of a moment with its place on the map of now."""
    here, base, coords = source.here, source.snapshot, source.state.coords
    assert here.store is not None
    assert coords is not None
    if here.past is None:
        rows = Rows(base.frame, (base.table,), here.store.schema)
        own = np.arange(len(rows))
        return Places(rows, coords, _within(source, base.frame), own, own, coords[:0])
    then = here.past
    rows = Rows(then.snapshot.frame, (then.snapshot.table,), here.store.schema)
    own = pd.Index(base.frame["key"]).get_indexer(pd.Index(rows.frame["key"])).astype(np.int64)
    later = coords[np.setdiff1d(np.arange(len(coords)), own)]
    changed = np.array([row for key in then.changed.keys if (row := rows.row(key)) is not None], dtype=np.int64)
    own[changed] = -1
    found, near = coords[np.maximum(own, 0)].copy(), own.copy()
    if len(changed):
        number, distances = nearest_to(base.vectors(), then.changed.matrix, k=_NEAR, metric=here.store.info.metric)
        found[changed], near[changed] = placed(coords, number, distances), number[:, 0]
    return Places(rows, found, _within(source, rows.frame), own, near, later)


def _within(source: MapSource, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = source.scope.mask(frame, now=source.now).to_numpy(dtype=bool)
    return found


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=BY_SOURCE)
def grouped(source: MapSource, granularity: Granularity) -> Groups:
    """Return the clusters; none while they are not known."""
    view, coords = source.state.clusters.get(granularity), source.state.coords
    where = places(source)
    if view is None or coords is None:
        return Groups(np.full(len(where.rows), -1, np.int32), (), (), np.zeros((0, 2), np.float32), ())
    found = view.clusters
    said = {info.code: info.label for info in view.infos}
    ids = tuple(int(each) for each in found.ids)
    middles = centres(coords, found.codes, found.count)
    names = tuple(said.get(code, f"Cluster {ids[code] + 1}") for code in range(found.count))
    return Groups(found.codes[where.near], names, ids, middles, hues(middles, ids, count=len(AGENT_CYCLE)))


@st.cache_resource(max_entries=6, show_spinner=False, hash_funcs=BY_SOURCE)
def used(source: MapSource) -> npt.NDArray[np.int64]:
    """Return how often each memory was recalled, int64 (n,): by its own count or by the log, whichever says more."""
    where, here = places(source), source.here
    counts = where.rows.frame["recall_count"].to_numpy(dtype=np.int64).copy()
    if here.past is None and here.store is not None:
        for key, usage in here.store.used(actor=here.actor).items():
            row = where.rows.row(key)
            if row is not None:
                counts[row] = max(int(counts[row]), usage.recalls)
    return counts


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=BY_SOURCE)
def coloured(source: MapSource, by: str, granularity: Granularity) -> Colouring:
    """Return the colours of the rows in scope, in their order, by a field."""
    where, here = places(source), source.here
    if by == "cluster":
        groups = grouped(source, granularity)
        return group_colouring(groups.codes, groups.labels, where.shown)
    frame, table = where.rows.frame, where.rows.tables[0]
    tenant = here.store.info.tenant if here.store else None
    marked = None
    if by == "status":
        marked = marks(frame, now=source.now, conflicting=conflicts(frame, table) | source.disputed)
    return map_colouring(
        frame,
        where.shown,
        by,
        marks=marked,
        uses=used(source) if by == "use" else None,
        owners=tenants(table, tenant) if by == "tenant" else None,
    )


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=BY_SOURCE)
def pointed(source: MapSource, by: str, granularity: Granularity, sized: bool) -> MapPoints:
    """Return the points as the drawing takes them: the rows, behind them what came later, which is not alive.

    Where nothing was ever recalled, all points have one size.
    """
    where = places(source)
    own, size = len(where.rows), len(where.rows) + len(where.later)
    codes, alive = np.zeros(size, np.uint8), np.zeros(size, np.bool_)
    codes[where.shown], alive[:own] = coloured(source, by, granularity).codes, where.alive
    sizes = None
    if sized and used(source).any():
        sizes = np.zeros(size, np.uint8)
        sizes[:own] = use_sizes(used(source))
    return MapPoints(np.concatenate([where.coords, where.later])[:, :2], codes, sizes, alive)
