"""A stale plan made anew over what is there now: a change stays where its reason still holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.merges import torn
from core.curation.outcomes import outcomes_of
from core.curation.plan import Action, Change, Plan
from core.curation.staleness import chunks, difference
from core.curation.undo import left_out
from core.curation.workplace import Workplace
from core.errors import CurationError
from core.memory.fields import preview
from core.memory.record import Record, fingerprint

__all__ = ["replan"]

_CHUNK: Final = 1_000
# Chosen by a person, key by key: they mean the memory, whatever it says now. What a policy proposes hangs on what it saw.
_CHOSEN: Final = frozenset({"delete", "edit", "hide", "unhide", "quarantine", "release", "validate"})
_ABSENT: Final = object()
_SHOWN: Final = 3


def replan(place: Workplace, plan: Plan, *, actor: Actor) -> Plan:
    """Return a plan of what still holds of a stale one, with an id of its own; what does not is left out, each with why."""
    place.require_here(plan)
    place.require(Permission.READ, actor)
    outcomes = outcomes_of(place.journal, place.stream, plan.id)
    done = set(outcomes.done)
    out: dict[str, str] = {}
    changes: list[Change] = []
    for part in chunks((change for change in plan if change.key not in done), _CHUNK):
        now = place.read([change.key for change in part], actor=actor)
        for change in part:
            anew = _anew(change, now.get(change.key))
            if isinstance(anew, Change):
                changes.append(anew)
            else:
                out[change.key] = anew
    whole = torn(plan.changes, out)
    out |= whole
    changes = [change for change in changes if change.key not in whole]
    if not changes:
        why = "; ".join(f"{preview(key)} {said}" for key, said in list(out.items())[:_SHOWN])
        raise CurationError(f"Nothing of plan {plan.id} ({plan.title!r}) holds any more ({why}): make a new one.")
    return replace(
        plan,
        id=place.new_id(),
        author=actor.name,
        created_at=place.clock(),
        changes=tuple(changes),
        parameters={**plan.parameters, **left_out(out), "planned_before_as": plan.id},
    )


def _anew(change: Change, now: Record | None) -> Change | str:
    """Return the change over what is there now, or why it does not hold any more."""
    what = difference(change.seen, now)
    if what is None:
        return change
    if now is None or change.before is None or change.policy not in _CHOSEN:
        return what
    if change.action in (Action.RETIRE, Action.ERASE):
        return replace(change, before=now)
    return _merged(change, change.before, now)


def _merged(change: Change, before: Record, now: Record) -> Change | str:
    """Return a replacement that changes the same fields of the record as it is now, and leaves the others as they are."""
    assert change.after is not None
    after = dict(now.metadata)
    for name in before.metadata.keys() | change.after.metadata.keys():
        was, wanted, there = (_field(each, name) for each in (before.metadata, change.after.metadata, now.metadata))
        if wanted == was or there == wanted:
            continue
        if there != was:
            return f"was changed by somebody else in the same field ({name})"
        if wanted is _ABSENT:
            del after[name]
        else:
            after[name] = wanted
    if fingerprint(after) == fingerprint(now.metadata) and change.after.vector is None:
        return "is so already"
    return replace(change, before=now, after=Record(after, change.after.vector))


def _field(metadata: Mapping[str, Any], name: str) -> Any:
    return metadata.get(name, _ABSENT)
