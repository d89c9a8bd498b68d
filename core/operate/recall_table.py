"""The file of the recall log: recalls in the order they came, bounded, and how often each memory was recalled.

Whoever edits the file, or a disk that fails, can leave anything in a row. What is no recall is passed over and counted;
no row can keep others from being read or written.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.errors import UnavailableError
from core.operate.recalls import LoggedRecall, Usage, as_text
from core.vectors.embedded.storage import Mark, connect, prepare_directory, transaction, translated

__all__ = ["FILE", "RecallTable"]

FILE: Final = "recalls.sqlite"
# What is no JSON counts as an empty object: an expression that fails would fail every statement that meets the row.
_BODY: Final = "iif(json_valid(body), body, '{}')"
_AT: Final = f"json_extract({_BODY}, '$.at')"
_HITS: Final = f"json_each({_BODY}, '$.hits') AS hit"
_KEY: Final = "iif(hit.type = 'array', json_extract(hit.value, '$[0]'), NULL)"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS stream (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS recall (id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS recall_of ON recall (stream, id);
CREATE TABLE IF NOT EXISTS use (stream INTEGER, key TEXT, recalls INTEGER NOT NULL, last_at REAL NOT NULL,
    PRIMARY KEY (stream, key)) WITHOUT ROWID;
"""
# Made for files of before too; an index of an earlier shape let one odd row stop all writing.
_INDEXES: Final = f"""
CREATE INDEX IF NOT EXISTS recall_when ON recall (stream, {_AT});
DROP INDEX IF EXISTS recall_at;
"""
_FOUND: Final = f"EXISTS (SELECT 1 FROM {_HITS} JOIN json_each(?) AS wanted ON wanted.value = {_KEY})"
_ROW: Final = "id, CAST(body AS BLOB)"  # bytes: a text that is no UTF-8 cannot be fetched as one
_OF: Final = "(SELECT id FROM stream WHERE name = ?)"
# Keys whose use is known outlive the recalls that told it, up to so many for each recall that is kept.
_KEYS_PER_RECALL: Final = 10
_TRIM_EVERY: Final = 10_000


