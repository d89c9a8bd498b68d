"""What one read transaction of an index gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import apsw
import orjson

from core.vectors.embedded.replica import read_head
from core.vectors.embedded.segment import View
from core.vectors.embedded.snapshot import Head

__all__ = ["Reading", "Record", "readable"]


@dataclass(frozen=True)
class Record:
    """A stored record; `metadata` is parsed at the first need."""

    seq: int
    key: str
    meta: bytes
    body: bytes
    vector: bytes | None = None  # where it was asked for with the record

    @property
    def metadata(self) -> dict[str, Any]:
        """All metadata, filterable and not."""
        values: dict[str, Any] = orjson.loads(self.meta)
        values.update(orjson.loads(self.body))
        return values


class Reading:
    """One read transaction: everything asked of it comes from the same moment."""

    def __init__(self, connection: apsw.Connection, views: list[View], head: Head) -> None:
        self.connection, self.views, self.head = connection, views, head

    def records(self, seqs: Iterable[int]) -> dict[int, Record]:
        """Return the records with these sequence numbers; those gone since are left out."""
        found = {}
        for seq in seqs:
            for row in self.connection.execute("SELECT seq, key, meta, body FROM rec WHERE seq = ?", (seq,)):
                found[seq] = Record(*row)
        return found

    def by_key(self, keys: Iterable[str]) -> list[Record]:
        """Return the records with these keys; absent ones are left out."""
        query = "SELECT seq, key, meta, body FROM rec WHERE key = ?"
        return [Record(*row) for key in keys for row in self.connection.execute(query, (key,))]

    def after(self, seq: int, *, limit: int, segment: tuple[int, int] | None, vectors: bool = False) -> Iterator[Record]:
        """Yield up to `limit` records above a sequence number, of one segment (count, index) of the keys if given."""
        count, place = segment or (1, 0)
        column, table = (", vec.v", "rec LEFT JOIN vec ON vec.seq = rec.seq") if vectors else ("", "rec")
        query = (
            f"SELECT rec.seq, key, meta, body{column} FROM {table} "
            "WHERE rec.seq > ? AND hash % ? = ? ORDER BY rec.seq LIMIT ?"
        )
        for row in self.connection.execute(query, (seq, count, place, limit)):
            yield Record(*row)

    def latest(self) -> Head:
        """Return how far the database has got, without the rows in memory."""
        return read_head(self.connection)[0]

    def vector(self, record: Record) -> bytes:
        """Return a record's vector as float32 bytes."""
        data = record.vector
        if data is None:
            row = self.connection.execute("SELECT v FROM vec WHERE seq = ?", (record.seq,)).fetchone()
            data = row[0] if row else b"?"
        if len(data) % 4:
            raise apsw.CorruptError(f"the vector of record {record.seq} is not whole")
        return data


@contextmanager
def readable() -> Iterator[None]:
    """Turn text that cannot be read, though it was checked when it was put, into SQLite's word for a damaged file."""
    try:
        yield
    except (orjson.JSONDecodeError, UnicodeDecodeError) as error:
        raise apsw.CorruptError(f"a record cannot be read: {error}") from error
