"""Merges that go without a person: one run at a time on an index, within the limits as they are at that moment.

What was found may be hours old: the limits, the size of the index and what the day has taken are read again under a lease of
their own, so that two machines together stay within them. What would lose a golden answer is taken out and waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from core.access import Actor
from core.curation.consolidation.limits import MergeLimits, load_limits, room
from core.curation.delivery import Delivery
from core.curation.desk import Desk
from core.curation.plan import Action, Change, Plan
from core.curation.planning import memories, plan_of
from core.curation.proposals import APPLIED
from core.errors import BusyError, CurationError
from core.snapshots.content import Snapshot

if TYPE_CHECKING:
    from core.curation.preflight import Preflight

__all__ = ["Proposal", "Unattended", "Went"]

_POLICY: Final = "merge"
_LEASE: Final = "merging"  # beside the lease of the index, which each plan takes
_LOST: Final = "it would lose an answer that a golden query expects, or leave one empty"


@dataclass(frozen=True)
class Proposal:
    """One merge: the change that writes what stays, and those that retire the others in its favour.

    `certainty` is 0 to 1: the faithfulness of a consolidation, or how likely a group of duplicates is one. `after` is how
    many groups the search found beyond this one.
    """

    changes: tuple[Change, ...]
    policy: str
    certainty: float
    reason: str
    title: str
    after: int = 0

    @property
    def retired(self) -> tuple[Change, ...]:
        """The changes that retire a memory in favour of another."""
        return tuple(change for change in self.changes if change.replaced_by is not None)


@dataclass
class Went:
    """What became of merges: `asked` need a person after all, `useless` are for nobody; the rest as in MergeReport."""

    plans: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    retired: int = 0
    spared: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[Proposal, str]] = field(default_factory=list)
    useless: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    held: str | None = None


@dataclass(frozen=True)
class Unattended:
    """Applies merges on an index; `snapshot` is what the index held when the run began, if it was read."""

    desk: Desk
    delivery: Delivery
    actor: Actor
    now: datetime
    snapshot: Snapshot | None = None

    def apply(self, chosen: Sequence[Proposal], *, dry_run: bool = False) -> Went:
        """Apply what the limits allow now and what loses no answer, as one plan."""
        went = Went()
        if dry_run:
            self._sound(chosen, went, alive=lambda: False)
            return went
        journal, stream = self.desk.ledger.journal, f"{self.desk.stream}/{_LEASE}"

        def alive() -> bool:
            """Keep the lease, and say whether to stop."""
            try:
                journal.renew(stream)
            except BusyError:
                return True
            return self.delivery.cancelled is not None and self.delivery.cancelled()

        try:
            with journal.lease(stream, plan_id=_POLICY, actor=self.actor.name):
                sound = self._sound(self._within_limits(chosen, went), went, alive=alive)
                if sound:
                    self._send(sound, went, alive)
        except (BusyError, CurationError) as error:
            went.held = str(error)
        return went

    def plan(self, proposals: Sequence[Proposal], *, plan_id: str = "proposal") -> Plan:
        """Return one plan of some proposals."""
        changes = [change for proposal in proposals for change in proposal.changes]
        one = proposals[0] if len(proposals) == 1 else None
        retired = sum(len(proposal.retired) for proposal in proposals)
        return plan_of(
            self.desk.store,
            changes,
            actor=self.actor,
            now=self.now,
            plan_id=plan_id,
            title=one.title if one else f"Merge {memories(retired)} into {len(proposals):,}",
            policy=one.policy if one else _POLICY,
            reason=one.reason if one else "A scheduled merge.",
            parameters={"certainty": round(min(proposal.certainty for proposal in proposals), 4)},
        )

    def worth_it(self, proposals: Sequence[Proposal]) -> tuple[list[Proposal], dict[str, str]]:
        """Return the proposals of which more memories would go than come, and why the others are for nobody, by id."""
        return self._worth(proposals, self._measured(proposals).unproved if proposals else ())

    def _worth(self, proposals: Sequence[Proposal], unproved: Collection[str]) -> tuple[list[Proposal], dict[str, str]]:
        worth: list[Proposal] = []
        useless: dict[str, str] = {}
        for proposal in proposals:
            goes = sum(change.key not in unproved for change in proposal.retired)
            if goes > sum(change.action is Action.PUT for change in proposal.changes):
                worth.append(proposal)
                continue
            useless[self.desk.proposal_id(proposal.changes, name=proposal.policy)] = (
                f"{goes:,} of {len(proposal.retired):,} memories could go: the rest is not found through what would stand "
                "for it"
            )
        return worth, useless

    def too_risky(self, proposal: Proposal, limits: MergeLimits) -> str | None:
        """Return why a proposal is beyond the limits whatever the day has taken, None where it is not."""
        name = "faithfulness" if proposal.policy == "consolidation" else "certainty"
        least = getattr(limits, name)
        if proposal.certainty < least:
            return f"its {name} is {proposal.certainty:.2f}, and {least:.2f} is asked for"
        return None

    def _within_limits(self, chosen: Sequence[Proposal], went: Went) -> list[Proposal]:
        """Return what the limits allow as they are now: they and the index may have changed since the search."""
        limits = load_limits(self.desk.store, self.desk.ledger.documents, actor=self.actor).limits
        if limits.mode != "apply":
            went.stopped = f"The limits changed while it was looking: the mode is {limits.mode} now, so nothing is applied."
            return []
        count, today = self.desk.store.count(self.actor), self.desk.merged_within_a_day(actor=self.actor)
        left, limit = room(limits, memories=count, merged_today=today)
        allowed: list[Proposal] = []
        for proposal in chosen:
            if why := self.too_risky(proposal, limits):
                went.asked.append((proposal, why))
            elif len(proposal.retired) > left:
                went.stopped = f"The limit is reached ({limit}): more are due."
                break
            else:
                left -= len(proposal.retired)
                allowed.append(proposal)
        return allowed

    def _sound(self, chosen: Sequence[Proposal], went: Went, *, alive: Callable[[], bool]) -> list[Proposal]:
        """Return the proposals that are worth it and together lose no answer: by halves, as few of them do."""
        if not chosen:
            return []
        if alive():
            went.held = "It was stopped, or another run took its turn, before anything was applied: the next run goes on."
            return []
        measured = self._measured(chosen)
        worth, useless = self._worth(chosen, measured.unproved)
        went.useless |= useless
        if useless:
            return self._sound(worth, went, alive=alive)
        if not measured.blocked:
            return list(chosen)
        if len(chosen) == 1:
            went.asked.append((chosen[0], _LOST))
            return []
        middle = len(chosen) // 2
        return [*self._sound(chosen[:middle], went, alive=alive), *self._sound(chosen[middle:], went, alive=alive)]

    def _send(self, sound: Sequence[Proposal], went: Went, alive: Callable[[], bool]) -> None:
        # The name is of this very run: the same merge again after an undo is another plan.
        plan = self.plan(sound, plan_id=f"{_POLICY}-{self.now:%Y%m%dT%H%M%S%f}")
        ids = [self.desk.proposal_id(each.changes, name=each.policy) for each in sound]
        plan = replace(plan, parameters={**plan.parameters, APPLIED: ids})
        result = replace(self.delivery, cancelled=alive).apply(plan)
        went.plans += result.plans
        went.kept += result.kept
        went.spared |= result.left_out
        went.held = result.stopped
        went.retired = result.retired

    def _measured(self, proposals: Sequence[Proposal]) -> Preflight:
        return self.desk.preflight(self.plan(proposals), actor=self.actor, snapshot=self.snapshot)
