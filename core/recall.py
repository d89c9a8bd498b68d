"""Recall: the memories that answer a query, each with every part of its score."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from core.access import Actor
from core.answering import Asked, ask, pool_size
from core.budget import ContextBlock, context_block
from core.calls import boto3_call, cli_call
from core.candidates import Candidate, Mode
from core.curation.in_force import InForce, decay_in_force
from core.exact import Found, Seen
from core.index import IndexInfo
from core.operate.recalls import Channel, as_logged
from core.recalled import Recalled, RecallResult
from core.scope import Scope
from core.scoring import ScorePart, Weights
from core.store import MemoryStore

__all__ = [
    "ContextBlock",
    "Mode",
    "RecallResult",
    "Recalled",
    "ScorePart",
    "Searchable",
    "Weights",
    "boto3_call",
    "cli_call",
    "context_block",
    "pool_size",
    "recall",
]

_EVERYTHING: Final = Scope()
_DEFAULT: Final = Weights()


@dataclass(frozen=True)
class Searchable:
    """A store as an actor may search it; a snapshot with vectors may spare a scan (see store.search)."""

    store: MemoryStore
    actor: Actor
    snapshot: Seen | None = None

    @property
    def info(self) -> IndexInfo:
        return self.store.info

    @property
    def has_text(self) -> bool:
        return self.store.has_text

    def search(self, text: str, vector: np.ndarray | None, *, mode: Mode, k: int, scope: Scope, now: datetime) -> Found:
        return self.store.search(
            text=text, vector=vector, mode=mode, k=k, scope=scope, now=now, actor=self.actor, snapshot=self.snapshot
        )

    def candidates(self, keys: Iterable[str], *, vector: np.ndarray | None) -> list[Candidate]:
        return self.store.candidates(keys, vector=vector, actor=self.actor)

    def last_used(self, keys: Collection[str]) -> Mapping[str, datetime]:
        return {key: usage.last_at for key, usage in self.store.used(keys, actor=self.actor).items()}

    def rules(self) -> InForce:
        return decay_in_force(self.store)


def recall(
    store: MemoryStore,
    query: str,
    *,
    actor: Actor,
    now: datetime,
    k: int = 10,
    mode: Mode = Mode.HYBRID,
    scope: Scope = _EVERYTHING,
    weights: Weights = _DEFAULT,
    snapshot: Seen | None = None,
    vector: np.ndarray | None = None,
    channel: Channel = "agent",
    log: bool = True,
) -> RecallResult:
    """Return the k best memories for a query within a scope; a snapshot with vectors may spare a scan (see store.search).

    `vector` is that of the query, (dimension,) float32, where it is known; else the text is embedded. The recall goes to the
    store's log, in the background; not so with `log=False`, as for an evaluation.
    """
    index, asked = Searchable(store, actor, snapshot), Asked(query, mode, k, scope, weights, now)
    result = ask(index, asked, lambda text: store.embed(text, actor=actor) if vector is None else vector)
    if log and store.archive:
        store.archive.recalls.append(as_logged(result, store.stream, at=now, actor=actor.name, channel=channel, scope=scope))
    return result
