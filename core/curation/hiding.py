"""Hide and show: a memory leaves recall and comes back, and stays in the index meanwhile, vector and all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from core.access import Actor
from core.curation.plan import Action, Change, Plan
from core.curation.planning import chosen, memories, plan_of
from core.errors import ValidationError
from core.memory.record import Record
from core.memory.status import STATUS_KEY, shown, with_status
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.validation import check_metadata

__all__ = ["HIDE", "SHOW", "plan_hiding"]

HIDE, SHOW = "hide", "unhide"


def plan_hiding(
    store: MemoryStore,
    which: Iterable[str] | Scope,
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    hidden: bool = True,
    reason: str = "",
    snapshot: object | None = None,
) -> Plan:
    """Return the plan that hides the memories of some keys or within a scope from recall, or shows them again."""
    found = chosen(store, which, actor=actor, now=now, snapshot=snapshot)
    left_out = dict(found.left_out)
    changes, policy = [], HIDE if hidden else SHOW
    for key, record in found.records.items():
        if (STATUS_KEY in record.metadata) == hidden:
            left_out[key] = "is hidden already" if hidden else "is not hidden"
            continue
        after = with_status(record.metadata) if hidden else shown(record.metadata)
        try:
            check_metadata(key, after, non_filterable=store.info.non_filterable)
        except ValidationError as error:
            left_out[key] = f"cannot be marked as hidden: {error}"
            continue
        changes.append(Change(key, Action.REPLACE, reason or found.why, policy, before=record, after=Record(after)))
    return plan_of(
        store,
        changes,
        actor=actor,
        now=now,
        plan_id=plan_id,
        title=f"{'Hide' if hidden else 'Show'} {memories(len(changes))}{'' if hidden else ' again'}",
        policy=policy,
        reason=reason,
        parameters=found.parameters,
        left_out=left_out,
    )
