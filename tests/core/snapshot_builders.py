"""Stores over a service that is only listed, and what a snapshot of them must be equal to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from core.access import LOCAL_ADMIN
from core.analysis.snapshot import Look, Snapshot, Snapshots
from core.catalog import Catalog
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore
from core.vectors.client import KEY_COLUMN, Call
from core.vectors.embedded import EmbeddedClient
from tests.core.listing_client import ListingClient

DIMENSION = 4
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAIT_S = 60.0


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Service:
    """An index of a remote service: its engine, the calls that reached it, and a store over it."""

    def __init__(self, directory: Path, *, name: str = "agents", local: bool = False) -> None:
        self.calls: list[Call] = []
        self.engine = EmbeddedClient(directory, tracer=self.calls.append)
        self.client: Any = self.engine if local else ListingClient(self.engine)
        embedder = HashingEmbedder(DIMENSION)
        self.catalog = Catalog(self.client, bucket="memories", uri="s3vectors://memories", embedder_factory=lambda: embedder)
        self.catalog.open_or_create(name, actor=LOCAL_ADMIN)
        self.where = {"vectorBucketName": "memories", "indexName": name}

    @property
    def store(self) -> MemoryStore:
        return self.catalog.open(self.where["indexName"], actor=LOCAL_ADMIN)

    def put(self, records: dict[str, Any], *, seed: int = 0) -> None:
        """Write records by key, each with its metadata; vectors follow from the key, the metadata and the seed."""
        made = [
            {"key": key, "data": {"float32": vector_of(key, metadata, seed)}, "metadata": metadata}
            for key, metadata in records.items()
        ]
        for start in range(0, len(made), 500):
            self.engine.put_vectors(**self.where, vectors=made[start : start + 500])

    def delete(self, *keys: str) -> None:
        self.engine.delete_vectors(**self.where, keys=list(keys))

    def count(self, operation: str) -> int:
        """Return how many items the calls of an operation brought since the last `forget_calls`."""
        return sum(call.items for call in self.calls if call.operation == operation)

    def close(self) -> None:
        self.catalog.close()


def vector_of(key: str, metadata: dict[str, Any], seed: int) -> list[float]:
    text = json.dumps([key, metadata, seed], sort_keys=True)
    return [float(x) for x in HashingEmbedder(DIMENSION).embed([text])[0]]


def rows_of(snapshot: Snapshot, *, vectors: bool = True) -> dict[str, tuple[dict[str, Any], tuple[float, ...] | None]]:
    """Return a snapshot's records by key: metadata as JSON values, and the vector."""
    table = snapshot.table
    decoded: dict[str, list[Any]] = {}
    for name in table.column_names:
        values = table[name].to_pylist()
        mixed = (table.schema.field(name).metadata or {}).get(b"encoding") == b"json"
        decoded[name] = [None if v is None else json.loads(v) for v in values] if mixed else values
    keys = decoded.pop(KEY_COLUMN)
    assert len(set(keys)) == len(keys)
    assert list(snapshot.frame["key"]) == keys
    matrix = snapshot.vectors() if vectors else [None] * len(keys)
    return {
        key: (
            {name: values[row] for name, values in decoded.items() if values[row] is not None},
            None if matrix[row] is None else tuple(np.asarray(matrix[row]).tolist()),
        )
        for row, key in enumerate(keys)
    }


def look(snapshots: Snapshots, store: MemoryStore, *, vectors: bool = False, wait_s: float = WAIT_S) -> Look:
    return snapshots.look(store, actor=LOCAL_ADMIN, wait_s=wait_s, vectors=vectors)


def shown(snapshots: Snapshots, store: MemoryStore, *, vectors: bool = False) -> Snapshot:
    """Return the snapshot of a look that ended well."""
    found = look(snapshots, store, vectors=vectors)
    assert found.error is None
    assert found.job is None
    assert found.snapshot is not None
    return found.snapshot


def refreshed(snapshots: Snapshots, store: MemoryStore, *, full: bool = False, vectors: bool = False) -> Snapshot:
    job = snapshots.refresh(store, actor=LOCAL_ADMIN, full=full, vectors=vectors)
    assert job.wait(WAIT_S)
    assert job.error is None
    return shown(snapshots, store, vectors=vectors)
