"""Reading an index as a snapshot: whole, or what is new since a former one.

The service tells nothing of changes but through its records: keys and metadata are listed and compared with the former
snapshot's, and vectors are fetched for new and changed keys alone. So a vector that was replaced under unchanged metadata is
not seen, unless its key was named as touched or the reading is a full one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.access import Actor
from core.errors import AccessDeniedError, CancelledError
from core.snapshots.content import Snapshot
from core.snapshots.digests import content_digest, row_digests, vector_digests
from core.snapshots.frames import frame_of
from core.snapshots.job import Job
from core.store import MemoryStore
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN
from core.vectors.limits import GET_VECTORS_MAX

__all__ = ["Wish", "read_by_difference", "read_in_process"]

_WHOLE_SHARE: Final = 0.3  # of the vectors to fetch; beyond, listing all with their vectors takes fewer calls
_WHOLE_FROM: Final = 5 * GET_VECTORS_MAX  # so few are fetched whatever share they are
_FETCHERS: Final = 4


@dataclass(frozen=True)
class Wish:
    """What a reading shall bring: `vectors` too, all of it anew (`full`), these keys' vectors anew (`touched`)."""

    vectors: bool = False
    full: bool = False
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Rows:
    """Listed records in the former snapshot's order, new ones last; `places` says where each was there, −1 if it was not."""

    table: pa.Table
    digests: npt.NDArray[np.uint64]
    places: npt.NDArray[np.int64]
    sampled: bool
    matrix: npt.NDArray[np.float32] | None = None


def read_in_process(
    store: MemoryStore, former: Snapshot | None, wish: Wish, *, actor: Actor, now: datetime, job: Job
) -> Snapshot:
    """Return what an engine in this process holds: its scan is by difference already."""
    revision = store.revision()
    if former and former.revision == revision and (former.has_vectors or not wish.vectors) and not wish.full:
        return replace(former, taken_at=now)
    table = _listed(store, actor, job, vectors=wish.vectors, expected=former.rows if former else None, limit=None)
    known = (table.schema.metadata or {}).get(b"revision", b"").decode() or revision
    table, matrix = _parted(table, store.info.dimension)
    job.at("preparing", table.num_rows, table.num_rows)
    frame = frame_of(store, table)
    return Snapshot(
        store.info.name, table, frame, known or content_digest(row_digests(table)), now, table.num_rows, True, matrix=matrix
    )


def read_by_difference(
    store: MemoryStore, former: Snapshot | None, wish: Wish, *, actor: Actor, now: datetime, job: Job, limit: int
) -> Snapshot:
    """Return what a service holds now, at most `limit` records of it; the former snapshot itself where nothing changed."""
    job.at("checking")
    revision = store.revision()
    vectors = wish.vectors or bool(former and former.has_vectors)
    asked = wish.full or wish.touched or (former is not None and vectors != former.has_vectors)
    if former and former.from_service and former.revision == revision and not asked:
        return replace(former, taken_at=now)
    rows = _rows(store, former, wish, actor=actor, job=job, limit=limit, vectors=vectors)
    job.at("preparing", rows.table.num_rows, rows.table.num_rows)
    total = None if rows.sampled else rows.table.num_rows
    if former and former.total == total and _unchanged(rows, former):
        return replace(former, revision=revision or former.revision, from_service=revision is not None, taken_at=now)
    marks = rows.digests if rows.matrix is None else rows.digests ^ vector_digests(rows.matrix)
    return Snapshot(
        store.info.name,
        rows.table,
        frame_of(store, rows.table),
        revision or content_digest(marks),
        now,
        total,
        revision is not None,
        digests=rows.digests,
        matrix=rows.matrix,
    )


def _rows(
    store: MemoryStore, former: Snapshot | None, wish: Wish, *, actor: Actor, job: Job, limit: int, vectors: bool
) -> _Rows:
    """List the index and bring the vectors, from the former snapshot where they are the same."""
    expected = former.rows if former else None
    if vectors and (former is None or former.matrix is None or wish.full):
        return _ordered(
            _listed(store, actor, job, vectors=True, expected=expected, limit=limit), former, store.info.dimension
        )
    rows = _ordered(_listed(store, actor, job, vectors=False, expected=expected, limit=limit), former, store.info.dimension)
    if not vectors or former is None or former.matrix is None:
        return rows
    same = _same(rows, former)
    if wish.touched:
        same &= ~np.asarray(pc.is_in(rows.table[KEY_COLUMN], pa.array(sorted(wish.touched), pa.string())))
    missing = np.flatnonzero(~same)
    if not len(missing) and np.array_equal(rows.places, np.arange(former.rows)):
        return replace(rows, matrix=former.matrix)  # not a copy: files and readers know it again
    if len(missing) > max(_WHOLE_FROM, _WHOLE_SHARE * len(same)):
        return _ordered(
            _listed(store, actor, job, vectors=True, expected=expected, limit=limit), former, store.info.dimension
        )
    return _with_vectors(rows, former.matrix, missing, _fetched(store, actor, job, rows.table, missing))


