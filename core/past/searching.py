"""What a recall would have found at a moment: exactly, over the index as it was then.

How often a memory was recalled stands in the memory, and agents overwrite it: of one whose last recall is after the moment,
what it said then is not known. It is taken as not yet recalled, and the recall log says when it was used before.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from core.access import Actor
from core.analysis.columns import records
from core.answering import Asked, ask
from core.candidates import Mode
from core.curation.corpus import Corpus, corpus_of
from core.curation.in_force import decay_in_force
from core.curation.simulation import SimulatedIndex, as_changed
from core.errors import NotFoundError
from core.memory import Memory
from core.memory.fields import preview
from core.past.then import Then, look_back
from core.recalled import RecallResult
from core.scope import EVERYTHING, Scope
from core.scoring import Weights
from core.snapshots.content import Snapshot
from core.store import MemoryStore

__all__ = ["index_then", "memories_then", "neighbours_then", "recall_then"]

_DEFAULT: Final = Weights()
_USUAL: Final = Scope()
_USED: Final[weakref.WeakKeyDictionary[Then, Mapping[str, datetime]]] = weakref.WeakKeyDictionary()
_LATE: Final = timedelta(minutes=1)  # a recall is in the log a moment after it was asked


def recall_then(
    store: MemoryStore,
    then: Then,
    query: str,
    *,
    actor: Actor,
    snapshot: Snapshot | None = None,
    k: int = 10,
    mode: Mode = Mode.HYBRID,
    scope: Scope = _USUAL,
    weights: Weights = _DEFAULT,
) -> RecallResult:
    """Return what core.recall would have returned then: expiry, ages and last uses are those of the moment.

    All vectors are read unless `snapshot` has them. Not logged. The decay rules are those in force now.
    """
    index = index_then(store, then, actor=actor, snapshot=snapshot)
    asked = Asked(query, mode, k, scope, weights, then.moment.at)
    found = ask(index, asked, lambda text: store.embed(text, actor=actor))
    return replace(found, notes=(*found.notes, *_notes(then)))


def index_then(store: MemoryStore, then: Then, *, actor: Actor, snapshot: Snapshot | None = None) -> SimulatedIndex:
    """Return the index as it was, answering as core.recall would have; all vectors are read unless `snapshot` has them."""
    then.require(store, actor)
    then, corpus = _both(store, then, actor=actor, snapshot=snapshot)
    used, rules, seen = _used(store, then), decay_in_force(store), _seen_at(then)
    return as_changed(corpus, then.gone, then.changed, used=used, rules=rules, seen=seen)


def memories_then(store: MemoryStore, then: Then, keys: Collection[str], *, actor: Actor) -> dict[str, Memory]:
    """Return the memories of these keys as they were then, those that were there, in the order of the keys."""
    then.require(store, actor)
    rows = [row for key in dict.fromkeys(keys) if (row := then.places.get(key)) is not None]
    part = then.snapshot.table.take(pa.array(rows, pa.int64()))
    seen = _seen_at(then)
    return {key: seen(store.memory_of(key, metadata)) for key, metadata in records(part, limit=len(rows))}


def neighbours_then(
    store: MemoryStore, then: Then, key: str, *, k: int, actor: Actor, snapshot: Snapshot | None = None
) -> list[tuple[Memory, float]]:
    """Return the k memories nearest to one by meaning then, expired ones too, each with its cosine."""
    then.require(store, actor)
    then, corpus = _both(store, then, actor=actor, snapshot=snapshot)
    here = then.changed if key in then.changed.places else corpus
    if key not in then.places:
        raise NotFoundError(f"There was no memory {preview(key)} in index {store.info.name!r} at {then.moment.in_words()}.")
    vector = here.matrix[here.places[key]]
    index = as_changed(corpus, then.gone, then.changed)
    found = index.search("", vector, mode=Mode.VECTOR, k=k + 1, scope=EVERYTHING, now=then.moment.at)
    others = [(hit.memory, hit.cosine) for hit in found.candidates if hit.memory.key != key and hit.cosine is not None]
    return others[:k]


def _notes(then: Then) -> Iterator[str]:
    """Yield what a reader must know of an answer of then."""
    if then.base.sampled:
        yield f"Only {then.rows:,} memories of then were searched: of this index a sample is read."
    later = int(np.count_nonzero(then.snapshot.frame["last_recalled_at"] > then.moment.at))
    if later:
        said = "1 memory was" if later == 1 else f"{later:,} memories were"
        yield f"{said} recalled later, and how often by then is not kept: ranked as not yet recalled."


def _seen_at(then: Then) -> Callable[[Memory], Memory]:
    """Return how a memory was seen at a moment: without recalls that came later."""

    def seen(memory: Memory) -> Memory:
        if memory.last_recalled_at is None or memory.last_recalled_at <= then.moment.at:
            return memory
        return replace(memory, last_recalled_at=None, recall_count=0)

    return seen


def _both(store: MemoryStore, then: Then, *, actor: Actor, snapshot: Snapshot | None) -> tuple[Then, Corpus]:
    """Return what is there now with its vectors, and what was there then against just that."""
    found, corpus = corpus_of(store, snapshot=snapshot, now=then.base.taken_at, actor=actor)
    if found.revision != then.base.revision:  # it was written to since: what came is not of then
        then = look_back(store, found, then.moment, actor=actor)
    return then, corpus


def _used(store: MemoryStore, then: Then) -> Mapping[str, datetime]:
    """Return when memories were last recalled before; a long log is gone through once for a moment that is over."""
    if store.archive is None:
        return {}
    known = _USED.get(then)
    if known is None:
        known = store.archive.recalls.used_before(store.stream, then.moment.at)
        if then.moment.at < then.base.taken_at - _LATE:
            _USED[then] = known
    return known
