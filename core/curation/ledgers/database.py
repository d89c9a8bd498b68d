"""A SQLite file of the ledger: made when it is first written to, shared by threads and processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from core.errors import StorageError, StorageReadOnlyError, UnavailableError
from core.vectors.embedded.queue import WriterQueue
from core.vectors.embedded.storage import Mark, connect, prepare_directory, transaction, translated

__all__ = ["Database", "raw"]


def raw(text: str) -> bytes:
    """Return any text as it is kept, also one that is no UTF-8, as arguments of commands can be."""
    return text.encode("utf-8", "surrogatepass")


class Database:
    """One file and its connection. What is deleted in it is overwritten."""

    def __init__(self, path: Path, schema: str, *, read_only: bool) -> None:
        self.path, self.read_only = path, read_only
        self._schema = schema
        self._queue = WriterQueue(path.with_suffix(".lock"))
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None
        self._mark: Mark | None = None
        self._closed = False

    def rows(self, query: str, arguments: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds; nothing where there is no file yet."""
        with translated(self.path), self._lock:
            connection = self._opened()
            return [] if connection is None else list(connection.execute(query, arguments))

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """Wait for the turn to write, and run the block in one transaction that is durable when it ends."""
        with self._turn() as connection, transaction(connection):
            yield connection

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        with translated(self.path):
            return self.path.exists() and self.path.stat().st_size > 0

    def scrub(self, *, rewrite: bool) -> bool:
        """Take what was deleted out of the write-ahead log too; with `rewrite` also the copies that moved rows leave.

        Return False where somebody reads for so long that the log must stay.
        """
        with self._turn() as connection:
            if rewrite:
                connection.execute("VACUUM")
            ((busy, _, _),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return not busy

    def scrub_or_raise(self, *, rewrite: bool) -> None:
        """Do the same; raise UnavailableError where the log must stay."""
        if not self.scrub(rewrite=rewrite):
            raise UnavailableError(
                f"It is deleted from '{self.path}', but the log beside it still holds it, for another process is reading: "
                "try again when that has ended."
            )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
            self._connection = None
        self._queue.close()

    @contextmanager
    def _turn(self) -> Iterator[apsw.Connection]:
        self.check_writable()
        directory = self.path.parent
        if not directory.exists():
            with translated(self.path):  # nobody else's business: it has the texts of memories
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        prepare_directory(directory, read_only=False)
        with translated(self.path), self._queue.turn(), self._lock:
            yield self._opened(make=True)

    def check_writable(self) -> None:
        """Raise StorageReadOnlyError for a file that was opened for reading only."""
        if self.read_only:
            raise StorageReadOnlyError(
                f"'{self.path}' was opened for reading only: open the store for writing to change it."
            )

    def _opened(self, *, make: bool = False) -> Any:
        if self._closed:
            raise StorageError(f"'{self.path}' has been closed: open the ledger anew.")
        if self._connection is None:
            if not make and not self.exists:
                return None
            connection = connect(self.path, self._schema, read_only=self.read_only)
            if not self.read_only:
                connection.pragma("secure_delete", True)
            self._connection, self._mark = connection, Mark(self.path)
        if self._mark is not None:
            self._mark.check()
        return self._connection
