"""What an agent's memory asks of a guard and of a cache, where it is given one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from core.candidates import Mode
from core.memory import Memory
from core.recalled import RecallResult
from core.scope import Scope
from core.scoring import Weights
from core.store import MemoryStore

__all__ = ["Question", "RecallCache", "WriteGuard"]


class WriteGuard(Protocol):
    """Looks at each memory before it is written."""

    def check(self, memory: Memory, *, store: MemoryStore, now: datetime) -> tuple[Memory, Any]:
        """Return the memory to write (redacted, tagged or in quarantine) and the findings; raise to refuse it."""
        ...


@dataclass(frozen=True, eq=False)
class Question:
    """A recall as a cache knows it: two that differ in anything but the vector never share an answer.

    `vector` (dim,) is that of the query in the first store, None in text mode. `stores` are those that are asked, whose
    streams and revisions tell whether anything was written since.
    """

    stores: tuple[MemoryStore, ...]
    tenant: str | None
    actor: str
    text: str
    vector: npt.NDArray[np.float32] | None
    mode: Mode
    k: int
    scope: Scope
    weights: Weights


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
