"""Several decisions measured at once: what they all lead to is asked of the golden queries one time, not one time each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from core.access import Actor
from core.curation.conflicts.case import Case, Settling
from core.curation.conflicts.resolving import plan_for
from core.curation.desk import Desk
from core.curation.plan import Plan
from core.errors import MnemoscopeError

__all__ = ["MEASURED_TOGETHER", "measured_together"]

MEASURED_TOGETHER: Final = "it was measured together with the other decisions that were settled with it"
_LEAST: Final = 2


def measured_together(desk: Desk, cases: Iterable[Case], *, actor: Actor) -> frozenset[str]:
    """Return the ids of the plans of waiting decisions that together lose no answer; none where they would, or may.

    They are applied one after the other: what was measured is the index after the last of them.
    """
    begun = {deed.plan_id for deed in desk.history(actor=actor)}
    waiting = [
        (case.card, ruling)
        for case in cases
        for ruling in case.rulings
        if ruling.settling is Settling.WAITING and not ruling.acknowledged and ruling.decision.plan_id not in begun
    ]
    plans: list[Plan] = []
    taken: set[str] = set()
    for card, ruling in waiting if len(waiting) >= _LEAST else ():
        try:
            plan = plan_for(desk, card, ruling, actor=actor)
        except MnemoscopeError:  # it comes back, with the reason, when its turn comes
            continue
        keys = set() if plan is None else {change.key for change in plan}
        if plan is not None and taken.isdisjoint(keys):
            plans.append(plan)
            taken |= keys
    if len(plans) < _LEAST:
        return frozenset()
    whole = replace(plans[0], id="conflicts", changes=tuple(change for plan in plans for change in plan))
    try:
        blocked = desk.preflight(whole, actor=actor).blocked
    except MnemoscopeError:
        return frozenset()
    return frozenset() if blocked else frozenset(plan.id for plan in plans)
