"""The scheduled merge: what it only proposes, what it applies within limits, and that it asks about nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.consolidating import MergeReport, Proposal, merge_sweep
from core.curation.consolidation.limits import DEFAULT_LIMITS, MergeLimits, load_limits, room, save_limits
from core.curation.consolidation.planning import merges_of
from core.curation.delivery import Delivery
from core.curation.desk import Desk
from core.curation.golden import GoldenQueries, GoldenQuery
from core.curation.ledgers import open_ledger
from core.curation.pending import forget_plans_with
from core.curation.proposals import Standing
from core.errors import BusyError, CancelledError, ChangedMeanwhileError, ConfigError, NotAllowedError
from core.memory.record import Record
from core.scope import Scope
from tests.core.curation.desks import ADA, ANN, VERA, apply, contents, edit, make_plan, moment_of, retire, seen
from tests.core.curation.ledger_builders import STREAM
from tests.core.curation.ledger_places import S3
from tests.core.curation.merge_builders import consolidation, draft_of, make_merge_desk, merged_key, stand_in_plan
from tests.core.memory_builders import DAY, make_memory

SWEEP = Actor("sweep", Role.REVIEWER)
FREE = MergeLimits(mode="apply", share_run=1.0, share_day=1.0)
PAIRS = (("s0", "s1"), ("s2", "s3"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_merge_desk(tmp_path)


def proposals(desk: Desk, *groups: Iterable[str], certainty: float = 1.0, policy: str = "consolidation") -> Any:
    """Return what proposes to consolidate these groups, as they are when it is asked."""

    def propose(avoid: dict[str, str]) -> Iterator[Proposal]:
        for keys in groups:
            draft = draft_of(desk.store, *keys)
            for changes in merges_of(desk.store, [draft], actor=SWEEP, now=moment_of(desk), left_out={}, avoid=avoid):
                yield Proposal(changes, policy, certainty, "They belong together.", f"Merge {len(changes) - 1}")

    return propose


def run(desk: Desk, *groups: Iterable[str], **options: Any) -> MergeReport:
    certain = {name: options.pop(name) for name in ("certainty", "policy") if name in options}
    return merge_sweep(desk, proposals(desk, *groups, **certain), actor=SWEEP, now=moment_of(desk), **options)


def limit(desk: Desk, limits: MergeLimits) -> None:
    save_limits(desk.store, desk.ledger.documents, limits, actor=ADA)


def test_by_default_it_only_proposes(desk: Desk) -> None:
    before = contents(desk.store)
    report = run(desk, *PAIRS)
    assert (report.proposed, len(report.kept), report.applied, report.retired) == (2, 2, [], 0)
    assert contents(desk.store) == before
    plans = {each.plan_id: each for each in desk.pending(actor=VERA)}
    assert plans.keys() == set(report.kept)
    assert {each.kept_by for each in plans.values()} == {"sweep"}
    plan = desk.kept(report.kept[0], actor=ADA)
    assert plan is not None
    assert apply(desk, plan).complete
    assert desk.history(actor=VERA)[0].plan_id == report.kept[0]


def test_nobody_is_asked_the_same_twice(desk: Desk) -> None:
    first = run(desk, *PAIRS)
    second = run(desk, *PAIRS)
    assert (second.proposed, second.kept, len(desk.pending(actor=VERA))) == (0, [], 2)
    desk.discard(first.kept[0], actor=ANN)
    third = run(desk, *PAIRS)
    assert (third.known, third.kept, len(desk.pending(actor=VERA))) == (1, [], 1)
    assert desk.decided(actor=VERA).ids == {first.kept[0]}
    apply(desk, make_plan(desk, edit(desk, "s0", confidence=0.9), edit(desk, "s2", confidence=0.9), id="sure"))
    assert run(desk, PAIRS[0]).kept == []  # what a person was asked is whether the texts are one
    apply(desk, make_plan(desk, edit(desk, "s0", content="The crane was painted."), id="edit"))
    assert len(run(desk, PAIRS[0]).kept) == 1  # it is another question now


def test_a_proposal_that_is_stale_makes_room_for_the_new_one(desk: Desk) -> None:
    plan, standing = desk.propose(consolidation(desk, "s0", "s1"), actor=SWEEP)
    apply(desk, make_plan(desk, edit(desk, "s0", confidence=0.9), id="edit"))
    fresh, now = desk.propose(consolidation(desk, "s0", "s1"), actor=SWEEP)
    assert (standing, now) == (Standing.NEW, Standing.NEW)
    assert (plan.id, plan.hash == fresh.hash) == (fresh.id, False)
    assert [each.plan_hash for each in desk.pending(actor=VERA)] == [fresh.hash]


def test_what_waits_by_somebody_else_is_left_alone(desk: Desk) -> None:
    desk.propose(consolidation(desk, "s0", "s1"), actor=ANN)
    desk.propose(consolidation(desk, "s0", "s1", "s2"), actor=SWEEP)
    assert len(desk.pending(actor=VERA)) == 2


def test_a_part_of_a_waiting_merge_is_not_proposed_beside_it(desk: Desk) -> None:
    run(desk, ("s0", "s1", "s2"))
    report = run(desk, ("s1", "s2", "s3"))
    assert (report.proposed, report.kept) == (0, [])


def test_within_the_limits_it_applies_by_itself(desk: Desk) -> None:
    limit(desk, FREE)
    before = contents(desk.store)
    report = run(desk, *PAIRS)
    assert (report.retired, report.kept, report.stopped, report.spared) == (4, [], None, {})
    assert len(contents(desk.store)) == len(before) - 2
    apply(desk, desk.undo_plan(report.applied[0], actor=ADA))
    assert contents(desk.store) == before


@pytest.mark.parametrize(
    ("change", "options", "why"),
    [
        pytest.param({"mode": "propose"}, {}, "this index only proposes", id="only proposes"),
        pytest.param({}, {"certainty": 0.9}, "its faithfulness is 0.90, and 1.00 is asked for", id="not faithful"),
        pytest.param(
            {}, {"certainty": 0.9, "policy": "duplicates"}, "its certainty is 0.90, and 0.95 is asked for", id="not certain"
        ),
    ],
)
def test_what_the_limits_do_not_allow_waits_for_a_person(desk: Desk, change: Any, options: Any, why: str) -> None:
    limit(desk, replace(FREE, **change))
    report = run(desk, PAIRS[0], **options)
    assert (report.applied, list(report.refused.values())) == ([], [why])
    assert len(report.kept) == 1


def test_a_merge_across_agents_waits_for_a_person(tmp_path: Path) -> None:
    """The merged memory is nobody's own: a recall for one agent alone would find less than before."""
    desk = make_merge_desk(tmp_path, make_memory("other", "The crane is another agent's.", agent_id="ann"))
    limit(desk, FREE)
    report = run(desk, ("s0", "other"))
    assert "would not find what stands for 's0'" in next(iter(report.refused.values()))
    assert (report.applied, len(report.kept)) == ([], 1)


