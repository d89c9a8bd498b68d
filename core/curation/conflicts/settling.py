"""Settling decisions: each plan applied or taken back once, whatever died in between, by one process at a time.

The register says what is to be done, the journal what was done. So that both agree, a plan has its decision's id and is kept
before it is applied: what was begun is gone on with, what was done is not done again. It goes in the name of who decided:
that they may was checked then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from core.access import Actor, Role
from core.curation.applied import ApplyReport
from core.curation.conflicts.case import Case, Ruling, Settling
from core.curation.conflicts.deciding import settled_as
from core.curation.conflicts.presence import refresh
from core.curation.conflicts.register import Register
from core.curation.conflicts.resolving import plan_for
from core.curation.conflicts.together import MEASURED_TOGETHER, measured_together
from core.curation.desk import Deed, Desk, State
from core.curation.plan import Plan
from core.errors import (
    BusyError,
    CancelledError,
    ConfigError,
    CurationError,
    InvalidMemoryError,
    JournalError,
    MnemoscopeError,
    NotFoundError,
    RegressionError,
    StalePlanError,
    ValidationError,
)
from core.hostile import one_line
from core.memory.fields import preview

__all__ = ["Settled", "Settlement"]

_LEASE: Final = "conflicts"  # beside the lease of the index, which each plan takes
_TRIES: Final = 25
_WAIT_S: Final = 0.2
_NAMED: Final = 3
# What a decision comes back for; anything else is tried again the next time.
_FINAL: Final = (StalePlanError, RegressionError, ConfigError, InvalidMemoryError, ValidationError)
_NEVER_DONE: Final = frozenset({"was not done", "was taken back before"})


@dataclass(frozen=True)
class Settled:
    """What became of one decision: how it stands now, and in words why where something stayed, came back or still waits."""

    card: str
    settling: Settling
    plan_id: str | None
    why: str = ""


@dataclass(frozen=True)
class Settlement:
    """Settles the decisions of one register through a desk."""

    desk: Desk
    register: Register
    clock: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep
    _touched: set[str] = field(default_factory=set)
    _measured: set[str] = field(default_factory=set)

    def run(
        self,
        *,
        actor: Actor,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Settled]:
        """Settle all that waits, and return what became of each; nothing while another process is at it for long."""
        journal, stream = self.desk.ledger.journal, f"{self.desk.stream}/{_LEASE}"
        for attempt in range(_TRIES):
            if not self.register.unsettled():
                return []
            with ExitStack() as stack:
                try:
                    stack.enter_context(journal.lease(stream, plan_id=_LEASE, actor=actor.name))
                except BusyError:
                    if attempt + 1 < _TRIES:
                        self.wait(_WAIT_S)
                    continue
                return self._all(actor, progress, lambda: journal.renew(stream), cancelled)
        return []

    def _all(
        self,
        actor: Actor,
        progress: Callable[[int, int], None] | None,
        alive: Callable[[], None],
        cancelled: Callable[[], bool] | None,
    ) -> list[Settled]:
        done: list[Settled] = []
        stuck: set[str] = set()
        self._measured.update(measured_together(self.desk, self.register.unsettled(), actor=actor))
        while cases := [case for case in self.register.unsettled() if case.card.id not in stuck]:
            for case in cases:
                if cancelled is not None and cancelled():
                    return self._refreshed(done, actor)
                alive()
                found = self._one(case, actor)
                stuck |= {case.card.id for each in found if each.settling in (Settling.WAITING, Settling.TAKING_BACK)}
                done += found
                if progress is not None:
                    progress(len(done), max(len(done), len(cases)))
        return self._refreshed(done, actor)

    def _one(self, case: Case, actor: Actor) -> list[Settled]:
        """Settle the rulings of a case in their order, as far as it goes."""
        found: list[Settled] = []
        for ruling in case.rulings:
            if not ruling.unsettled:
                continue
            try:
                settling, why = self._settled(case, ruling, actor)
            except MnemoscopeError as error:
                found.append(Settled(case.card.id, ruling.settling, ruling.decision.plan_id, str(error)))
                break
            # It may have been taken back meanwhile: then that is what is done next.
            self.register.change([case.card.id], partial(self._noted, ruling=ruling, settling=settling, why=why))
            self._touched.update((case.card.left.hash, case.card.right.hash))
            found.append(Settled(case.card.id, settling, ruling.decision.plan_id, why))
        return found

    def _noted(self, case: Case, *, ruling: Ruling, settling: Settling, why: str) -> Case:
        now = next((each for each in case.rulings if each.number == ruling.number), None)
        if now is None or now.settling is not ruling.settling:
            return case
        return settled_as(case, ruling.number, settling, self.clock(), why=why)

    def _settled(self, case: Case, ruling: Ruling, actor: Actor) -> tuple[Settling, str]:
        deed = self._deed(ruling, actor)
        if ruling.settling is Settling.TAKING_BACK:
            return Settling.TAKEN_BACK, self._take_back(ruling, deed, actor)
        by = Actor(ruling.decision.by, Role.REVIEWER, actor.tenants)
        if deed is not None and deed.complete:
            return Settling.SETTLED, ""
        try:
            return self._applied(case, ruling, deed, by)
        except _FINAL as error:
            if deed is None:
                self._forget_plan(ruling, by)
            elif deed.done:
                return Settling.SETTLED, f"Only a part was done. {error}"
            return Settling.RETURNED, f"{error}{_queries(error)}"

    def _applied(self, case: Case, ruling: Ruling, deed: Deed | None, by: Actor) -> tuple[Settling, str]:
        plan = self._plan(case, ruling, deed, by)
        if plan is None:
            return Settling.SETTLED, "Nothing was left to be changed."
        measured = plan.id not in self._measured
        unmeasured = "" if measured else MEASURED_TOGETHER
        acknowledged = ruling.acknowledged or None
        report = self.desk.apply(plan, actor=by, acknowledged=acknowledged, measured=measured, unmeasured=unmeasured)
        if report.complete and report.done:
            return Settling.SETTLED, _stayed(report)
        if report.state in (State.APPLIED, State.FAILED):
            return Settling.RETURNED, report.sentence()
        if report.state is State.CANCELLED:
            raise CancelledError(report.sentence())
        return Settling.SETTLED, report.sentence()

    def _plan(self, case: Case, ruling: Ruling, deed: Deed | None, by: Actor) -> Plan | None:
        """Return the plan of a decision, kept; of one that was begun that very plan."""
        if deed is not None:
            kept = self.desk.kept(deed.plan_id, actor=by)
            if kept is None:
                raise StalePlanError(f"Plan {deed.plan_id} was begun, and is kept no more: nothing more was done.")
            return kept
        self._forget_plan(ruling, by)  # it was never begun, and the memories may be others now
        plan = plan_for(self.desk, case.card, ruling, actor=by)
        if plan is not None:
            self.desk.keep(plan, actor=by)
        return plan

    def _take_back(self, ruling: Ruling, deed: Deed | None, actor: Actor) -> str:
        """Take back what a decision did, and return in words what of it stays."""
        by = Actor(ruling.taken_back_by, Role.ADMIN, actor.tenants)  # who took it back was allowed to
        if deed is None:
            self._forget_plan(ruling, by)
            return ""
        try:
            plan = self.desk.undo_plan(deed.plan_id, actor=by, reason=ruling.why)
        except (BusyError, JournalError, StalePlanError):
            raise
        except CurationError as error:  # nothing of it can be taken back, or all of it was
            return "" if not deed.undoable else str(error)
        report = self.desk.apply(plan, actor=by)
        left = {key: str(why) for key, why in plan.parameters.get("left_out", {}).items() if why not in _NEVER_DONE}
        said = [] if report.complete else [report.sentence()]
        said += [f"{preview(key)} could not be taken back: it {why}." for key, why in list(left.items())[:_NAMED]]
        said += [f"{len(left) - _NAMED:,} more could not be."] if len(left) > _NAMED else []
        return " ".join(said)

    def _deed(self, ruling: Ruling, actor: Actor) -> Deed | None:
        """Return what the journal has of a decision's plan, settled where a crash left it open."""
        try:
            deed = self.desk.deed(ruling.decision.plan_id or "", actor=actor)
        except NotFoundError:
            return None
        if deed.state is not State.OPEN:
            return deed
        self.desk.recover(actor=actor)
        return self.desk.deed(deed.plan_id, actor=actor)

    def _forget_plan(self, ruling: Ruling, by: Actor) -> None:
        plan_id = ruling.decision.plan_id or ""
        if self.desk.kept(plan_id, actor=by) is not None:
            self.desk.discard(plan_id, actor=by)

    def _refreshed(self, done: list[Settled], actor: Actor) -> list[Settled]:
        """Close the cards of which a text is gone now, open those whose texts are all there again, and return `done`."""
        if self._touched:
            refresh(self.desk.store, self.register, self._touched, actor=actor)
            self._touched.clear()
        return done


def _stayed(report: ApplyReport) -> str:
    stays = {**report.spared, **report.taken_back}
    return " ".join(f"{preview(key)} stays: {why}." for key, why in list(stays.items())[:_NAMED])


def _queries(error: Exception) -> str:
    """Return the first queries that a plan would break, in words."""
    broken = getattr(getattr(error, "report", None), "regressions", ())
    names = [one_line(each.name or each.text, 60) for each in broken[:_NAMED]]
    return f" It breaks {', '.join(f'“{name}”' for name in names)}." if names else ""
