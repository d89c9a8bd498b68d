"""The proofs of a plan before it is applied: asked of the index as its puts would leave it, in memory.

Of a large plan a part is tried: whole merges, evenly over the plan. The vector that the index holds of a memory is taken for
that of its text, where a few of them, embedded anew, are the same; else all are embedded. Applying asks the index itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from core.access import Actor
from core.answering import Asked, answer, mode_of
from core.candidates import Mode
from core.curation.corpus import Corpus
from core.curation.in_force import InForce
from core.curation.plan import Action, Change, Plan
from core.curation.proof import Proof, idle, prove
from core.curation.simulation import SimulatedIndex, as_planned
from core.errors import ConfigError, EmbedderMismatchError
from core.exact import exact_cosine
from core.memory import Memory
from core.memory.record import Record
from core.models.embedding import Embedder
from core.recalled import Recalled
from core.scope import EVERYTHING
from core.scoring import Kept, Weights
from core.store import MemoryStore

__all__ = ["TRIED", "Foreseen", "foreseen"]

# So many are tried before a plan is applied: applying it tries them all.
TRIED: Final = 500
_COMPARED: Final = 12  # vectors that are embedded anew
_SAME: Final = 1 - 1e-4  # the cosine from which two vectors are of the same text by the same embedder
_AT_ONCE: Final = 64  # texts that are embedded, and multiplied with all vectors, in one go
_TOLD: Final = 16
_PRODUCTS: Final = 16 * 2**20  # numbers that are held at once
_USUAL: Final = Weights()

T = TypeVar("T")
_Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Foreseen:
    """The proofs of up to `TRIED` memories to be retired for another, of so many `wanted`.

    `plan` is without those that would stay, and without the new memories that would free nothing (`idle`, each with why).
    """

    proofs: Mapping[str, Proof]
    wanted: int
    plan: Plan
    idle: Mapping[str, str] = field(default_factory=dict)

    @property
    def unproved(self) -> dict[str, str]:
        """The keys that would stay, each with why."""
        return {key: proof.why for key, proof in self.proofs.items() if not proof.proved}

    def notes(self) -> Iterator[str]:
        """Yield what a reader must know of them."""
        if self.wanted > len(self.proofs):
            tried = f"{len(self.proofs):,} of {self.wanted:,} memories to be retired"
            yield f"{tried}, evenly over the plan, were tried for what is to stand for them: applying tries all."
        if stay := len(self.unproved):
            yield f"{stay:,} would stay: a recall of their text does not find what is to stand for them."
        if idle := len(self.idle):
            yield f"{idle:,} new {'memory' if idle == 1 else 'memories'} would free nothing and be taken out again."
        if narrow := sum(bool(proof.narrower) and proof.proved for proof in self.proofs.values()):
            yield f"{narrow:,} would not be found by a recall for their agent or team alone: another's stands for them."


def foreseen(
    store: MemoryStore,
    plan: Plan,
    corpus: Corpus,
    *,
    used: Mapping[str, datetime],
    rules: InForce,
    actor: Actor,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Foreseen:
    """Return what a plan's proofs would be; `progress` hears how many of how many were tried, and may raise."""
    wanted = [change for change in plan if change.replaced_by is not None]
    if not wanted:
        return Foreseen({}, 0, plan)
    writes = {change.key: change for change in plan if change.action in (Action.PUT, Action.REPLACE)}
    index = as_planned(corpus, replace(plan, changes=tuple(writes.values())), used=used, rules=rules)
    tried = _tried(wanted)
    memories = [store.memory_of(change.key, change.before.metadata) for change in tried if change.before is not None]
    try:
        proofs = prove(
            plan,
            _told(tried, progress),
            ask=_Asking(index, _Vectors(store, corpus, memories, actor), now).ask,
            there=_there(tried, writes, corpus),
            memory_of=store.memory_of,
            now=now,
        )
    finally:
        index.prepare([])
    goes_not = idle(plan, proofs)
    stay = {key for key, proof in proofs.items() if not proof.proved} | goes_not.keys()
    rest = replace(plan, changes=tuple(each for each in plan if each.key not in stay))
    return Foreseen(proofs, len(wanted), rest, goes_not)


