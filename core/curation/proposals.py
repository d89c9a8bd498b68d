"""Plans that nobody asked for: each waits for a person once, however often a schedule proposes it.

The id of a proposal comes from what it would change, so that the next night finds that it waits, or was decided. A merge is
the question whether some texts may be one: its id comes from their keys and texts alone, for confidence and use change every
night. What it would change may be another record by then: such a plan is stale, and the new one takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from core.access import Actor, Permission
from core.curation.history import State
from core.curation.merges import is_merge, texts_of
from core.curation.pending import PROPOSAL, forget, keep, kept, pending, turned_down
from core.curation.plan import Change, Plan
from core.curation.workplace import Workplace
from core.memory.record import fingerprint

__all__ = [
    "APPLIED",
    "Decided",
    "Standing",
    "decided",
    "merge_id",
    "proposal_id",
    "propose",
    "waiting_keys",
    "withdraw_stale",
]

# The parameter of an applied plan with the ids of the proposals in it.
APPLIED: Final = "proposals"


class Standing(StrEnum):
    """What becomes of a proposal: it waits now, it waited before, or somebody decided it before."""

    NEW = "new"
    WAITS = "waits"
    DECIDED = "decided"


@dataclass(frozen=True)
class Decided:
    """What was decided: the ids of proposals that were turned down or applied, and the texts of those turned down, by key.

    What was applied and taken back was turned down too.
    """

    ids: frozenset[str] = frozenset()
    texts: tuple[Mapping[str, str], ...] = ()

    def has(self, plan_id: str, texts: Mapping[str, str]) -> bool:
        """Say whether a proposal was decided, or is for the most part one that was turned down."""
        return plan_id in self.ids or any(2 * _shared(known, texts) > len(texts) for known in self.texts)


def proposal_id(place: Workplace, changes: Collection[Change], *, name: str = "") -> str:
    """Return the id of a plan that is the same for the same question, whenever it is asked."""
    if is_merge(changes):
        return merge_id(texts_of(changes, place.store.memory_of), name=name)
    said = sorted(
        (change.key if change.before is not None else "", str(change.action), change.seen or "") for change in changes
    )
    return _named(repr(said), name)


def merge_id(texts: Mapping[str, str], *, name: str = "") -> str:
    """Return the id of a merge of some memories, by the marks of their texts (see merges.text_mark)."""
    return _named(repr(sorted(texts.items())), name)


def propose(place: Workplace, plan: Plan, *, actor: Actor, name: str = "") -> tuple[Plan, Standing]:
    """Keep a plan for a person under the id of what it says, unless it waits already or was decided; return both.

    Proposals of the same actor and policy that touch nothing else than this one, or that are stale beside it, make room.
    """
    plan = replace(plan, id=proposal_id(place, plan.changes, name=name))
    if plan.id in decided(place).ids:
        return plan, Standing.DECIDED
    changes = {change.key: change for change in plan}
    for each in pending(place, actor=actor):
        former = kept(place, each.plan_id, actor=actor) if each.plan_id.startswith(PROPOSAL) else None
        if former is not None and former.id == plan.id and not _saw_another(former, changes):
            return plan, Standing.WAITS
        if former is None or each.kept_by != actor.name or each.policy != plan.policy:
            continue
        if _saw_another(former, changes) or _is_part(former, changes):
            forget(place, each.plan_id)
    keep(place, plan, actor=actor)
    return plan, Standing.NEW


def decided(place: Workplace) -> Decided:
    """Return what was turned down or applied before."""
    declined = turned_down(place)
    ids = set(declined)
    for deed in place.chronicle.deeds().values():
        if deed.plan_id.startswith(PROPOSAL):
            ids.add(deed.plan_id)
        if deed.state is State.APPLIED:
            ids.update(str(each) for each in deed.parameters.get(APPLIED, ()))
    return Decided(frozenset(ids), tuple(texts for texts in declined.values() if texts))


def withdraw_stale(place: Workplace, *, actor: Actor) -> list[str]:
    """Forget the merges that this actor proposed and that can be applied no more, as memories changed; return their ids."""
    place.require(Permission.WRITE, actor)
    gone = []
    for each in pending(place, actor=actor):
        begun = place.chronicle.get(each.plan_id) is not None  # whoever began it goes on with it
        if not each.plan_id.startswith(PROPOSAL) or each.kept_by != actor.name or begun:
            continue
        plan = kept(place, each.plan_id, actor=actor)
        if plan is not None and is_merge(plan.changes) and _is_stale(place, plan, actor):
            forget(place, plan.id)
            gone.append(plan.id)
    return gone


def waiting_keys(place: Workplace, *, actor: Actor) -> dict[str, tuple[str, str | None]]:
    """Return the keys that a waiting proposal would change, each with its plan and the fingerprint of what that saw."""
    found: dict[str, tuple[str, str | None]] = {}
    for each in pending(place, actor=actor):
        plan = kept(place, each.plan_id, actor=actor) if each.plan_id.startswith(PROPOSAL) else None
        found |= {change.key: (each.plan_id, change.seen) for change in plan or () if change.before is not None}
    return found


def _is_stale(place: Workplace, plan: Plan, actor: Actor) -> bool:
    seen = {change.key: change.seen for change in plan if change.before is not None}
    there = place.read(seen, actor=actor)
    return any(key not in there or fingerprint(there[key].metadata) != was for key, was in seen.items())


def _is_part(former: Plan, changes: Mapping[str, Change]) -> bool:
    """Say whether all that a former proposal would change is changed by the new one too."""
    return all(change.key in changes for change in former if change.before is not None)


def _saw_another(former: Plan, changes: Mapping[str, Change]) -> bool:
    """Say whether a former proposal saw another record than the new one under the same key."""
    old = (change for change in former if change.before is not None and change.key in changes)
    return any(change.seen != changes[change.key].seen for change in old)


def _shared(a: Mapping[str, str], b: Mapping[str, str]) -> int:
    return sum(a.get(key) == mark for key, mark in b.items())


def _named(said: str, name: str) -> str:
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{PROPOSAL}{f'{name}-' if name else ''}{digest}"
