"""The rules of an index: what expires and what decays, as one document that an admin keeps beside the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.decay import DEFAULT_DECAY, DecayRules
from core.curation.expiry import DEFAULT_EXPIRY, ExpiryRules
from core.curation.journal import ANY_VERSION, Documents
from core.errors import ConfigError
from core.memory.fields import preview
from core.store import MemoryStore

__all__ = ["DEFAULT_LIFECYCLE", "Lifecycle", "SavedLifecycle", "load_lifecycle", "save_lifecycle", "saved_rules"]

FORMAT: Final = 1
_KIND, _NAME = "policies", "lifecycle"


@dataclass(frozen=True)
class Lifecycle:
    """What lets memories of an index go."""

    expiry: ExpiryRules = DEFAULT_EXPIRY
    decay: DecayRules = DEFAULT_DECAY

    def to_json(self) -> dict[str, Any]:
        """Return the rules as one JSON object."""
        return {"format": FORMAT, "expiry": self.expiry.to_json(), "decay": self.decay.to_json()}

    @classmethod
    def from_json(cls, value: Any) -> Lifecycle:
        """Return the rules of a JSON object, a part that it lacks by default; raise ConfigError for what is none."""
        if not isinstance(value, Mapping) or not value.keys() <= {"format", "expiry", "decay"}:
            raise ConfigError(f'These are no lifecycle rules: {preview(value)}. Write {{"expiry": {{…}}, "decay": {{…}}}}.')
        if value.get("format", FORMAT) != FORMAT:
            raise ConfigError(f"These rules have format {preview(value['format'])}, this Mnemoscope reads {FORMAT}.")
        return cls(ExpiryRules.from_json(value.get("expiry", {})), DecayRules.from_json(value.get("decay", {})))


DEFAULT_LIFECYCLE: Final = Lifecycle()


@dataclass(frozen=True)
class SavedLifecycle:
    """The rules that hold for an index; `version` is None where they are the default and nobody has saved any."""

    rules: Lifecycle
    version: str | None


def load_lifecycle(store: MemoryStore, documents: Documents, *, actor: Actor) -> SavedLifecycle:
    """Return the rules of an index, the default where none were saved."""
    _require(store, actor, Permission.READ)
    return saved_rules(documents, store.stream)


def saved_rules(documents: Documents, stream: str) -> SavedLifecycle:
    """Return the rules of an index by its stream, as what ranks it reads them: whoever may recall is ranked by them."""
    found = documents.get(stream, _KIND, _NAME)
    if found is None:
        return SavedLifecycle(DEFAULT_LIFECYCLE, None)
    return SavedLifecycle(Lifecycle.from_json(found.value), found.version)


def save_lifecycle(
    store: MemoryStore, documents: Documents, rules: Lifecycle, *, actor: Actor, expected: str | None = ANY_VERSION
) -> SavedLifecycle:
    """Keep the rules of an index, which needs the role admin; `expected` is the version that they were made from."""
    _require(store, actor, Permission.ADMINISTER)
    kept = documents.put(store.stream, _KIND, _NAME, rules.to_json(), expected=expected)
    if store.archive is not None:
        store.archive.rules.renew(store.stream, rules.decay)
    return SavedLifecycle(rules, kept.version)


def _require(store: MemoryStore, actor: Actor, permission: Permission) -> None:
    what = f"the rules of index {store.info.name!r}"
    actor.require(permission, what=what, tenant=store.info.tenant, known=store.info.tags_known)
