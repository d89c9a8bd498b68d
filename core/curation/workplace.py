"""What every part of the machine works with: one index, its journal and documents, the clock, and who may do what there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.access import Actor, Permission
from core.curation.conflicts.register import Register
from core.curation.history import Chronicle, chronicle_of
from core.curation.journal import Documents, Draft, Entry, Image, Journal, Kind
from core.curation.pacing import NO_PACE, Pace
from core.curation.plan import Plan
from core.errors import ConfigError
from core.memory.record import Record
from core.past.versions import Versions, versions_of
from core.store import MemoryStore

__all__ = ["Purge", "Workplace"]

# The store, the erased keys, and their texts; None where these are not known any more.
Purge = Callable[[MemoryStore, Collection[str], Collection[str] | None], None]


@dataclass(frozen=True)
class Workplace:
    """One index and what is kept beside it. `purge` takes what other places keep of erased memories."""

    store: MemoryStore
    journal: Journal
    documents: Documents
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    register: Register
    purge: Purge | None = None
    pace: Pace = NO_PACE

    @property
    def stream(self) -> str:
        """The journal's stream of the index."""
        return f"{self.store.bucket}/{self.store.info.name}"

    @property
    def chronicle(self) -> Chronicle:
        """What was done to the index so far."""
        return chronicle_of(self.journal, self.stream)

    @property
    def versions(self) -> Versions:
        """The changes of each key so far."""
        return versions_of(self.journal, self.stream)

    def require(self, permission: Permission, actor: Actor) -> None:
        """Raise NotAllowedError unless the actor may."""
        info = self.store.info
        actor.require(permission, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)

    def is_admin(self, actor: Actor) -> bool:
        """Say whether the actor may also what only admins may."""
        info = self.store.info
        return actor.may(Permission.ERASE, tenant=info.tenant, known=info.tags_known)

    def require_here(self, plan: Plan) -> None:
        """Raise ConfigError for a plan of another index."""
        if plan.stream != self.stream:
            raise ConfigError(
                f"Plan {plan.id} is for index {plan.index!r} of bucket {plan.bucket!r}, this is {self.store.info.name!r} of "
                f"{self.store.bucket!r}: open the index that it was made for."
            )

    def read(self, keys: Iterable[str], *, actor: Actor, vectors: bool = False) -> dict[str, Record]:
        """Return the records that are there now."""
        return self.store.records.get(keys, actor=actor, vectors=vectors)

    def append(
        self,
        kind: Kind,
        body: Mapping[str, Any],
        *,
        plan_id: str,
        plan_hash: str,
        actor: Actor,
        reason: str = "",
        images: Sequence[Image] = (),
    ) -> Entry:
        """Write an entry; when this returns, it is durable."""
        draft = Draft(kind, plan_id, plan_hash, self.clock(), actor.name, reason, body)
        return self.journal.append(self.stream, draft, images)
