"""The rules of the guard as one document beside those of the lifecycle, and the guard that goes by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.access import Actor, Permission
from core.curation.journal import ANY_VERSION, Documents
from core.guard.guard import Guard
from core.guard.settings import DEFAULT_GUARD, GuardSettings

if TYPE_CHECKING:
    from core.models.judge import Judge
    from core.store import MemoryStore

__all__ = ["SavedGuard", "guard_of", "load_guard", "save_guard"]

_KIND, _NAME = "policies", "guard"
_WHAT: Final = "the rules of the guard of index"


@dataclass(frozen=True)
class SavedGuard:
    """The rules that hold for an index; `version` is None where they are the usual ones and nobody has saved any."""

    settings: GuardSettings
    version: str | None


def guard_of(store: MemoryStore, *, actor: Actor, judge: Judge | None = None) -> Guard:
    """Return the guard of an index by the rules that hold for it, the usual ones where nothing is kept beside it.

    Whoever may write is guarded by them; raise ConfigError where what was saved cannot be read, for then nothing may pass.
    """
    if store.archive is None:
        return Guard(judge=judge, actor=actor)
    return Guard(_saved(store.archive.ledger.documents, store.stream).settings, judge=judge, actor=actor)


def load_guard(store: MemoryStore, documents: Documents, *, actor: Actor) -> SavedGuard:
    """Return the rules of an index, the usual ones where none were saved."""
    _require(store, actor, Permission.READ)
    return _saved(documents, store.stream)


def save_guard(
    store: MemoryStore, documents: Documents, settings: GuardSettings, *, actor: Actor, expected: str | None = ANY_VERSION
) -> SavedGuard:
    """Keep the rules of an index, which needs the role admin; `expected` is the version that they were made from."""
    _require(store, actor, Permission.ADMINISTER)
    kept = documents.put(store.stream, _KIND, _NAME, settings.to_json(), expected=expected)
    return SavedGuard(settings, kept.version)


def _saved(documents: Documents, stream: str) -> SavedGuard:
    found = documents.get(stream, _KIND, _NAME)
    if found is None:
        return SavedGuard(DEFAULT_GUARD, None)
    return SavedGuard(GuardSettings.from_json(found.value), found.version)


def _require(store: MemoryStore, actor: Actor, permission: Permission) -> None:
    info = store.info
    actor.require(permission, what=f"{_WHAT} {info.name!r}", tenant=info.tenant, known=info.tags_known)
