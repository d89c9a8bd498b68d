"""What must be the same of two recalls before the likeness of their queries counts at all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

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

__all__ = ["Question", "exact_of", "group_of"]

# Raised whenever a kept answer means something else than before.
_FORMAT: Final = 1


@dataclass(frozen=True, eq=False)
class Question:
    """A recall of one or several indexes, hashed by identity: find and keep are told the same.

    `vector` is that of the query in the first of the `stores`, (dimension,) float32, None where it is not known (yet).
    `lacks` names what whoever asks leaves out of every answer, beside what the scope does.
    """

    stores: tuple[MemoryStore, ...]
    tenant: str | None
    actor: Actor
    text: str
    vector: npt.NDArray[np.float32] | None
    mode: Mode
    k: int
    scope: Scope
    weights: Weights
    lacks: str = ""


def group_of(asking: Question, revisions: Sequence[str]) -> str:
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
    rest = (asking.tenant, _rights(asking.actor), str(asking.mode), asking.k, asking.scope, asking.weights, asking.lacks)
    return f"{places}:{{{_digest(repr((_FORMAT, stores, rest)))}}}"


def exact_of(text: str) -> str:
    """Return the digest of a query's text."""
    return _digest(text)


def _rights(actor: Actor) -> object:
    """Return what an actor may see: two with the same rights share answers."""
    return str(actor.role), None if actor.tenants is None else sorted(actor.tenants)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]
