"""The recall log: who asked what, and which memories came back; appended in the background, bounded.

A recall waits for nothing: it puts one object into a bounded queue, and a thread writes what is there in one transaction.
What could not be written is counted, and `health` says why; a recall never fails for its log.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from core.errors import MnemoscopeError, StorageReadOnlyError
from core.guard.secrets import without_secrets
from core.operate.quoting import Quoted
from core.operate.recall_table import FILE, RecallTable
from core.operate.recalls import Channel, LoggedRecall, Usage, as_logged

__all__ = ["REDACT_VARIABLE", "Channel", "Health", "LoggedRecall", "RecallLog", "Usage", "as_logged", "redacts_queries"]

REDACT_VARIABLE: Final = "MNEMOSCOPE_REDACT_QUERIES"
_LIMIT: Final = 100_000
_WAITING_MAX: Final = 10_000
_BATCH_MAX: Final = 500
# How long the thread gathers before it writes: a transaction for each recall would take a share of the next one's time.
_GATHER_S: Final = 0.25
_CLOSING_S: Final = 30.0


@dataclass(frozen=True)
class Health:
    """How the log does: recalls written and dropped by this process, and the last reason for a loss, None without one."""

    written: int = 0
    dropped: int = 0
    why: str | None = None


class RecallLog:
    """The log of one store; any number of threads and processes may append to it."""

    def __init__(self, directory: Path, *, read_only: bool = False, limit: int = _LIMIT, redact: bool | None = None) -> None:
        """Open nothing yet; `limit` recalls are kept, and without queries if `redact` (None: as the environment says)."""
        self._directory, self._read_only, self._limit = directory, read_only, limit
        self._redact = redacts_queries() if redact is None else redact
        self._lock = threading.Lock()
        self._writer: _Writer | None = None
        self._reader: RecallTable | None = None
        self._reading_in = os.getpid()
        self._why: str | None = None
        self._last: dict[tuple[str, str], LoggedRecall] = {}

    def append(self, recall: LoggedRecall) -> None:
        """Have a recall written soon; never waits and never raises. A page that draws the same search again adds nothing."""
        if self._read_only or self._is_repeated(recall):
            return
        writer = self._writer
        if writer is None or writer.process != os.getpid():
            with self._lock:
                writer = self._writer
                if writer is None or writer.process != os.getpid():
                    writer = self._writer = _Writer(self._directory, self._limit)
                    # A program that ends without closing its store keeps what it logged.
                    weakref.finalize(self, writer.stop)
        writer.put(replace(recall, query=None) if self._redact or recall.query is None else _harmless(recall))

    def recent(self, stream: str, *, limit: int = 1_000) -> list[LoggedRecall]:
        """Return the newest recalls of a stream, newest first; those of this process as far as they were written."""
        with self._reading() as table:
            return table.recent(stream, limit=limit) if table else []

    def between(
        self,
        stream: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        actor: str | None = None,
        keys: Collection[str] | None = None,
        limit: int = 1_000,
        newest_first: bool = True,
    ) -> list[LoggedRecall]:
        """Return the recalls of a stream from `since` up to and with `until`, by their own times and not by their coming.

        Only those of `actor`, and only those that found one of `keys`, where these are given.
        """
        with self._reading() as table:
            if table is None:
                return []
            return table.between(
                stream, since=since, until=until, actor=actor, keys=keys, limit=limit, newest_first=newest_first
            )

    def unreadable(self, stream: str) -> int:
        """Return how many entries of a stream are left out, for they cannot be read: those that were met so far."""
        with self._reading() as table:
            return table.unreadable(stream) if table else 0

    def actors(self, stream: str) -> dict[str, int]:
        """Return who recalled from a stream, each with how often, the most often first."""
        with self._reading() as table:
            return table.actors(stream) if table else {}

    def used_before(self, stream: str, moment: datetime) -> dict[str, datetime]:
        """Return when memories were last recalled before a moment by those who use them, by key: those that were."""
        with self._reading() as table:
            return table.used_before(stream, moment) if table else {}

    def usage(self, stream: str, keys: Collection[str] | None = None) -> dict[str, Usage]:
        """Return how often the memories of a stream were recalled by those who use them, by key: those that were at all."""
        with self._reading() as table:
            return table.usage(stream, keys) if table else {}

    def used(self, stream: str, keys: Collection[str] | None = None) -> dict[str, Usage]:
        """Return `usage` for a recall: a log that cannot be read counts for nothing, and `health` says why."""
        try:
            return self.usage(stream, keys)
        except MnemoscopeError as error:
            self._why = str(error)
            return {}

    def forget(self, stream: str, keys: Collection[str], contents: Collection[str] = ()) -> int:
        """Take erased memories out of every recall, with the text of each query that may quote one; return how many changed.

        Such a query found one of the memories and has a word of it (any query that did, where `contents` is not known), or
        has the whole of one in it.
        """
        if self._read_only:
            raise StorageReadOnlyError(f"'{self._directory / FILE}' is open for reading only: open the store for writing.")
        self.flush()
        if not (self._directory / FILE).is_file():
            return 0
        gone, quoted = frozenset(keys), Quoted(contents)

        def change(recall: LoggedRecall) -> LoggedRecall:
            found = not gone.isdisjoint(recall.keys)
            kept = recall.without(gone) if found else recall
            return replace(kept, query=None) if quoted.may_be_in(recall.query, found=found) else kept

        with contextlib.closing(RecallTable(self._directory, limit=self._limit)) as table:
            return table.rewrite(stream, gone, change)

    def rewrite(self, stream: str, change: Callable[[LoggedRecall], LoggedRecall]) -> int:
        """Put what `change` returns in the place of each recall of a stream, and return how many it changed."""
        if self._read_only:
            raise StorageReadOnlyError(f"'{self._directory / FILE}' is open for reading only: open the store for writing.")
        self.flush()
        if not (self._directory / FILE).is_file():
            return 0
        with contextlib.closing(RecallTable(self._directory, limit=self._limit)) as table:
            return table.rewrite(stream, (), change)

    def health(self) -> Health:
        """Return how the log does."""
        writer = self._writer
        health = writer.health if writer else Health()
        return health if health.why or not self._why else replace(health, why=self._why)

    def flush(self) -> None:
        """Wait until what was appended before is written, or counted as lost."""
        if self._writer:
            self._writer.flush()

    def close(self) -> None:
        """Write what waits and stop; a later append starts anew."""
        with self._lock:
            writer, self._writer = self._writer, None
            reader, self._reader = self._reader, None
        if writer:
            writer.stop()
            self._why = writer.health.why or self._why
        if reader:
            reader.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[RecallTable | None]:
        """Yield the table for reading, None where nothing was logged yet."""
        with self._lock:
            if self._reader and self._reading_in != os.getpid():
                self._reader = None  # SQLite's connections do not outlive a fork
            if self._reader and not self._reader.holds:
                self._reader.close()
                self._reader = None
            if self._reader is None and (self._directory / FILE).is_file():
                reader = RecallTable(self._directory, limit=self._limit, read_only=True)
                if not reader.is_made:
                    reader.close()
                    yield None
                    return
                self._reader, self._reading_in = reader, os.getpid()
            yield self._reader

    def _is_repeated(self, recall: LoggedRecall) -> bool:
        if recall.channel != "page":
            return False
        who = (recall.stream, recall.actor)
        last, self._last[who] = self._last.get(who), recall
        return last is not None and replace(recall, at=last.at, ms=last.ms) == last


def _harmless(recall: LoggedRecall) -> LoggedRecall:
    """Return a recall without the secrets that its query quotes: none is worth a log."""
    query = without_secrets(recall.query or "")
    return recall if query == recall.query else replace(recall, query=query)


def redacts_queries() -> bool:
    """Say whether no text of a query is to be kept: $MNEMOSCOPE_REDACT_QUERIES."""
    return _says_yes(os.environ.get(REDACT_VARIABLE, ""))


def _says_yes(word: str) -> bool:
    """Say whether a variable asks for privacy: any word does but one that says no."""
    return word.strip().lower() not in ("", "0", "false", "no", "off")


class _Writer:
    """The thread that writes, and what waits for it; of one process, for a fork takes no thread along."""

    def __init__(self, directory: Path, limit: int) -> None:
        self.process = os.getpid()
        self.health = Health()
        self._directory, self._limit = directory, limit
        self._waiting: deque[LoggedRecall] = deque()
        self._changed = threading.Condition()
        self._taken = self._settled = 0
        self._hurry = self._stopping = False
        self._table: RecallTable | None = None
        self._thread = threading.Thread(target=self._run, name="recall-log", daemon=True)
        self._thread.start()

    def put(self, recall: LoggedRecall) -> None:
        """Queue a recall, or count it as lost where too many wait."""
        with self._changed:
            if len(self._waiting) >= _WAITING_MAX or self._stopping:
                why = "the log is closed" if self._stopping else f"more than {_WAITING_MAX:,} recalls waited to be written"
                self.health = replace(self.health, dropped=self.health.dropped + 1, why=why)
                return
            self._waiting.append(recall)
            self._taken += 1
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until what was queued before is written, or counted as lost."""
        if self.process != os.getpid():
            return
        with self._changed:
            until, self._hurry = self._taken, True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._settled >= until)

    def stop(self) -> None:
        """Write what waits and end the thread."""
        if self.process != os.getpid():
            return
        with self._changed:
            self._hurry = self._stopping = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:  # which may be the one that collects the log
            self._thread.join(_CLOSING_S)

    def _run(self) -> None:
        while batch := self._next():
            self._write(batch)
        if self._table:
            self._table.close()

    def _next(self) -> list[LoggedRecall]:
        """Return what is to be written now, empty at the end; waits for the first and a little for others."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            self._changed.wait_for(lambda: self._hurry, timeout=_GATHER_S)
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH_MAX))]
            self._hurry = self._stopping or (self._hurry and bool(self._waiting))
            return batch

    def _write(self, batch: list[LoggedRecall]) -> None:
        written, why = 0, None
        try:
            if self._table is None or not self._table.holds:
                self._table = RecallTable(self._directory, limit=self._limit)
            self._table.append(batch)
            written = len(batch)
        except (MnemoscopeError, ValueError) as error:  # a text that is no UTF-8 is a ValueError
            why = str(error)
        finally:
            with self._changed:
                was = self.health
                lost = len(batch) - written
                self.health = Health(was.written + written, was.dropped + lost, why or was.why)
                self._settled += len(batch)
                self._changed.notify_all()
