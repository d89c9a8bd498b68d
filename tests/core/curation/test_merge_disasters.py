"""What consolidation destroyed elsewhere, tried here: a runaway, holes in recall, rows that rise again, merged opposites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.consolidating import Proposal, merge_sweep
from core.curation.consolidation import checked
from core.curation.consolidation.limits import MergeLimits, save_limits
from core.curation.consolidation.planning import consolidation_plan, merges_of
from core.curation.decay import DecayRules
from core.curation.desk import Desk
from core.curation.golden import GoldenQueries, GoldenQuery
from core.curation.judging import ask_golden
from core.curation.lifecycle import DEFAULT_LIFECYCLE, save_lifecycle
from core.curation.plan import Action, Change
from core.curation.proposing import proposer
from core.errors import ConfigError, RegressionError, StalePlanError
from core.memory import Memory
from core.memory.record import Record
from core.past.stand_ins import stand_ins
from tests.core.curation.desks import ADA, VERA, apply, contents, make_desk, make_plan, moment_of, retire, seen
from tests.core.curation.merge_builders import TOPICS, consolidation, draft_of, found, make_merge_desk, merged_key
from tests.core.memory_builders import DAY, NOW, make_memory, make_store

SWEEP = Actor("sweep", Role.REVIEWER)
MANY = 120


def many(directory: Path) -> Desk:
    memories = (
        make_memory(f"m{number}", f"Pump {number} of hall {number % 7} was serviced by {chr(97 + number % 26)}.")
        for number in range(MANY)
    )
    return make_desk(make_store(directory, *memories), directory)


def greedy(desk: Desk, *, certainty: float = 1.0) -> Iterator[Proposal]:
    """Propose to merge everything with everything, three by three, as a threshold that is too low does."""
    keys = sorted(contents(desk.store))
    for start in range(0, len(keys) - 2, 3):
        draft = draft_of(desk.store, *keys[start : start + 3])
        for changes in merges_of(desk.store, [draft], actor=SWEEP, now=moment_of(desk), left_out={}):
            yield Proposal(changes, "consolidation", certainty, "All of it is about pumps.", "Merge three")


def nights(desk: Desk, count: int) -> list[int]:
    """Run the greedy merge so many times and return how many memories each run retired."""
    return [merge_sweep(desk, lambda _: greedy(desk), actor=SWEEP, now=moment_of(desk)).retired for _ in range(count)]


def test_a_runaway_merge_stops_at_the_limits_and_is_taken_back_to_the_byte(tmp_path: Path) -> None:
    """745 of 931 memories lost in two days (vellum 24045): here 5 % a day, however often it runs, with a trail."""
    desk = many(tmp_path)
    before = contents(desk.store)
    save_limits(desk.store, desk.ledger.documents, MergeLimits(mode="apply", share_run=0.03, share_day=0.05), actor=ADA)
    first = nights(desk, 4)
    assert 0 < sum(first) <= 0.05 * MANY
    assert max(first) <= 0.03 * MANY
    assert first[2:] == [0, 0]
    desk._place.clock.now += DAY  # type: ignore[attr-defined]
    assert 0 < sum(nights(desk, 2)) <= 0.05 * MANY
    deeds = desk.history(actor=VERA)
    assert {deed.actor for deed in deeds} == {"sweep"}
    for deed in deeds:
        apply(desk, desk.undo_plan(deed.plan_id, actor=ADA))
    assert contents(desk.store) == before


def test_a_runaway_that_only_proposes_fills_no_queue_and_changes_nothing(tmp_path: Path) -> None:
    desk = many(tmp_path)
    before = contents(desk.store)
    report = merge_sweep(desk, lambda _: greedy(desk), actor=SWEEP, now=moment_of(desk))
    again = merge_sweep(desk, lambda _: greedy(desk), actor=SWEEP, now=moment_of(desk))
    assert (len(report.kept), len(again.kept), again.known) == (40, 0, 40)
    assert contents(desk.store) == before


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Something happened.", id="says nothing"),
        pytest.param("x", id="is a letter"),
        pytest.param("Invoices of suppliers are filed by number.", id="is about something else"),
    ],
)
def test_no_recall_is_left_with_a_hole(tmp_path: Path, text: str) -> None:
    """Sources archived before the merged memory was found (muninndb 779), two recall sets driven to zero (370)."""
    desk = make_merge_desk(tmp_path)
    plan = consolidation(desk)
    put = next(change for change in plan if change.action is Action.PUT)
    assert put.after is not None
    after = Record({**put.after.metadata, "content": text}, desk.store.embed(text, actor=LOCAL_ADMIN))
    spoilt = make_plan(
        desk,
        Change(put.key, Action.PUT, put.reason, put.policy, after=after),
        *(change for change in plan if change.key != put.key),
        id="spoilt",
    )
    # Nine more that say the same, so that ten others are always nearer.
    noise = [make_memory(f"n{place}-{n}", f"{said} {n}") for place, said in enumerate(TOPICS) for n in range(10)]
    desk.store.write(noise, actor=LOCAL_ADMIN)
    report = apply(desk, spoilt)
    assert report.spared.keys() == {"s0", "s1", "s2", "s3"}
    assert all(f"s{place}" in found(desk.store, said) for place, said in enumerate(TOPICS))


def test_every_question_that_was_answered_still_is(tmp_path: Path) -> None:
    desk = make_merge_desk(tmp_path)
    plan = consolidation(desk)
    apply(desk, plan)
    for said in TOPICS:
        assert merged_key(plan) in found(desk.store, said)
        assert merged_key(plan) in found(desk.store, said, k=1)


def test_what_was_retired_hidden_or_replaced_does_not_rise_again(tmp_path: Path) -> None:
    """Invalidated rows resurrected by consolidation (hindsight 1951)."""
    desk = make_merge_desk(tmp_path, make_memory("old", "The crane is out of order.", extra={"mnemoscope_status": "hidden"}))
    whole = draft_of(desk.store, "s0", "s1", "s2")
    hidden = draft_of(desk.store, "s3", "old")
    ready = consolidation(desk, "s0", "s1", "s2", plan_id="ready")
    apply(desk, make_plan(desk, *retire(desk, "s1"), id="invalid"))
    late = consolidation_plan(desk.store, [whole, hidden], actor=ADA, now=NOW, plan_id="late")
    assert len(late) == 0
    assert late.parameters["left_out"].keys() == {"s0", "s1", "s2", "s3", "old"}
    with pytest.raises(StalePlanError, match="s1"):
        apply(desk, ready)
    assert merged_key(ready) not in contents(desk.store)
    assert not any(TOPICS[1] in memory.content for memory in desk.store.memories(actor=LOCAL_ADMIN))


def test_opposite_colours_are_not_made_one(tmp_path: Path) -> None:
    """What the sources contradict each other in stays two sentences, each with its own source; a wrong one is flagged."""
    red, green = "The signal at gate 3 is red.", "The signal at gate 3 is green."
    desk = make_merge_desk(tmp_path, make_memory("red", red), make_memory("green", green))
    sources: list[Memory] = list(desk.store.get(["red", "green"], actor=LOCAL_ADMIN).values())
    mixed = checked(f"{red}\nThe signal at gate 3 is blue.", sources, desk.store.embedder())
    assert [sentence.text for sentence in mixed.unsupported] == ["The signal at gate 3 is blue."]
    assert mixed.sentences[0].sources == ("red",)
    assert len(consolidation_plan(desk.store, mixed, actor=ADA, now=NOW, plan_id="p")) == 0
    # A merged memory that says only one of them may stand for that one alone: the other is found first by its own words.
    half = draft_of(desk.store, "red")
    known = consolidation_plan(desk.store, half, actor=ADA, now=NOW, plan_id="p", avoid={"red": "contradicts 'green'"})
    assert known.parameters["left_out"] == {"red": "contradicts 'green'"}


def test_merges_do_not_evict_merges(tmp_path: Path) -> None:
    """A merge of a merge must keep what the first one kept: the answer of a golden query, and the way to the sources."""
    desk = make_merge_desk(tmp_path)
    query = GoldenQuery("steel", "Which crane needs a new steel cable?", expected=("s1",))
    GoldenQueries(desk.ledger.documents, desk.stream).save(query)
    first = consolidation(desk, "s0", "s1", plan_id="first")
    one = merged_key(first)
    assert not desk.preflight(first, actor=ADA).blocked
    apply(desk, first, measured=True)
    # s1 is gone, so that only its stand-in can answer: whoever takes that away loses the answer.
    plain = make_plan(desk, *retire(desk, one), id="plain")
    with pytest.raises(RegressionError):
        apply(desk, plain, measured=True)
    # A stand-in that says nothing of it is noticed by the proof: what stood for the answer stays.
    poor = make_memory("poor", "Things happened at the harbour.")
    change = Change("poor", Action.PUT, "shorter", "consolidation", after=Record(
        desk.store.metadata_of()(poor), desk.store.embed(poor.content, actor=LOCAL_ADMIN)))  # fmt: skip
    gone = [Change(key, Action.RETIRE, "shorter", "consolidation", before=record, replaced_by="poor")
            for key, record in seen(desk, one, "s2").items()]  # fmt: skip
    poorer = make_plan(desk, change, *gone, id="poorer", policy="consolidation")
    blocked = desk.preflight(poorer, actor=ADA)
    assert blocked.blocked or one in blocked.unproved
    second = consolidation(desk, one, "s2", "s3", plan_id="second")
    apply(desk, second, measured=True)
    two = merged_key(second)
    assert stand_ins(desk._place.versions.table(), ["s1"]) == {"s1": two}
    assert two in found(desk.store, query.text)
    asked = ask_golden(desk.store, query, actor=VERA, now=NOW)
    assert (asked.problems, asked.to_json()["expected"]) == ((), {"s1": found(desk.store, query.text).index(two) + 1})
    assert {each.key for each in desk.sources_of(two, actor=VERA).ancestors} == {one, "s0", "s1", "s2", "s3"}
    with pytest.raises(ConfigError, match="what stands for others must stay"):
        make_plan(desk, *gone, *retire(desk, "s3"), Change("poor", Action.RETIRE, "", "", before=Record({})), id="both")
    for plan_id in ("second", "first"):
        apply(desk, desk.undo_plan(plan_id, actor=ADA))
    assert contents(desk.store).keys() >= {"s0", "s1", "s2", "s3"}
    assert contents(desk.store).keys().isdisjoint({one, two})


def test_there_is_an_off_switch_and_a_trail(tmp_path: Path) -> None:
    """Merges with no trail or off switch (vestige 142)."""
    desk = make_merge_desk(tmp_path)
    save_limits(desk.store, desk.ledger.documents, MergeLimits(mode="off"), actor=ADA)
    assert merge_sweep(desk, lambda _: greedy(desk), actor=SWEEP, now=moment_of(desk)).proposed == 0
    plan = consolidation(desk)
    apply(desk, plan)
    told = {each.key: each.reason for each in desk.changes_of(plan.id, actor=VERA)}
    assert told["s0"] == f"Merged into '{merged_key(plan)}'."
    assert told[merged_key(plan)].startswith("Merged from 4 memories: ")


def test_duplicates_that_differ_in_a_colour_are_no_duplicates(tmp_path: Path) -> None:
    """The schedule merges what is the same and leaves alone what clashes; both through the planner that people use."""
    same = [make_memory(f"same{number}", "The night shift starts at ten.") for number in range(3)]
    clash = [make_memory(f"c{word}", f"The signal at gate 3 is {word}.") for word in ("red", "green")]
    desk = make_merge_desk(tmp_path, *same, *clash)
    before = contents(desk.store)
    limits = MergeLimits(mode="apply", share_run=1.0, share_day=1.0, certainty=0.9)
    save_limits(desk.store, desk.ledger.documents, limits, actor=ADA)
    report = merge_sweep(desk, proposer(desk, actor=SWEEP, now=NOW, kinds=("duplicates",)), actor=SWEEP, now=moment_of(desk))
    now = contents(desk.store)
    assert {"cred", "cgreen"} <= now.keys()
    gone = before.keys() - now.keys()
    assert (len(gone), report.retired) == (2, 2)
    assert gone < {"same0", "same1", "same2"}
    (survivor,) = {"same0", "same1", "same2"} - gone
    assert {each.key for each in desk.sources_of(survivor, actor=VERA).ancestors} == gone
    apply(desk, desk.unmerge_plan(survivor, actor=ADA))
    assert contents(desk.store) == before


def test_a_schedule_keeps_the_one_that_a_person_would(tmp_path: Path) -> None:
    """By the index's own rules of decay, not by the usual ones."""
    old = make_memory("old", "The night shift starts at ten.", created_at=NOW - 60 * DAY, confidence=0.9)
    new = make_memory("new", "The night shift starts at ten.", created_at=NOW - DAY, confidence=0.8)
    desk = make_merge_desk(tmp_path, old, new)
    propose = proposer(desk, actor=SWEEP, now=NOW, kinds=("duplicates",))
    kept = {change.key for each in propose({}) for change in each.changes if change.action is Action.REPLACE}
    rules = replace(DEFAULT_LIFECYCLE, decay=DecayRules(half_lives={}, other_half_life=None))
    save_lifecycle(desk.store, desk.ledger.documents, rules, actor=ADA)
    propose = proposer(desk, actor=SWEEP, now=NOW, kinds=("duplicates",))
    then = {change.key for each in propose({}) for change in each.changes if change.action is Action.REPLACE}
    assert (kept, then) == ({"new"}, {"old"})