def test_what_would_lose_a_golden_answer_waits_and_the_rest_is_done(desk: Desk) -> None:
    """A query asks for episodic memories alone, and what is merged is none any more."""
    limit(desk, FREE)
    query = GoldenQuery(
        "cable", "Which crane needs a new cable?", expected=("s1",), scope=Scope(types=("episodic",)), owner="ann"
    )
    GoldenQueries(desk.ledger.documents, desk.stream).save(query)
    report = run(desk, *PAIRS)
    assert contents(desk.store).keys() >= set(PAIRS[0])
    assert contents(desk.store).keys().isdisjoint(PAIRS[1])
    assert (report.retired, len(report.applied), len(report.kept)) == (2, 1, 1)
    assert list(report.refused.values()) == ["it would lose an answer that a golden query expects, or leave one empty"]


def test_it_can_be_switched_off_and_tried_without_doing_anything(desk: Desk) -> None:
    before = contents(desk.store)
    limit(desk, FREE)
    tried = run(desk, *PAIRS, dry_run=True)
    assert (tried.proposed, tried.applied, tried.kept) == (2, [], [])
    limit(desk, replace(FREE, mode="off"))
    assert run(desk, *PAIRS).stopped == "Merging is switched off for this index."
    assert (contents(desk.store), desk.pending(actor=VERA)) == (before, [])


