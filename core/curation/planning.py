"""What planners share: the records that a person or policy chose, and the plan that comes of their changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.access import Actor
from core.analysis.columns import values_of
from core.analysis.frame import to_frame
from core.curation.plan import Change, Plan
from core.memory.record import Record
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN

__all__ = [
    "Chosen",
    "Read",
    "Whole",
    "chosen",
    "listed",
    "memories",
    "metadata_at",
    "plan_of",
    "read_whole",
    "whole",
]

# So many of those that were left out are named in a plan; all are counted.
_NAMED: Final = 100


@runtime_checkable
class Read(Protocol):
    """A snapshot as core.snapshots has it: the table as it was scanned, and the frame of it, row for row."""

    @property
    def table(self) -> pa.Table: ...
    @property
    def frame(self) -> pd.DataFrame: ...
    @property
    def rows(self) -> int: ...
    @property
    def total(self) -> int | None: ...


@dataclass(frozen=True, eq=False)
class Whole:
    """All of an index, read at once: what `Read` asks for."""

    table: pa.Table
    frame: pd.DataFrame

    @property
    def rows(self) -> int:
        """How many records there are."""
        return int(self.table.num_rows)

    @property
    def total(self) -> int | None:
        """The same: none are missing."""
        return self.rows


@dataclass(frozen=True)
class Chosen:
    """Records by key without their vectors, why each was chosen, and the keys that were not there."""

    records: Mapping[str, Record]
    why: str
    parameters: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict)


def chosen(
    store: MemoryStore, which: Iterable[str] | Scope, *, actor: Actor, now: datetime, snapshot: object | None = None
) -> Chosen:
    """Return the records of keys, or all within a scope: of a whole snapshot, else the index is read page by page."""
    if isinstance(which, Scope):
        found = dict(_within(store, which, actor=actor, now=now, snapshot=snapshot))
        return Chosen(found, f"Selected: {which.sentence()}", {"scope": which.to_params()})
    keys = list(dict.fromkeys(which))
    records = store.records.get(keys, actor=actor, vectors=False)
    missing = {key: "is not there" for key in keys if key not in records}
    return Chosen(records, "Chosen by hand.", {"keys": len(keys)}, missing)


def plan_of(
    store: MemoryStore,
    changes: Sequence[Change],
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    title: str,
    policy: str,
    reason: str = "",
    parameters: Mapping[str, Any] | None = None,
    left_out: Mapping[str, str] | None = None,
) -> Plan:
    """Return the plan of some changes; what was left out is counted in its parameters, and the first are named."""
    told: dict[str, Any] = dict(parameters or {})
    if left_out:
        told["left_out_count"] = len(left_out)
        told["left_out"] = dict(list(left_out.items())[:_NAMED])
    return Plan(
        id=plan_id,
        bucket=store.bucket,
        index=store.info.name,
        title=title,
        policy=policy,
        author=actor.name,
        created_at=now,
        changes=tuple(changes),
        reason=reason,
        parameters=told,
    )


def memories(count: int) -> str:
    """Return a count with its noun."""
    return f"{count:,} {'memory' if count == 1 else 'memories'}"


def whole(snapshot: object | None) -> Read | None:
    """Return a snapshot that has every record of the index with its metadata, else None."""
    return snapshot if isinstance(snapshot, Read) and snapshot.total == snapshot.rows else None


def read_whole(store: MemoryStore, *, actor: Actor) -> Whole:
    """Read all of an index at once, without its vectors."""
    table = store.scan(actor=actor)
    return Whole(table, to_frame(table, info=store.info, schema=store.schema))


def metadata_at(table: pa.Table, rows: npt.NDArray[np.int64]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield key and metadata of some rows of a scan, as the service has them."""
    names = [name for name in table.column_names if name not in (KEY_COLUMN, VECTOR_COLUMN)]
    part = table.select([KEY_COLUMN, *names]).take(pa.array(rows))
    columns = [values_of(part, name) for name in names]
    for row, key in enumerate(part[KEY_COLUMN].to_pylist()):
        yield key, {name: column[row] for name, column in zip(names, columns, strict=True) if column[row] is not None}


def _within(
    store: MemoryStore, scope: Scope, *, actor: Actor, now: datetime, snapshot: object | None
) -> Iterator[tuple[str, Record]]:
    read = whole(snapshot)
    if read is not None:
        rows = np.flatnonzero(scope.mask(read.frame, now=now).to_numpy())
        keys = (str(key) for key in read.frame["key"].to_numpy()[rows])
        # As they are stored: a table may have made a double of a whole number.
        yield from store.records.get(keys, actor=actor, vectors=False).items()
        return
    for key, metadata in listed(store, actor=actor):
        if scope.admits(store.memory_of(key, metadata), now=now):
            yield key, Record(metadata)


def listed(store: MemoryStore, *, actor: Actor, **options: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield key and metadata of every record, a page at a time: any size fits."""
    store.records.get((), actor=actor)  # says whether the actor may read
    for page, _ in store.records.listed(**options):
        for record in page:
            yield record["key"], record.get("metadata") or {}
