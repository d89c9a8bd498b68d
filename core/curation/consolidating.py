"""The scheduled merge: duplicates and consolidations are proposed for a person, or applied within an admin's limits.

Each proposal waits once, as a plan of its own, for a person to apply or turn down. What is applied without a person goes as
one plan that was measured first: whatever would lose a golden answer is taken out of it and waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.access import Actor
from core.curation.consolidation.limits import MergeLimits, load_limits, room
from core.curation.delivery import Delivery
from core.curation.desk import Desk
from core.curation.plan import Action, Change, Plan
from core.curation.planning import memories, plan_of
from core.curation.proof import narrower_scopes
from core.curation.proposals import Standing, proposal_id
from core.memory.fields import preview

__all__ = ["WAITING_MOST", "MergeReport", "Proposal", "Proposer", "merge_sweep"]

# So many proposals wait at most: a longer queue is one that nobody reads.
WAITING_MOST: Final = 200
_POLICY: Final = "merge"


@dataclass(frozen=True)
class Proposal:
    """One merge: the change that writes what stays, and those that retire the others in its favour.

    `certainty` is 0 to 1: the faithfulness of a consolidation, or how likely a group of duplicates is one; `least` names the
    limit that it is held against.
    """

    changes: tuple[Change, ...]
    policy: str
    certainty: float
    reason: str
    title: str

    @property
    def retired(self) -> tuple[Change, ...]:
        """The changes that retire a memory in favour of another."""
        return tuple(change for change in self.changes if change.replaced_by is not None)


# What a policy proposes of an index, less these keys, each with why it is left alone.
Proposer = Callable[[dict[str, str]], Iterable[Proposal]]


@dataclass
class MergeReport:
    """What a run proposed and did: `kept` are the ids of plans that wait for a person now, `applied` of those applied.

    `known` counts proposals that waited already or were turned down, `refused` why others were not applied by themselves;
    `spared` are memories for which nothing was proved to stand.
    """

    proposed: int = 0
    kept: list[str] = field(default_factory=list)
    applied: list[str] = field(default_factory=list)
    known: int = 0
    retired: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    spared: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None

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
    cancelled: Callable[[], bool] | None = None,
    **waiting: Any,
) -> MergeReport:
    """Propose merges, or apply them where the limits of the index allow it; the rest waits for a person.

    With `dry_run` nothing is kept or applied: `refused` then says what would be. `waiting` is for the wait for another plan
    (see Delivery).
    """
    limits = load_limits(desk.store, desk.ledger.documents, actor=actor).limits
    if limits.mode == "off":
        return MergeReport(stopped="Merging is switched off for this index.")
    return _Run(desk, limits, actor, now, dry_run, Delivery(desk, actor, cancelled=cancelled, **waiting)).all(propose)


class _Run:
    """One run of the scheduled merge."""

    def __init__(
        self, desk: Desk, limits: MergeLimits, actor: Actor, now: datetime, dry_run: bool, delivery: Delivery
    ) -> None:
        self.desk, self.limits, self.actor, self.now, self.dry_run = desk, limits, actor, now, dry_run
        self.delivery = delivery
        self.report = MergeReport()
        self.waiting = {key: plan for key, (plan, _) in desk.proposed(actor=actor).items()}
        self.queue = len(set(self.waiting.values()))
        self.declined = desk.declined(actor=actor)

    def all(self, propose: Proposer) -> MergeReport:
        """Go through the proposals, apply what may be, and keep the rest for a person."""
        chosen: list[Proposal] = []
        asked: list[tuple[Proposal, str]] = []
        left, limit = self._room()
        avoid = {key: f"waits for a decision in plan {plan}" for key, plan in self.waiting.items()}
        for proposal in propose(avoid):
            if self._is_known(proposal):
                continue
            if self.delivery.cancelled is not None and self.delivery.cancelled():
                self.report.stopped = "It was stopped."
                break
            why = "this index only proposes" if self.limits.mode == "propose" else self._too_risky(proposal)
            if why is not None and self.queue + len(asked) >= WAITING_MOST:
                self.report.stopped = f"{WAITING_MOST:,} proposals wait for a person: decide some of them first."
                break
            if why is None and len(proposal.retired) > left:
                self.report.stopped = f"The limit is reached ({limit}): more are due."
                break
            self.report.proposed += 1
            if why is not None:
                asked.append((proposal, why))
            else:
                left -= len(proposal.retired)
                chosen.append(proposal)
        worth = self._worth_it([proposal for proposal, _ in asked])
        for proposal, why in asked:
            if proposal in worth:
                self._for_a_person(proposal, why)
        if chosen and not self.dry_run:
            self._apply(chosen)
        return self.report

    def _room(self) -> tuple[int, str]:
        merged_today = self.desk.merged_within_a_day(actor=self.actor)
        return room(self.limits, memories=self.desk.store.count(self.actor), merged_today=merged_today)

    def _is_known(self, proposal: Proposal) -> bool:
        known = proposal_id(proposal.changes, name=proposal.policy)
        waits = known in self.waiting.values() or any(change.key in self.waiting for change in proposal.changes)
        self.report.known += waits or known in self.declined
        return waits or known in self.declined

    def _too_risky(self, proposal: Proposal) -> str | None:
        """Return why a proposal needs a person, None where it does not."""
        name = "faithfulness" if proposal.policy == "consolidation" else "certainty"
        least = getattr(self.limits, name)
        if proposal.certainty < least:
            return f"its {name} is {proposal.certainty:.2f}, and {least:.2f} is asked for"
        return next(self._narrower(proposal), None)

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

    def _for_a_person(self, proposal: Proposal, why: str) -> None:
        self.report.refused[proposal_id(proposal.changes, name=proposal.policy)] = why
        if self.dry_run:
            return
        plan, standing = self.desk.propose(self._plan([proposal]), actor=self.actor, name=proposal.policy)
        if standing is Standing.NEW:
            self.report.kept.append(plan.id)
            self.queue += 1

    def _apply(self, chosen: Sequence[Proposal]) -> None:
        """Apply what loses no answer as one plan; the rest waits for a person."""
        sound = self._sound(chosen)
        if not sound:
            return
        result = self.delivery.apply(self._plan(sound))
        self.report.applied += result.plans
        self.report.spared |= result.left_out
        self.report.kept += result.kept
        self.report.stopped = result.stopped or self.report.stopped
        self.report.retired = result.done - len(sound)

    def _sound(self, chosen: Sequence[Proposal]) -> list[Proposal]:
        """Return the proposals that are worth it and together lose no answer: by halves, as few of them do."""
        chosen = self._worth_it(chosen)
        if not chosen or not self.desk.preflight(self._plan(chosen), actor=self.actor).blocked:
            return list(chosen)
        if len(chosen) == 1:
            self._for_a_person(chosen[0], "it would lose an answer that a golden query expects, or leave one empty")
            return []
        middle = len(chosen) // 2
        return [*self._sound(chosen[:middle]), *self._sound(chosen[middle:])]

    def _worth_it(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Return the proposals of which more memories would go than come; one for which most would stay is for nobody."""
        unproved = self.desk.preflight(self._plan(proposals), actor=self.actor).unproved if proposals else {}
        return [proposal for proposal in proposals if self._is_worth_it(proposal, unproved)]

    def _is_worth_it(self, proposal: Proposal, unproved: Collection[str]) -> bool:
        """Say whether more memories would go than come; a merge for which most would stay is for nobody."""
        goes = sum(change.key not in unproved for change in proposal.retired)
        if goes > sum(change.action is Action.PUT for change in proposal.changes):
            return True
        why = (
            f"{goes:,} of {len(proposal.retired):,} memories could go: the rest is not found through what would stand for it"
        )
        self.report.refused[proposal_id(proposal.changes, name=proposal.policy)] = why
        return False

    def _plan(self, proposals: Sequence[Proposal]) -> Plan:
        changes = [change for proposal in proposals for change in proposal.changes]
        one = proposals[0] if len(proposals) == 1 else None
        retired = sum(len(proposal.retired) for proposal in proposals)
        return plan_of(
            self.desk.store,
            changes,
            actor=self.actor,
            now=self.now,
            plan_id=proposal_id(changes, name=_POLICY),
            title=one.title if one else f"Merge {memories(retired)} into {len(proposals):,}",
            policy=one.policy if one else _POLICY,
            reason=one.reason if one else "A scheduled merge.",
            parameters={
                "limits": self.limits.to_json(),
                "certainty": round(min(proposal.certainty for proposal in proposals), 4),
            },
        )