def test_limits_are_set_by_admins_and_not_over_each_other(desk: Desk) -> None:
    documents = desk.ledger.documents
    assert load_limits(desk.store, documents, actor=VERA).limits == DEFAULT_LIMITS
    with pytest.raises(NotAllowedError):
        save_limits(desk.store, documents, FREE, actor=ANN)
    saved = save_limits(desk.store, documents, FREE, actor=ADA, expected=None)
    assert load_limits(desk.store, documents, actor=VERA) == saved
    with pytest.raises(ChangedMeanwhileError):
        save_limits(desk.store, documents, DEFAULT_LIMITS, actor=ADA, expected=None)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"mode": "always"}, id="no mode"),
        pytest.param({"share_run": 2}, id="more than all"),
        pytest.param({"share_day": "a tenth"}, id="no number"),
        pytest.param({"certainty": True}, id="a yes"),
        pytest.param({"most": 5}, id="no field"),
        pytest.param({"format": 9}, id="a later format"),
        pytest.param(["apply"], id="a list"),
    ],
)
def test_what_is_no_limit_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError):
        MergeLimits.from_json(value)


def test_limits_are_read_as_they_were_written() -> None:
    assert MergeLimits.from_json(FREE.to_json()) == FREE


@pytest.mark.parametrize(
    ("memories", "today", "most", "why"),
    [
        pytest.param(1_000, 0, 20, "2% of 1,000 memories a run", id="a run"),
        pytest.param(960, 40, 10, "5% of 1,000 memories a day, of which 40 are merged", id="what is left of a day"),
        pytest.param(900, 100, 0, "5% of 1,000 memories a day, of which 100 are merged", id="nothing is left"),
        pytest.param(10, 0, 0, "2% of 10 memories a run", id="a small index"),
    ],
)
def test_the_room_is_a_share_of_what_was_there_before_the_day(memories: int, today: int, most: int, why: str) -> None:
    assert room(DEFAULT_LIMITS, memories=memories, merged_today=today) == (most, why)


def test_a_blocked_sweep_keeps_one_plan_however_often_it_runs(desk: Desk) -> None:
    """What expiry would retire waits once too, not once a night."""
    GoldenQueries(desk.ledger.documents, desk.stream).save(
        GoldenQuery("noon", "The harbour crew asked for the crane to stop at noon.", expected=("s2",))
    )
    delivery = Delivery(desk, SWEEP)
    for night in range(3):
        plan = make_plan(desk, *retire(desk, "s2"), id=f"sweep-{night}", policy="sweep")
        result = delivery.apply(plan)
        assert result.stopped is not None
        assert len(desk.pending(actor=VERA)) == 1
    more = delivery.apply(make_plan(desk, *retire(desk, "s1", "s2"), id="sweep-4", policy="sweep"))
    (waiting,) = desk.pending(actor=VERA)
    assert ([waiting.plan_id], waiting.changes) == (more.kept, 2)
    desk.discard(waiting.plan_id, actor=ADA)
    last = delivery.apply(make_plan(desk, *retire(desk, "s1", "s2"), id="sweep-5", policy="sweep"))
    assert "turned the same plan down or took it back before" in (last.stopped or "")
    assert desk.pending(actor=VERA) == []


def test_an_unattended_apply_takes_the_whole_merge_out_where_a_part_of_it_changed(desk: Desk) -> None:
    first, second = consolidation(desk, *PAIRS[0], plan_id="a"), consolidation(desk, *PAIRS[1], plan_id="b")
    plan = make_plan(desk, *first, *second, id="both", policy="merge")
    (before,) = seen(desk, "s0").values()
    desk.store.records.put({"s0": Record({**before.metadata, "confidence": 0.1}, vector(desk))}, actor=LOCAL_ADMIN)
    result = Delivery(desk, SWEEP).apply(plan)
    assert result.done == 3
    assert result.left_out.keys() == {"s0", "s1", merged_key(first)}
    now = contents(desk.store)
    assert merged_key(first) not in now
    assert {"s0", "s1", merged_key(second)} <= now.keys()


def vector(desk: Desk) -> Any:
    return desk.store.embed("Another text.", actor=LOCAL_ADMIN)


