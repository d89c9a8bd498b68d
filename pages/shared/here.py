"""What a run looks at: the catalog, the index, its snapshot and the scope, opened once and handed to the page.

The catalog is shared by all sessions (its client is thread-safe). A snapshot is shared too, one for each revision of an
index, so every run asks for the revision and sees what other tabs and processes wrote.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from core.access import LOCAL_ADMIN, Actor
from core.catalog import Catalog, IndexInfo, UnreadableIndex
from core.config import STORE_VARIABLE, default_store_dir, open_catalog
from core.errors import MnemoscopeError, StorageError
from core.scope import Scope
from core.store import MemoryStore

__all__ = ["Here", "actor", "current", "keep", "open_here", "snapshot", "store_uri"]

_KEY = "here"
_WARM_AFTER_S = 4.0


@dataclass(frozen=True)
class Here:
    """One run's surroundings; `store` and `frame` are None while the catalog has no index that can be read."""

    catalog: Catalog
    actor: Actor
    now: datetime
    indexes: tuple[IndexInfo, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    store: MemoryStore | None = None
    frame: pd.DataFrame | None = None
    revision: str | None = None
    scope: Scope = field(default_factory=Scope)
    unreadable: tuple[UnreadableIndex, ...] = ()

    @property
    def index(self) -> str:
        """The name of the open index, or "" without one."""
        return self.store.info.name if self.store else ""


def store_uri() -> str:
    """Return where the memories live: the argument after `--`, else MNEMOSCOPE_STORE, else the user's data directory."""
    started_by_us = bool(sys.argv) and Path(sys.argv[0]).name == "dashboard.py"
    if started_by_us and len(sys.argv) > 1:
        return sys.argv[1]
    return os.environ.get(STORE_VARIABLE) or str(default_store_dir())


def actor() -> Actor:
    """Return who is looking; on this machine's own address that is the local admin."""
    return LOCAL_ADMIN


@st.cache_resource(max_entries=8, show_spinner=False)
def _catalog(uri: str) -> Catalog:
    return open_catalog(uri)


@st.cache_resource(max_entries=8, show_spinner=False)
def _warm(_catalog: Catalog, uri: str) -> None:  # noqa: ARG001
    """Load the embedding model soon after the first page, so that the first search does not wait for it."""

    def load() -> None:
        # The search that needs it says what is wrong.
        with contextlib.suppress(MnemoscopeError):
            _catalog.embedder().embed(["warm"])

    # Not at once: on two cores it would take a third of a second from the first page.
    timer = threading.Timer(_WARM_AFTER_S, load)
    timer.daemon = True
    timer.start()


# A resource, not data: a copy for each run of each session would cost 100 ms at 100k memories, and nobody writes into it.
@st.cache_resource(max_entries=4, ttl="2h", show_spinner="Reading the memories")
def _frame(_store: MemoryStore, _actor: Actor, key: tuple[str, str, str | None, str]) -> pd.DataFrame:  # noqa: ARG001
    return _store.frame(actor=_actor)


@st.cache_resource(max_entries=500, ttl="2h", show_spinner="Counting the memories")
def _count(_store: MemoryStore, _actor: Actor, key: tuple[str, str, str | None, str]) -> int:  # noqa: ARG001
    return _store.count(_actor)


def snapshot(store: MemoryStore, *, actor: Actor) -> tuple[pd.DataFrame, str | None]:
    """Return the frame of an index as it is now, and its revision."""
    revision = store.revision()
    return _frame(store, actor, (store.uri, store.info.name, revision, actor.name)), revision


def open_here(uri: str, *, index: str) -> Here:
    """Open the catalog and, if there is one that can be read, the wanted index (else the largest)."""
    who, now = actor(), datetime.now(UTC)
    catalog = _catalog(uri)
    infos, unreadable = catalog.survey(actor=who)
    if infos:
        _warm(catalog, uri)
    stores: dict[str, MemoryStore] = {}
    counts: dict[str, int] = {}
    for info in infos:
        try:
            stores[info.name] = store = catalog.open(info.name, actor=who)
            counts[info.name] = _count(store, who, (uri, info.name, store.revision(), who.name))
        except StorageError as error:  # some damage shows only when records are read
            unreadable.append(UnreadableIndex(info.name, info.tenant, str(error)))
    shown: tuple[MemoryStore | None, pd.DataFrame | None, str | None] = (None, None, None)
    for name in sorted(counts, key=lambda each: (each == index, counts[each], each), reverse=True):
        try:
            shown = (stores[name], *snapshot(stores[name], actor=who))
            break
        except StorageError as error:
            unreadable.append(UnreadableIndex(name, stores[name].info.tenant, str(error)))
    broken = tuple(sorted(unreadable, key=lambda each: each.name))
    left_out = {each.name for each in broken}
    readable = tuple(info for info in infos if info.name not in left_out)
    return Here(catalog, who, now, readable, counts, *shown, unreadable=broken)


def keep(here: Here) -> None:
    """Hand the surroundings to the page that runs next."""
    st.session_state[_KEY] = here


def current() -> Here:
    """Return the surroundings of this run."""
    here: Here = st.session_state[_KEY]
    return here
