"""Whether a plan that says so really takes back: each change must bring what the journal holds, or it is one like any other.

What takes back is not measured, and the history counts it as undone. So it must be what it says that it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from core.curation.authority import TAKES_BACK
from core.curation.journal import Image
from core.curation.outcomes import Outcome, images_of, outcomes_of
from core.curation.plan import Action, Change, Plan
from core.curation.staleness import chunks
from core.curation.workplace import Workplace
from core.errors import CurationError
from core.memory.fields import preview

__all__ = ["takes_back"]

_UNDO, _RESTORE = "undo", "restore"
_CHUNK: Final = 500


def takes_back(place: Workplace, plan: Plan) -> bool:
    """Return whether a plan gives back what the journal holds; raise CurationError for one that only says so."""
    if plan.undoes is None and plan.policy not in (_UNDO, _RESTORE):
        return False
    outcomes = _undone(place, plan) if plan.policy == _UNDO else _restored(place, plan) if plan.undoes is None else {}
    for part in chunks(plan.changes, _CHUNK):
        images = images_of(place.journal, place.stream, _of(part, outcomes))
        if odd := next((change for change in part if not _gives_back(change, images.get(change.key))), None):
            raise _is_none(plan, f"{preview(odd.key)} would not become what the journal holds of it")
    return True


def _undone(place: Workplace, plan: Plan) -> Mapping[str, Outcome]:
    if plan.undoes is None:
        raise _is_none(plan, "it does not name the plan that it takes back")
    found = outcomes_of(place.journal, place.stream, plan.undoes).keys
    return {key: outcome for key, outcome in found.items() if outcome.done}


def _restored(place: Workplace, plan: Plan) -> Mapping[str, Outcome]:
    try:
        as_of = datetime.fromisoformat(plan.parameters["as_of"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise _is_none(plan, "it does not name the moment") from None
    whose = set[str]().union(*place.versions.plans_since(as_of, [change.key for change in plan]).values())
    if not whose <= set(plan.parameters.get(TAKES_BACK, ())):
        raise _is_none(plan, "it does not name all of the plans that it takes back")
    return {key: change.outcome for key, change in place.versions.since(as_of).items()}


def _of(changes: Iterable[Change], outcomes: Mapping[str, Outcome]) -> list[Outcome]:
    return [outcomes[change.key] for change in changes if change.key in outcomes]


def _gives_back(change: Change, image: Image | None) -> bool:
    if image is None:
        return False
    if image.before is None:
        return change.action is Action.RETIRE
    return change.after is not None and change.after == image.before


def _is_none(plan: Plan, why: str) -> CurationError:
    return CurationError(
        f"Plan {plan.id} says that it takes back, but {why}. Nothing was done: make it anew with `python -m core undo` or "
        "`restore`, or as a plan of another policy, which is measured first."
    )