class RecallTable:
    """One connection to the file; not for more than one thread at a time. Every method raises StorageError and its kin."""

    def __init__(self, directory: Path, *, limit: int, read_only: bool = False) -> None:
        """Open the file, made where it is missing unless `read_only`; `limit` is how many recalls it keeps."""
        self._path, self._limit = directory / FILE, limit
        if not read_only and not directory.exists():
            prepare_directory(directory, read_only=False)
            directory.chmod(0o700)  # beside a service's store: what was asked is for its owner only
        self._connection = connect(self._path, _SCHEMA, read_only=read_only)
        self._mark = Mark(self._path)
        with translated(self._path):
            if not read_only:
                # A power cut may take the last recalls; an erased one must leave nothing.
                self._connection.pragma("synchronous", "NORMAL")
                self._connection.pragma("secure_delete", "ON")
                self._connection.execute(_INDEXES)
        self._odd: set[int] = set()

    @property
    def is_made(self) -> bool:
        """Whether the tables are there: another process may have made the file a moment ago, and nothing in it yet."""
        with translated(self._path):
            return bool(self._connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'recall'").get)

    @property
    def holds(self) -> bool:
        """Whether the file is still where it was opened: SQLite goes on with one that was deleted."""
        return self._mark.holds

    def append(self, recalls: Sequence[LoggedRecall]) -> None:
        """Add recalls, count what they used, and let the oldest go."""
        with translated(self._path), transaction(self._connection):
            for recall in recalls:
                number = self._number(recall.stream)
                self._connection.execute(
                    "INSERT INTO recall (stream, body) VALUES (?, ?)", (number, json.dumps(recall.to_json()))
                )
                if recall.reinforces:
                    self._count(number, recall)
            self._prune(len(recalls))

    def recent(self, stream: str, *, limit: int) -> list[LoggedRecall]:
        """Return the newest recalls of a stream, newest first."""
        with translated(self._path):
            rows: list[Any] = self._connection.execute(
                f"SELECT {_ROW} FROM recall WHERE stream = {_OF} ORDER BY id DESC LIMIT ?", (stream, limit)
            ).fetchall()
        return list(self._readable(rows))

    def between(
        self,
        stream: str,
        *,
        since: datetime | None,
        until: datetime | None,
        actor: str | None,
        keys: Collection[str] | None,
        limit: int,
        newest_first: bool,
    ) -> list[LoggedRecall]:
        """Return the recalls of a stream, by their own times (see RecallLog.between)."""
        conditions: list[tuple[str, Any]] = [(f"stream = {_OF}", stream)]
        if since is not None:
            conditions.append((f"{_AT} >= ?", as_text(since)))
        if until is not None:
            conditions.append((f"{_AT} <= ?", as_text(until)))
        if actor is not None:
            conditions.append((f"json_extract({_BODY}, '$.actor') = ?", actor))
        if keys is not None:
            conditions.append((_FOUND, json.dumps([*keys])))
        where, order = " AND ".join(condition for condition, _ in conditions), "DESC" if newest_first else "ASC"
        with translated(self._path):
            rows: list[Any] = self._connection.execute(
                f"SELECT {_ROW} FROM recall WHERE {where} ORDER BY {_AT} {order}, id {order} LIMIT ?",
                (*(value for _, value in conditions), limit),
            ).fetchall()
        return list(self._readable(rows))

    def unreadable(self, stream: str) -> int:
        """Return how many rows of a stream are no recalls: those without a time, and those that a reading passed over."""
        with translated(self._path):
            return int(
                self._connection.execute(
                    f"SELECT count(*) FROM recall WHERE stream = {_OF} AND "
                    f"({_AT} IS NULL OR {_AT} < '' OR id IN (SELECT value FROM json_each(?)))",
                    (stream, json.dumps([*self._odd])),
                ).get
            )

    def actors(self, stream: str) -> dict[str, int]:
        """Return who recalled from a stream, each with how often, the most often first."""
        with translated(self._path):
            rows: list[Any] = self._connection.execute(
                f"SELECT CAST(json_extract({_BODY}, '$.actor') AS BLOB), count(*) FROM recall WHERE stream = {_OF} "
                "GROUP BY 1 ORDER BY 2 DESC, 1",
                (stream,),
            ).fetchall()
        return {actor.decode("utf-8", "replace"): count for actor, count in rows if actor is not None}

    def used_before(self, stream: str, moment: datetime) -> dict[str, datetime]:
        """Return when memories were last recalled before a moment, by key, as far as what is kept tells."""
        with translated(self._path):
            rows: list[Any] = self._connection.execute(
                f"WITH kept AS MATERIALIZED (SELECT body, {_AT} AS at FROM recall WHERE stream = {_OF} "
                f"AND {_AT} >= '' AND {_AT} < ?) "  # what has a time is JSON
                f"SELECT CAST({_KEY} AS BLOB) AS key, max(at) FROM kept, json_each(body, '$.hits') AS hit "
                "WHERE json_extract(body, '$.channel') <> 'page' GROUP BY 1",
                (stream, as_text(moment)),
            ).fetchall()
            counted: list[Any] = self._connection.execute(
                f"SELECT key, 0, last_at FROM use WHERE stream = {_OF} AND last_at < ?", (stream, moment.timestamp())
            ).fetchall()
        # The last use of all, where it was before, is known also when its recall is not kept any more.
        return dict(_last_uses(rows)) | {key: use.last_at for key, use in _uses(counted)}

    def usage(self, stream: str, keys: Collection[str] | None = None) -> dict[str, Usage]:
        """Return how often memories were recalled, by key: those that were at all."""
        of = f"SELECT key, recalls, last_at FROM use WHERE stream = {_OF}"
        with translated(self._path):
            rows: list[Any] = (
                self._connection.execute(of, (stream,))
                if keys is None
                else self._connection.execute(
                    f"{of} AND key IN (SELECT value FROM json_each(?))", (stream, json.dumps([*keys]))
                )
            ).fetchall()
        return dict(_uses(rows))

    def rewrite(self, stream: str, keys: Collection[str], change: Callable[[LoggedRecall], LoggedRecall]) -> int:
        """Forget the use of some keys, put what `change` returns in the place of each recall, and say how many it changed.

        Nothing of what was there before is in the files afterwards. A row that cannot be read goes, for nobody knows what is
        in it.
        """
        with translated(self._path):
            with transaction(self._connection):
                self._connection.executemany(
                    f"DELETE FROM use WHERE stream = {_OF} AND key = ?", ((stream, k) for k in keys)
                )
                rows = self._rows(stream)
                found = {number: recall for number, body in rows if (recall := _recall(body)) is not None}
                odd = [(number,) for number, _ in rows if number not in found]
                self._connection.executemany("DELETE FROM recall WHERE id = ?", odd)
                changed = list(_changed(found, change))
                self._connection.executemany("UPDATE recall SET body = ? WHERE id = ?", changed)
            self._connection.execute("VACUUM")  # a row that moved leaves a copy of itself in the page
            ((busy, _, _),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if busy:
            raise UnavailableError(
                f"It is out of '{self._path}', but not of the log beside it, for another process is reading: "
                "try again in a moment."
            )
        return len(changed) + len(odd)

    def close(self) -> None:
        """Close the file."""
        with translated(self._path):
            self._connection.close()

    def _rows(self, stream: str) -> list[tuple[int, Any]]:
        rows: list[Any] = self._connection.execute(f"SELECT {_ROW} FROM recall WHERE stream = {_OF}", (stream,)).fetchall()
        return rows

    def _readable(self, rows: Iterable[tuple[int, Any]]) -> Iterator[LoggedRecall]:
        for number, body in rows:
            recall = _recall(body)
            if recall is None:
                self._odd.add(number)
            else:
                yield recall

    def _number(self, stream: str) -> int:
        self._connection.execute("INSERT OR IGNORE INTO stream (name) VALUES (?)", (stream,))
        return int(self._connection.execute("SELECT id FROM stream WHERE name = ?", (stream,)).get)

    def _count(self, number: int, recall: LoggedRecall) -> None:
        at = recall.at.timestamp()
        self._connection.executemany(
            "INSERT INTO use VALUES (?, ?, 1, ?) ON CONFLICT (stream, key) DO UPDATE "
            "SET recalls = recalls + 1, last_at = max(last_at, excluded.last_at)",
            ((number, key, at) for key in dict.fromkeys(recall.keys)),
        )

    def _prune(self, added: int) -> None:
        newest = int(self._connection.execute("SELECT coalesce(max(id), 0) FROM recall").get)
        self._connection.execute("DELETE FROM recall WHERE id <= ?", (newest - self._limit,))
        every = min(_TRIM_EVERY, self._limit)
        if newest // every > (newest - added) // every:
            most = self._limit * _KEYS_PER_RECALL
            self._connection.execute(
                "DELETE FROM use WHERE (stream, key) IN "
                "(SELECT stream, key FROM use ORDER BY last_at DESC LIMIT -1 OFFSET ?)",
                (most,),
            )


def _recall(body: Any) -> LoggedRecall | None:
    """Return the recall of a row, None for what is none."""
    try:
        return LoggedRecall.from_json(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return None


def _last_uses(rows: Iterable[tuple[bytes | None, Any]]) -> Iterator[tuple[str, datetime]]:
    for key, at in rows:
        with contextlib.suppress(ValueError, TypeError):
            if key is not None and (read := datetime.fromisoformat(at)).tzinfo is not None:
                yield key.decode("utf-8"), read


def _uses(rows: Iterable[tuple[Any, Any, Any]]) -> Iterator[tuple[str, Usage]]:
    for key, count, last_at in rows:
        with contextlib.suppress(ValueError, TypeError, ArithmeticError):
            yield str(key), Usage(int(count), datetime.fromtimestamp(last_at, UTC))


def _changed(
    recalls: Mapping[int, LoggedRecall], change: Callable[[LoggedRecall], LoggedRecall]
) -> Iterator[tuple[str, int]]:
    for number, recall in recalls.items():
        after = change(recall)
        if after != recall:
            yield json.dumps(after.to_json()), number
