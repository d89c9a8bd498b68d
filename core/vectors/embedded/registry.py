"""Buckets, indexes and tags of a local store, in one small SQLite file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apsw
import orjson

from core.errors import ConflictError, NotFoundError, StorageError, StorageLocationError, StorageReadOnlyError
from core.vectors.embedded.index import IndexSettings
from core.vectors.embedded.queue import WriterQueue
from core.vectors.embedded.storage import Mark, connect, transaction, translated

__all__ = ["BucketRow", "IndexRow", "Registry"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bucket (name TEXT PRIMARY KEY, created REAL NOT NULL, settings BLOB NOT NULL, tags BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS idx (
    bucket TEXT NOT NULL REFERENCES bucket (name), name TEXT NOT NULL, identity TEXT NOT NULL, created REAL NOT NULL,
    dimension INTEGER NOT NULL, metric TEXT NOT NULL, non_filterable BLOB NOT NULL,
    settings BLOB NOT NULL, tags BLOB NOT NULL,
    PRIMARY KEY (bucket, name)
);
"""


@dataclass(frozen=True)
class BucketRow:
    """A vector bucket."""

    name: str
    created: datetime
    settings: dict[str, Any]
    tags: dict[str, str]


@dataclass(frozen=True)
class IndexRow:
    """An index of a bucket; `settings` holds its mode and encryption."""

    bucket: str
    name: str
    created: datetime
    fixed: IndexSettings
    settings: dict[str, Any]
    tags: dict[str, str]


def _bucket(row: tuple[Any, ...]) -> BucketRow:
    name, created, settings, tags = row
    return BucketRow(name, datetime.fromtimestamp(created, UTC), orjson.loads(settings), orjson.loads(tags))


def _index(row: tuple[Any, ...]) -> IndexRow:
    bucket, name, identity, created, dimension, metric, non_filterable, settings, tags = row
    fixed = IndexSettings(identity, dimension, metric, tuple(orjson.loads(non_filterable)))
    return IndexRow(bucket, name, datetime.fromtimestamp(created, UTC), fixed, orjson.loads(settings), orjson.loads(tags))


