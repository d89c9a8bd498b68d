"""What must be the same of two recalls before the likeness of their queries counts at all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from core.access import Actor
from core.candidates import Mode
from core.curation.in_force import decay_in_force
from core.models.embedding import embedder_tag
from core.operate.cache.shelf import place_of
from core.scope import Scope
from core.scoring import Weights
from core.store import MemoryStore

__all__ = ["Asking", "Question", "exact_of", "group_of"]

# Raised whenever a kept answer means something else than before.
_FORMAT: Final = 1


class Asking(Protocol):
    """A recall of one or several indexes, as a cache knows it. It is hashed by identity: find and keep are told the same."""

    @property
    def stores(self) -> tuple[MemoryStore, ...]: ...
    @property
    def tenant(self) -> str | None: ...
    @property
    def actor(self) -> Actor | str: ...
    @property
    def text(self) -> str: ...
    @property
    def vector(self) -> npt.NDArray[np.float32] | None: ...
    @property
    def mode(self) -> Mode: ...
    @property
    def k(self) -> int: ...
    @property
    def scope(self) -> Scope: ...
    @property
    def weights(self) -> Weights: ...


@dataclass(frozen=True, eq=False)
class Question:
    """A recall of one index; `vector` is that of the query, (dimension,) float32, None where it is not known (yet)."""

    stores: tuple[MemoryStore, ...]
    tenant: str | None
    actor: Actor | str
    text: str
    vector: npt.NDArray[np.float32] | None
    mode: Mode
    k: int
    scope: Scope
    weights: Weights


def group_of(asking: Asking, revisions: Sequence[str]) -> str:
    """Return the group of a recall, a digest of all that two share whose answers may be the same: all but the query itself.

    The revision of each index is part of it, so that what was kept before a write cannot be found after it.
    """
    stores = [
        (
            store.info.arn,
            store.stream,
            store.info.tenant,
            store.info.embedder or embedder_tag(store.embedder()),
            store.info.text_keys,
            store.schema,
            decay_in_force(store),
            revision,
        )
        for store, revision in zip(asking.stores, revisions, strict=True)
    ]
    places = ".".join(place_of(store.stream) for store in asking.stores)
    rest = (asking.tenant, _rights(asking.actor), str(asking.mode), asking.k, asking.scope, asking.weights)
    return f"{places}:{{{_digest(repr((_FORMAT, stores, rest)))}}}"


def exact_of(text: str) -> str:
    """Return the digest of a query's text."""
    return _digest(text)


def _rights(actor: Actor | str) -> object:
    """Return what an actor may see: two with the same rights share answers; of one with a name only, the name."""
    if isinstance(actor, str):
        return actor
    return str(actor.role), None if actor.tenants is None else sorted(actor.tenants)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
