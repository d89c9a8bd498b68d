"""The proofs of a plan before it is applied: asked of the index as its puts would leave it, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

import numpy as np

from core.access import Actor
from core.answering import Asked, answer, mode_of
from core.candidates import Mode
from core.curation.corpus import Corpus
from core.curation.in_force import InForce
from core.curation.plan import Action, Change, Plan
from core.curation.proof import Proof, prove
from core.curation.simulation import SimulatedIndex, as_planned
from core.errors import EmbedderMismatchError
from core.memory import Memory
from core.memory.record import Record
from core.recalled import Recalled
from core.scope import EVERYTHING
from core.scoring import Kept, Weights
from core.store import MemoryStore

__all__ = ["TRIED", "Foreseen", "foreseen"]

# So many are tried before a plan is applied: applying it tries them all.
TRIED: Final = 1_000


@dataclass(frozen=True)
class Foreseen:
    """The proofs of the first `TRIED` memories to be retired for another, of so many `wanted`.

    `plan` is without those that would stay.
    """

    proofs: Mapping[str, Proof]
    wanted: int
    plan: Plan

    @property
    def unproved(self) -> dict[str, str]:
        """The keys that would stay, each with why."""
        return {key: proof.why for key, proof in self.proofs.items() if not proof.proved}

    @property
    def idle(self) -> set[str]:
        """The new memories for which one other at most would go."""
        goes = Counter(change.replaced_by for change in self.plan)
        new = (change.key for change in self.plan if change.action is Action.PUT)
        return {key for key in new if self.wanted and goes[key] <= 1}

    def notes(self) -> Iterator[str]:
        """Yield what a reader must know of them."""
        if self.wanted > len(self.proofs):
            yield f"{len(self.proofs):,} of {self.wanted:,} memories to be retired were tried for what is to stand for them."
        if stay := len(self.unproved):
            yield f"{stay:,} would stay: a recall of their text does not find what is to stand for them."
        if idle := len(self.idle):
            yield f"{idle:,} new {'memory' if idle == 1 else 'memories'} would stand for one other at most and free nothing."
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
) -> Foreseen:
    """Return what a plan's proofs would be."""
    wanted = [change for change in plan if change.replaced_by is not None]
    if not wanted:
        return Foreseen({}, 0, plan)
    writes = {change.key: change for change in plan if change.action in (Action.PUT, Action.REPLACE)}
    index = as_planned(corpus, replace(plan, changes=tuple(writes.values())), used=used, rules=rules)
    tried = list(islice(wanted, TRIED))
    proofs = prove(
        plan,
        tried,
        ask=_asking(store, index, corpus, actor=actor, now=now),
        there=_there(tried, writes, corpus),
        memory_of=store.memory_of,
        now=now,
    )
    stay = {key for key, proof in proofs.items() if not proof.proved}
    return Foreseen(proofs, len(wanted), replace(plan, changes=tuple(each for each in plan if each.key not in stay)))


def _there(changes: Sequence[Change], writes: Mapping[str, Change], corpus: Corpus) -> dict[str, Record]:
    """Return the records of what is to stand for these changes' memories, as the plan leaves them."""
    keys = dict.fromkeys(change.replaced_by for change in changes if change.replaced_by is not None)
    found = {key: writes[key].after for key in keys if key in writes}
    rows = {key: corpus.places[key] for key in keys if key not in writes and key in corpus.places}
    kept = dict(zip(rows, map(Record, corpus.metadata(list(rows.values()))), strict=True)) if rows else {}
    return {key: record for key, record in {**found, **kept}.items() if record is not None}


def _asking(
    store: MemoryStore, index: SimulatedIndex, corpus: Corpus, *, actor: Actor, now: datetime
) -> Callable[[Memory, int], Sequence[Recalled]]:
    """Return what recalls a memory's text from the simulated index (see proving.asking)."""
    kept: Kept = {}

    def vector_of(memory: Memory) -> np.ndarray:
        try:
            return store.embed(memory.content, actor=actor)
        except EmbedderMismatchError:
            vector: np.ndarray = corpus.matrix[corpus.places[memory.key]]
            return vector

    def ask(memory: Memory, k: int) -> Sequence[Recalled]:
        mode, _ = mode_of(index, memory.content, Mode.HYBRID, k)
        asked = Asked(memory.content, mode, k, EVERYTHING, Weights(), now, kept)
        return answer(index, asked, vector_of(memory)).hits

    return ask