def _listed(
    store: MemoryStore, actor: Actor, job: Job, *, vectors: bool, expected: int | None, limit: int | None
) -> pa.Table:
    """Return a scan; of a key that was listed twice, for it was written meanwhile, the last record counts."""
    stage = "reading memories and vectors" if vectors else "reading memories"
    job.at(stage, 0, expected)
    try:
        table = store.scan(
            actor=actor,
            vectors=vectors,
            limit=limit,
            progress=lambda done: job.at(stage, done, expected if expected and done <= expected else None),
            cancelled=lambda: job.cancelled,
        )
    except AccessDeniedError as error:
        raise _explained(store, actor, error) from error
    keys = table[KEY_COLUMN]
    if len(keys.unique()) < len(keys):
        last = dict(zip(keys.to_pylist(), range(len(keys)), strict=True))
        table = table.take(pa.array(sorted(last.values())))
    return table


def _explained(store: MemoryStore, actor: Actor, error: AccessDeniedError) -> AccessDeniedError:
    """Return an error that names the missing right: listing keys alone needs less than listing what they hold."""
    seen: list[int] = []
    name = store.info.name
    try:
        store.scan(actor=actor, columns=[], progress=seen.append, cancelled=lambda: bool(seen))
    except AccessDeniedError:
        right = "s3vectors:ListVectors"
    except CancelledError:
        right = "s3vectors:GetVectors"
    else:
        right = "s3vectors:GetVectors"
    said = error.message.rstrip(".")
    return AccessDeniedError(
        f"Your credentials may not read the memories of index {name!r}: the right {right} on it is missing. The service "
        f"says: {said}. Ask for a policy with s3vectors:ListVectors and s3vectors:GetVectors on this index."
    )


def _parted(table: pa.Table, dimension: int) -> tuple[pa.Table, npt.NDArray[np.float32] | None]:
    """Return the table without its vectors, and them as (n, dimension) float32."""
    if VECTOR_COLUMN not in table.column_names:
        return table, None
    flat = table[VECTOR_COLUMN].combine_chunks().flatten()
    matrix = np.asarray(flat, np.float32).reshape(-1, dimension)
    matrix.setflags(write=False)
    return table.drop_columns([VECTOR_COLUMN]), matrix


def _ordered(listed: pa.Table, former: Snapshot | None, dimension: int) -> _Rows:
    table, matrix = _parted(listed, dimension)
    sampled = b"more" in (table.schema.metadata or {})
    table = table.replace_schema_metadata(None)
    places = np.full(table.num_rows, -1, np.int64)
    if former is not None:
        found = pc.index_in(table[KEY_COLUMN], value_set=former.table[KEY_COLUMN].combine_chunks())
        places = np.asarray(pc.fill_null(found, -1)).astype(np.int64)
        order = np.argsort(np.where(places < 0, former.rows, places), kind="stable")
        table, places = table.take(pa.array(order)), places[order]
        matrix = None if matrix is None else matrix[order]
    return _Rows(table.combine_chunks(), row_digests(table), places, sampled, matrix)


def _same(rows: _Rows, former: Snapshot) -> npt.NDArray[np.bool_]:
    """Return which rows are in the former snapshot with the same content."""
    same = rows.places >= 0
    if former.rows:
        same &= former.digests[rows.places] == rows.digests
    return same


def _unchanged(rows: _Rows, former: Snapshot) -> bool:
    content = (
        rows.table.num_rows == former.rows and rows.table.schema.equals(former.table.schema) and _same(rows, former).all()
    )
    if not content or rows.matrix is None or former.matrix is None:
        return bool(content and (rows.matrix is None) == (former.matrix is None))
    return rows.matrix is former.matrix or bool(np.array_equal(rows.matrix, former.matrix))


def _fetched(
    store: MemoryStore, actor: Actor, job: Job, table: pa.Table, missing: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float32]]:
    """Return the vectors of some rows by key; a record that is deleted meanwhile has none."""
    keys: list[str] = table[KEY_COLUMN].take(pa.array(missing)).to_pylist()
    batches = [keys[start : start + GET_VECTORS_MAX] for start in range(0, len(keys), GET_VECTORS_MAX)]
    found: dict[str, npt.NDArray[np.float32]] = {}

    def fetch(batch: list[str]) -> dict[str, npt.NDArray[np.float32]]:
        job.stop_if_cancelled()
        return store.vectors(batch, actor=actor)

    job.at("reading new vectors", 0, len(keys))
    with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="snapshot-vectors") as threads:
        for part in threads.map(fetch, batches):  # an error leaves the others unstarted
            found |= part
            job.at("reading new vectors", len(found), len(keys))
    return found


def _with_vectors(
    rows: _Rows,
    former: npt.NDArray[np.float32],
    missing: npt.NDArray[np.int64],
    found: dict[str, npt.NDArray[np.float32]],
) -> _Rows:
    """Return the rows with their vectors, those of the others from the former snapshot, less what was deleted meanwhile."""
    matrix = np.empty((rows.table.num_rows, former.shape[1]), np.float32)
    kept = np.ones(len(matrix), np.bool_)
    kept[missing] = False
    matrix[kept] = former[rows.places[kept]]
    for row, key in zip(missing.tolist(), rows.table[KEY_COLUMN].take(pa.array(missing)).to_pylist(), strict=True):
        vector = found.get(key)
        if vector is not None:
            matrix[row], kept[row] = vector, True
    if not kept.all():
        order = np.flatnonzero(kept)
        table = rows.table.take(pa.array(order))
        rows, matrix = replace(rows, table=table, digests=rows.digests[order], places=rows.places[order]), matrix[order]
    matrix.setflags(write=False)
    return replace(rows, matrix=matrix)