def _tried(wanted: Sequence[Change]) -> Sequence[Change]:
    """Return at most `TRIED` of these changes, evenly over them: all of a merge or nothing of it, as far as that can be."""
    if len(wanted) <= TRIED:
        return wanted
    merges: dict[str | None, list[Change]] = {}
    for change in wanted:
        merges.setdefault(change.replaced_by, []).append(change)
    some = _evenly(list(merges.values()), len(merges) * TRIED // len(wanted))
    chosen = [change for merge in some for change in merge]
    return _evenly(chosen if len(chosen) >= TRIED // 2 else wanted, TRIED)


def _evenly(items: Sequence[T], most: int) -> list[T]:
    count = min(most, len(items))
    return [items[place * len(items) // count] for place in range(count)]


def _told(changes: Sequence[Change], progress: Callable[[int, int], None] | None) -> Iterator[Change]:
    for place, change in enumerate(changes):
        if progress and not place % _TOLD:
            progress(place, len(changes))
        yield change


def _there(changes: Sequence[Change], writes: Mapping[str, Change], corpus: Corpus) -> dict[str, Record]:
    """Return the records of what is to stand for these changes' memories, as the plan leaves them."""
    keys = dict.fromkeys(change.replaced_by for change in changes if change.replaced_by is not None)
    found = {key: writes[key].after for key in keys if key in writes}
    rows = {key: corpus.places[key] for key in keys if key not in writes and key in corpus.places}
    kept = dict(zip(rows, map(Record, corpus.metadata(list(rows.values()))), strict=True)) if rows else {}
    return {key: record for key, record in {**found, **kept}.items() if record is not None}


class _Vectors:
    """The vectors of memories' texts as queries."""

    def __init__(self, store: MemoryStore, corpus: Corpus, memories: Sequence[Memory], actor: Actor) -> None:
        self._store, self._corpus, self._actor = store, corpus, actor
        self.texts = list(dict.fromkeys(each.content for each in memories if each.content.strip()))
        rows = {each: row for each in memories if (row := corpus.places.get(each.key)) is not None}
        there = dict(zip(rows, corpus.memories(list(rows.values())), strict=True))
        self._embedder: Embedder | None = None
        self._asks_alike: bool | None = None
        try:
            self._embedder = store.embedder()
        except EmbedderMismatchError:  # the memory's own vector stands for its text
            self._known = {each.content: corpus.matrix[row] for each, row in rows.items()}
        else:
            stored = {each.content: corpus.matrix[row] for each, row in rows.items() if there[each].content == each.content}
            self._known = stored if self._are_ours(stored) else {}

    def of(self, texts: Sequence[str]) -> dict[str, _Floats]:
        """Return the vector that a recall of each text would have, of those texts of which it can be known."""
        missing = [text for text in texts if text not in self._known]
        if missing and self._embedder is not None:
            self._known |= zip(missing, self._embedded(self._embedder, missing), strict=True)
        return {text: self._known[text] for text in texts if text in self._known}

    def _are_ours(self, stored: Mapping[str, _Floats]) -> bool:
        """Say whether some of them, embedded anew, are what is stored: not so where others gave them, or ask otherwise."""
        texts = _evenly([text for text in stored if text.strip()], _COMPARED)
        pairs = zip(texts, self._asked(texts), strict=True)
        return all(exact_cosine(vector, stored[text]) >= _SAME for text, vector in pairs)

    def _asked(self, texts: Sequence[str]) -> list[_Floats]:
        return [self._store.embed(text, actor=self._actor) for text in texts]

    def _embedded(self, embedder: Embedder, texts: Sequence[str]) -> Sequence[_Floats]:
        """Return the vectors of texts, in one call where a query is embedded as a memory is."""
        if self._asks_alike is None:
            one = texts[:1]
            self._asks_alike = exact_cosine(self._asked(one)[0], embedder.embed(one)[0]) >= _SAME
        return list(embedder.embed(texts)) if self._asks_alike else self._asked(texts)


class _Asking:
    """Recalls texts from a simulated index as proving.asking does of a real one."""

    def __init__(self, index: SimulatedIndex, vectors: _Vectors, now: datetime) -> None:
        self._index, self._vectors, self._now = index, vectors, now
        self._kept: Kept = {}
        self._places = {text: place for place, text in enumerate(vectors.texts)}
        self._at_once = max(1, min(_AT_ONCE, _PRODUCTS // max(1, index.rows)))
        self._ready: dict[str, _Floats] = {}

    def ask(self, memory: Memory, k: int) -> Sequence[Recalled]:
        """Return the hits of a recall of a memory's text."""
        mode, _ = mode_of(self._index, memory.content, Mode.HYBRID, k)
        if memory.content not in self._ready:
            place = self._places[memory.content]
            self._ready = self._vectors.of(self._vectors.texts[place : place + self._at_once])
            self._index.prepare(list(self._ready.values()))
            if memory.content not in self._ready:
                raise ConfigError("the index holds no vector of it, and was written with another embedder.")
        asked = Asked(memory.content, mode, k, EVERYTHING, _USUAL, self._now, self._kept)
        return answer(self._index, asked, self._ready[memory.content]).hits
