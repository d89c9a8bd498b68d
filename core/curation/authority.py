"""Who may apply a plan: what its changes need, whose deeds it takes back, what must be typed, who must have approved it."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from core.access import Actor, Permission
from core.curation.journal import Document
from core.curation.plan import Action, Plan
from core.curation.workplace import Workplace
from core.errors import ConfirmationError, NotAllowedError

__all__ = [
    "SECOND_PERSON_VARIABLE",
    "TAKES_BACK",
    "approve",
    "approver_of",
    "confirmation_for",
    "require_confirmed",
    "require_may_apply",
    "same_person",
    "second_person_from_environment",
    "withdraw_approvals",
]

SECOND_PERSON_VARIABLE: Final = "MNEMOSCOPE_SECOND_PERSON"
# Under this name a plan's parameters list the plans whose changes it takes back.
TAKES_BACK: Final = "takes_back"
_APPROVAL: Final = "approval"
_NEEDS: Final = {
    Action.PUT: Permission.WRITE,
    Action.REPLACE: Permission.WRITE,
    Action.RETIRE: Permission.DELETE,
    Action.ERASE: Permission.ERASE,
}


def second_person_from_environment() -> bool:
    """Say whether an erasure needs the approval of a second admin here: for any word but one that says no."""
    return os.environ.get(SECOND_PERSON_VARIABLE, "").strip().lower() not in ("", "0", "false", "no", "off")


def same_person(one: str, other: str) -> bool:
    """Say whether two names are one person's, however they write theirs."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def require_may_apply(place: Workplace, plan: Plan, actor: Actor) -> None:
    """Raise NotAllowedError unless the actor may do each of the plan's changes, and take back whose deeds it takes back."""
    for permission in dict.fromkeys([_NEEDS[action] for action in plan.counts] or [Permission.WRITE]):
        place.require(permission, actor)
    if place.is_admin(actor):
        return
    deeds = place.chronicle.deeds()
    for plan_id in [plan.undoes, *plan.parameters.get(TAKES_BACK, ())]:
        deed = deeds.get(plan_id) if plan_id else None
        if deed is not None and deed.actor != actor.name:
            raise NotAllowedError(
                f"{actor.name!r} is a {actor.role} and cannot take back what {deed.actor!r} did ({deed.title!r}, plan "
                f"{deed.plan_id}): this needs the role admin."
            )


def confirmation_for(plan: Plan) -> str | None:
    """Return what a person must type before a plan erases, None where it erases nothing."""
    count = plan.counts.get(Action.ERASE, 0)
    return f"erase {count} {'memory' if count == 1 else 'memories'}" if count else None


def approve(place: Workplace, plan: Plan, *, actor: Actor, at: datetime) -> None:
    """Keep that an admin approves this very plan."""
    place.require_here(plan)
    place.require(Permission.ERASE, actor)
    value = {"plan_id": plan.id, "hash": plan.hash, "by": actor.name, "at": at.isoformat()}
    place.documents.put(place.stream, _APPROVAL, f"{plan.id}/{actor.name}", value)


def approver_of(place: Workplace, plan: Plan, *, other_than: str | None = None) -> str | None:
    """Return an admin who approved this very plan, other than the one named; None where nobody did."""
    for document in _approvals(place):
        value = document.value
        if value["plan_id"] == plan.id and value["hash"] == plan.hash and not same_person(value["by"], other_than or ""):
            return str(value["by"])
    return None


def _approvals(place: Workplace) -> Iterator[Document]:
    """Yield the approvals; what is none approves nothing."""
    for document in place.documents.every(place.stream, _APPROVAL):
        said = document.value if isinstance(document.value, dict) else {}
        if all(isinstance(said.get(name), str) for name in ("plan_id", "hash", "by")):
            yield document


def withdraw_approvals(place: Workplace, plan_id: str) -> None:
    """Remove the approvals of a plan that is done."""
    for document in _approvals(place):
        if document.value["plan_id"] == plan_id:
            place.documents.remove(place.stream, _APPROVAL, document.name)


def require_confirmed(
    place: Workplace, plan: Plan, *, actor: Actor, confirmation: str | None, second_person: bool
) -> str | None:
    """Raise ConfirmationError unless an erasure is confirmed and, where asked for, approved; return who approved it."""
    wanted = confirmation_for(plan)
    if wanted is None:
        return None
    if " ".join((confirmation or "").split()) != wanted:
        raise ConfirmationError(
            f"Plan {plan.id} erases for good: neither the memories nor their copies in the journal can be brought back. "
            f"Type exactly {wanted!r} to confirm it."
        )
    approver = approver_of(place, plan, other_than=actor.name)
    if second_person and approver is None:
        raise ConfirmationError(
            f"Plan {plan.id} erases for good, and here that needs a second admin: have one approve this very plan with "
            f"`python -m core approve {plan.id}`, then apply it."
        )
    return approver
