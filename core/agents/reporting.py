"""An agent reports that two memories contradict each other: a card in the inbox of their index, for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from core.access import Actor
from core.curation.conflicts.card import Card, Standing
from core.curation.conflicts.inbox import Inbox, open_inbox
from core.curation.conflicts.reported import REPORTED, reported_card
from core.errors import ConfigError, NotFoundError
from core.memory import Memory
from core.memory.fields import preview
from core.store import MemoryStore

__all__ = ["Reported", "report"]


@dataclass(frozen=True)
class Reported:
    """The card of a report, where it stands, and whether it is new: a known one stays as people left it."""

    card: Card
    standing: Standing
    is_new: bool
    index: str


def report(store: MemoryStore, key: str, other: str, *, why: str, by: str, actor: Actor, now: datetime) -> Reported:
    """Put the conflict of two memories of an index into its inbox, and return its card.

    Raises NotFoundError for a key that is not there, ConfigError where both are one or say the same.
    """
    if key == other:
        raise ConfigError(f"Key {preview(key)} was given twice: name the two memories that contradict each other.")
    found = store.get([key, other], actor=actor)
    if missing := [each for each in (key, other) if each not in found]:
        raise NotFoundError(
            f"Index {store.info.name!r} has no memory {preview(missing[0])}: give a key that a recall named."
        )
    inbox = open_inbox(store)
    card = reported_card(found[key], found[other], by=by, why=why, cosine=_cosine(store, found, actor), now=now)
    known = inbox.register.cases([card.id])
    new = 0
    if not known or known[0].closed:
        new = inbox.take_in([card], judge=REPORTED, checked={}, actor=actor)
    return Reported(*_as_kept(inbox, card), new > 0, store.info.name)


def _as_kept(inbox: Inbox, card: Card) -> tuple[Card, Standing]:
    kept = inbox.register.cases([card.id])
    return (kept[0].card, kept[0].standing) if kept else (card, Standing.CLOSED)


def _cosine(store: MemoryStore, memories: dict[str, Memory], actor: Actor) -> float:
    """Return the cosine of two memories' vectors, 0 where one is all zeros."""
    one, other = (vector.astype(np.float64) for vector in store.vectors(memories, actor=actor).values())
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0
