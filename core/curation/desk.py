"""The desk: where plans for one index are made known, measured, applied, taken back and looked up.

Pages, commands and schedules change the memory through it and in no other way. Each method says on whose behalf, and
raises NotAllowedError where they may not.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from core.access import Actor, Permission
from core.curation import authority, pending, undo
from core.curation.apply import ApplyReport, Terms, apply
from core.curation.erasure import purge
from core.curation.history import Deed, State
from core.curation.journal import Ledger
from core.curation.outcomes import Done, done_of
from core.curation.pacing import pace_of
from core.curation.pending import PendingPlan
from core.curation.plan import Change, Plan
from core.curation.proposals import Decided, Standing, decided, proposal_id, propose, waiting_keys, withdraw_stale
from core.curation.recovery import recover
from core.curation.replanning import replan
from core.curation.restore import restore_plan
from core.curation.soundness import require_keys, require_storable
from core.curation.workplace import Purge, Workplace
from core.errors import BusyError, CancelledError, ConfigError, NotFoundError
from core.exact import Seen
from core.memory.fields import preview
from core.scope import Scope
from core.store import MemoryStore

if TYPE_CHECKING:
    from core.curation.consolidation.lineage import Lineage
    from core.curation.preflight import Preflight

__all__ = ["ApplyReport", "Deed", "Desk", "Done", "PendingPlan", "State", "open_desk"]

_RECENT = 500  # recalls of the log that a pre-flight asks again


class Desk:
    """The curation of one index, over its store and its ledger."""

    def __init__(
        self,
        store: MemoryStore,
        ledger: Ledger,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: uuid4().hex,
        purge: Purge | None = None,
        second_person: bool | None = None,
    ) -> None:
        """`purge` takes what other places keep of erased memories; `second_person` None means what the environment says."""
        self.store, self.ledger = store, ledger
        self._second_person = second_person
        self._place = Workplace(
            store,
            ledger.journal,
            ledger.documents,
            clock,
            new_id,
            ledger.register(store.stream),
            purge=purge,
            pace=pace_of(store.uri),
        )

    @property
    def stream(self) -> str:
        """The journal's stream of the index."""
        return self._place.stream

    def preflight(
        self,
        plan: Plan,
        *,
        actor: Actor,
        snapshot: Seen | None = None,
        k: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Preflight:
        """Return what a plan would do to the answers of the golden queries and of recent real ones; nothing is changed."""
        from core.curation.golden import GoldenQueries
        from core.curation.preflight import run_preflight
        from core.past.stand_ins import stand_ins

        self._place.require_here(plan)
        self._place.require(Permission.READ, actor)
        require_keys(plan)
        require_storable(plan, self.store.info)
        recent = self.store.archive.recalls.recent(self.stream, limit=_RECENT) if self.store.archive else []
        golden = [kept.query for kept in GoldenQueries(self.ledger.documents, self.stream).every()]
        return run_preflight(
            self.store,
            plan,
            golden=golden,
            stand_ins=stand_ins(self._place.versions.table(), {key for query in golden for key in query.expected}),
            recent=recent,
            snapshot=snapshot,
            now=self._place.clock(),
            actor=actor,
            k=k,
            progress=progress,
        )

    def apply(
        self,
        plan: Plan,
        *,
        actor: Actor,
        acknowledged: str | None = None,
        confirmation: str | None = None,
        preflight: Preflight | None = None,
        snapshot: Seen | None = None,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        measured: bool = True,
        unmeasured: str = "",
    ) -> ApplyReport:
        """Apply a plan, or what is left of it; the same plan applied twice is applied once.

        Raise StalePlanError where what it would change is not what it saw, RegressionError where the pre-flight found
        answers that would be lost and `acknowledged` gives no reason, ConfirmationError where an erasure is not confirmed
        with the words of `confirmation_for` or lacks a second person, BusyError where another plan is being applied. Then
        nothing was done. `measured=False` leaves the pre-flight out, `unmeasured` says to the journal why.
        """

        def still(_done: int, _of: int) -> None:
            if cancelled is not None and cancelled():
                raise CancelledError(f"Plan {plan.id} was stopped while it was measured: nothing was changed.")

        terms = Terms(
            actor,
            acknowledged=acknowledged,
            confirmation=confirmation,
            second_person=self.needs_second_person,
            preflight=preflight,
            measure=(lambda: self.preflight(plan, actor=actor, snapshot=snapshot, progress=still)) if measured else None,
            unmeasured=unmeasured,
            progress=progress,
            cancelled=cancelled,
        )
        return apply(self._place, plan, terms)

    @property
    def needs_second_person(self) -> bool:
        """Whether an erasure needs the approval of a second admin here."""
        return authority.second_person_from_environment() if self._second_person is None else self._second_person

    def undo_plan(self, plan_id: str, *, actor: Actor, keys: Collection[str] | None = None, reason: str = "") -> Plan:
        """Return the plan that takes an applied one back, or some keys of it; its parameter `left_out` says what stays."""
        return undo.undo_plan(self._place, plan_id, actor=actor, keys=keys, reason=reason)

    def unmerge_plan(self, key: str, *, actor: Actor, sources: Collection[str] | None = None, reason: str = "") -> Plan:
        """Return the plan that takes some sources out of a merged memory again, or all (see consolidation.unmerge)."""
        from core.curation.consolidation.unmerge import unmerge_plan

        return unmerge_plan(self._place, key, actor=actor, sources=sources, reason=reason)

    def sources_of(self, key: str, *, actor: Actor) -> Lineage:
        """Return what a memory was made from, also what was retired since (see consolidation.lineage)."""
        from core.curation.consolidation.lineage import sources_of

        return sources_of(self._place, key, actor=actor)

    def merged_within_a_day(self, *, actor: Actor) -> int:
        """Return how many memories were retired in favour of another in the 24 hours before."""
        from core.curation.consolidation.limits import merged_within_a_day

        self._place.require(Permission.READ, actor)
        return merged_within_a_day(self._place.versions.table(), self._place.clock())

    def restore_plan(
        self, as_of: datetime, *, actor: Actor, scope: Scope, later: Literal["keep", "retire"] = "keep"
    ) -> Plan:
        """Return the plan that brings back what the journal knows of a moment, for the memories that were in the scope then.

        `later` says what becomes of memories that did not exist yet.
        """
        return restore_plan(self._place, as_of, actor=actor, scope=scope, later=later)

    def replan(self, plan: Plan, *, actor: Actor) -> Plan:
        """Return a stale plan made anew over what is there now; its parameter `left_out` says what holds no more."""
        return replan(self._place, plan, actor=actor)

    def recover(self, *, actor: Actor) -> list[Deed]:
        """Settle what a crash left between, and return those plans as they ended; nothing where somebody is applying one."""
        self._place.require(Permission.WRITE, actor)
        if not self._place.chronicle.open():
            return []
        try:
            with self._place.journal.lease(self.stream, plan_id="recovery", actor=actor.name):
                settled = recover(self._place, actor=actor)
        except BusyError:
            return []
        deeds = self._place.chronicle.deeds()
        return [deeds[plan_id] for plan_id in settled]

    def history(self, *, actor: Actor, limit: int | None = None) -> list[Deed]:
        """Return what was done to the index, the latest first."""
        self._place.require(Permission.READ, actor)
        deeds = sorted(self._place.chronicle.deeds().values(), key=lambda deed: deed.first, reverse=True)
        return deeds[:limit]

    def deed(self, plan_id: str, *, actor: Actor) -> Deed:
        """Return what became of one plan; raise NotFoundError where it was never applied."""
        self._place.require(Permission.READ, actor)
        deed = self._place.chronicle.get(plan_id)
        if deed is None:
            raise NotFoundError(f"The journal has no plan {preview(plan_id)} for index {self.store.info.name!r}.")
        return deed

    def changes_of(self, plan_id: str, *, actor: Actor, keys: Collection[str] | None = None) -> list[Done]:
        """Return what became of each key of an applied plan, with what it was before."""
        self.deed(plan_id, actor=actor)
        return done_of(self._place.journal, self.stream, plan_id, self._place.chronicle.deeds(), keys=keys)

    def keep(self, plan: Plan, *, actor: Actor) -> None:
        """Keep a plan for later or for somebody else, by its id."""
        pending.keep(self._place, plan, actor=actor)

    def propose(self, plan: Plan, *, actor: Actor, name: str = "") -> tuple[Plan, Standing]:
        """Keep a plan that nobody asked for under the id of what it says, once (see core.curation.proposals)."""
        return propose(self._place, plan, actor=actor, name=name)

    def proposed(self, *, actor: Actor) -> dict[str, tuple[str, str | None]]:
        """Return the keys that a waiting proposal would change, each with its plan and the fingerprint of what that saw."""
        return waiting_keys(self._place, actor=actor)

    def decided(self, *, actor: Actor) -> Decided:
        """Return which proposals were turned down or applied: none is made again."""
        self._place.require(Permission.READ, actor)
        return decided(self._place)

    def proposal_id(self, changes: Collection[Change], *, name: str = "") -> str:
        """Return the id under which a plan of these changes waits (see core.curation.proposals)."""
        return proposal_id(self._place, changes, name=name)

    def withdraw_stale(self, *, actor: Actor) -> list[str]:
        """Forget the merges that the actor proposed and that can be applied no more; return their ids."""
        return withdraw_stale(self._place, actor=actor)

    def kept(self, plan_id: str, *, actor: Actor) -> Plan | None:
        """Return a plan that was kept, None where there is none."""
        return pending.kept(self._place, plan_id, actor=actor)

    def pending(self, *, actor: Actor) -> list[PendingPlan]:
        """Return the plans that are kept, the latest first."""
        return pending.pending(self._place, actor=actor)

    def discard(self, plan_id: str, *, actor: Actor) -> None:
        """Forget a plan that was kept: one's own, or as an admin anybody's."""
        pending.discard(self._place, plan_id, actor=actor)

    def approve(self, plan: Plan, *, actor: Actor) -> None:
        """Approve this very plan as the second person; only for admins."""
        authority.approve(self._place, plan, actor=actor, at=self._place.clock())

    def approver_of(self, plan: Plan, *, actor: Actor, other_than: str | None = None) -> str | None:
        """Return an admin who approved this very plan, other than the one named; None where nobody did."""
        self._place.require(Permission.READ, actor)
        return authority.approver_of(self._place, plan, other_than=other_than)

    def confirmation_for(self, plan: Plan) -> str | None:
        """Return what a person must type before a plan erases, None where it erases nothing."""
        return authority.confirmation_for(plan)


def open_desk(store: MemoryStore, **options: Any) -> Desk:
    """Return the desk of a store that a catalog with an archive opened; raise ConfigError without one."""
    if store.archive is None:
        raise ConfigError(f"Index {store.info.name!r} was opened without a journal, and nothing is changed without one.")
    return Desk(store, store.archive.ledger, **({"purge": purge} | options))
