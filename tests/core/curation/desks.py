"""Builders of desks and plans, and what an index and its journal hold, to the byte."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from core.access import LOCAL_ADMIN, Actor, Role
from core.catalog import Catalog
from core.config import open_catalog
from core.curation.desk import Desk
from core.curation.journal import Kind, Ledger
from core.curation.ledgers import open_ledger
from core.curation.plan import Action, Change, Plan
from core.memory.record import Record
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore
from tests.core.memory_builders import NOW

DIMENSION = 4
ANN = Actor("ann", Role.REVIEWER)
BOB = Actor("bob", Role.REVIEWER)
VERA = Actor("vera", Role.VIEWER)
ADA = Actor("ada", Role.ADMIN)
EVE = Actor("eve", Role.ADMIN)

# A record as its metadata in order, and the bytes of its vector.
Bytes = tuple[str, bytes]


class Ticking:
    """A clock that moves on by a second each time it is asked."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def make_catalog(directory: Path, **options: Any) -> Catalog:
    """Return a catalog of small vectors."""
    return open_catalog(directory, embedder_factory=lambda: HashingEmbedder(DIMENSION), **options)


def make_index(directory: Path, *, name: str = "agents", records: Mapping[str, Record] | None = None) -> MemoryStore:
    """Return a new index with some records."""
    store = make_catalog(directory).create(name, actor=LOCAL_ADMIN)
    store.records.put(records or {}, actor=LOCAL_ADMIN)
    return store


def make_desk(store: MemoryStore, where: Path | Ledger, *, ids: str = "plan", **options: Any) -> Desk:
    """Return a desk with a journal, by default of its own connections, a clock that ticks, and ids that count."""
    numbers = itertools.count(1)
    settings: dict[str, Any] = {
        "clock": Ticking(),
        "new_id": lambda: f"{ids}-{next(numbers)}",
        "second_person": False,
    }
    ledger = open_ledger(where) if isinstance(where, Path) else where
    return Desk(store, ledger, **(settings | options))


def make_record(text: str = "The report goes out on Friday.", **metadata: Any) -> Record:
    """Return a record whose vector follows from what it says."""
    said = {"content": text, "agent_id": "planner", **metadata}
    return Record(said, HashingEmbedder(DIMENSION).embed([repr(sorted(said.items()))])[0])


def make_records(count: int) -> dict[str, Record]:
    """Return records k0, k1, …"""
    return {f"k{number}": make_record(f"Memory number {number}.", confidence=0.5) for number in range(count)}


def make_plan(desk: Desk, *changes: Change, author: str = "ann", **overrides: Any) -> Plan:
    """Return a plan of these changes for the desk's index."""
    values: dict[str, Any] = {
        "id": "p",
        "bucket": desk.store.bucket,
        "index": desk.store.info.name,
        "title": "A plan",
        "policy": "delete",
        "author": author,
        "created_at": NOW,
        "changes": changes,
    }
    return Plan(**(values | overrides))


def seen(desk: Desk, *keys: str) -> dict[str, Record]:
    """Return what a planner sees: the metadata."""
    return desk.store.records.get(keys, actor=LOCAL_ADMIN, vectors=False)


def retire(desk: Desk, *keys: str) -> list[Change]:
    """Return changes that retire these keys as they are now."""
    return [Change(key, Action.RETIRE, "not needed", "delete", before=record) for key, record in seen(desk, *keys).items()]


def erase(desk: Desk, *keys: str) -> list[Change]:
    """Return changes that erase these keys as they are now."""
    return [replace(change, action=Action.ERASE) for change in retire(desk, *keys)]


def put(key: str, record: Record) -> Change:
    """Return the change that puts a new record."""
    return Change(key, Action.PUT, "it is new", "edit", after=record)


def edit(desk: Desk, key: str, **metadata: Any) -> Change:
    """Return the change that sets some metadata and keeps the vector."""
    (before,) = seen(desk, key).values()
    return Change(key, Action.REPLACE, "better so", "edit", before=before, after=Record({**before.metadata, **metadata}))


def contents(store: MemoryStore) -> dict[str, Bytes]:
    """Return everything that an index holds, to the byte."""
    keys = [record["key"] for page, _ in store.records.listed() for record in page]
    return {key: as_bytes(record) for key, record in store.records.get(keys, actor=LOCAL_ADMIN).items()}


def as_bytes(record: Record) -> Bytes:
    """Return a record in a form that compares to the byte, whatever the order of its metadata."""
    vector = b"" if record.vector is None else np.ascontiguousarray(record.vector, dtype="<f4").tobytes()
    return repr(sorted(record.metadata.items())), vector


def journalled(desk: Desk) -> dict[str, list[Bytes | None]]:
    """Return every before-image that the journal has, by key."""
    journal, found = desk.ledger.journal, dict[str, list[Bytes | None]]()
    for entry in journal.entries(desk.stream):
        if entry.kind is Kind.PREPARED:
            for key, image in journal.images(desk.stream, entry.number).items():
                found.setdefault(key, []).append(None if image.before is None else as_bytes(image.before))
    return found


def kinds(desk: Desk, plan_id: str | None = None) -> list[str]:
    """Return the kinds of the journal's entries in order."""
    return [str(entry.kind) for entry in desk.ledger.journal.entries(desk.stream, plan_id=plan_id)]


def apply(desk: Desk, plan: Plan, **options: Any) -> Any:
    """Apply a plan as an admin without a pre-flight."""
    given: dict[str, Any] = {"actor": ADA, "measured": False, "confirmation": desk.confirmation_for(plan)}
    return desk.apply(plan, **(given | options))


def moment_of(desk: Desk) -> datetime:
    """Return the desk's time, which then moves on."""
    return desk._place.clock()


def every(numbers: Iterable[int]) -> list[str]:
    """Return the keys of these numbers."""
    return [f"k{number}" for number in numbers]


def counted(limit: int) -> Callable[[], bool]:
    """Return a question that is answered with no so many times, and then with yes."""
    asked = itertools.count()
    return lambda: next(asked) >= limit
