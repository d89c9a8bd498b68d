"""The journal in SQLite, in the directory of an embedded store or beside the settings of a remote one."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from core.curation.conflicts.sqlite_register import FILE, SCHEMA, SqliteRegister
from core.curation.journal import Draft, Entry, Image, chained
from core.curation.ledgers.database import Database, raw
from core.curation.ledgers.documents import SqliteDocuments
from core.curation.ledgers.leases import held
from core.curation.ledgers.reading import as_json, entry_from
from core.errors import JournalError
from core.memory.record import Record

__all__ = ["SqliteJournal", "SqliteLedger"]

# Rows of images are never deleted or moved, so that no page keeps an old copy: purging writes zeros over the body in place.
_SCHEMA: Final = """
CREATE TABLE entry (stream BLOB, number INTEGER, plan BLOB, body BLOB, UNIQUE (stream, number)) STRICT;
CREATE INDEX entry_plan ON entry (stream, plan, number);
CREATE TABLE image (id INTEGER PRIMARY KEY, stream BLOB, number INTEGER, key BLOB, live INTEGER, body BLOB) STRICT;
CREATE UNIQUE INDEX image_number ON image (stream, number, key, live);
CREATE INDEX image_key ON image (stream, key, live, number);
"""
_PAGE: Final = 50  # entries read at once
_KEYS: Final = 500  # keys looked up at once


class SqliteJournal:
    """Entries and images in one file; a transaction has both or neither."""

    def __init__(self, directory: Path, *, read_only: bool, clock: Callable[[], datetime]) -> None:
        self._directory, self._clock = directory, clock
        self._database = Database(directory / "journal.sqlite", _SCHEMA, read_only=read_only)

    def append(self, stream: str, draft: Draft, images: Sequence[Image] = ()) -> Entry:
        """Give the draft the next place in the chain, and keep its images with it: both or neither."""
        bodies = [(image.key, _image_bytes(image)) for image in images]
        with self._database.writing() as connection:
            last = connection.execute(
                "SELECT number, body FROM entry WHERE stream = ? ORDER BY number DESC LIMIT 1", (raw(stream),)
            ).fetchone()
            before = None if last is None else entry_from(last[1], stream=stream, number=last[0])
            number = last[0] + 1 if last else 1
            entry = chained(draft, stream=stream, number=number, previous=before.hash if before else "")
            connection.execute(
                "INSERT INTO entry VALUES (?, ?, ?, ?)",
                (raw(stream), number, raw(draft.plan_id), as_json(entry.to_json())),
            )
            connection.executemany(
                "INSERT INTO image (stream, number, key, live, body) VALUES (?, ?, ?, 1, ?)",
                ((raw(stream), number, raw(key), body) for key, body in bodies),
            )
        return entry

    def entries(self, stream: str, *, plan_id: str | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield entries in order: all, those above a number, or those of one plan."""
        where, arguments = ("", ()) if plan_id is None else ("AND plan = ?", (raw(plan_id),))
        query = f"SELECT number, body FROM entry WHERE stream = ? {where} AND number > ? ORDER BY number LIMIT {_PAGE}"
        while rows := self._database.rows(query, (raw(stream), *arguments, after)):
            yield from (entry_from(body, stream=stream, number=number) for number, body in rows)
            after = rows[-1][0]

    def streams(self) -> list[str]:
        """Return the streams that have entries."""
        rows = self._database.rows("SELECT DISTINCT stream FROM entry ORDER BY stream")
        return [_text(stream) for (stream,) in rows]

    def images(self, stream: str, number: int, *, keys: Collection[str] | None = None) -> dict[str, Image]:
        """Return the images of one entry, by key, those that were not purged."""
        query = "SELECT key, body FROM image WHERE stream = ? AND number = ? AND live = 1"
        start = (raw(stream), number)
        if keys is None:
            rows = self._database.rows(f"{query} ORDER BY id", start)
        else:
            rows = [
                row
                for some in _some(keys)
                for row in self._database.rows(f"{query} AND key IN {_marks(some)}", (*start, *some))
            ]
        return {_text(key): _image(_text(key), number, body) for key, body in rows}

    def holding(self, stream: str, keys: Collection[str]) -> dict[str, list[int]]:
        """Return the numbers of the entries that hold an image of each key, in order."""
        found: dict[str, list[int]] = {}
        for some in _some(keys):
            query = f"SELECT key, number FROM image WHERE stream = ? AND key IN {_marks(some)} AND live = 1 ORDER BY number"
            for key, number in self._database.rows(query, (raw(stream), *some)):
                found.setdefault(_text(key), []).append(number)
        return found

    def purge(self, stream: str, keys: Collection[str]) -> int:
        """Destroy every image of these keys and return how many there were; the caller appends `purged` first."""
        self._database.check_writable()
        if not self._database.exists:
            return 0
        count = 0
        with self._database.writing() as connection:
            for key in dict.fromkeys(keys):
                connection.execute(
                    "UPDATE image SET live = 0, body = zeroblob(length(body)) WHERE stream = ? AND key = ? AND live = 1",
                    (raw(stream), raw(key)),
                )
                count += connection.changes()
        self._database.scrub_or_raise(
            rewrite=False
        )  # also where nothing was found: an earlier purge may have been cut off before it
        return count

    @contextmanager
    def lease(self, stream: str, *, plan_id: str, actor: str) -> Iterator[None]:
        """Hold the only right to change an index through the machine; raise BusyError where somebody else has it."""
        self._database.check_writable()
        with held(self._directory, stream, plan_id=plan_id, actor=actor, now=self._clock()):
            yield

    def renew(self, stream: str) -> None:
        """Do nothing: a lock of the operating system ends with its process alone."""

    def close(self) -> None:
        """Release the file."""
        self._database.close()


