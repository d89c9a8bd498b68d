"""Applying a plan: refused where it is stale, done in batches that the journal knows first, ended whatever happens.

The order of things is what makes it safe. Nothing is sent before its images are durable, nothing is done twice, and whatever
stops it in the middle, the journal says what was done; the same plan applied again does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from core.access import Actor
from core.curation.applied import ApplyReport, report_of
from core.curation.authority import require_confirmed, require_may_apply, withdraw_approvals
from core.curation.backwards import takes_back
from core.curation.batches import batches
from core.curation.erasing import erase_copies
from core.curation.history import Deed, State
from core.curation.journal import Entry, Image, Kind
from core.curation.outcomes import Outcomes, outcomes_of
from core.curation.pending import forget
from core.curation.plan import Action, Change, Plan
from core.curation.proving import Proving
from core.curation.recovery import ended_body, recover
from core.curation.sending import Step
from core.curation.soundness import require_keys, require_storable
from core.curation.staleness import refuse_stale
from core.curation.workplace import Workplace
from core.errors import BusyError, CancelledError, CurationError, MnemoscopeError, RegressionError

if TYPE_CHECKING:
    from core.curation.preflight import Preflight

__all__ = ["ApplyReport", "Terms", "apply"]


@dataclass(frozen=True)
class Terms:
    """What whoever applies a plan says to it: see Desk.apply. `measure` runs the pre-flight, if there is to be one."""

    actor: Actor
    acknowledged: str | None = None
    confirmation: str | None = None
    second_person: bool = False
    preflight: Preflight | None = None
    measure: Callable[[], Preflight] | None = None
    unmeasured: str = ""
    progress: Callable[[int, int], None] | None = None
    cancelled: Callable[[], bool] | None = None


def apply(place: Workplace, plan: Plan, terms: Terms) -> ApplyReport:
    """Apply a plan, or what is left of it (see Desk.apply)."""
    place.require_here(plan)
    require_may_apply(place, plan, terms.actor)
    require_keys(plan)
    if not len(plan):
        raise CurationError(f"Plan {plan.id} ({plan.title!r}) changes nothing: there is nothing to apply.")
    if report := _already(place, plan):
        return report
    with place.journal.lease(place.stream, plan_id=plan.id, actor=terms.actor.name):
        recover(place, actor=terms.actor)
        if report := _already(place, plan):
            return report
        outcomes = outcomes_of(place.journal, place.stream, plan.id)
        todo = [change for change in plan if not (change.key in outcomes.keys and outcomes.keys[change.key].done)]
        refuse_stale(place, plan, todo, actor=terms.actor)
        again = place.chronicle.get(plan.id)
        if again is None:  # what goes on was looked at, measured or acknowledged, when it began
            terms = _measured(plan, _allowed(place, plan, terms))
        approver = require_confirmed(
            place,
            plan,
            actor=terms.actor,
            confirmation=terms.confirmation,
            second_person=terms.second_person,
        )
        return _Run(place, plan, terms, outcomes).go(todo, approver=approver, again=again)


def _already(place: Workplace, plan: Plan) -> ApplyReport | None:
    """Return the report of a plan that was applied; raise CurationError where another one has its id."""
    deed = place.chronicle.get(plan.id)
    if deed is None:
        return None
    if deed.plan_hash != plan.hash:
        raise CurationError(
            f"Plan {plan.id} was applied before with other changes ({deed.title!r}, {deed.at:%Y-%m-%d %H:%M}): an id stands "
            "for one plan. Make it anew, so that it gets an id of its own."
        )
    if not deed.complete:
        return None
    outcomes = outcomes_of(place.journal, place.stream, plan.id)
    return replace(report_of(plan, outcomes, State.APPLIED, None), already=True)


def _allowed(place: Workplace, plan: Plan, terms: Terms) -> Terms:
    """Return the terms, without a pre-flight where the plan takes back; raise CurationError for one that cannot be."""
    if takes_back(place, plan):
        return replace(terms, measure=None, unmeasured=terms.unmeasured or f"it is of the kind {plan.policy}")
    require_storable(plan, place.store.info)
    return replace(terms, unmeasured=terms.unmeasured or "nobody said why")


def _measured(plan: Plan, terms: Terms) -> Terms:
    """Return the terms with a pre-flight where there is one to be; raise RegressionError for losses nobody acknowledged."""
    preflight = terms.preflight
    if preflight is not None and preflight.plan_hash != plan.hash:
        preflight = None
    if preflight is None and terms.measure is not None:
        preflight = terms.measure()
    if preflight is not None and preflight.blocked and not (terms.acknowledged or "").strip():
        raise RegressionError(
            f"Plan {plan.id} is held back: {preflight.sentence()} Change the plan, or acknowledge it with a reason, which "
            "goes to the journal.",
            report=preflight,
        )
    return replace(terms, preflight=preflight, unmeasured="" if preflight is not None else terms.unmeasured)


class _Run:
    """One run of a plan, under the lease."""

    def __init__(self, place: Workplace, plan: Plan, terms: Terms, outcomes: Outcomes) -> None:
        self._place, self._plan, self._terms, self._outcomes = place, plan, terms, outcomes
        self._number, self._halves = 0, 0
        self._said: dict[Kind, tuple[Mapping[str, Any], Sequence[Image]]] = {}
        self._texts: set[str] = set()

    def go(self, todo: Sequence[Change], *, approver: str | None, again: Deed | None) -> ApplyReport:
        """Begin, do every batch, erase the copies of what was erased, end."""
        self._append(Kind.BEGUN, self._begun(approver, again))
        state, why = self._batches(todo)
        copies = self._erase_copies()
        body = ended_body(self._outcomes, changes=len(self._plan), state=state, why=why, copies=copies)
        self._append(Kind.ENDED, body)
        if body["state"] == State.APPLIED:
            forget(self._place, self._plan.id)
            withdraw_approvals(self._place, self._plan.id)
        return report_of(self._plan, self._outcomes, State(body["state"]), body["why"])

    def _batches(self, todo: Sequence[Change]) -> tuple[State, str | None]:
        """Do the batches, and return how that ended where not all is done."""
        told = partial(self._tell, 1)
        proving = Proving(self._place, self._plan, actor=self._terms.actor, stop=self._terms.cancelled, told=told)
        step = Step(self._place, self._terms.actor, self._append, proving)
        self._tell(2 * (len(self._plan) - len(todo)))
        for changes in batches(todo, dimension=self._place.store.info.dimension):
            if self._terms.cancelled and self._terms.cancelled():
                return self._cancelled()
            if changes[0].action is Action.RETIRE and not proving.proofs:
                stopped = self._prove(todo, proving, step)
                if stopped is not None:
                    return stopped
            batch = step.run(self._outcomes.batches, changes)
            self._texts |= batch.texts
            if batch.stopped is not None:
                return self._broken_off(), str(batch.stopped)
            self._tell(sum(2 if change.replaced_by is None else 1 for change in changes))
        return self._broken_off(), None

    def _prove(self, todo: Sequence[Change], proving: Proving, step: Step) -> tuple[State, str] | None:
        """Prove what may go, take out again what was put and would stand for nothing; return what stopped it, if anything.

        The second comes before anything goes: whatever stops it then, each memory is there, or what stands for it is.
        """
        try:
            proving.run([change for change in todo if change.replaced_by is not None])
        except CancelledError:
            return self._cancelled()
        except MnemoscopeError as error:
            return self._broken_off(), str(error)
        idle, done = proving.idle, set(self._outcomes.done)
        back = [
            Change(change.key, Action.RETIRE, idle[change.key], change.policy, before=change.after)
            for change in self._plan
            if change.key in idle and change.key in done
        ]
        for changes in batches(back, dimension=self._place.store.info.dimension):
            batch = step.run(self._outcomes.batches, changes, takes_back=True)
            if batch.stopped is not None:
                return self._broken_off(), str(batch.stopped)
        return None

    def _broken_off(self) -> State:
        return State.PARTIAL if self._outcomes.done else State.FAILED

    def _cancelled(self) -> tuple[State, str]:
        return State.CANCELLED, f"{self._terms.actor.name} stopped it"

    def _erase_copies(self) -> str | None:
        """Erase the copies of what was erased, and return why some are left, None where none are."""
        if not self._outcomes.erased:
            return None
        try:
            return erase_copies(self._place, self._outcomes, texts=self._texts, append=self._append)
        except MnemoscopeError as error:
            return f"the memories are gone, but copies of them are left: {error} Apply the same plan again."

    def _begun(self, approver: str | None, again: Deed | None) -> dict[str, Any]:
        plan, terms = self._plan, self._terms
        measured = terms.preflight.summary() if terms.preflight is not None else again.preflight if again else None
        return {
            "title": plan.title,
            "policy": plan.policy,
            "index": plan.index,
            "bucket": plan.bucket,
            "tenant": self._place.store.info.tenant,
            "author": plan.author,
            "undoes": plan.undoes,
            "changes": len(plan),
            "counts": {str(action): count for action, count in plan.counts.items()},
            "fingerprint": plan.fingerprint,
            "preflight": measured,
            "unmeasured": "" if measured is not None else terms.unmeasured,
            "acknowledged": terms.acknowledged or (again.acknowledged if again else None),
            "approved_by": approver,
            "resumed": again is not None,
            "parameters": dict(plan.parameters),
            "note": plan.reason,
        }

    def _append(self, kind: Kind, body: Mapping[str, Any], images: Sequence[Image] = ()) -> Entry:
        """Write an entry of this plan; raise BusyError where another process took the plan for dead and settled it."""
        if self._number and self._settled_by_others():
            if kind is Kind.APPLIED:
                self._tell_late(body)
            raise BusyError(
                f"Plan {self._plan.id} was taken for dead and settled by another process while this one was applying it: "
                "nothing more was sent. Apply the same plan again for what is left."
            )
        if kind in (Kind.BEGUN, Kind.PREPARED):
            self._said[kind] = (body, images)
        entry = self._write(kind, body, images)
        self._number = entry.number
        self._outcomes.add(entry)
        return entry

    def _tell_late(self, applied: Mapping[str, Any]) -> None:
        """Write what was done after all, as a run of its own: whoever settled the plan could not know it."""
        place, plan = self._place, self._plan
        (begun, _), (prepared, images) = self._said[Kind.BEGUN], self._said[Kind.PREPARED]
        place_in_line = {"batch": outcomes_of(place.journal, place.stream, plan.id).batches}
        self._write(Kind.BEGUN, {**begun, "resumed": True})
        self._write(Kind.PREPARED, {**prepared, **place_in_line}, images)
        self._write(Kind.APPLIED, {**applied, **place_in_line})
        outcomes = outcomes_of(place.journal, place.stream, plan.id)
        why = "another process took it for dead"
        self._write(Kind.ENDED, ended_body(outcomes, changes=len(plan), state=State.INTERRUPTED, why=why))

    def _write(self, kind: Kind, body: Mapping[str, Any], images: Sequence[Image] = ()) -> Entry:
        plan = self._plan
        return self._place.append(
            kind, body, plan_id=plan.id, plan_hash=plan.hash, actor=self._terms.actor, reason=plan.reason, images=images
        )

    def _settled_by_others(self) -> bool:
        since = self._place.journal.entries(self._place.stream, plan_id=self._plan.id, after=self._number)
        # A purge of our own may be there although its answer was lost.
        return any(other.kind is not Kind.PURGED for other in since)

    def _tell(self, halves: int) -> None:
        """Tell how many changes were tried: to prove that a memory may go, which takes longer, is half of retiring it."""
        self._halves += halves
        if self._terms.progress:
            self._terms.progress(self._halves // 2, len(self._plan))
