"""Snapshots of indexes: what pages look at, read in the background, kept in memory and on disk, refreshed by difference.

A page asks `look` and gets the newest snapshot there is, at once or after a short wait; it never lists an index itself.
One job at a time reads an index. Where the service tells a revision, every look asks for it and an unchanged one ends the
matter; where it tells none, a snapshot is fresh for `max_age_s`, unless it was touched or somebody asks for a refresh.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from core.access import Actor, Permission
from core.errors import AccessDeniedError, CancelledError, MnemoscopeError, NotFoundError
from core.snapshots.content import Snapshot
from core.snapshots.counting import Counter
from core.snapshots.files import SnapshotFiles
from core.snapshots.frames import frame_of
from core.snapshots.job import Job, Progress
from core.snapshots.keeping import Kept, keep, key_of, open_kept
from core.snapshots.reading import Wish, read_by_difference, read_in_process
from core.store import IndexInfo, MemoryStore

__all__ = ["Job", "Look", "Progress", "Snapshot", "Snapshots"]

MAX_ROWS: Final = 2_000_000
MAX_AGE_S: Final = 300.0
_RETRY_S: Final = 30.0


@dataclass(frozen=True)
class Look:
    """What there is to see now; `job` is what is being read meanwhile, `error` why the last reading did not end well."""

    snapshot: Snapshot | None
    job: Job | None
    error: MnemoscopeError | None


@dataclass
class _Entry:
    """What is known of one index. `checked` is when the last reading that ended began, by the monotonic clock."""

    kept: Kept | None = None
    info: IndexInfo | None = None  # as the frame was made with
    job: Job | None = None
    error: MnemoscopeError | None = None
    touched: set[str] = field(default_factory=set)
    touches: int = 0
    seen: int = 0
    forgotten: bool = False
    looked: float = 0.0
    checked: float = float("-inf")


class Snapshots:
    """The snapshots of one process; every method may be called from any thread.

    `directory` is where they lie between processes, None to keep them in memory alone. `local`: the engine runs in this
    process and is a snapshot itself, so nothing is copied and counting is cheap. Above `max_rows` an index is sampled.
    """

    def __init__(
        self,
        directory: Path | None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        local: bool = False,
        max_rows: int = MAX_ROWS,
        max_age_s: float = MAX_AGE_S,
        in_memory: int = 4,
        jobs: int = 3,
    ) -> None:
        self._files = SnapshotFiles(directory) if directory is not None and not local else None
        self.local = local
        self._clock = clock
        self._max_rows, self._max_age = max_rows, timedelta(seconds=max_age_s)
        self._in_memory = in_memory
        self._slots = threading.BoundedSemaphore(jobs)
        self._counter = Counter(clock=clock)
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.RLock()

    def look(self, store: MemoryStore, *, actor: Actor, wait_s: float, vectors: bool = False) -> Look:
        """Return the snapshot of an index as fresh as `wait_s` seconds allow; nothing is listed in the caller's thread."""
        _allowed(store, actor)
        entry, began = self._entry(store), time.monotonic()
        wish = Wish(vectors=vectors)
        while True:
            with self._lock:
                entry.looked = time.monotonic()
                job = entry.job
                if job is None and self._due(entry, wish, began):
                    job = self._start(store, entry, wish, actor)
            left = began + wait_s - time.monotonic()
            # A job that began before this look may have missed what was written in between: then another one follows.
            if job is None or left <= 0 or not job.wait(left):
                break
        with self._lock:
            snapshot = self._with_info(store, entry)
            return Look(snapshot, entry.job, entry.error)

    def known(self, store: MemoryStore, *, actor: Actor) -> Snapshot | None:
        """Return the snapshot that is in memory, however old; nothing is read or asked for."""
        _allowed(store, actor)
        with self._lock:
            return self._with_info(store, self._entry(store))

    def refresh(self, store: MemoryStore, *, actor: Actor, full: bool = False, vectors: bool = False) -> Job:
        """Start reading an index again, all of it if `full`, and return the job, or the one that runs already."""
        _allowed(store, actor)
        entry = self._entry(store)
        with self._lock:
            return entry.job or self._start(store, entry, Wish(vectors=vectors, full=full), actor, asked=True)

    def counts(
        self, stores: Sequence[MemoryStore], *, actor: Actor, first_s: float, again_s: float = 0.25
    ) -> Mapping[str, int | MnemoscopeError | None]:
        """Return how many memories each index has, by name: from its snapshot, or counted where that is cheap.

        None while it is not known, the error where it cannot be counted. A first count may take `first_s`, a later one
        `again_s` before the one of before is given.
        """
        for store in stores:
            _allowed(store, actor)
        if self.local:
            return self._counter.counts(stores, actor=actor, first_s=first_s, again_s=again_s)
        return {store.info.name: (self._known_size(store) or (None, None))[0] for store in stores}

    def sampled(self, stores: Iterable[MemoryStore]) -> frozenset[str]:
        """Return the indexes of whose memories the counts are but a part."""
        sizes = {store.info.name: self._known_size(store) for store in stores} if not self.local else {}
        return frozenset(name for name, size in sizes.items() if size and size[0] != size[1])

    def touch(self, store: MemoryStore, keys: Iterable[str] = ()) -> None:
        """Note that this process wrote to an index: the next look reads what changed, and the vectors of these keys."""
        entry = self._entry(store)
        with self._lock:
            entry.touches += 1
            if entry.kept and isinstance(entry.error, CancelledError):
                entry.error = None
            entry.touched |= set(keys)

    def forget(self, store: MemoryStore) -> None:
        """Drop what is known of an index, on disk too; what is being read of it now is dropped as well."""
        key = key_of(store)
        with self._lock:
            entry = self._entries.pop(key, None)
            if entry:
                entry.forgotten = True
        if entry and entry.job:
            entry.job.cancel()
        if self._files:
            self._files.forget(key)

    def close(self) -> None:
        """Stop every job and wait for it."""
        with self._lock:
            jobs = [entry.job for entry in self._entries.values() if entry.job]
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.wait()

    def _entry(self, store: MemoryStore) -> _Entry:
        with self._lock:
            return self._entries.setdefault(key_of(store), _Entry())

    def _due(self, entry: _Entry, wish: Wish, began: float) -> bool:
        """Say whether an index must be read, or asked for its revision, for a look that began then."""
        if entry.error and entry.checked >= began:
            return False
        if isinstance(entry.error, CancelledError) and not (
            entry.kept and began - entry.checked > self._max_age.total_seconds()
        ):
            return False  # what somebody stopped is not begun again at once
        if entry.error and not self.local and began - entry.checked < _RETRY_S:
            return False
        known = entry.kept.snapshot if entry.kept else None
        if known is None or (wish.vectors and not known.has_vectors):
            return True
        if entry.checked >= began:
            return False
        if entry.touches > entry.seen:
            return True
        return known.from_service or not self._is_fresh(known)

    def _is_fresh(self, known: Snapshot) -> bool:
        """Say whether a snapshot is young enough; one of the future is not: the clock was set back since."""
        return timedelta(0) <= self._clock() - known.taken_at <= self._max_age

    def _start(self, store: MemoryStore, entry: _Entry, wish: Wish, actor: Actor, *, asked: bool = False) -> Job:
        """Start the job of an entry; hold the lock."""
        entry.job = job = Job(store.info.name, clock=self._clock)
        began, touches = time.monotonic(), entry.touches
        wish = replace(wish, touched=frozenset(entry.touched))
        if isinstance(entry.error, CancelledError):
            entry.error = None

        def ended(error: MnemoscopeError | None) -> None:
            with self._lock:
                entry.job, entry.error, entry.checked = None, error, began
                if error is None:
                    entry.seen, entry.touched = touches, entry.touched - wish.touched
                elif isinstance(error, AccessDeniedError | NotFoundError):  # what was read before is not to be shown now
                    entry.kept = None
            if isinstance(error, AccessDeniedError | NotFoundError) and self._files:
                self._files.forget(key_of(store))

        job.start(lambda: self._work(store, entry, wish, actor, job, asked), slots=self._slots, ended=ended)
        return job

    def _work(self, store: MemoryStore, entry: _Entry, wish: Wish, actor: Actor, job: Job, asked: bool) -> None:
        """Read an index; runs in the job's thread, and alone for this index."""
        if self.local:
            known = entry.kept.snapshot if entry.kept else None
            snapshot = read_in_process(store, known, wish, actor=actor, now=self._clock(), job=job)
            self._publish(store, entry, Kept(snapshot, None))
            return
        with ExitStack() as stack:
            if self._files:
                self._open(store, entry)
                try:
                    stack.enter_context(self._files.turn(key_of(store), job))
                except OSError:  # nobody can write here: saving will say why
                    stack.close()
                others = self._open(store, entry)
                if self._is_enough(entry, wish, asked, since=job.started_at if others else None):
                    return
            former = entry.kept
            known = former.snapshot if former else None
            snapshot = read_by_difference(store, known, wish, actor=actor, now=self._clock(), job=job, limit=self._max_rows)
            job.stop_if_cancelled()
            job.at("saving", snapshot.rows, snapshot.rows)
            self._publish(store, entry, keep(self._files, store, snapshot, former) if self._files else Kept(snapshot, None))
            if entry.forgotten and self._files:
                self._files.forget(key_of(store))

    def _open(self, store: MemoryStore, entry: _Entry) -> bool:
        """Take over what is on disk if it is newer, from an earlier process or another one meanwhile; say whether it was."""
        assert self._files is not None
        found = open_kept(self._files, store, other_than=entry.kept.name if entry.kept else None)
        if found and (entry.kept is None or found.snapshot.taken_at > entry.kept.snapshot.taken_at):
            self._publish(store, entry, found)
            return True
        return False

    def _is_enough(self, entry: _Entry, wish: Wish, asked: bool, *, since: datetime | None) -> bool:
        """Say whether what lies on disk does, so that nothing is listed; `since` if another process wrote it meanwhile."""
        known = entry.kept.snapshot if entry.kept else None
        if known is None or known.from_service or wish.full or (wish.vectors and not known.has_vectors):
            return False
        if since is not None and known.taken_at >= since:
            return not wish.touched
        return not asked and entry.touches == entry.seen and self._is_fresh(known)

    def _publish(self, store: MemoryStore, entry: _Entry, kept: Kept) -> None:
        with self._lock:
            if entry.kept is None or kept.snapshot.frame is not entry.kept.snapshot.frame:
                entry.info = store.info
            entry.kept = kept
            held = sorted((other for other in self._entries.values() if other.kept), key=lambda other: -other.looked)
            for other in held[self._in_memory :]:
                if other is not entry:
                    other.kept = None

    def _with_info(self, store: MemoryStore, entry: _Entry) -> Snapshot | None:
        """Return the snapshot, its frame made anew if the index is read in another way than before; hold the lock."""
        if entry.kept and entry.info != store.info:
            snapshot = entry.kept.snapshot
            entry.kept = Kept(replace(snapshot, frame=frame_of(store, snapshot.table)), entry.kept.name)
            entry.info = store.info
        return entry.kept.snapshot if entry.kept else None

    def _known_size(self, store: MemoryStore) -> tuple[int, int | None] | None:
        kept = self._entry(store).kept
        if kept:
            return kept.snapshot.rows, kept.snapshot.total
        return self._files.size(key_of(store)) if self._files else None


def _allowed(store: MemoryStore, actor: Actor) -> None:
    actor.require(Permission.READ, what=f"index {store.info.name!r}", tenant=store.info.tenant, known=store.info.tags_known)