class Registry:
    """What buckets and indexes there are. Thread-safe; shared by processes."""

    def __init__(self, directory: Path, *, read_only: bool) -> None:
        self.path = directory / "mnemoscope.sqlite"
        self._queue = WriterQueue(directory / "writer.lock")
        self._lock = threading.Lock()
        self._closed, self._read_only = False, read_only
        with translated(self.path):
            made = self.path.exists() and self.path.stat().st_size > 0
            if read_only and not made:
                raise StorageLocationError(
                    f"There is no store in '{directory}' yet: import into it, or run `python -m core demo load`."
                )
            # SQLite does not wait when two turn a new file to WAL at once: one of them would fail as busy.
            try:
                with nullcontext() if made else self._queue.turn():
                    self._connection = connect(self.path, _SCHEMA, read_only=read_only)
                    self._mark = Mark(self.path)
            except BaseException:
                self._queue.close()
                raise

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        self._check_open()
        if self._read_only:
            raise StorageReadOnlyError(
                f"'{self.path.parent}' was opened for reading only: open it for writing to change it."
            )
        with translated(self.path), self._queue.turn(), self._lock, transaction(self._connection):
            yield self._connection

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError(f"'{self.path.parent}' has been closed by this client: open a new client.")
        self._mark.check()

    def _rows(self, query: str, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        self._check_open()
        with translated(self.path), self._lock:
            return list(self._connection.execute(query, arguments))

    def bucket(self, name: str) -> BucketRow:
        """Return a bucket or raise NotFoundError."""
        rows = self._rows("SELECT * FROM bucket WHERE name = ?", (name,))
        if not rows:
            raise NotFoundError("The specified vector bucket could not be found")
        return _bucket(rows[0])

    def buckets(self, *, prefix: str, after: str, limit: int) -> list[BucketRow]:
        """Return up to `limit` buckets by name, above `after`."""
        query = "SELECT * FROM bucket WHERE name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?"
        return [_bucket(row) for row in self._rows(query, (after, len(prefix), prefix, limit))]

    def add_bucket(self, row: BucketRow) -> None:
        """Create a bucket or raise ConflictError."""
        with self._writing() as connection:
            if connection.execute("SELECT 1 FROM bucket WHERE name = ?", (row.name,)).fetchone():
                raise ConflictError("A vector bucket with the specified name already exists")
            values = (row.name, row.created.timestamp(), orjson.dumps(row.settings), orjson.dumps(row.tags))
            connection.execute("INSERT INTO bucket VALUES (?, ?, ?, ?)", values)

    def remove_bucket(self, name: str) -> None:
        """Delete an empty bucket; a missing one raises NotFoundError, a full one ConflictError."""
        with self._writing() as connection:
            if not connection.execute("SELECT 1 FROM bucket WHERE name = ?", (name,)).fetchone():
                raise NotFoundError("The specified vector bucket could not be found")
            if connection.execute("SELECT 1 FROM idx WHERE bucket = ?", (name,)).fetchone():
                raise ConflictError("The specified vector bucket is not empty")
            connection.execute("DELETE FROM bucket WHERE name = ?", (name,))

    def index(self, bucket: str, name: str) -> IndexRow:
        """Return an index; NotFoundError names the index as missing where its bucket is, as AWS does."""
        rows = self._rows("SELECT * FROM idx WHERE bucket = ? AND name = ?", (bucket, name))
        if not rows:
            raise NotFoundError("The specified index could not be found")
        return _index(rows[0])

    def indexes(self, bucket: str, *, prefix: str, after: str, limit: int) -> list[IndexRow]:
        """Return up to `limit` indexes of a bucket by name, above `after`."""
        query = "SELECT * FROM idx WHERE bucket = ? AND name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?"
        return [_index(row) for row in self._rows(query, (bucket, after, len(prefix), prefix, limit))]

    def add_index(self, row: IndexRow, *, prepare: Callable[[], None]) -> None:
        """Create an index, its files made by `prepare` first; NotFoundError for its bucket, ConflictError if it exists."""
        with self._writing() as connection:
            if not connection.execute("SELECT 1 FROM bucket WHERE name = ?", (row.bucket,)).fetchone():
                raise NotFoundError("The specified vector bucket could not be found")
            if connection.execute("SELECT 1 FROM idx WHERE bucket = ? AND name = ?", (row.bucket, row.name)).fetchone():
                raise ConflictError("An index with the specified name already exists")
            prepare()
            fixed = row.fixed
            values = (row.bucket, row.name, fixed.identity, row.created.timestamp(), fixed.dimension, fixed.metric)
            rest = (fixed.non_filterable, row.settings, row.tags)
            connection.execute("INSERT INTO idx VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values + tuple(map(orjson.dumps, rest)))

    def remove_index(self, bucket: str, name: str) -> IndexRow:
        """Delete an index and return what it was; a missing one raises NotFoundError."""
        self.index(bucket, name)
        with self._writing() as connection:
            row = connection.execute("DELETE FROM idx WHERE bucket = ? AND name = ? RETURNING *", (bucket, name)).fetchone()
        if row is None:  # another has been quicker
            raise NotFoundError("The specified index could not be found")
        return _index(row)

    def change_tags(self, bucket: str, index: str | None, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Replace the tags of a bucket, or of an index in it, by what `change` makes of them."""
        self._change("tags", bucket, index, change)

    def change_settings(self, bucket: str, index: str | None, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Replace the settings of a bucket, or of an index in it, by what `change` makes of them."""
        self._change("settings", bucket, index, change)

    def _change(self, column: str, bucket: str, index: str | None, change: Callable[[Any], Any]) -> None:
        table, where = ("bucket", "name = ?") if index is None else ("idx", "bucket = ? AND name = ?")
        names = (bucket,) if index is None else (bucket, index)
        with self._writing() as connection:
            row = connection.execute(f"SELECT {column} FROM {table} WHERE {where}", names).fetchone()
            if row is None:
                raise NotFoundError(f"The specified {'vector bucket' if index is None else 'index'} could not be found")
            changed = orjson.dumps(change(orjson.loads(row[0])))
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", (changed, *names))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            self._connection.close()
        self._queue.close()
