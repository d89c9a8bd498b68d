"""The file of the recall log: recalls in the order they came, bounded, and how often each memory was recalled."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from core.errors import StorageCorruptError, UnavailableError
from core.operate.recalls import LoggedRecall, Usage, as_text
from core.vectors.embedded.storage import Mark, connect, prepare_directory, transaction, translated

__all__ = ["FILE", "RecallTable"]

FILE: Final = "recalls.sqlite"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS stream (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE IF NOT EXISTS recall (id INTEGER PRIMARY KEY AUTOINCREMENT, stream INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS recall_of ON recall (stream, id);
CREATE INDEX IF NOT EXISTS recall_at ON recall (stream, json_extract(body, '$.at'));
CREATE TABLE IF NOT EXISTS use (stream INTEGER, key TEXT, recalls INTEGER NOT NULL, last_at REAL NOT NULL,
    PRIMARY KEY (stream, key)) WITHOUT ROWID;
"""
_AT: Final = "json_extract(body, '$.at')"
_FOUND: Final = (
    "EXISTS (SELECT 1 FROM json_each(body, '$.hits') AS hit JOIN json_each(?) AS wanted "
    "ON wanted.value = json_extract(hit.value, '$[0]'))"
)
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
                f"SELECT body FROM recall WHERE stream = {_OF} ORDER BY id DESC LIMIT ?", (stream, limit)
            ).fetchall()
        return [_recall(body) for (body,) in rows]

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
            conditions.append(("json_extract(body, '$.actor') = ?", actor))
        if keys is not None:
            conditions.append((_FOUND, json.dumps([*keys])))
        where, order = " AND ".join(condition for condition, _ in conditions), "DESC" if newest_first else "ASC"
        with translated(self._path):
            rows: list[Any] = self._connection.execute(
                f"SELECT body FROM recall WHERE {where} ORDER BY {_AT} {order}, id {order} LIMIT ?",
                (*(value for _, value in conditions), limit),
            ).fetchall()
        return [_recall(body) for (body,) in rows]

    def actors(self, stream: str) -> dict[str, int]:
        """Return who recalled from a stream, each with how often, the most often first."""
        with translated(self._path):
            rows: list[Any] = self._connection.execute(
                f"SELECT json_extract(body, '$.actor'), count(*) FROM recall WHERE stream = {_OF} "
                "GROUP BY 1 ORDER BY 2 DESC, 1",
                (stream,),
            ).fetchall()
        return {str(actor): count for actor, count in rows}

    def used_before(self, stream: str, moment: datetime) -> dict[str, datetime]:
        """Return when memories were last recalled before a moment, by key, as far as what is kept tells."""
        with translated(self._path):
            rows: list[Any] = self._connection.execute(
                f"SELECT json_extract(hit.value, '$[0]'), max({_AT}) FROM recall, json_each(body, '$.hits') AS hit "
                f"WHERE stream = {_OF} AND {_AT} < ? AND json_extract(body, '$.channel') <> 'page' GROUP BY 1",
                (stream, as_text(moment)),
            ).fetchall()
            counted: list[Any] = self._connection.execute(
                f"SELECT key, last_at FROM use WHERE stream = {_OF} AND last_at < ?", (stream, moment.timestamp())
            ).fetchall()
        # The last use of all, where it was before, is known also when its recall is not kept any more.
        found = {str(key): datetime.fromisoformat(at) for key, at in rows}
        return found | {str(key): datetime.fromtimestamp(last_at, UTC) for key, last_at in counted}

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
        return {key: Usage(count, datetime.fromtimestamp(last_at, UTC)) for key, count, last_at in rows}

    def rewrite(self, stream: str, keys: Collection[str], change: Callable[[LoggedRecall], LoggedRecall]) -> int:
        """Forget the use of some keys, put what `change` returns in the place of each recall, and say how many it changed.

        Nothing of what was there before is in the files afterwards.
        """
        with translated(self._path):
            with transaction(self._connection):
                self._connection.executemany(
                    f"DELETE FROM use WHERE stream = {_OF} AND key = ?", ((stream, k) for k in keys)
                )
                changed = list(_changed(self._rows(stream), change))
                self._connection.executemany("UPDATE recall SET body = ? WHERE id = ?", changed)
            self._connection.execute("VACUUM")  # a row that moved leaves a copy of itself in the page
            ((busy, _, _),) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if busy:
            raise UnavailableError(
                f"It is out of '{self._path}', but not of the log beside it, for another process is reading: "
                "try again in a moment."
            )
        return len(changed)

    def close(self) -> None:
        """Close the file."""
        with translated(self._path):
            self._connection.close()

    def _rows(self, stream: str) -> list[tuple[int, str]]:
        rows: list[Any] = self._connection.execute(f"SELECT id, body FROM recall WHERE stream = {_OF}", (stream,)).fetchall()
        return rows

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


def _recall(body: str) -> LoggedRecall:
    try:
        return LoggedRecall.from_json(json.loads(body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StorageCorruptError(
            f"A recall in '{FILE}' cannot be read ({type(error).__name__}: {error}): delete that file; only the log is lost."
        ) from error


def _changed(rows: Iterable[tuple[int, str]], change: Callable[[LoggedRecall], LoggedRecall]) -> Iterator[tuple[str, int]]:
    for number, body in rows:
        recall = _recall(body)
        after = change(recall)
        if after != recall:
            yield json.dumps(after.to_json()), number
