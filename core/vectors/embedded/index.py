"""One index on disk: its records in SQLite, written by one at a time, read by any number."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import numpy as np

from core.errors import ConflictError, NotFoundError, StorageError, StorageReadOnlyError, UnavailableError
from core.vectors.client import PutVector
from core.vectors.embedded import text
from core.vectors.embedded.encoding import segment_hash, to_json
from core.vectors.embedded.queue import WriterQueue
from core.vectors.embedded.reading import Reading, Record, readable
from core.vectors.embedded.replica import Replica, read_head
from core.vectors.embedded.snapshot import Head
from core.vectors.embedded.storage import Mark, connect, naming, transaction, translated

__all__ = ["DATABASE", "IndexFile", "IndexSettings"]

_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS rec (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE NOT NULL, hash INTEGER NOT NULL,
    meta BLOB NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS vec (seq INTEGER PRIMARY KEY, v BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS gone (id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS info (name TEXT PRIMARY KEY, value);
"""
    + text.SCHEMA
)
DATABASE = "data.sqlite"
_GONE_KEPT = 10_000  # entries, beyond which a list of the gone longer than the index is cut to half of this
_WORTH_SAVING = 1_024  # rows outside the snapshot when the index is closed
_POOL = 8  # idle connections kept for reading


@dataclass(frozen=True)
class IndexSettings:
    """What is fixed when an index is created; `identity` is new for each index, also under an old name."""

    identity: str
    dimension: int
    metric: str
    non_filterable: tuple[str, ...]

    @property
    def cosine(self) -> bool:
        """Whether the metric is cosine."""
        return self.metric == "cosine"