def test_times_of_a_day_are_counted(desk: Desk) -> None:
    apply(desk, consolidation(desk, *PAIRS[0]))
    assert desk.merged_within_a_day(actor=VERA) == 2
    apply(desk, make_plan(desk, *retire(desk, "f0"), id="other"))
    assert desk.merged_within_a_day(actor=VERA) == 2
    desk._place.clock.now += DAY  # type: ignore[attr-defined]
    assert desk.merged_within_a_day(actor=VERA) == 0


def test_a_merge_for_which_most_would_stay_is_for_nobody(desk: Desk) -> None:
    bad = Proposal(stand_in_plan(desk, "s0", "f3", "f4").changes, "duplicates", 1.0, "They look the same.", "A bad merge")
    for mode in ("propose", "apply"):
        limit(desk, replace(FREE, mode=mode))
        report = merge_sweep(desk, lambda _: [bad], actor=SWEEP, now=moment_of(desk))
        assert (report.proposed, report.kept, report.applied) == (1, [], [])
        assert "0 of 2 memories could go: the rest is not found" in next(iter(report.refused.values()))


def between(desk: Desk, happens: Callable[[], Any], *groups: Iterable[str]) -> Any:
    """Return what proposes these groups, after which something happens before the run comes to apply them."""

    def propose(avoid: dict[str, str]) -> Iterator[Proposal]:
        yield from proposals(desk, *groups)(avoid)
        happens()

    return propose


def test_two_runs_at_once_stay_within_the_limits_together(desk: Desk) -> None:
    """Each saw room for two memories; the other took it meanwhile."""
    limit(desk, replace(FREE, share_day=0.06))
    other: list[MergeReport] = []
    propose = between(desk, lambda: other.append(run(desk, PAIRS[1])), PAIRS[0])
    report = merge_sweep(desk, propose, actor=SWEEP, now=moment_of(desk))
    assert (other[0].retired, report.retired) == (2, 0)
    assert "a day, of which 2 are merged" in (report.stopped or "")


def test_while_another_machine_applies_merges_nothing_is_applied(desk: Desk) -> None:
    limit(desk, FREE)
    with desk.ledger.journal.lease(f"{desk.stream}/merging", plan_id="merge", actor="elsewhere"):
        report = run(desk, *PAIRS)
    assert (report.retired, report.applied) == (0, [])
    assert "elsewhere has been changing" in (report.held or "")
    assert run(desk, *PAIRS).retired == 4


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        pytest.param(lambda desk: limit(desk, replace(FREE, mode="off")), "the mode is off now", id="switched off"),
        pytest.param(lambda desk: limit(desk, replace(FREE, share_run=0.0)), "0% of 34 memories a run", id="less room"),
        pytest.param(
            lambda desk: apply(desk, make_plan(desk, *retire(desk, *(f"f{n}" for n in range(25))), id="shrunk")),
            "10% of 9 memories a run",
            id="a smaller index",
        ),
    ],
)
def test_limits_hold_as_they_are_when_it_applies(desk: Desk, happens: Callable[[Desk], Any], why: str) -> None:
    limit(desk, replace(FREE, share_run=0.1))
    report = merge_sweep(desk, between(desk, lambda: happens(desk), PAIRS[0]), actor=SWEEP, now=moment_of(desk))
    assert (report.retired, report.applied) == (0, [])
    assert why in (report.stopped or "")


def test_a_merge_beyond_what_a_run_may_do_waits_and_the_rest_goes_on(desk: Desk) -> None:
    """One group that is too large would else stop every run for ever."""
    limit(desk, replace(FREE, share_run=0.06))
    report = run(desk, ("s0", "s1", "s2"), ("s3", "f0"))
    assert (report.retired, len(report.kept), report.stopped) == (2, 1, None)
    assert list(report.refused.values()) == ["it would retire 3 memories at once, and a run may retire 2"]


