"""What a run looks at: the catalog, the bucket, the index, its snapshot and the scope, opened once and handed to the page.

Catalog and snapshots are shared by all sessions (both are thread-safe). A run asks for the snapshot and waits a little: a
store on this machine is as fresh as its last write, a service's index may still be being read, or be some minutes old.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from core.access import Actor, actor_from_environment
from core.analysis.snapshot import Job, Look, Snapshot, Snapshots
from core.catalog import Catalog, IndexInfo, UnreadableIndex
from core.config import STORE_VARIABLE, default_store_dir, open_catalog, parse_store_uri
from core.errors import AccessDeniedError, MnemoscopeError, NotFoundError, StorageError
from core.operate.prices import US_EAST_1
from core.operate.usage import UsageMeter
from core.scope import Scope
from core.store import MemoryStore
from pages.shared.remembered import Remembered
from pages.shared.warming import warm

if TYPE_CHECKING:
    from core.curation.desk import Desk
    from core.past.then import Then

__all__ = ["CONNECTED", "Here", "actor", "current", "keep", "open_here", "store_uri", "wrote"]

_KEY = "here"
# The address that a person connected this tab to, past the one that the dashboard was started with.
CONNECTED: Final = "store_uri"
_Survey = tuple[list[IndexInfo], list[UnreadableIndex]]
# Seconds that a run waits for a snapshot: an engine on this machine, a service with and without a former snapshot.
_WAIT_LOCAL_S: Final = 20.0
_WAIT_S: Final = 0.7
_WAIT_FIRST_S: Final = 2.0
_SURVEY_S: Final = 30


@dataclass(frozen=True)
class Here:
    """One run's surroundings; `store` is None while the catalog has no index that can be read, `frame` until it was read.

    `counts` has the indexes whose count is known, `sampled` those of which it is a part. `job` reads the index now, `error`
    is why the last reading failed. Where a person looks back, `past` is the index as it was, `now` that moment and `present`
    the surroundings without it; `unseen` is why a past that was asked for is not shown.
    """

    catalog: Catalog
    actor: Actor
    now: datetime
    indexes: tuple[IndexInfo, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    sampled: frozenset[str] = frozenset()
    store: MemoryStore | None = None
    scope: Scope = field(default_factory=Scope)
    unreadable: tuple[UnreadableIndex, ...] = ()
    snapshots: Snapshots | None = None
    snapshot: Snapshot | None = None
    job: Job | None = None
    error: MnemoscopeError | None = None
    buckets: tuple[str, ...] = ()
    meter: UsageMeter | None = None
    remembered: Remembered | None = None
    past: Then | None = None
    present: Here | None = None
    unseen: str = ""

    @property
    def at_present(self) -> Here:
        """The same surroundings with what is there now."""
        return replace(self.present, scope=self.scope) if self.present else self

    @property
    def today(self) -> datetime:
        """The moment of this run; `now` is another one where a person looks back."""
        return self.present.now if self.present else self.now

    @property
    def index(self) -> str:
        """The name of the open index, or "" without one."""
        return self.store.info.name if self.store else ""

    @property
    def frame(self) -> pd.DataFrame | None:
        """Every memory of the index as a row, None while it was not read."""
        return self.snapshot.frame if self.snapshot else None

    @property
    def revision(self) -> str | None:
        """What changes whenever the content of the index does."""
        return self.snapshot.revision if self.snapshot else None

    @property
    def edition(self) -> tuple[str | None, str]:
        """What changes whenever the content of the index does, or what its fields mean."""
        return self.revision, repr(self.store.schema) if self.store else ""

    @cached_property
    def desk(self) -> Desk | None:
        """Where changes to the open index are planned, applied, looked up and taken back; None without an index."""
        from core.curation.desk import open_desk  # a page that only shows need not wait for it

        return open_desk(self.store) if self.store else None

    def refresh(self, *, full: bool = False) -> None:
        """Start reading the open index again; `full` reads the vectors of unchanged memories too."""
        if self.snapshots and self.store:
            self.snapshots.refresh(self.store, actor=self.actor, full=full)
        if self.remembered:
            self.remembered.forget()


@dataclass(frozen=True)
class _Opened:
    """What all sessions share of a store."""

    catalog: Catalog
    snapshots: Snapshots
    meter: UsageMeter
    remembered: Remembered = field(default_factory=lambda: Remembered(max_age_s=_SURVEY_S))
    stores: dict[tuple[str, str], MemoryStore] = field(default_factory=dict)

    def store(self, catalog: Catalog, info: IndexInfo, who: Actor) -> MemoryStore:
        """Return the store of an index, the same one as long as the index is the same."""
        key = (catalog.bucket, info.name)
        known = self.stores.get(key)
        if known is None or known.info != info:
            self.stores[key] = known = catalog.attach(info, actor=who)
        return known


def store_uri() -> str:
    """Return where the memories live: what this tab connected to, the argument after `--`, MNEMOSCOPE_STORE, the default."""
    if connected := st.session_state.get(CONNECTED):
        return str(connected)
    started_by_us = bool(sys.argv) and Path(sys.argv[0]).name == "dashboard.py"
    if started_by_us and len(sys.argv) > 1:
        return sys.argv[1]
    return os.environ.get(STORE_VARIABLE) or str(default_store_dir())


def actor() -> Actor:
    """Return who is looking: the one whom the environment names, else the local admin of this machine's own address."""
    return actor_from_environment()


@st.cache_resource(max_entries=8, show_spinner=False)
def _opened(uri: str) -> _Opened:
    meter = UsageMeter(prices=US_EAST_1 if parse_store_uri(uri).remote else None)
    catalog = open_catalog(uri, tracer=meter)
    directory = catalog.cache_dir / "snapshots" if catalog.remote and catalog.cache_dir else None
    return _Opened(catalog, Snapshots(directory, local=not catalog.remote), meter)


