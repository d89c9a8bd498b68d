"""A question to a store: as it is, or as it was at a moment."""

from __future__ import annotations

from datetime import datetime

import numpy as np

from core.access import Actor
from core.exact import Seen
from core.explanation.inquiry import Inquiry
from core.past.searching import index_then
from core.past.then import Then
from core.recall import Searchable
from core.snapshots.content import Snapshot
from core.store import MemoryStore

__all__ = ["inquire", "inquire_then"]


def inquire(
    store: MemoryStore,
    text: str,
    *,
    actor: Actor,
    now: datetime,
    snapshot: Seen | None = None,
    vector: np.ndarray | None = None,
) -> Inquiry:
    """Return a question to the index as it is; a snapshot with vectors may spare scans. Nothing is logged."""

    def embed(asked: str) -> np.ndarray:
        return store.embed(asked, actor=actor) if vector is None else vector

    return Inquiry(Searchable(store, actor, snapshot), text, now=now, embed=embed)


def inquire_then(store: MemoryStore, then: Then, text: str, *, actor: Actor, snapshot: Snapshot | None = None) -> Inquiry:
    """Return a question to the index as it was; all vectors are read unless the snapshot has them."""
    index = index_then(store, then, actor=actor, snapshot=snapshot)
    return Inquiry(index, text, now=then.moment.at, embed=lambda asked: store.embed(asked, actor=actor))
