"""Full-text search: SQLite FTS5 and its BM25, one contentless table for each searchable metadata key."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import apsw

__all__ = ["SCHEMA", "Found", "TextTable", "add", "delete", "drop", "insert", "search", "tables"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS text_key (id INTEGER PRIMARY KEY, metadata_key TEXT UNIQUE NOT NULL, language TEXT NOT NULL);
"""

# FTS5 ships one stemmer, Porter's for English; other languages are matched by whole words without accents.
_TOKENIZERS = {"en": "porter unicode61 remove_diacritics 2"}
_PLAIN = "unicode61 remove_diacritics 2"

# Scripts written without spaces: indexed as overlapping pairs of characters, as Lucene's CJKAnalyzer does.
_UNSPACED = re.compile(
    r"[\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_WORD = re.compile(r"[^\W_]+")
# Too common to rank by; without them a question touches a fraction of the rows. Kept when nothing else is asked.
_STOP_WORDS = frozenset(
    "a about am an and any are as at be been but by can could did do does for from had has have he her him his how i if in "
    "into is it its may me might must my no not of on or our shall she should so some than that the their them then there "
    "these they this to was we were what when where which who whom why will with would you your".split()
)


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
    tokenizer = _TOKENIZERS.get(language, _PLAIN)
    connection.execute(
        f"CREATE VIRTUAL TABLE {table.name} USING fts5(words, content='', contentless_delete=1, tokenize='{tokenizer}')"
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
        texts = ((seq, _text(metadata.get(table.key))) for seq, metadata in kept if table.key in metadata)
        connection.executemany(f"INSERT INTO {table.name} (rowid, words) VALUES (?, ?)", texts)


def delete(connection: apsw.Connection, where: Sequence[TextTable], seqs: Sequence[int]) -> None:
    """Forget the texts of rows."""
    for table in where:
        connection.executemany(f"DELETE FROM {table.name} WHERE rowid = ?", ((seq,) for seq in seqs))


def search(connection: apsw.Connection, table: TextTable, text: str, *, limit: int | None) -> Iterator[Found]:
    """Yield the rows with any word of the text, best first, all of them when `limit` is None."""
    query = _match(text, table.language)
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


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return " \n ".join(_text(item) for item in value)
    return _spaced(value) if isinstance(value, str) else ""


def _spaced(text: str) -> str:
    return text if text.isascii() else _UNSPACED.sub(lambda run: f" {_pairs(run[0])} ", text)


def _pairs(run: str) -> str:
    return " ".join(run[place : place + 2] for place in range(max(1, len(run) - 1)))


def _match(text: str, language: str) -> str:
    # Composed, since a combining mark ends a word here, while FTS5 only drops it.
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(_spaced(unicodedata.normalize("NFC", text)))))
    telling = [word for word in words if word not in _STOP_WORDS] if language == "en" else words
    return " OR ".join(f'"{word}"' for word in telling or words)