def test_what_waits_and_can_be_applied_no_more_is_withdrawn(desk: Desk) -> None:
    """Else its memories would be left alone for ever, and it would take a place in the queue."""
    first = run(desk, *PAIRS)
    apply(desk, make_plan(desk, edit(desk, "s0", confidence=0.9), edit(desk, "s2", content="All is well."), id="edit"))
    second = run(desk, PAIRS[0])
    assert (second.withdrawn, len(second.kept)) == (2, 1)
    (waiting,) = desk.pending(actor=VERA)
    assert waiting.plan_id in first.kept
    plan = desk.kept(waiting.plan_id, actor=ADA)
    assert plan is not None
    assert apply(desk, plan).complete
    desk.propose(consolidation(desk, "s2", "s3"), actor=ANN)
    apply(desk, make_plan(desk, edit(desk, "s2", confidence=0.1), id="again"))
    assert run(desk).withdrawn == 0  # what somebody else proposed is theirs


@pytest.mark.parametrize("mode", ["apply", "propose"])
def test_what_was_taken_back_is_not_merged_again(desk: Desk, mode: Any) -> None:
    limit(desk, replace(FREE, mode=mode))
    before = contents(desk.store)
    report = run(desk, *PAIRS)
    for kept in report.kept:
        plan = desk.kept(kept, actor=ADA)
        assert plan is not None
        apply(desk, plan)
    for deed in desk.history(actor=VERA):
        apply(desk, desk.undo_plan(deed.plan_id, actor=ADA))
    assert contents(desk.store) == before
    again = run(desk, *PAIRS)
    assert (again.known, again.kept, again.applied, again.held) == (2, [], [], None)
    assert contents(desk.store) == before


def test_what_was_turned_down_is_not_asked_again_with_one_memory_more(desk: Desk) -> None:
    """A task that grows by a memory a day is not another question every night; one that doubled is."""
    (kept,) = run(desk, ("s0", "s1", "s2")).kept
    desk.discard(kept, actor=ANN)
    assert run(desk, ("s0", "s1", "s2", "s3")).known == 1
    assert len(run(desk, ("s2", "s3")).kept) == 1
    assert forget_plans_with(desk._place, {"s0"}, ()) == 0
    assert desk.decided(actor=VERA).ids == frozenset()  # nothing is kept of what was erased


def test_a_clock_that_went_back_gives_no_room(desk: Desk) -> None:
    apply(desk, consolidation(desk, *PAIRS[0]))
    desk._place.clock.now -= 10 * DAY  # type: ignore[attr-defined]
    assert desk.merged_within_a_day(actor=VERA) == 2


def test_a_run_whose_time_is_over_says_what_it_did_not_come_to(desk: Desk) -> None:
    limit(desk, FREE)
    many = [replace(each, after=5) for each in proposals(desk, *PAIRS)({})]
    over = iter((None, "The time is over.", "The time is over."))
    report = merge_sweep(desk, lambda _: many, actor=SWEEP, now=moment_of(desk), ended=lambda: next(over))
    assert (report.retired, report.left, report.stopped) == (2, 6, "The time is over.")

    def search(_: dict[str, str]) -> Iterator[Proposal]:
        raise CancelledError("The search was stopped.")

    report = merge_sweep(desk, search, actor=SWEEP, now=moment_of(desk), ended=lambda: "The time is over.")
    assert (report.proposed, report.stopped) == (0, "The time is over.")


def test_machines_that_share_a_bucket_take_turns_at_merging(s3: S3) -> None:
    """Beside the lease of the index, which each plan takes meanwhile; it makes no stream of its own."""
    one, other = (open_ledger(s3.where) for _ in range(2))
    said = {"plan_id": "merge", "actor": "sweep"}
    with one.journal.lease(f"{STREAM}/merging", **said):
        one.journal.renew(f"{STREAM}/merging")
        with pytest.raises(BusyError), other.journal.lease(f"{STREAM}/merging", **said):
            pass
        with other.journal.lease(STREAM, **said):
            assert one.journal.streams() == []
    with other.journal.lease(f"{STREAM}/merging", **said):
        pass
    for ledger in (one, other):
        ledger.close()


def test_what_is_stopped_before_it_applies_says_so(desk: Desk) -> None:
    limit(desk, FREE)
    report = run(desk, *PAIRS, cancelled=lambda: True)
    assert (report.retired, report.applied) == (0, [])
    assert "before anything was applied" in (report.held or "")
