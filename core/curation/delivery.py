"""Applying a plan where nobody is there to answer: what changed meanwhile is left alone, another plan is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from core.access import Actor
from core.curation.desk import Desk
from core.curation.merges import torn
from core.curation.plan import Plan
from core.curation.preflight import Preflight
from core.curation.proposals import Standing
from core.errors import BusyError, RegressionError, StalePlanError
from core.hostile import one_line

__all__ = ["Delivered", "Delivery"]

_WAITS: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
_TRIES: Final = 4
_NAMED: Final = 3


@dataclass
class Delivered:
    """What became of a plan: its id, or those of its rests; how many keys are done; and what stopped it, if anything.

    `retired` counts those done that went in favour of another. `kept` are the ids of plans that wait for a person instead.
    """

    plans: list[str] = field(default_factory=list)
    done: int = 0
    retired: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    kept: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Delivery:
    """Applies plans through a desk; `wait` sleeps so many seconds while somebody else applies a plan to the index."""

    desk: Desk
    actor: Actor
    cancelled: Callable[[], bool] | None = None
    wait: Callable[[float], None] = time.sleep
    waits: tuple[float, ...] = _WAITS

    def apply(self, plan: Plan, *, unmeasured: str | None = None) -> Delivered:
        """Apply a plan; one that would lose answers is kept for a person, and nothing of it is done."""
        result = Delivered()
        for number in range(_TRIES):
            try:
                self._apply(plan, result, unmeasured)
            except StalePlanError as error:
                stale = {**error.keys, **torn(plan.changes, error.keys)}
                fresh = tuple(change for change in plan.changes if change.key not in stale)
                if len(fresh) == len(plan.changes) or number + 1 == _TRIES:
                    result.stopped = str(error)
                    return result
                result.left_out |= stale
                if not fresh:
                    return result
                plan = replace(plan, id=f"{plan.id.partition('~')[0]}~{number + 1}", changes=fresh)
            except RegressionError as error:
                result.stopped = f"{error} {_queries(error)}{self._for_a_person(plan, result)}"
                return result
            except BusyError as error:
                result.stopped = str(error)
                return result
            else:
                return result
        return result

    def _for_a_person(self, plan: Plan, result: Delivered) -> str:
        """Keep a plan for a person to decide, once, and return what became of it in words."""
        plan, standing = self.desk.propose(plan, actor=self.actor, name=plan.policy)
        if standing is Standing.DECIDED:
            return f"Somebody turned the same plan down or took it back before ({plan.id}): it is not proposed again."
        result.kept.append(plan.id)
        return (
            f"It is kept as the pending plan {plan.id} for a person to decide: on the page Plan, or "
            f"python -m core apply {plan.id} --index {plan.index} --acknowledge REASON."
        )

    def _apply(self, plan: Plan, result: Delivered, unmeasured: str | None) -> None:
        for wait in (*self.waits, None):
            try:
                report = self.desk.apply(
                    plan,
                    actor=self.actor,
                    cancelled=self.cancelled,
                    measured=unmeasured is None,
                    unmeasured=unmeasured or "",
                )
            except BusyError:
                if wait is None:
                    raise
                self.wait(wait)
                continue
            result.plans.append(plan.id)
            result.done += len(report.done)
            result.failed |= dict(report.failed)
            result.left_out |= {**report.spared, **report.taken_back}
            merged = {change.key for change in plan if change.replaced_by is not None}
            result.retired += len(merged.intersection(report.done))
            if not report.complete:
                result.stopped = report.why or report.sentence()
            return


def _queries(error: RegressionError) -> str:
    """Return the first queries that a plan would break, in words."""
    report = error.report
    if not isinstance(report, Preflight):
        return ""
    names = [one_line(each.name or each.text, 60) for each in report.regressions[:_NAMED]]
    return f"It breaks {', '.join(f'“{name}”' for name in names)}. "
