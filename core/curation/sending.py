"""One batch of a plan: read it, keep its images, look once more, send it, and write what became of it.

The images are durable before anything is sent. S3 Vectors has no conditional write, so between the last look and the call a
foreign write of the same key could be overwritten: that window is one request long.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.access import Actor, Permission
from core.curation.journal import Entry, Image, Kind
from core.curation.plan import Action, Change
from core.curation.proving import Proofs
from core.curation.settling import Doubt, settle
from core.curation.staleness import differences
from core.curation.workplace import Workplace
from core.errors import MnemoscopeError, ValidationError
from core.memory.record import Record

__all__ = ["Append", "Batch", "Step", "send"]


class Append(Protocol):
    """Writes an entry of the plan that is being applied; raises where another process took over."""

    def __call__(self, kind: Kind, body: Mapping[str, Any], images: Sequence[Image] = ()) -> Entry: ...


@dataclass
class Batch:
    """What became of a batch: keys done, keys that failed with why, and what stopped it in the middle, if anything.

    `spared` stay because nothing is proved to stand for them. `texts` are those of the memories that were to be erased.
    """

    done: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    spared: dict[str, str] = field(default_factory=dict)
    stopped: MnemoscopeError | None = None
    texts: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Step:
    """Does one batch of changes of the same action."""

    place: Workplace
    actor: Actor
    append: Append
    proving: Proofs = field(default_factory=Proofs)

    def run(self, number: int, changes: Sequence[Change], *, takes_back: bool = False) -> Batch:
        """Do the batch; what a failure of the service leaves open is settled by asking the index.

        `takes_back` says that it takes out again what the plan itself had put.
        """
        batch = Batch()
        erasing = changes[0].action is Action.ERASE
        batch.spared = self.proving.unproved(changes)
        standing = [change for change in changes if change.key not in batch.spared]
        before = self._look(standing, batch, vectors=not erasing)
        wanted = [change for change in standing if change.key not in batch.failed]
        images = {} if erasing else {change.key: _image(change, before.get(change.key)) for change in wanted}
        if erasing:
            batch.texts = {self.place.store.memory_of(key, record.metadata).content for key, record in before.items()}
        said = _prepared(number, wanted, images, self.proving) | ({"takes_back": True} if takes_back else {})
        self.append(Kind.PREPARED, said, list(images.values()))
        try:
            self._look(wanted, batch, vectors=False)
            batch.spared |= self.proving.fallen(wanted)
            wanted = [change for change in wanted if change.key not in batch.failed and change.key not in batch.spared]
            batch.failed |= send(self.place, wanted, before, actor=self.actor)
            batch.done = [change.key for change in wanted if change.key not in batch.failed]
        except MnemoscopeError as error:
            batch.stopped = error
            settled = settle(self.place, [Doubt(each.key, images.get(each.key)) for each in wanted], actor=self.actor)
            batch.done = list(settled.done)
            batch.failed |= settled.failed
        said = _applied(number, changes, batch, self.proving) | ({"taken_back": batch.done} if takes_back else {})
        self.append(Kind.APPLIED, said, ())
        return batch

    def _look(self, changes: Sequence[Change], batch: Batch, *, vectors: bool) -> dict[str, Record]:
        """Return what is there, and put what the plan did not see to the failures: it is not touched."""
        now = self.place.read([change.key for change in changes], actor=self.actor, vectors=vectors)
        batch.failed |= differences(changes, now)
        return now


def send(place: Workplace, changes: Sequence[Change], before: dict[str, Record], *, actor: Actor) -> dict[str, str]:
    """Send changes of one action and return those that the service refuses, each with why.

    Where it refuses the whole for one bad record, they are halved until that one stands alone.
    """
    if not changes:
        return {}
    try:
        place.pace.before(len(changes))
        _send_all(place, changes, before, actor=actor)
    except ValidationError as error:
        if len(changes) == 1:
            return {changes[0].key: str(error)}
        middle = len(changes) // 2
        refused = send(place, changes[:middle], before, actor=actor)
        return refused | send(place, changes[middle:], before, actor=actor)
    return {}


def _send_all(place: Workplace, changes: Sequence[Change], before: dict[str, Record], *, actor: Actor) -> None:
    records, action = place.store.records, changes[0].action
    if action in (Action.PUT, Action.REPLACE):
        records.put({change.key: _after(change, before.get(change.key)) for change in changes}, actor=actor)
    else:
        permission = Permission.ERASE if action is Action.ERASE else Permission.DELETE
        records.delete([change.key for change in changes], actor=actor, permission=permission)


def _after(change: Change, before: Record | None) -> Record:
    assert change.after is not None
    if change.after.vector is not None or before is None:
        return change.after
    return Record(change.after.metadata, before.vector)


def _image(change: Change, before: Record | None) -> Image:
    return Image(change.key, secrets.token_hex(16), before, change.leaves)


def _prepared(number: int, changes: Sequence[Change], images: dict[str, Image], proving: Proofs) -> dict[str, Any]:
    listed = [
        {
            "key": change.key,
            "action": str(change.action),
            "reason": change.reason,
            "policy": change.policy,
            "image": images[change.key].digest if change.key in images else None,
            **_stand_in(change, proving),
        }
        for change in changes
    ]
    return {"batch": number, "changes": listed}


def _applied(number: int, changes: Sequence[Change], batch: Batch, proving: Proofs) -> dict[str, Any]:
    by_key = {change.key: change for change in changes}
    failed = [{"key": key, "reason": why, "action": str(by_key[key].action)} for key, why in batch.failed.items()]
    said = {"batch": number, "done": batch.done, "failed": failed}
    if not batch.spared:
        return said
    spared = [
        {"key": key, "reason": why, "action": str(by_key[key].action), "policy": by_key[key].policy}
        | _stand_in(by_key[key], proving)
        for key, why in batch.spared.items()
    ]
    return said | {"spared": spared}


def _stand_in(change: Change, proving: Proofs) -> dict[str, Any]:
    """Return what stands for a change's memory, and how that was proved: nothing where it retires for another reason."""
    if change.replaced_by is None:
        return {}
    proof = proving.proofs.get(change.key)
    return {"replaced_by": change.replaced_by, "proof": None if proof is None else proof.to_json()}
