"""The scheduled merge: duplicates and consolidations are proposed for a person, or applied within an admin's limits.

Each proposal waits once, as a plan of its own, for a person to apply or turn down. What is applied without a person goes as
one plan (core.curation.unattended).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.access import Actor
from core.curation.consolidation.limits import MergeLimits, load_limits, room, run_most
from core.curation.delivery import Delivery
from core.curation.desk import Desk
from core.curation.merges import texts_of
from core.curation.plan import Change
from core.curation.proof import narrower_scopes
from core.curation.proposals import Standing
from core.curation.unattended import Proposal, Unattended
from core.errors import CancelledError
from core.memory.fields import preview
from core.snapshots.content import Snapshot

__all__ = ["WAITING_MOST", "MergeReport", "Proposal", "Proposer", "merge_sweep"]

# So many proposals wait at most: a longer queue is one that nobody reads.
WAITING_MOST: Final = 200

# What a policy proposes of an index, less these keys, each with why it is left alone.
Proposer = Callable[[dict[str, str]], Iterable[Proposal]]


@dataclass
class MergeReport:
    """What a run proposed and did: `kept` are the ids of plans that wait for a person now, `applied` of those applied.

    `known` counts proposals that waited already or were decided, `withdrawn` those that could be applied no more, `left` the
    groups that were found and that the run did not come to, of the kind that it stopped at; `refused` says why others were
    not applied by themselves, `spared` are memories for which nothing was proved to stand. `stopped` says why the run ended
    before its end, `held` why what the limits allow was not applied: that is for a person to look at.
    """

    proposed: int = 0
    kept: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    known: int = 0
    withdrawn: int = 0
    left: int = 0
    retired: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    spared: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None
    held: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return dict(vars(self))


def merge_sweep(
    desk: Desk,
    propose: Proposer,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    snapshot: Snapshot | None = None,
    ended: Callable[[], str | None] = lambda: None,
    cancelled: Callable[[], bool] | None = None,
    **waiting: Any,
) -> MergeReport:
    """Propose merges, or apply them where the limits of the index allow it; the rest waits for a person.

    With `dry_run` nothing is kept or applied: `refused` then says what would be. Once `ended` says why, nothing more is
    looked for, and what was found is kept and applied; `cancelled` stops that too. `snapshot` is the index, read with
    vectors a moment ago. `waiting` is for the wait for another plan (see Delivery).
    """
    limits = load_limits(desk.store, desk.ledger.documents, actor=actor).limits
    if limits.mode == "off":
        return MergeReport(stopped="Merging is switched off for this index.")
    unattended = Unattended(desk, Delivery(desk, actor, cancelled=cancelled, **waiting), actor, now, snapshot)
    return _Run(desk, limits, actor, unattended, ended, dry_run=dry_run).all(propose)


class _Run:
    """One run of the scheduled merge."""

    def __init__(
        self,
        desk: Desk,
        limits: MergeLimits,
        actor: Actor,
        unattended: Unattended,
        ended: Callable[[], str | None],
        *,
        dry_run: bool,
    ) -> None:
        self.desk, self.limits, self.actor, self.dry_run = desk, limits, actor, dry_run
        self.unattended, self.ended = unattended, ended
        self.report = MergeReport()
        if not dry_run:
            self.report.withdrawn = len(desk.withdraw_stale(actor=actor))
        self.waiting = {key: plan for key, (plan, _) in desk.proposed(actor=actor).items()}
        self.queue = len(set(self.waiting.values()))
        self.decided = desk.decided(actor=actor)
        self.most = 0
        self.chosen: list[Proposal] = []
        self.asked: list[tuple[Proposal, str]] = []

    def all(self, propose: Proposer) -> MergeReport:
        """Go through the proposals, apply what may be, and keep the rest for a person."""
        count, today = self.desk.store.count(self.actor), self.desk.merged_within_a_day(actor=self.actor)
        left, limit = room(self.limits, memories=count, merged_today=today)
        self.most = run_most(self.limits, memories=count, merged_today=today)
        avoid = {key: f"waits for a decision in plan {plan}" for key, plan in self.waiting.items()}
        try:
            for proposal in propose(avoid):
                taken = self._take(proposal, left, limit)
                if taken is None:
                    self.report.left = proposal.after + 1
                    break
                left -= taken
        except CancelledError:
            self.report.stopped = self.ended() or "It was stopped."
            if not (self.report.proposed or self.report.known):
                self.report.held = "It was still looking for groups, so that nothing came of it: give it more time."
        self._finish()
        return self.report

    def _take(self, proposal: Proposal, left: int, limit: str) -> int | None:
        """Sort a proposal in and return how many memories of the room it takes; None where the run ends before it."""
        if self._is_known(proposal):
            return 0
        if (over := self.ended()) is not None:
            self.report.stopped = over
            return None
        why = self._needs_a_person(proposal)
        if why is not None and self.queue + len(self.asked) >= WAITING_MOST:
            self.report.stopped = f"{WAITING_MOST:,} proposals wait for a person: decide some of them first."
            return None
        if why is None and len(proposal.retired) > left:
            self.report.stopped = f"The limit is reached ({limit}): more are due."
            return None
        self.report.proposed += 1
        if why is not None:
            self.asked.append((proposal, why))
            return 0
        self.chosen.append(proposal)
        return len(proposal.retired)

    def _finish(self) -> None:
        """Keep for a person what needs one, and apply the rest."""
        worth, useless = self.unattended.worth_it([proposal for proposal, _ in self.asked])
        self._refuse(useless)
        self._keep([(proposal, why) for proposal, why in self.asked if proposal in worth])
        if not self.chosen:
            return
        done = self.unattended.apply(self.chosen, dry_run=self.dry_run)
        self._refuse(done.useless)
        self._keep(done.asked)
        self.report.applied += done.plans
        self.report.kept += done.kept
        self.report.spared |= done.spared
        self.report.retired, self.report.held = done.retired, done.held or self.report.held
        self.report.stopped = done.stopped or self.report.stopped

    def _is_known(self, proposal: Proposal) -> bool:
        plan_id = self.desk.proposal_id(proposal.changes, name=proposal.policy)
        waits = plan_id in self.waiting.values() or any(change.key in self.waiting for change in proposal.changes)
        known = waits or self.decided.has(plan_id, texts_of(proposal.changes, self.desk.store.memory_of))
        self.report.known += known
        return known

    def _needs_a_person(self, proposal: Proposal) -> str | None:
        """Return why a proposal needs a person, None where it does not."""
        if self.limits.mode == "propose":
            return "this index only proposes"
        if len(proposal.retired) > self.most:
            return f"it would retire {len(proposal.retired):,} memories at once, and a run may retire {self.most:,}"
        return self.unattended.too_risky(proposal, self.limits) or next(self._narrower(proposal), None)

    def _narrower(self, proposal: Proposal) -> Iterator[str]:
        """Yield whose own recalls would lose a memory, because what stands for it is another's."""
        memory_of = self.desk.store.memory_of
        named = {change.replaced_by for change in proposal.retired if change.replaced_by is not None}
        stand_ins = self.desk.store.get(named, actor=self.actor)
        stand_ins |= {
            each.key: memory_of(each.key, each.after.metadata) for each in proposal.changes if each.after is not None
        }
        for change in proposal.retired:
            stand_in = stand_ins.get(change.replaced_by or "")
            if stand_in is None or change.before is None:
                yield f"{preview(change.replaced_by)}, which is to stand for {preview(change.key)}, is not there"
                continue
            scopes = narrower_scopes(memory_of(change.key, change.before.metadata), stand_in)
            if scopes:
                yield f"recalls for {' or '.join(scopes)} alone would not find what stands for {preview(change.key)}"

    def _keep(self, asked: Iterable[tuple[Proposal, str]]) -> None:
        for proposal, why in asked:
            self._refuse({self._name(proposal.changes, proposal.policy): why})
            if self.dry_run:
                continue
            plan, standing = self.desk.propose(self.unattended.plan([proposal]), actor=self.actor, name=proposal.policy)
            if standing is Standing.NEW:
                self.report.kept.append(plan.id)
                self.queue += 1

    def _refuse(self, why: dict[str, str]) -> None:
        self.report.refused |= why

    def _name(self, changes: tuple[Change, ...], policy: str) -> str:
        return self.desk.proposal_id(changes, name=policy)
