"""What the story's agents were given: each of their recalls, answered over the memories that there were then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from core.demo.asking import Asking
from core.memory import Memory, to_metadata
from core.memory.record import Record
from core.models.embedding import Embedder
from core.operate.recalls import LoggedRecall
from core.scope import Scope
from core.scoring import Weights
from core.store import MemoryStore

__all__ = ["recalled"]


def recalled(
    store: MemoryStore, memories: Sequence[Memory], asked: Sequence[Asking], *, embedder: Embedder
) -> tuple[LoggedRecall, ...]:
    """Return the recalls as the log keeps them: what core.recall would have answered over the memories written by then."""
    from core.answering import Asked, answer
    from core.curation.corpus import of_records
    from core.curation.in_force import InForce
    from core.curation.simulation import SimulatedIndex

    vectors = embedder.embed([memory.content for memory in memories])
    records = {memory.key: Record(to_metadata(memory), vector) for memory, vector in zip(memories, vectors, strict=True)}
    corpus = of_records(records, info=store.info, schema=store.schema)
    created = np.array([memory.created_at.timestamp() if memory.created_at else 0.0 for memory in memories])
    used: dict[str, datetime] = {}
    found = []
    for each, vector in zip(asked, embedder.embed([each.text for each in asked]), strict=True):
        there = SimulatedIndex([corpus], created <= each.at.timestamp(), used.copy(), InForce())
        hits = answer(there, Asked(each.text, each.mode, each.k, Scope(), Weights(), each.at), vector).hits
        used |= {hit.memory.key: each.at for hit in hits}
        found.append(_logged(each, store.stream, [(hit.memory.key, hit.score) for hit in hits]))
    return tuple(found)


def _logged(asked: Asking, stream: str, hits: list[tuple[str, float]]) -> LoggedRecall:
    return LoggedRecall(
        stream=stream,
        at=asked.at,
        actor=asked.agent,
        channel="agent",
        query=asked.text,
        mode=str(asked.mode),
        k=asked.k,
        hits=tuple(hits),
        context_keys=tuple(key for key, _ in hits[: asked.entered]),
        ms=14.0 + len(asked.text) % 23,
    )
