"""What became of a plan that was applied, for whoever applied it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.curation.history import State
from core.curation.outcomes import Outcomes
from core.curation.plan import Plan

__all__ = ["ApplyReport", "report_of"]


@dataclass(frozen=True)
class ApplyReport:
    """What became of a plan: keys that are done, in the order of the doing; those that failed, each with why; those left.

    They are of all runs of the plan. `spared` stay, because nothing was proved to stand for them, and `taken_back` were put
    and are out again, because they stood for nothing: each with why. `already` says that nothing was left to do; `why` what
    stopped it, if anything.
    """

    plan_id: str
    plan_hash: str
    title: str
    state: State
    done: tuple[str, ...]
    failed: Mapping[str, str]
    left: tuple[str, ...] = ()
    why: str | None = None
    already: bool = False
    spared: Mapping[str, str] = field(default_factory=dict)
    taken_back: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Say whether all of it is done that could be proved to lose nothing."""
        return self.state is State.APPLIED

    def sentence(self) -> str:
        """Return the outcome in words."""
        back = len(self.taken_back)
        total = len(self.done) + len(self.failed) + len(self.left) + len(self.spared) + back
        if self.complete and not self.spared and not back:
            what = "The change was" if total == 1 else f"All {total:,} changes were"
            return f"{what} done{' before' if self.already else ''}."
        parts = [f"{len(self.done):,} of {total:,} changes are done"]
        parts += [f"{len(self.failed):,} failed"] if self.failed else []
        parts += [f"{len(self.left):,} are left"] if self.left else []
        parts += [f"{len(self.spared):,} stay, as nothing was proved to stand for them"] if self.spared else []
        parts += [f"{back:,} new taken out again, as nothing would have been freed"] if back else []
        return f"{', '.join(parts)}{f' ({self.why})' if self.why else ''}."

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        listed = {"done": list(self.done), "failed": dict(self.failed), "left": list(self.left)}
        why = {"spared": dict(self.spared), "taken_back": dict(self.taken_back)}
        return vars(self) | {"state": str(self.state)} | why | listed


def report_of(plan: Plan, outcomes: Outcomes, state: State, why: str | None) -> ApplyReport:
    """Return the report of a plan of which the journal has these outcomes."""
    done, failed = tuple(outcomes.done), outcomes.failed
    spared, back = outcomes.spared, outcomes.taken_back
    tried = {*done, *failed, *spared, *back}
    left = tuple(change.key for change in plan if change.key not in tried)
    return ApplyReport(plan.id, plan.hash, plan.title, state, done, failed, left, why, spared=spared, taken_back=back)
