"""Size and last write of the indexes of a bucket: what their snapshots tell, kept as long as the index does not change."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import streamlit as st

from core.analysis.snapshot import Snapshot
from core.analysis.stats import stored_bytes, totals
from core.catalog import IndexInfo
from core.errors import MnemoscopeError
from core.store import MemoryStore
from pages.shared.here import Here

__all__ = ["Figures", "figures"]

# Seconds that a run gives to indexes of this machine that nobody opened yet, and the largest of them that it reads for this.
_PATIENCE_S: Final = 1.0
_READ_MAX: Final = 50_000


@dataclass(frozen=True)
class Figures:
    """What is stored in an index: bytes as the service counts them, the newest time that a memory states."""

    stored: int
    newest: datetime | None


@st.cache_resource(max_entries=1, show_spinner=False)
def _known() -> dict[tuple[str, str, str], tuple[str, Figures]]:
    """Return the figures by index of all sessions, each with the revision that it was taken from."""
    return {}


def figures(here: Here, infos: Iterable[IndexInfo]) -> dict[str, Figures]:
    """Return the figures of those indexes whose memories are known; nothing is asked of a service for this."""
    known, until, found = _known(), time.monotonic() + _PATIENCE_S, {}
    for info in infos:
        key = (here.catalog.uri, here.catalog.bucket, info.arn)
        if info.name == here.index and here.snapshot is not None:
            _keep(key, here.snapshot, info, here.now)
        elif here.snapshots is not None:
            store = here.catalog.attach(info, actor=here.actor)
            snapshot = _snapshot(here, store, known.get(key), until)
            if snapshot is not None:
                _keep(key, snapshot, info, here.now)
        if key in known:
            found[info.name] = known[key][1]
    return found


def _snapshot(here: Here, store: MemoryStore, former: tuple[str, Figures] | None, until: float) -> Snapshot | None:
    """Return the snapshot of an index that is not open, if there is one and it is not the one whose figures are known."""
    assert here.snapshots is not None
    if not here.snapshots.local:
        return here.snapshots.known(store, actor=here.actor)
    left = until - time.monotonic()
    if left <= 0 or here.counts.get(store.info.name, _READ_MAX + 1) > _READ_MAX:
        return None
    try:
        if former and former[0] == store.revision():
            return None
        return here.snapshots.look(store, actor=here.actor, wait_s=left).snapshot
    except MnemoscopeError:
        return None  # the page lists it among those that cannot be read, or its card does without


def _keep(key: tuple[str, str, str], snapshot: Snapshot, info: IndexInfo, now: datetime) -> None:
    known = _known()
    if key not in known or known[key][0] != snapshot.revision:
        size = stored_bytes(snapshot.frame, dimension=info.dimension)
        newest = totals(snapshot.frame, now=now).newest
        known[key] = (snapshot.revision, Figures(size, newest))