class IndexFile:
    """The records of one index. Thread-safe; other processes may have the same index open."""

    def __init__(self, folder: Path, settings: IndexSettings, *, name: str, read_only: bool) -> None:
        self.settings, self._name = settings, name
        self._folder, self._read_only = folder, read_only
        self.path = folder / DATABASE
        self._queue = WriterQueue(folder / "writer.lock")
        self._pool: list[apsw.Connection] = []
        self._pool_lock = threading.Lock()
        self._writer: apsw.Connection | None = None
        self._closed = False
        self.replica = Replica(folder, identity=settings.identity, dimension=settings.dimension, cosine=settings.cosine)
        with naming(name):
            self._give_back(self._connect())
        self._mark = Mark(self.path)

    def _connect(self) -> apsw.Connection:
        if self._closed or not self._folder.is_dir():
            raise _gone()
        return connect(self.path, _SCHEMA, read_only=self._read_only)

    def _borrow(self) -> apsw.Connection:
        with self._pool_lock:
            if self._pool:
                return self._pool.pop()
        return self._connect()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn SQLite's errors into ours; whatever goes wrong because the index was deleted meanwhile is NotFoundError."""
        try:
            with naming(self._name), translated(self.path), readable():
                yield
        except StorageError:
            if self._closed or not self.path.exists():
                raise _gone() from None
            raise

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the turn to write."""
        if self._read_only:
            raise StorageReadOnlyError(
                f"'{self.path}' was opened for reading only: open the store for writing to change it."
            )
        with self._queue.turn():
            if self._closed:
                raise _gone()
            self._mark.check()
            yield

    def _give_back(self, connection: apsw.Connection) -> None:
        with self._pool_lock:
            if not self._closed and len(self._pool) < _POOL:
                self._pool.append(connection)
                return
        connection.close()

    @contextmanager
    def reading(self, *, rows: bool = False) -> Iterator[Reading]:
        """Open one snapshot of the index for the block, with the rows in memory brought to it if `rows`."""
        with self._translated():
            self._mark.check()
            connection = self._borrow()
            try:
                if not rows:
                    with transaction(connection, write=False):
                        yield Reading(connection, [], Head(0, 0))
                    return
                # The transaction starts under the lock, so the rows never run ahead of what it sees.
                self.replica.lock.acquire()
                held = True
                try:
                    with transaction(connection, write=False):
                        head = self.replica.catch_up(connection)
                        views = self.replica.views()
                        self.replica.lock.release()
                        held = False
                        yield Reading(connection, views, head)
                finally:
                    if held:
                        self.replica.lock.release()
            finally:
                self._give_back(connection)
        if rows and not self._read_only:
            self.replica.save_if_due()

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Wait for the turn and run the block in one write transaction."""
        with self._translated(), self._turn():
            if self._writer is None:
                self._writer = self._connect()
            with transaction(self._writer):
                yield self._writer

    def put(self, vectors: Sequence[PutVector], matrix: np.ndarray, *, only_new: bool = False) -> None:
        """Write records that have been checked; a key that exists is replaced, of equal keys in one call the last counts.

        With `only_new` nothing is written where one of the keys exists: ConflictError is raised.
        """
        last = {record["key"]: place for place, record in enumerate(vectors)}
        split = [self._split(vectors[place].get("metadata") or {}) for place in last.values()]
        blobs = [matrix[place].tobytes() for place in last.values()]
        with self.writing() as connection:
            searchable = text.tables(connection)
            if only_new and any(connection.execute("SELECT 1 FROM rec WHERE key = ?", (key,)).fetchone() for key in last):
                raise ConflictError("A record with this key already exists")
            self._remove(connection, searchable, last)
            seq = next(connection.execute("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rec'), 0)"))[0]
            seqs = range(seq + 1, seq + 1 + len(last))
            connection.executemany(
                "INSERT INTO rec (seq, key, hash, meta, body) VALUES (?, ?, ?, ?, ?)",
                ((n, key, segment_hash(key), meta, body) for n, key, (meta, body) in zip(seqs, last, split, strict=True)),
            )
            connection.executemany("INSERT INTO vec (seq, v) VALUES (?, ?)", zip(seqs, blobs, strict=True))
            texts = (vectors[place].get("metadata") or {} for place in last.values())
            text.insert(connection, searchable, zip(seqs, texts, strict=True))

    def delete(self, keys: Sequence[str]) -> None:
        """Remove records; absent keys are passed over."""
        with self.writing() as connection:
            self._remove(connection, text.tables(connection), keys)

    def _remove(self, connection: apsw.Connection, searchable: list[text.TextTable], keys: Iterable[str]) -> None:
        query = "SELECT seq FROM rec WHERE key = ?"
        seqs = [row[0] for key in dict.fromkeys(keys) for row in connection.execute(query, (key,))]
        if not seqs:
            return
        text.delete(connection, searchable, seqs)
        connection.executemany("DELETE FROM vec WHERE seq = ?", ((seq,) for seq in seqs))
        connection.executemany("DELETE FROM rec WHERE seq = ?", ((seq,) for seq in seqs))
        connection.executemany("INSERT INTO gone (seq) VALUES (?)", ((seq,) for seq in seqs))
        self._prune(connection)

    @staticmethod
    def _prune(connection: apsw.Connection) -> None:
        """Forget old entries of the list of the gone; a reader that has not seen them reads all rows again."""
        head, floor = read_head(connection)
        rows = head.seq - head.gone  # both count without gaps; counting the rows themselves would read them all
        if head.gone - floor > max(_GONE_KEPT, rows):
            cut = head.gone - _GONE_KEPT // 2
            connection.execute("DELETE FROM gone WHERE id <= ?", (cut,))
            connection.execute("INSERT OR REPLACE INTO info (name, value) VALUES ('gone_floor', ?)", (cut,))

    def _split(self, metadata: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """Return filterable and other metadata as JSON."""
        body = {key: metadata[key] for key in self.settings.non_filterable if key in metadata}
        meta = {key: value for key, value in metadata.items() if key not in body}
        return to_json(meta), to_json(body) if body else b"{}"

    def scrub(self) -> None:
        """Rewrite the files without what was deleted or replaced, which SQLite leaves in free pages and lists of words."""
        with self._translated(), self._turn():
            if self._writer is None:
                self._writer = self._connect()
            with transaction(self._writer):
                text.compact(self._writer, text.tables(self._writer))
            self._writer.execute("VACUUM")
            ((busy, _, _),) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        with self.reading(rows=True):
            pass
        self.replica.renew()
        if busy:
            raise UnavailableError(
                f"'{self.path}' is free of what was deleted, but the log beside it is not, for another process is reading: "
                "try again in a moment."
            )

    def _save(self) -> None:
        """Write a snapshot if the next open would otherwise read many rows one by one, also when nobody queried here."""
        with self.reading() as reading:
            latest = reading.latest()
        head = self.replica.head
        # What is gone must not get into a snapshot that is written now.
        lost = head is not None and head.gone < latest.gone
        if lost or latest.seq - (head.seq if head else 0) > _WORTH_SAVING:
            with self.reading(rows=True):
                pass
        self.replica.save_if_due(at_least=_WORTH_SAVING)
        self.replica.join()

    def close(self, *, save: bool = True) -> None:
        """Save what makes the next open quick, unless told not to, and close every file."""
        self.replica.join()
        if save and not self._read_only and self._mark.holds:
            self._save()
        with self._pool_lock:
            self._closed = True
            pool, self._pool = self._pool, []
        for connection in pool:
            connection.close()
        if not self._read_only:
            with suppress(OSError), self._queue.turn():  # after a write that another thread has begun
                if self._writer is not None:
                    self._writer.close()
                    self._writer = None
        self._queue.close()


def add_text_key(connection: apsw.Connection, key: str, language: str) -> None:
    """Make a metadata key searchable and index what is there."""
    table = text.add(connection, key, language)
    last = 0
    while True:
        query = "SELECT seq, key, meta, body FROM rec WHERE seq > ? ORDER BY seq LIMIT 2000"
        rows = [Record(*row) for row in connection.execute(query, (last,))]
        if not rows:
            return
        text.insert(connection, [table], ((record.seq, record.metadata) for record in rows))
        last = rows[-1].seq


def _gone() -> NotFoundError:
    return NotFoundError("The specified index could not be found")
