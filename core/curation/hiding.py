"""Hide and show, quarantine and release: a memory leaves recall and comes back, and stays in the index, vector and all.

A quarantine is a hiding for a reason that others must know: only a release ends it, and gives back the status before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.access import Actor
from core.curation.plan import Action, Change, Plan
from core.curation.planning import chosen, memories, plan_of
from core.errors import ValidationError
from core.memory.record import Record
from core.memory.status import STATUS_KEY, is_quarantined, quarantined, released, shown, with_status
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.validation import check_metadata

__all__ = ["HIDE", "QUARANTINE", "RELEASE", "SHOW", "plan_hiding", "plan_quarantine"]

HIDE, SHOW, QUARANTINE, RELEASE = "hide", "unhide", "quarantine", "release"

Metadata = Mapping[str, Any]


@dataclass(frozen=True)
class _Turn:
    """One way out of recall or back: what a title says before and after the count, and the metadata or why it stays."""

    verb: str
    rest: str
    after: Callable[[Metadata], Metadata | str]


def _hide(metadata: Metadata) -> Metadata | str:
    if STATUS_KEY not in metadata:
        return with_status(metadata)
    return "is in quarantine, so out of recall already" if is_quarantined(metadata[STATUS_KEY]) else "is hidden already"


def _show(metadata: Metadata) -> Metadata | str:
    if STATUS_KEY not in metadata:
        return "is not hidden"
    return "is in quarantine: release it instead" if is_quarantined(metadata[STATUS_KEY]) else shown(metadata)


def _quarantine(metadata: Metadata) -> Metadata | str:
    if is_quarantined(metadata.get(STATUS_KEY)):
        return "is in quarantine already"
    return quarantined(metadata) or "is out of recall by a status that is no text, which a release could not give back"


def _release(metadata: Metadata) -> Metadata | str:
    return released(metadata) if is_quarantined(metadata.get(STATUS_KEY)) else "is not in quarantine"


_TURNS: Final = {
    HIDE: _Turn("Hide", "", _hide),
    SHOW: _Turn("Show", " again", _show),
    QUARANTINE: _Turn("Quarantine", "", _quarantine),
    RELEASE: _Turn("Release", " from quarantine", _release),
}


def plan_hiding(
    store: MemoryStore,
    which: Iterable[str] | Scope,
    *,
    hidden: bool = True,
    **options: Any,
) -> Plan:
    """Return the plan that hides the memories of some keys or within a scope from recall, or shows them again.

    The options are those of `plan_quarantine`.
    """
    return _planned(store, which, HIDE if hidden else SHOW, **options)


def plan_quarantine(
    store: MemoryStore,
    which: Iterable[str] | Scope,
    *,
    in_quarantine: bool = True,
    **options: Any,
) -> Plan:
    """Return the plan that takes memories out of recall until somebody releases them, or the one that does.

    The options are `actor`, `now`, `plan_id`, `reason`, a whole `snapshot` that spares reading the index for a scope, and
    `parameters` for what the plan is to say besides.
    """
    return _planned(store, which, QUARANTINE if in_quarantine else RELEASE, **options)


def _planned(
    store: MemoryStore,
    which: Iterable[str] | Scope,
    policy: str,
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    reason: str = "",
    snapshot: object | None = None,
    parameters: Metadata | None = None,
) -> Plan:
    found, turn = chosen(store, which, actor=actor, now=now, snapshot=snapshot), _TURNS[policy]
    left_out = dict(found.left_out)
    changes = []
    for key, record in found.records.items():
        after = turn.after(record.metadata)
        if isinstance(after, str):
            left_out[key] = after
            continue
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
        title=f"{turn.verb} {memories(len(changes))}{turn.rest}",
        policy=policy,
        reason=reason,
        parameters={**found.parameters, **(parameters or {})},
        left_out=left_out,
    )
