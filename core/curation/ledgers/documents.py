"""Documents in SQLite: small JSON values that change, beside the journal that does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from core.curation.journal import ANY_VERSION, Document
from core.curation.ledgers.database import Database, raw
from core.curation.ledgers.reading import as_json
from core.errors import ChangedMeanwhileError, JournalError
from core.memory.fields import preview

__all__ = ["SqliteDocuments", "changed_meanwhile", "unreadable_document"]

# A file of its own, for it is rewritten when something leaves it. The id is the version: none is ever used again.
_SCHEMA: Final = """
CREATE TABLE document (
  id INTEGER PRIMARY KEY AUTOINCREMENT, stream BLOB, kind BLOB, name BLOB, value BLOB, UNIQUE (stream, kind, name)) STRICT;
"""
_PLACE: Final = "stream = ? AND kind = ? AND name = ?"


def changed_meanwhile(kind: str, name: str) -> ChangedMeanwhileError:
    """Return the error for a document that is not the one that was read."""
    return ChangedMeanwhileError(
        f"The {kind} {preview(name)} was saved or removed by somebody else in between: load it again and repeat the change."
    )


def unreadable_document(name: str, error: Exception) -> JournalError:
    """Return the error for a document that is none."""
    return JournalError(
        f"The document {preview(name)} cannot be read ({type(error).__name__}: {error}): "
        "restore it from a backup, or remove it."
    )


class SqliteDocuments:
    """Documents by stream, kind and name."""

    def __init__(self, directory: Path, *, read_only: bool) -> None:
        self._database = Database(directory / "documents.sqlite", _SCHEMA, read_only=read_only)

    def get(self, stream: str, kind: str, name: str) -> Document | None:
        """Return a document, None where there is none."""
        rows = self._database.rows(f"SELECT id, value FROM document WHERE {_PLACE}", (raw(stream), raw(kind), raw(name)))
        return _document(name, *rows[0]) if rows else None

    def put(self, stream: str, kind: str, name: str, value: Any, *, expected: str | None = ANY_VERSION) -> Document:
        """Keep a document if its version is the one expected."""
        body = as_json(value)
        place = (raw(stream), raw(kind), raw(name))
        with self._database.writing() as connection:
            found = connection.execute(f"SELECT id FROM document WHERE {_PLACE}", place).fetchone()
            version = None if found is None else str(found[0])
            if expected not in (ANY_VERSION, version):
                raise changed_meanwhile(kind, name)
            connection.execute(f"DELETE FROM document WHERE {_PLACE}", place)
            connection.execute("INSERT INTO document (stream, kind, name, value) VALUES (?, ?, ?, ?)", (*place, body))
            made = connection.last_insert_rowid()
        if found:
            self._database.scrub(rewrite=True)  # where somebody reads it is left to the next one
        return _document(name, made, body)

    def remove(self, stream: str, kind: str, name: str) -> bool:
        """Remove a document and say whether there was one; no byte of it, nor of what it was before, stays in the file."""
        self._database.check_writable()
        if not self._database.exists:
            return False
        with self._database.writing() as connection:
            connection.execute(f"DELETE FROM document WHERE {_PLACE}", (raw(stream), raw(kind), raw(name)))
            there = bool(connection.changes())
        self._database.scrub_or_raise(
            rewrite=True
        )  # also where nothing was found: an earlier removal may have been cut off before it
        return there

    def every(self, stream: str, kind: str) -> list[Document]:
        """Return all documents of a kind, by name."""
        query = "SELECT name, id, value FROM document WHERE stream = ? AND kind = ? ORDER BY name"
        rows = self._database.rows(query, (raw(stream), raw(kind)))
        return [_document(name.decode("utf-8", "surrogatepass"), number, value) for name, number, value in rows]

    def scrub(self, stream: str, kind: str, name: str) -> None:  # noqa: ARG002 (it is one file for all)
        """Destroy what documents were before."""
        self._database.check_writable()
        if self._database.exists:
            self._database.scrub_or_raise(rewrite=True)

    def close(self) -> None:
        """Release the file."""
        self._database.close()


def _document(name: str, number: int, body: bytes) -> Document:
    try:
        return Document(name, json.loads(body), str(number))
    except (ValueError, RecursionError) as error:
        raise unreadable_document(name, error) from error
