"""What became of changes of which nobody knows whether they were carried out: the index is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from core.access import Actor
from core.curation.journal import Image
from core.curation.outcomes import Prepared
from core.curation.plan import Action
from core.curation.staleness import chunks
from core.curation.workplace import Workplace
from core.memory.record import Record, fingerprint

__all__ = ["CHANGED_MEANWHILE", "Doubt", "Settled", "doubts_of", "settle"]

CHANGED_MEANWHILE = "was changed by somebody else meanwhile"
_CHUNK = 500


@dataclass(frozen=True)
class Doubt:
    """A change that may have been carried out: its image, None where it erases, for then none is kept."""

    key: str
    image: Image | None


@dataclass(frozen=True)
class Settled:
    """Which keys were done and which failed, each with why; what is in neither was not done."""

    done: tuple[str, ...]
    failed: Mapping[str, str]


def doubts_of(prepared: Prepared, images: Mapping[str, Image]) -> tuple[list[Doubt], dict[str, str]]:
    """Return the doubts of a batch, and the keys that nothing can be said of because their image was purged."""
    doubts: list[Doubt] = []
    lost: dict[str, str] = {}
    for change in prepared.changes:
        key = change["key"]
        if change["action"] == Action.ERASE or key in images:
            doubts.append(Doubt(key, images.get(key)))
        else:
            lost[key] = "was erased by another plan"
    return doubts, lost


def settle(place: Workplace, doubts: Iterable[Doubt], *, actor: Actor) -> Settled:
    """Return what the index says of each doubt."""
    done: list[str] = []
    failed: dict[str, str] = {}
    for part in chunks(doubts, _CHUNK):
        unclear = any(doubt.image is not None and _only_vector(doubt.image) for doubt in part)
        now = place.read([doubt.key for doubt in part], actor=actor, vectors=unclear)
        for doubt in part:
            verdict = _verdict(doubt.image, now.get(doubt.key))
            if verdict is True:
                done.append(doubt.key)
            elif verdict is None:
                failed[doubt.key] = CHANGED_MEANWHILE
    return Settled(tuple(done), failed)


def _verdict(image: Image | None, now: Record | None) -> bool | None:
    """Return whether the change was carried out, None where somebody else wrote the key since."""
    found = None if now is None else fingerprint(now.metadata)
    if image is None:
        return found is None
    if _only_vector(image):
        if now is None or found != image.after:
            return None
        return not _same_vector(image.before, now)
    if found == image.after:
        return True
    return False if found == _before(image) else None


def _before(image: Image) -> str | None:
    return None if image.before is None else fingerprint(image.before.metadata)


def _only_vector(image: Image) -> bool:
    """Say whether the metadata stays as it is, so that only the vector tells."""
    return image.after is not None and image.after == _before(image)


def _same_vector(one: Record | None, other: Record) -> bool:
    if one is None or one.vector is None or other.vector is None:
        return False
    return bool(np.array_equal(one.vector, other.vector))
