"""The cache: an answer is found again by the very text of a query, or by one that is near and says nothing differently.

An answer holds only while its indexes are what they were before it was computed: the revision of each, which changes with
every write whoever wrote it, is part of what it is found by. S3 Vectors tells no revision; there it is a generation on the
server of the cache, which our own clients change after each write (core.operate.cache.noticing). Without such a server
nothing is kept of an index on S3 Vectors: nobody could say when it is stale.

Nearness alone would be wrong: "may we deploy on Friday?" lies nearer to "may we not deploy on Friday?" (0.046, MiniLM) than
to most ways of asking the same. So what core.analysis.difference finds between two queries (names, numbers, dates,
negations, opposites) makes them two, and so does another question word: why is not when.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from core.analysis.difference import differences
from core.errors import MnemoscopeError
from core.operate.cache.entry import Entry, read_entry, write_entry
from core.operate.cache.question import Question, exact_of, group_of
from core.operate.cache.shelf import Shelf, ShelfState, place_of
from core.operate.recall_log import redacts_queries
from core.recalled import RecallResult
from core.store import MemoryStore

__all__ = ["NEAR", "CacheCounts", "Place", "SemanticCache"]

NEAR: Final = 0.05
_BODY_MAX: Final = 512 * 1024
# The nearest is nearly always the one; each further one costs a round trip.
_TRIED: Final = 2
_LIMIT: Final = 2_000  # characters of a query that are compared
_ASKING: Final = frozenset({"who", "whom", "whose", "what", "which", "when", "where", "why", "how"})


@dataclass(frozen=True)
class CacheCounts:
    """What became of recalls: found by the very text, or by a near one; not found; not looked for."""

    exact: int = 0
    near: int = 0
    missed: int = 0
    unsure: int = 0

    @property
    def hit_rate(self) -> float | None:
        """The share of recalls that were answered from the cache, None where there were none."""
        total = self.exact + self.near + self.missed + self.unsure
        return (self.exact + self.near) / total if total else None

    @classmethod
    def of(cls, counted: Mapping[str, int]) -> CacheCounts:
        """Return the counts by name; what has another name is left out."""
        return cls(**{name: counted.get(name, 0) for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Place:
    """Where the answer to a question would lie, as its indexes were when it was asked."""

    group: str
    exact: str


class SemanticCache:
    """Answers by meaning. Thread-safe; whatever fails in it is a miss."""

    def __init__(self, shelf: Shelf, *, ttl: float, distance: float = NEAR) -> None:
        """Keep answers for `ttl` seconds, and give them to queries within a cosine distance; 0 is the same text only."""
        self._shelf, self._ttl, self._distance = shelf, timedelta(seconds=ttl), distance
        self._asked: WeakKeyDictionary[Question, Place] = WeakKeyDictionary()
        self._untold: set[str] = set()
        self._lock = threading.Lock()

    def find(self, question: Question, *, now: datetime) -> RecallResult | None:
        """Return an answer that still holds, None without one; then `keep` is to be called with what was found.

        Who asks must be allowed to read each index: that is the caller's to check, as a recall does.
        """
        place = self.begin(question)
        if place is None:
            return None
        with self._lock:
            self._asked[question] = place
        found = self.same(place, question, now=now)
        if found is None and question.vector is not None:
            found = self.near(place, question, question.vector, now=now)
        if found is None:
            self.missed(question)
        return found

    def keep(self, question: Question, result: RecallResult, *, now: datetime) -> None:
        """Keep the answer to a question that `find` was asked; what was written since then makes it worthless."""
        with self._lock:
            place = self._asked.pop(question, None)
        if place is not None:
            self.put(place, question, result, vector=question.vector, now=now)

    def written(self, store: MemoryStore) -> None:
        """Learn that this process has written to an index; needed only where no client of ours wrote."""
        if store.info.arn in self._untold:
            self._shelf.renew(place_of(store.stream))

    def begin(self, question: Question) -> Place | None:
        """Return where the answer would lie; None where nobody can tell whether it would still hold."""
        stores = question.stores
        told = [revision for store in stores if (revision := self._revision(store)) is not None]
        # One reader reads them all back.
        if len(told) < len(stores) or any(store.schema != stores[0].schema for store in stores[1:]):
            self._count(question, "unsure")
            return None
        return Place(group_of(question, told), exact_of(question.text))

    def same(self, place: Place, question: Question, *, now: datetime) -> RecallResult | None:
        """Return the answer to the very text."""
        entry = self._entry(place, place.exact, question, now)
        if entry is None:
            return None
        self._count(question, "exact")
        return _told(entry, question, now, "the same words")

    def near(
        self, place: Place, question: Question, vector: npt.NDArray[np.float32], *, now: datetime
    ) -> RecallResult | None:
        """Return the answer to a query that is near and says nothing differently."""
        if not self._distance:
            return None
        tried = 0
        for kept in self._shelf.near(place.group, vector, distance=self._distance):
            if tried == _TRIED:
                break
            if kept.text is None or len(kept.text) > _LIMIT or not _alike(question.text, kept.text):
                continue
            tried += 1
            entry = self._entry(place, kept.exact, question, now)
            if entry is not None:
                self._count(question, "near")
                return _told(entry, question, now, f"other words for the same, at a distance of {kept.distance:.3f}")
        return None

    def missed(self, question: Question) -> None:
        """Count that there was no answer."""
        self._count(question, "missed")

    def put(
        self,
        place: Place,
        question: Question,
        result: RecallResult,
        *,
        vector: npt.NDArray[np.float32] | None,
        now: datetime,
    ) -> None:
        """Keep an answer; one that is too large, or cannot be read back as it is, is not kept.

        Texts of queries are kept only where the log of recalls may have them; without it only the very text finds an answer.
        """
        ends = [] if question.scope.include_expired else [hit.memory.expires_at for hit in result.hits]
        until = min((end for end in ends if end is not None), default=None)
        try:
            body = write_entry(Entry(place.group, now, until, replace(result, query="")))
        except (ValueError, TypeError, RecursionError):
            return
        if len(body) > _BODY_MAX:
            return
        text = None if redacts_queries() or len(question.text) > _LIMIT else question.text
        self._shelf.keep(place.group, place.exact, body, vector=vector if text is not None else None, text=text)

    def counts(self, store: MemoryStore) -> CacheCounts | None:
        """Return what became of the recalls of an index; None where a server does not say."""
        counted = self._shelf.counts(place_of(store.stream))
        return None if counted is None else CacheCounts.of(counted)

    def state(self, store: MemoryStore | None = None) -> ShelfState:
        """Return how much is kept, of one index or of all."""
        return self._shelf.state(None if store is None else place_of(store.stream))

    def clear(self, store: MemoryStore | None = None) -> int:
        """Drop all answers, or those of one index, and return how many."""
        return self._shelf.clear(None if store is None else place_of(store.stream))

    def close(self) -> None:
        """Release connections, and what a process alone holds."""
        self._shelf.close()

    def _revision(self, store: MemoryStore) -> str | None:
        if store.info.arn not in self._untold:
            try:
                told = store.revision()
            except MnemoscopeError:
                return None  # the recall itself says what is wrong
            if told is not None:
                return told
            self._untold.add(store.info.arn)
        return self._shelf.generation(place_of(store.stream))

    def _entry(self, place: Place, exact: str, question: Question, now: datetime) -> Entry | None:
        body = self._shelf.get(place.group, exact)
        if body is None:
            return None
        try:
            entry = read_entry(body, question.stores[0].memory_of)
            fits = entry.group == place.group and entry.at <= now < entry.at + self._ttl
            return entry if fits and (entry.until is None or now < entry.until) else None
        except (ValueError, TypeError, MnemoscopeError):
            return None  # damaged, or written by somebody else

    def _count(self, question: Question, name: str) -> None:
        for store in question.stores:
            self._shelf.count(place_of(store.stream), name)


def _told(entry: Entry, question: Question, now: datetime, why: str) -> RecallResult:
    """Return a kept answer as that to a question, with where it comes from."""
    age = (now - entry.at).total_seconds()
    note = f"From the cache: {why}, asked {age:,.0f} s ago; no memory of the index was written since."
    return replace(entry.result, query=question.text, notes=(*entry.result.notes, note), embed_ms=0.0, query_ms=0.0)


def _alike(one: str, other: str) -> bool:
    """Say whether two queries that are near ask the same, as far as their words tell."""
    return _asking(one) == _asking(other) and not differences(one, other)


def _asking(text: str) -> frozenset[str]:
    return _ASKING & frozenset(re.findall(r"[a-z]+", text.lower()))
