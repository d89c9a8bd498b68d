"""A memory on its way into an index: the guard looks at it, what it contradicts is found and kept for the inbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access import Actor
from core.agents.protocols import RecallCache, WriteGuard
from core.curation.conflicts.card import Card
from core.curation.conflicts.inbox import open_inbox
from core.curation.conflicts.writing_check import conflicts_on_write
from core.errors import InvalidMemoryError, MnemoscopeError
from core.guard import guard_of
from core.memory import Memory
from core.memory.keys import LOG_PREFIX
from core.memory.status import is_hidden
from core.models.judge import Judge
from core.store import MemoryStore

__all__ = ["Pen", "Remembered"]


@dataclass(frozen=True)
class Remembered:
    """What was written and where, what the guard found, and what it may contradict, the likeliest first.

    `flagged` of the conflicts are new in the inbox. `notes` say what could not be done beside the write.
    """

    memory: Memory
    index: str
    findings: Any = None
    conflicts: tuple[Card, ...] = ()
    flagged: int = 0
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the memory."""
        return self.memory.key


@dataclass
class Pen:
    """How one agent writes; without a `guard` of its own each index has the one that its rules say."""

    actor: Actor
    guard: WriteGuard | None = None
    cache: RecallCache | None = None
    judge: Judge | None = None

    def admit(self, memory: Memory, store: MemoryStore, *, now: datetime) -> tuple[Memory, Any]:
        """Return the memory as the guard lets it be written, with what it found; raises where it is refused."""
        guard = self.guard or guard_of(store, actor=self.actor, judge=self.judge)
        return guard.check(memory, store=store, now=now)

    def words(self, text: str, store: MemoryStore, *, now: datetime) -> str:
        """Return words that are kept beside memories as the guard lets them be written, "" for what is in quarantine."""
        if not text:
            return ""
        # Under the key of an event: words beside a memory are held against no memory.
        memory, _ = self.admit(Memory(f"{LOG_PREFIX}words", text, agent_id=self.actor.name), store, now=now)
        return "" if is_hidden(memory) else memory.content

    def write(self, memory: Memory, store: MemoryStore, *, now: datetime, check: bool = True) -> Remembered:
        """Write one memory, and keep the conflicts found for the inbox.

        They are looked for when it is written: of two that contradict each other and are written at once, one at least
        sees the other.
        """
        memory, findings = self.admit(memory, store, now=now)
        report = store.write([memory], actor=self.actor)
        if report.failed:
            raise InvalidMemoryError(report.failed[0].reason)
        self.written(store)
        cards, notes = self.conflicts(memory, store, now=now) if check else ((), ())
        flagged = 0
        if cards and self.judge is not None:
            flagged, failed = self._flag(cards, store, self.judge)
            notes = (*notes, *failed)
        return Remembered(memory, store.info.name, findings, cards, flagged, notes)

    def written(self, store: MemoryStore) -> None:
        """Tell the cache that the index is another now."""
        if self.cache is not None:
            self.cache.written(store)

    def conflicts(self, memory: Memory, store: MemoryStore, *, now: datetime) -> tuple[tuple[Card, ...], tuple[str, ...]]:
        """Return the possible conflicts of a memory with an index, and why none could be looked for."""
        if self.judge is None or is_hidden(memory):
            return (), ()
        try:
            vector = store.embedder().embed([memory.content])[0]
            return tuple(conflicts_on_write(store, memory, vector, judge=self.judge, actor=self.actor, now=now)), ()
        except MnemoscopeError as error:
            return (), (f"Conflicts were not looked for: {error}",)

    def _flag(self, cards: tuple[Card, ...], store: MemoryStore, judge: Judge) -> tuple[int, tuple[str, ...]]:
        if store.archive is None:
            return 0, ("The conflicts are in no inbox: open the store with open_catalog.",)
        try:
            return open_inbox(store).take_in(cards, judge=judge.tag, checked={}, actor=self.actor), ()
        except MnemoscopeError as error:  # the memory is written: who wrote it learns what is missing
            return 0, (f"The conflicts are in no inbox: {error}",)
