"""The cases of one index as one person after the other comes to them: who may, and what of a case they may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from core.access import Actor, Permission
from core.curation.conflicts.case import Case
from core.curation.conflicts.claims import Person
from core.curation.conflicts.measuring.threshold import Thresholds, load_thresholds
from core.curation.conflicts.queue import QueueEntry, entry_of
from core.curation.conflicts.register import Register
from core.curation.journal import Ledger
from core.errors import NotFoundError
from core.memory.fields import preview
from core.store import MemoryStore

__all__ = ["Cases"]


@dataclass(frozen=True)
class Cases:
    """The register of an index with what of the index it takes to answer a person."""

    store: MemoryStore
    ledger: Ledger
    register: Register
    clock: Callable[[], datetime]
    second_looks: float

    def person(self, actor: Actor, permission: Permission) -> Person:
        """Return who asks; raise NotAllowedError where they may not."""
        info = self.store.info
        may = partial(actor.may, tenant=info.tenant, known=info.tags_known)
        what = f"the conflicts of index {info.name!r}"
        actor.require(permission, what=what, tenant=info.tenant, known=info.tags_known)
        # Who cannot decide gets no second look, and sees what was decided.
        share = self.second_looks if may(Permission.DELETE) else 0.0
        return Person(actor.name, may(Permission.ERASE), self.clock(), share)

    def one(self, card_id: str) -> Case:
        """Return a case; raise NotFoundError where there is none."""
        found = self.register.cases([card_id])
        if not found:
            raise _no_card(card_id)
        return found[0]

    def change(self, card_id: str, change: Callable[[Case], Case]) -> Case:
        """Return a case after a change; raise NotFoundError where there is none."""
        found = self.register.change([card_id], change)
        if not found:
            raise _no_card(card_id)
        return found[0]

    def changed(self, card_id: str, actor: Actor, change: Callable[[Case, Person], Case]) -> QueueEntry:
        """Return a card as somebody sees it after a change of theirs."""
        person = self.person(actor, Permission.WRITE)
        return self.seen(self.change(card_id, lambda case: change(case, person)), person, actor)

    def seen(self, case: Case, person: Person, actor: Actor) -> QueueEntry:
        """Return a card as somebody sees it."""
        used = self.store.used(case.keys, actor=actor)
        return entry_of(case, person, {key: each.recalls for key, each in used.items()})

    def thresholds(self, actor: Actor) -> Thresholds:
        """Return from which clash on cards are raised, as it was chosen."""
        return load_thresholds(self.store, self.ledger.documents, actor=actor)

    def uses(self, actor: Actor) -> Mapping[str, int]:
        """Return how often the memories of the index were recalled by those who use them, by key."""
        return {key: used.recalls for key, used in self.store.used(actor=actor).items()}


def _no_card(card_id: str) -> NotFoundError:
    return NotFoundError(f"There is no card {preview(card_id)}: its memories were erased, or it is of another index.")