class SqliteLedger:
    """The journal, the documents and the register of conflicts in one directory."""

    def __init__(self, directory: Path, *, read_only: bool, clock: Callable[[], datetime]) -> None:
        self.label = str(directory)
        self.journal = SqliteJournal(directory, read_only=read_only, clock=clock)
        self.documents = SqliteDocuments(directory, read_only=read_only)
        self._conflicts = Database(directory / FILE, SCHEMA, read_only=read_only)
        self._registers: dict[str, SqliteRegister] = {}

    def register(self, stream: str) -> SqliteRegister:
        """Return the register of the possible conflicts of an index: one for all who ask, for it keeps what it read."""
        return self._registers.setdefault(stream, SqliteRegister(self._conflicts, stream))

    def close(self) -> None:
        """Release the files."""
        self.journal.close()
        self.documents.close()
        self._conflicts.close()


def _text(kept: bytes) -> str:
    return kept.decode("utf-8", "surrogatepass")


def _image_bytes(image: Image) -> bytes:
    """Return an image as JSON, a zero byte, and the vector as it is: base64 would take a third more."""
    before = image.before
    said = {"salt": image.salt, "after": image.after, "metadata": None if before is None else dict(before.metadata)}
    vector = None if before is None else before.vector
    return as_json(said) + b"\0" + (b"" if vector is None else np.ascontiguousarray(vector, dtype="<f4").tobytes())


def _image(key: str, number: int, body: bytes) -> Image:
    said, _, vector = body.partition(b"\0")
    try:
        value = json.loads(said)
        values = np.frombuffer(vector, dtype="<f4").astype(np.float32) if vector else None
        before = None if value["metadata"] is None else Record(value["metadata"], values)
        return Image(key, value["salt"], before, value["after"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise JournalError(
            f"The image of {key!r} in entry {number} cannot be read ({error}): restore the journal from a backup."
        ) from error


def _some(keys: Collection[str]) -> Iterator[list[bytes]]:
    wanted = [raw(key) for key in dict.fromkeys(keys)]
    for start in range(0, len(wanted), _KEYS):
        yield wanted[start : start + _KEYS]


def _marks(some: Sequence[bytes]) -> str:
    return f"({', '.join('?' * len(some))})"
