"""Delete: by keys, a selection or a filter; undoable, or for good."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.access import Actor
from core.curation.plan import Action, Change, Plan
from core.curation.planning import chosen, memories, plan_of
from core.scope import Scope
from core.store import MemoryStore

__all__ = ["DELETE", "ERASE", "plan_deletion"]

DELETE, ERASE = "delete", "erase"


def plan_deletion(
    store: MemoryStore,
    which: Iterable[str] | Scope,
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    reason: str = "",
    erase: bool = False,
    snapshot: object | None = None,
) -> Plan:
    """Return the plan that retires the memories of some keys or within a scope, or erases them.

    A snapshot spares reading the index for a scope. Keys that are not there are counted in the plan's parameters.
    """
    found = chosen(store, which, actor=actor, now=now, snapshot=snapshot)
    action, verb, policy = (Action.ERASE, "Erase", ERASE) if erase else (Action.RETIRE, "Retire", DELETE)
    changes = [Change(key, action, reason or found.why, policy, before=record) for key, record in found.records.items()]
    return plan_of(
        store,
        changes,
        actor=actor,
        now=now,
        plan_id=plan_id,
        title=f"{verb} {memories(len(changes))}",
        policy=policy,
        reason=reason,
        parameters=found.parameters,
        left_out=found.left_out,
    )
