"""Snapshots between memory and disk: which files belong to which index, and what becomes of one that cannot be written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any

from core.snapshots.content import Snapshot
from core.snapshots.files import SnapshotFiles
from core.snapshots.frames import frame_of
from core.store import MemoryStore

__all__ = ["Kept", "keep", "key_of", "open_kept"]


@dataclass(frozen=True)
class Kept:
    """A snapshot and the name of its folder, None where it is in memory alone."""

    snapshot: Snapshot
    name: str | None


def key_of(store: MemoryStore) -> str:
    """Return what names the snapshots of an index: its store and its identity, so one made anew has others."""
    identity = [store.uri, store.bucket, store.info.name, store.info.arn, store.info.created_at.isoformat()]
    return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:32]


def open_kept(files: SnapshotFiles, store: MemoryStore, *, other_than: str | None = None) -> Kept | None:
    """Return the newest whole snapshot of an index on disk; None if there is none or it is the one named."""
    key = key_of(store)
    if (newest := files.newest(key)) is None or newest == other_than:
        return None
    stored = files.load(key)
    about = stored.about if stored else {}
    shape = about.get("vectors")
    if stored is None or about.get("identity") != key or (shape and shape[1] != store.info.dimension):
        return None
    snapshot = Snapshot(
        store.info.name,
        stored.table,
        frame_of(store, stored.table),
        about["revision"],
        stored.taken_at,
        about["total"],
        about["from_service"],
        digests=stored.digests,
        matrix=stored.matrix,
    )
    return Kept(snapshot, stored.name)


def keep(files: SnapshotFiles, store: MemoryStore, snapshot: Snapshot, former: Kept | None) -> Kept:
    """Write a snapshot, or confirm the former one of the same content; without room it stays in memory and says so."""
    key = key_of(store)
    about: dict[str, Any] = {
        "identity": key,
        "index": store.info.name,
        "arn": store.info.arn,
        "revision": snapshot.revision,
        "from_service": snapshot.from_service,
        "total": snapshot.total,
    }
    try:
        if former and former.name and _same_content(snapshot, former.snapshot):
            files.confirm(key, former.name, about=about, taken_at=snapshot.taken_at)
            return Kept(replace(snapshot, notes=()), former.name)
    except (OSError, ValueError, KeyError):
        former = None  # removed or damaged meanwhile: written as new
    try:
        stored = files.save(
            key,
            about=about,
            taken_at=snapshot.taken_at,
            table=snapshot.table,
            digests=snapshot.digests,
            matrix=snapshot.matrix,
        )
    except OSError as error:
        why = error.strerror or str(error)
        return Kept(replace(snapshot, notes=(f"Kept in memory only, for it could not be written to disk: {why}.",)), None)
    mapped = replace(snapshot, table=stored.table, digests=stored.digests, matrix=stored.matrix, notes=())
    return Kept(mapped, stored.name)


def _same_content(one: Snapshot, other: Snapshot) -> bool:
    return one.table is other.table and one.matrix is other.matrix
