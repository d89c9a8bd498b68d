"""Plans that are kept for later or for somebody else, beside the journal: each whole, and its summary for lists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.journal import Document
from core.curation.ledgers.documents import unreadable_document
from core.curation.merges import is_merge, texts_of
from core.curation.plan import Plan, plan_from_json, plan_to_json
from core.curation.workplace import Workplace
from core.errors import ConfigError, CurationError, NotAllowedError
from core.operate.quoting import Quoted

__all__ = [
    "PROPOSAL",
    "PendingPlan",
    "discard",
    "forget",
    "forget_plans_with",
    "keep",
    "kept",
    "pending",
    "turned_down",
]

_PLAN: Final = "plan"
_SUMMARY: Final = "pending"
_DECLINED: Final = "declined"
# So begin the ids of plans that nobody asked for: a person decides each, once.
PROPOSAL: Final = "proposal-"


@dataclass(frozen=True)
class PendingPlan:
    """A plan that was kept for later or for somebody else, without its changes."""

    plan_id: str
    plan_hash: str
    title: str
    policy: str
    author: str
    created_at: datetime
    changes: int
    counts: Mapping[str, int]
    kept_by: str
    kept_at: datetime
    reason: str = ""
    undoes: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        times = {"created_at": self.created_at.isoformat(), "kept_at": self.kept_at.isoformat()}
        return vars(self) | times | {"counts": dict(self.counts)}


def keep(place: Workplace, plan: Plan, *, actor: Actor) -> None:
    """Keep a plan; one that somebody else keeps under the same id is not replaced."""
    place.require_here(plan)
    place.require(Permission.WRITE, actor)
    known = place.chronicle.get(plan.id)
    if known is not None and known.plan_hash != plan.hash:
        raise CurationError(f"Plan {plan.id} was applied with other changes: give this one an id of its own.")
    if known is not None and known.complete:
        raise CurationError(f"Plan {plan.id} ({plan.title!r}) was applied: there is nothing left to keep.")
    _require_own(place, plan.id, actor)
    counts = {str(action): count for action, count in plan.counts.items()}
    summary = PendingPlan(
        plan.id,
        plan.hash,
        plan.title,
        plan.policy,
        plan.author,
        plan.created_at,
        len(plan),
        counts,
        actor.name,
        place.clock(),
        plan.reason,
        plan.undoes,
    )
    # The list names only what can be opened: the plan is there first, and goes last.
    place.documents.put(place.stream, _PLAN, plan.id, plan_to_json(plan))
    place.documents.put(place.stream, _SUMMARY, plan.id, summary.to_json())


def kept(place: Workplace, plan_id: str, *, actor: Actor) -> Plan | None:
    """Return a plan that was kept, None where there is none."""
    place.require(Permission.READ, actor)
    document = place.documents.get(place.stream, _PLAN, plan_id)
    return None if document is None else plan_from_json(document.value)


def pending(place: Workplace, *, actor: Actor) -> list[PendingPlan]:
    """Return the plans that are kept, the latest first."""
    place.require(Permission.READ, actor)
    found = [_summary(document) for document in place.documents.every(place.stream, _SUMMARY)]
    return sorted(found, key=lambda each: (each.kept_at, each.plan_id), reverse=True)


def discard(place: Workplace, plan_id: str, *, actor: Actor) -> None:
    """Forget a plan: one's own, or as an admin anybody's.

    A proposal waits for whoever may decide: anybody who may write turns it down, and that is remembered.
    """
    place.require(Permission.WRITE, actor)
    if not plan_id.startswith(PROPOSAL):
        _require_own(place, plan_id, actor)
    if plan_id.startswith(PROPOSAL) and place.documents.get(place.stream, _SUMMARY, plan_id) is not None:
        plan = kept(place, plan_id, actor=actor)
        texts = {} if plan is None or not is_merge(plan.changes) else texts_of(plan.changes, place.store.memory_of)
        value = {"by": actor.name, "at": place.clock().isoformat(), "texts": texts}
        place.documents.put(place.stream, _DECLINED, plan_id, value)
    forget(place, plan_id)


def turned_down(place: Workplace) -> dict[str, Mapping[str, str]]:
    """Return the proposals that somebody turned down by id: of a merge the marks of its texts by key, else nothing."""
    found = {}
    for document in place.documents.every(place.stream, _DECLINED):
        texts = document.value.get("texts") if isinstance(document.value, Mapping) else None
        found[document.name] = texts if isinstance(texts, Mapping) else {}
    return found


def forget(place: Workplace, plan_id: str) -> None:
    """Remove a plan and its summary, where they are."""
    place.documents.remove(place.stream, _SUMMARY, plan_id)
    place.documents.remove(place.stream, _PLAN, plan_id)


def forget_plans_with(place: Workplace, keys: Collection[str], texts: Collection[str]) -> int:
    """Remove every plan that mentions one of these keys, or quotes one of these texts; return how many there were.

    What was turned down of them goes too: nothing is left that could be proposed again.
    """
    for name, marks in turned_down(place).items():
        if not marks.keys().isdisjoint(keys):
            place.documents.remove(place.stream, _DECLINED, name)
    quoted = Quoted(texts)
    names = [each.name for each in place.documents.every(place.stream, _PLAN) if _holds(each.value, keys, quoted)]
    for name in names:
        forget(place, name)
    return len(names)


def _holds(value: Any, keys: Collection[str], quoted: Quoted) -> bool:
    """Say whether a plan has something of what was erased; one that cannot be read may."""
    try:
        plan = plan_from_json(value)
    except ConfigError:
        return True
    if any(change.key in keys for change in plan):
        return True
    # What other memories were is in the index too; what a person wrote into the plan is only here.
    after = (each for change in plan if change.after for each in change.after.metadata.values())
    said = {plan.title, plan.reason, *(change.reason for change in plan), *(each for each in after if isinstance(each, str))}
    return quoted.is_in("\n".join(sorted(said)))


def _require_own(place: Workplace, plan_id: str, actor: Actor) -> None:
    document = place.documents.get(place.stream, _SUMMARY, plan_id)
    keeper = None if document is None else _summary(document).kept_by
    if keeper not in (None, actor.name) and not place.is_admin(actor):
        raise NotAllowedError(
            f"{actor.name!r} is a {actor.role}, and plan {plan_id} is kept by {keeper!r}: "
            "this needs that person or an admin."
        )


def _summary(document: Document) -> PendingPlan:
    value = document.value
    try:
        times = {name: datetime.fromisoformat(value[name]) for name in ("created_at", "kept_at")}
        return PendingPlan(**{**value, **times})
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable_document(document.name, error) from error
