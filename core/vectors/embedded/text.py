"""Full-text search: SQLite FTS5 and its BM25, one contentless table for each searchable metadata key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apsw

from core.vectors.words import asked_words, searchable, specification

__all__ = ["SCHEMA", "Found", "TextTable", "add", "compact", "delete", "drop", "insert", "search", "tables"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS text_key (id INTEGER PRIMARY KEY, metadata_key TEXT UNIQUE NOT NULL, language TEXT NOT NULL);
"""


class TextTable(NamedTuple):
    """A searchable metadata key and the table of its words."""

    key: str
    language: str
    name: str


class Found(NamedTuple):
    """A row that matched, with its BM25 score (higher is better)."""

    seq: int
    score: float


def tables(connection: apsw.Connection) -> list[TextTable]:
    """Return the searchable keys of the index in the order of their creation."""
    rows = connection.execute("SELECT id, metadata_key, language FROM text_key ORDER BY id")
    return [TextTable(key, language, f"text_{number}") for number, key, language in rows]


def add(connection: apsw.Connection, key: str, language: str) -> TextTable:
    """Create the table of a metadata key, empty; the caller fills it."""
    connection.execute("INSERT INTO text_key (metadata_key, language) VALUES (?, ?)", (key, language))
    table = TextTable(key, language, f"text_{connection.last_insert_rowid()}")
    words = specification(language)
    connection.execute(
        f"CREATE VIRTUAL TABLE {table.name} USING fts5(words, content='', contentless_delete=1, tokenize='{words}')"
    )
    return table


def drop(connection: apsw.Connection, table: TextTable) -> None:
    """Remove the table of a metadata key."""
    connection.execute(f"DROP TABLE {table.name}")
    connection.execute("DELETE FROM text_key WHERE metadata_key = ?", (table.key,))


def insert(connection: apsw.Connection, where: Sequence[TextTable], rows: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Index the texts of new rows, given as (seq, metadata)."""
    kept = list(rows)
    for table in where:
        texts = ((seq, searchable(metadata.get(table.key))) for seq, metadata in kept if table.key in metadata)
        connection.executemany(f"INSERT INTO {table.name} (rowid, words) VALUES (?, ?)", texts)


def delete(connection: apsw.Connection, where: Sequence[TextTable], seqs: Sequence[int]) -> None:
    """Forget the texts of rows."""
    for table in where:
        connection.executemany(f"DELETE FROM {table.name} WHERE rowid = ?", ((seq,) for seq in seqs))


def compact(connection: apsw.Connection, where: Sequence[TextTable]) -> None:
    """Take the words of forgotten rows out of the tables, where they stay until much else has been written."""
    for table in where:
        connection.execute(f"INSERT INTO {table.name} ({table.name}) VALUES ('optimize')")


def search(connection: apsw.Connection, table: TextTable, text: str, *, limit: int | None) -> Iterator[Found]:
    """Yield the rows with any word of the text, best first, all of them when `limit` is None."""
    query = " OR ".join(f'"{word}"' for word in asked_words(text, table.language))
    if not query:
        return
    # The function by name: sorting by FTS5's hidden `rank` column takes half as long again.
    rows = connection.execute(
        f"SELECT rowid, bm25({table.name}) AS score FROM {table.name} WHERE {table.name} MATCH ? "
        "ORDER BY score, rowid LIMIT ?",
        (query, -1 if limit is None else limit),
    )
    for seq, score in rows:
        yield Found(int(seq), -float(score))
