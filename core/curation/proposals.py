"""Plans that nobody asked for: each waits for a person once, however often a schedule proposes it.

The id of a proposal comes from what it would change, so that the next night finds that it waits, or was turned down. What
it would change may be something else by then: such a plan is stale, and the new one takes its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from core.access import Actor
from core.curation.pending import PROPOSAL, declined, forget, keep, kept, pending
from core.curation.plan import Change, Plan
from core.curation.workplace import Workplace

__all__ = ["Standing", "proposal_id", "propose", "waiting_keys"]


class Standing(StrEnum):
    """What becomes of a proposal: it waits now, it waited before, or somebody turned it down."""

    NEW = "new"
    WAITS = "waits"
    DECLINED = "declined"


def proposal_id(changes: Iterable[Change], *, name: str = "") -> str:
    """Return the id of a plan that is the same for the same changes of the same records, whenever they are proposed."""
    said = sorted(
        (change.key if change.before is not None else "", str(change.action), change.seen or "", bool(change.replaced_by))
        for change in changes
    )
    digest = hashlib.blake2b(repr(said).encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"{PROPOSAL}{f'{name}-' if name else ''}{digest}"


def propose(place: Workplace, plan: Plan, *, actor: Actor, name: str = "") -> tuple[Plan, Standing]:
    """Keep a plan for a person under the id of what it says, unless it waits already or was turned down; return both.

    Proposals of the same actor and policy that touch nothing else than this one, or that are stale beside it, make room.
    """
    plan = replace(plan, id=proposal_id(plan.changes, name=name))
    if plan.id in declined(place):
        return plan, Standing.DECLINED
    changes = {change.key: change for change in plan}
    for each in pending(place, actor=actor):
        if each.plan_id == plan.id:
            return plan, Standing.WAITS
        if each.kept_by != actor.name or each.policy != plan.policy or not each.plan_id.startswith(PROPOSAL):
            continue
        former = kept(place, each.plan_id, actor=actor)
        if former is not None and _makes_room(former, changes):
            forget(place, each.plan_id)
    keep(place, plan, actor=actor)
    return plan, Standing.NEW


def waiting_keys(place: Workplace, *, actor: Actor) -> dict[str, tuple[str, str | None]]:
    """Return the keys that a waiting proposal would change, each with its plan and the fingerprint of what that saw."""
    found: dict[str, tuple[str, str | None]] = {}
    for each in pending(place, actor=actor):
        plan = kept(place, each.plan_id, actor=actor) if each.plan_id.startswith(PROPOSAL) else None
        found |= {change.key: (each.plan_id, change.seen) for change in plan or () if change.before is not None}
    return found


def _makes_room(former: Plan, changes: dict[str, Change]) -> bool:
    """Say whether a former proposal is part of the new one, or saw another record than that under the same key."""
    old = [change for change in former if change.before is not None]
    shared = [change for change in old if change.key in changes]
    return len(shared) == len(old) or any(change.seen != changes[change.key].seen for change in shared)
