"""What a person said is no duplicate: remembered by what the texts say, so that one that changes is asked about again."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.duplicates.found import Group, Pairs
from core.curation.journal import ANY_VERSION, Documents
from core.errors import ConfigError
from core.memory.fields import iso, preview, read_time
from core.store import MemoryStore

__all__ = ["Rejection", "Rejections", "forget_rejections_with", "load_rejections", "save_rejections"]

FORMAT: Final = 1
_KIND, _NAME = "duplicates", "rejected"


@dataclass(frozen=True)
class Rejection:
    """The content hashes of the texts, sorted, one alone where all were the same; who said so, when and why."""

    hashes: tuple[str, ...]
    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True)
class Rejections:
    """All that were rejected in an index, and the version to save over; None where none was saved yet."""

    every: tuple[Rejection, ...] = ()
    version: str | None = None

    def rejects(self, hashes: Collection[str]) -> Rejection | None:
        """Return the rejection of texts with these hashes, or of more texts among which they are."""
        wanted = frozenset(hashes)
        return next((each for each in self.every if wanted and _covers(each, wanted)), None)

    def without(self, pairs: Pairs) -> Pairs:
        """Return the pairs less those that were rejected, suspects as they are."""
        couples = {both for each in self.every for both in itertools.combinations(each.hashes, 2)}
        alone = {each.hashes[0] for each in self.every if len(each.hashes) == 1}
        hashes = pairs.hashes
        left = tuple(
            pair
            for pair in pairs.pairs
            if tuple(sorted((hashes.get(pair.first, ""), hashes.get(pair.second, "")))) not in couples
        )
        same = tuple(keys for keys in pairs.same if hashes.get(keys[0]) not in alone)
        return replace(pairs, pairs=left, same=same)

    def rejecting(self, group: Group, *, by: str, at: datetime, reason: str = "") -> Rejections:
        """Return these with a group more; raise ConfigError for one that does not know its texts."""
        if not group.hashes:
            raise ConfigError(f"The group of {preview(group.keys[0])} has no content hashes: look for duplicates again.")
        said = Rejection(tuple(sorted(group.hashes)), by, at, reason)
        return replace(self, every=(*(each for each in self.every if each.hashes != said.hashes), said))

    def forgetting(self, hashes: Iterable[str]) -> Rejections:
        """Return these less the one with exactly these hashes: it is asked about again."""
        wanted = tuple(sorted(hashes))
        return replace(self, every=tuple(each for each in self.every if each.hashes != wanted))


def load_rejections(store: MemoryStore, documents: Documents, *, actor: Actor) -> Rejections:
    """Return what was rejected in an index; raise ConfigError for a document that is none."""
    _require(store, actor, Permission.READ)
    return _kept(documents, store.stream)


def save_rejections(
    store: MemoryStore, documents: Documents, rejections: Rejections, *, actor: Actor, expected: str | None = ANY_VERSION
) -> Rejections:
    """Keep them; `expected` is the version that they were made from, else ChangedMeanwhileError is raised."""
    _require(store, actor, Permission.WRITE)
    return _put(documents, store.stream, rejections, expected)


def forget_rejections_with(documents: Documents, stream: str, hashes: Collection[str]) -> int:
    """Remove the rejections of erased texts by their content hashes, and return how many."""
    kept = _kept(documents, stream)
    left = tuple(each for each in kept.every if not set(hashes) & set(each.hashes))
    if len(left) < len(kept.every):
        _put(documents, stream, replace(kept, every=left), kept.version)
    return len(kept.every) - len(left)


def _covers(rejection: Rejection, wanted: frozenset[str]) -> bool:
    return wanted == set(rejection.hashes) or (len(wanted) > 1 and wanted <= set(rejection.hashes))


def _kept(documents: Documents, stream: str) -> Rejections:
    found = documents.get(stream, _KIND, _NAME)
    if found is None:
        return Rejections()
    try:
        if found.value["format"] != FORMAT:
            raise ConfigError(f"The rejected duplicates have format {preview(found.value['format'])}: this reads {FORMAT}.")
        return Rejections(tuple(_rejection(each) for each in found.value["rejected"]), found.version)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"The rejected duplicates of {stream} cannot be read ({error!r}): reject them again.") from None


def _put(documents: Documents, stream: str, rejections: Rejections, expected: str | None) -> Rejections:
    rows = [
        {"hashes": list(each.hashes), "by": each.by, "at": iso(each.at), "reason": each.reason} for each in rejections.every
    ]
    kept = documents.put(stream, _KIND, _NAME, {"format": FORMAT, "rejected": rows}, expected=expected)
    return replace(rejections, version=kept.version)


def _rejection(value: Mapping[str, Any]) -> Rejection:
    hashes = tuple(sorted(str(each) for each in value["hashes"]))
    at = read_time(value["at"])
    if at is None or not hashes:
        raise ValueError("a rejection without a time or without texts")
    return Rejection(hashes, str(value["by"]), at, str(value.get("reason", "")))


def _require(store: MemoryStore, actor: Actor, permission: Permission) -> None:
    what = f"the rejected duplicates of index {store.info.name!r}"
    actor.require(permission, what=what, tenant=store.info.tenant, known=store.info.tags_known)