def _bucket_names(catalog: Catalog, who: Actor) -> list[str]:
    """Return the buckets, that of the store's address first; who may not list them works with that one."""
    try:
        names = [bucket.name for bucket in catalog.buckets(actor=who)]
    except AccessDeniedError:
        return []
    return sorted(names, key=lambda name: (name != catalog.bucket, name))


def _in_bucket(opened: _Opened, who: Actor, wanted: str) -> tuple[Catalog, list[str]]:
    """Return the catalog of the wanted bucket, else of the address's, and all buckets.

    Where a directory has nothing in that one, the first bucket with indexes is opened: agents may write into any.
    """
    catalog = opened.catalog
    if not catalog.remote:
        names = _bucket_names(catalog, who)
    else:
        names, _ = opened.remembered.get(("buckets", who), lambda: _bucket_names(catalog, who), wait_s=_WAIT_S)
    if wanted and wanted != catalog.bucket and (wanted in names or not names):
        return catalog.in_bucket(wanted), names
    if not catalog.remote and not wanted and names and not catalog.names(actor=who):
        others = (catalog.in_bucket(name) for name in names if name != catalog.bucket)
        return next((other for other in others if other.names(actor=who)), catalog), names
    return catalog, names


def _survey(opened: _Opened, catalog: Catalog, who: Actor, index: str) -> tuple[_Survey, MnemoscopeError | None]:
    """Return the indexes; a service is asked every half minute, and again for an index that it did not have then."""
    if not catalog.remote:
        return catalog.survey(actor=who), None
    key = ("survey", catalog.bucket, who)
    try:
        found, error = opened.remembered.get(key, lambda: catalog.survey(actor=who), wait_s=_WAIT_S)
    except NotFoundError as nowhere:  # a bucket that the first index makes: the ways to fill it say so
        return ([], []), nowhere
    missing = bool(index) and index not in {info.name for info in found[0]}
    if missing and st.session_state.get("missed_index") != index:
        opened.remembered.forget()
        found, error = opened.remembered.get(key, lambda: catalog.survey(actor=who), wait_s=_WAIT_FIRST_S)
    st.session_state["missed_index"] = index if missing else ""
    return (list(found[0]), list(found[1])), error


def open_here(uri: str, *, index: str, bucket: str = "") -> Here:
    """Open the catalog and, if there is one that can be read, the wanted index (else the largest that is known)."""
    who, opened = actor(), _opened(uri)
    with st.spinner("Looking for indexes"):
        catalog, buckets = _in_bucket(opened, who, bucket)
        (infos, unreadable), behind = _survey(opened, catalog, who, index)
    if infos:
        warm(catalog, uri)
    stores = {info.name: opened.store(catalog, info, who) for info in infos}
    counts: dict[str, int] = {}
    for name, count in opened.snapshots.counts([*stores.values()], actor=who, first_s=_WAIT_LOCAL_S).items():
        if isinstance(count, int):
            counts[name] = count
        elif isinstance(count, StorageError):  # some damage shows only when records are read
            unreadable.append(UnreadableIndex(name, stores.pop(name).info.tenant, str(count)))
    store, seen = _first_readable(opened.snapshots, stores, who, index, counts, unreadable)
    if store and seen.snapshot:
        counts[store.info.name] = seen.snapshot.rows
    return Here(
        catalog,
        who,
        datetime.now(UTC),
        tuple(info for info in infos if info.name in stores),
        counts,
        opened.snapshots.sampled(stores.values()),
        store,
        unreadable=tuple(sorted(unreadable, key=lambda each: each.name)),
        snapshots=opened.snapshots,
        snapshot=seen.snapshot,
        job=seen.job,
        error=seen.error or behind,
        buckets=tuple(buckets),
        meter=opened.meter,
        remembered=opened.remembered,
    )


def _first_readable(
    snapshots: Snapshots,
    stores: dict[str, MemoryStore],
    who: Actor,
    index: str,
    counts: Mapping[str, int],
    unreadable: list[UnreadableIndex],
) -> tuple[MemoryStore | None, Look]:
    """Return the wanted index's store, else the largest one's, with its snapshot; what is damaged moves to `unreadable`."""
    for name in sorted(stores, key=lambda each: (each != index, -counts.get(each, -1), each)):
        seen = _look(snapshots, stores[name], who)
        if not isinstance(seen.error, StorageError):
            return stores[name], seen
        unreadable.append(UnreadableIndex(name, stores.pop(name).info.tenant, str(seen.error)))
    return None, Look(None, None, None)


def _look(snapshots: Snapshots, store: MemoryStore, who: Actor) -> Look:
    with st.spinner("Reading the memories"):
        seen = snapshots.look(store, actor=who, wait_s=_WAIT_LOCAL_S if snapshots.local else _WAIT_S)
        if seen.snapshot is None and seen.job is not None and not snapshots.local:
            seen = snapshots.look(store, actor=who, wait_s=_WAIT_FIRST_S)
    if snapshots.local and seen.error is not None and not isinstance(seen.error, StorageError):
        raise seen.error
    return seen


def wrote(here: Here, indexes: Iterable[str]) -> None:
    """Note that this dashboard wrote to indexes, so that the next run shows what a service has now."""
    if here.remembered:
        here.remembered.forget()
    if here.snapshots and here.catalog.remote:
        for name in indexes:
            here.snapshots.touch(here.catalog.open(name, actor=here.actor))


def keep(here: Here) -> None:
    """Hand the surroundings to the page that runs next."""
    st.session_state[_KEY] = here


def current() -> Here:
    """Return the surroundings of this run."""
    here: Here = st.session_state[_KEY]
    return here
