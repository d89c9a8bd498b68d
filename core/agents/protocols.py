"""What an agent's memory asks of a guard and of a cache, where it is given one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from core.memory import Memory
from core.operate.cache import Question
from core.recalled import RecallResult
from core.store import MemoryStore

__all__ = ["RecallCache", "WriteGuard"]


class WriteGuard(Protocol):
    """Looks at each memory before it is written."""

    def check(self, memory: Memory, *, store: MemoryStore, now: datetime) -> tuple[Memory, Any]:
        """Return the memory to write (redacted, tagged or in quarantine) and the findings; raise to refuse it."""
        ...


class RecallCache(Protocol):
    """Keeps answers for a while; whatever fails in it is a miss."""

    def find(self, question: Question, *, now: datetime) -> RecallResult | None:
        """Return an answer that still holds, None without one; then `keep` is called with what was found."""
        ...

    def keep(self, question: Question, result: RecallResult, *, now: datetime) -> None:
        """Keep an answer; what was written since `find` makes it worthless."""
        ...

    def written(self, store: MemoryStore) -> None:
        """Learn that this process has written to an index."""
        ...
