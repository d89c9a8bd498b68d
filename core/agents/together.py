"""Several indexes asked as one: an agent's own, or its tenant's, and one that is shared, ranked in one list.

Scores are normalised by the best of a query, so those of two answers cannot be compared. Here candidates of all indexes are
scored together, by the rules of the first: what is best anywhere is the best. BM25 is of each index's own words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import numpy as np

from core.access import Actor
from core.agents.log import is_bid
from core.agents.subtasks import Word
from core.candidates import Candidate, Mode
from core.curation.in_force import InForce, decay_in_force
from core.exact import Found
from core.index import IndexInfo
from core.memory import Memory
from core.memory.keys import LOG_PREFIX
from core.models.embedding import embedder_tag
from core.scope import Scope
from core.store import MemoryStore

__all__ = ["Together", "is_bookkeeping"]

# Who took and gave back what tells nothing beyond the board; what was done, what failed and why is worth recalling.
_BOOKKEEPING: Final = frozenset(map(str, (Word.TODO, Word.CLAIMED, Word.RELEASED, "tried")))


def is_bookkeeping(memory: Memory) -> bool:
    """Say whether a memory is an event of a log that no recall is to bring: a claim, a release, a bid."""
    logged = memory.key.startswith(LOG_PREFIX)
    return logged and (memory.extra.get("event") in _BOOKKEEPING or is_bid(memory))


@dataclass
class Together:
    """Stores as one index that can be searched (core.answering.Answering); `index_of` has where each candidate is from."""

    stores: Sequence[MemoryStore]
    actor: Actor
    index_of: dict[str, str] = field(default_factory=dict)

    @property
    def info(self) -> IndexInfo:
        """What the first index is."""
        return self.stores[0].info

    @property
    def has_text(self) -> bool:
        """Whether some index can be searched by words."""
        return any(store.has_text for store in self.stores)

    def search(self, text: str, vector: np.ndarray | None, *, mode: Mode, k: int, scope: Scope, now: datetime) -> Found:
        """Return the best k of each half of each index; of one key in two indexes the first index's memory."""
        candidates: list[Candidate] = []
        notes: list[str] = []
        for store in self.stores:
            if mode is Mode.TEXT and not store.has_text:
                notes.append(f"Index {store.info.name!r} cannot be searched by words.")
                continue
            asked = None if vector is None else self._vector(store, text, vector)
            found = store.search(text=text, vector=asked, mode=mode, k=k, scope=scope, now=now, actor=self.actor)
            candidates += self._own(store, found.candidates)
            notes += found.notes
        return Found(candidates, tuple(dict.fromkeys(notes)))

    def candidates(self, keys: Iterable[str], *, vector: np.ndarray | None) -> list[Candidate]:
        """Return the memories that exist as candidates."""
        wanted = list(keys)
        return [
            candidate
            for store in self.stores
            for candidate in self._own(store, store.candidates(wanted, vector=self._same(store, vector), actor=self.actor))
        ]

    def last_used(self, keys: Collection[str]) -> Mapping[str, datetime]:
        """Return when memories were last recalled."""
        found: dict[str, datetime] = {}
        for store in self.stores:
            own = [key for key in keys if self.index_of.get(key) == store.info.name]
            found |= {key: usage.last_at for key, usage in store.used(own, actor=self.actor).items()}
        return found

    def rules(self) -> InForce:
        """Return the decay rules of the first index."""
        return decay_in_force(self.stores[0])

    def _own(self, store: MemoryStore, found: list[Candidate]) -> list[Candidate]:
        """Return what is this index's and no bookkeeping; a rank is that within its own index."""
        kept = []
        for candidate in found:
            name = self.index_of.setdefault(candidate.memory.key, store.info.name)
            if name == store.info.name and not is_bookkeeping(candidate.memory):
                kept.append(replace(candidate))
        return kept

    def _vector(self, store: MemoryStore, text: str, vector: np.ndarray) -> np.ndarray:
        return vector if self._is_alike(store) else store.embed(text, actor=self.actor)

    def _same(self, store: MemoryStore, vector: np.ndarray | None) -> np.ndarray | None:
        """Return the vector for an index of the same embedder; in another its cosines would mean nothing."""
        return vector if self._is_alike(store) else None

    def _is_alike(self, store: MemoryStore) -> bool:
        first = self.stores[0]
        return store is first or embedder_tag(store.embedder()) == embedder_tag(first.embedder())
