"""How many memories each index of a local store has, counted beside the pages."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from core.access import Actor
from core.errors import MnemoscopeError
from core.snapshots.job import Job
from core.snapshots.keeping import key_of
from core.store import MemoryStore

__all__ = ["Counter"]

Count = int | MnemoscopeError | None


class Counter:
    """Counts indexes in one job at a time; a count stands until the index's revision changes."""

    def __init__(self, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._slots = threading.BoundedSemaphore(1)
        self._known: dict[str, tuple[str | None, Count]] = {}

    def counts(self, stores: Sequence[MemoryStore], *, actor: Actor, first_s: float, again_s: float) -> Mapping[str, Count]:
        """Return the counts by name: those of before after `again_s` seconds, None after `first_s` where there was none."""
        began = time.monotonic()
        job = Job("", clock=self._clock)
        job.start(lambda: self._count(stores, actor, job), slots=self._slots)
        if not job.wait(again_s) and any(key_of(store) not in self._known for store in stores):
            job.wait(max(0.0, began + first_s - time.monotonic()))
        return {store.info.name: self._known.get(key_of(store), (None, None))[1] for store in stores}

    def _count(self, stores: Sequence[MemoryStore], actor: Actor, job: Job) -> None:
        for store in stores:
            job.stop_if_cancelled()
            key = key_of(store)
            try:
                revision = store.revision()
                known, count = self._known.get(key, (None, None))
                if count is None or known != revision or isinstance(count, MnemoscopeError):
                    self._known[key] = (revision, store.count(actor))
            except MnemoscopeError as error:
                self._known[key] = (None, error)
