"""What is in an index already and says the same as a memory on its way in, by the rules of the duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np

from core.access import Actor
from core.candidates import Mode as Match
from core.curation.decay import DEFAULT_DECAY
from core.curation.duplicates import Group, MergePolicy, content_hash, likeness, merged
from core.curation.duplicates.found import PairScore
from core.curation.in_force import decay_in_force
from core.filters import UNKNOWN
from core.guard.finding import Finding, Mode, Rule
from core.guard.settings import Duplicates, GuardSettings
from core.memory import Memory
from core.memory.status import is_hidden
from core.scope import Scope
from core.store import MemoryStore

__all__ = ["same_in"]

_LOOKED_AT: Final = 12
_MERGES: Final = {Duplicates.MERGE: MergePolicy.UNION, Duplicates.REINFORCE: MergePolicy.REINFORCE}


def same_in(
    store: MemoryStore, memory: Memory, settings: GuardSettings, *, now: datetime, actor: Actor
) -> tuple[Memory, tuple[Finding, ...]]:
    """Return what is to be written, and the finding where the index has a memory of the same team that says the same.

    That one stays with its key and text and takes over what the policy says; with "keep" the new one is written beside it.
    """
    near = _nearest(store, memory, settings, now=now, actor=actor)
    if near is None:
        return memory, ()
    other, score = near
    sure = 1.0 if score is None else score.probability
    policy = _MERGES.get(Duplicates(settings.duplicates))
    done = {None: "kept beside it", MergePolicy.UNION: "merged into it"}.get(policy, "taken as one more witness of it")
    said = "the same text is in the index" if score is None else f"the index has what is {sure:.0%} likely to say the same"
    finding = Finding(Rule.DUPLICATE, "same", f"{said}: {done}", Mode.OFF, weight=sure, keys=(other.key,))
    if policy is None:
        return memory, (finding,)
    group = Group(
        (other.key, memory.key), sure, None, tuple(sorted({content_hash(other.content), content_hash(memory.content)}))
    )
    decay = decay_in_force(store).decay if store.archive else DEFAULT_DECAY
    after = merged(group, [other, memory], policy=policy, keep=other.key, now=now, decay=decay).after
    # The new one was never there under its own key: nothing can be looked up by it.
    lineage = tuple(key for key in after.derived_from if key != memory.key)
    return replace(after, derived_from=lineage), (finding,)


def _nearest(
    store: MemoryStore, memory: Memory, settings: GuardSettings, *, now: datetime, actor: Actor
) -> tuple[Memory, PairScore | None] | None:
    """Return what is likeliest to say the same, with its score; a score of None for the same text."""
    if not memory.content.strip() or is_hidden(memory):
        return None
    vector, digest = store.embedder().embed([memory.content])[0], content_hash(memory.content)
    best: tuple[Memory, PairScore] | None = None
    for other, cosine in _around(store, memory, vector, now=now, actor=actor):
        if content_hash(other.content) == digest:
            return other, None
        score = likeness(other.content, memory.content, cosine=cosine)
        if score.probability >= settings.likeness and (best is None or score.probability > best[1].probability):
            best = other, score
    return best


def _around(
    store: MemoryStore, memory: Memory, vector: np.ndarray, *, now: datetime, actor: Actor
) -> Iterator[tuple[Memory, float]]:
    scope = Scope(teams=(memory.team_id or UNKNOWN,))
    found = store.query(vector=vector, mode=Match.VECTOR, k=_LOOKED_AT, scope=scope, now=now, actor=actor)
    for hit in found:
        other = hit.memory
        is_there = not is_hidden(other) and not other.is_expired(now)
        if is_there and hit.cosine is not None and other.key != memory.key and other.memory_type == memory.memory_type:
            yield other, hit.cosine
