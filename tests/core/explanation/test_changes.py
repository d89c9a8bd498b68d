"""Why not, and what would bring it back: each change offered is applied to a recall of its own, and flips the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as running
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.budget import Packing
from core.candidates import Mode
from core.curation.plan import Action
from core.errors import ConfigError, NotAllowedError
from core.explanation import Change, Inquiry, Reason, Settings, Whereabouts, inquire, inquire_then, whereabouts, why_not
from core.explanation.frontier import Blocks, enters_at
from core.memory import Memory
from core.past.moment import Moment
from core.past.searching import recall_then
from core.past.then import look_back
from core.past.versions import Applied
from core.recall import RecallResult, Weights, context_block, recall
from core.scope import Scope
from core.snapshots.job import Job
from core.snapshots.reading import Wish, read_in_process
from core.store import MemoryStore
from tests.core.budget.hits import make_hit, make_result
from tests.core.explanation.world import QUESTIONS, settings_of, world
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory, make_store

QUICK = running(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SIZE = 130  # beyond the 100 that each half is asked for, so that some are no candidates
KEYS = [f"m{number:03d}" for number in range(SIZE)]
STEPS = {"text_share": 0.01, "half_life_days": 1.0}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    return make_store(tmp_path_factory.mktemp("s") / "s", *world(3, SIZE))


@pytest.fixture(scope="module")
def inquiries(store: MemoryStore) -> Mapping[str, Inquiry]:
    return {text: inquire(store, text, actor=LOCAL_ADMIN, now=NOW) for text in QUESTIONS}


def ask(store: MemoryStore, text: str, asked: Settings) -> RecallResult:
    options: dict[str, Any] = {"k": asked.k, "mode": asked.mode, "scope": asked.scope, "weights": asked.weights}
    return recall(store, text, actor=LOCAL_ADMIN, now=NOW, log=False, **options)


def returned(store: MemoryStore, text: str, asked: Settings) -> list[str]:
    return [hit.memory.key for hit in ask(store, text, asked).hits]


def given_to(store: MemoryStore, text: str, asked: Settings) -> tuple[str, ...]:
    return context_block(ask(store, text, asked), budget_tokens=asked.budget).used


def one_step_less(change: Change) -> Settings | None:
    """Return the settings one step short of a change, None for a control that has no steps."""
    edit, asked = change.edits[-1], change.settings
    if edit.control in ("k", "budget"):
        return replace(asked, **{edit.control: edit.after - 1})
    if edit.control in ("mode", *vars(Scope())):
        return None
    step = STEPS.get(edit.control, 0.001)
    value = edit.after + (step if edit.after < edit.before else -step)
    if abs(value - edit.before) >= abs(edit.after - edit.before) or not 0 <= value <= max(1.0, edit.before, edit.after):
        return None
    return replace(asked, weights=replace(asked.weights, **{edit.control: value}))


@QUICK
@given(text=st.sampled_from(QUESTIONS), asked=settings_of, key=st.sampled_from(KEYS))
def test_every_change_that_is_offered_flips_the_result(
    text: str, asked: Settings, key: str, store: MemoryStore, inquiries: Mapping[str, Inquiry]
) -> None:
    why = why_not(inquiries[text], key, asked)
    before, block = returned(store, text, asked), given_to(store, text, asked)
    assert (why.reason is Reason.GIVEN) is (key in block)
    assert (why.reason is Reason.OVER_BUDGET) is (key in before and key not in block)
    for change in why.changes:
        after = returned(store, text, change.settings)
        assert after.index(key) + 1 == change.rank, change.said
        assert (key in given_to(store, text, change.settings)) is change.given
        if why.reason is Reason.OVER_BUDGET:
            assert change.given
        else:
            assert key not in before


@QUICK
@given(text=st.sampled_from(QUESTIONS), asked=settings_of, key=st.sampled_from(KEYS))
def test_a_step_less_does_not(
    text: str, asked: Settings, key: str, store: MemoryStore, inquiries: Mapping[str, Inquiry]
) -> None:
    why = why_not(inquiries[text], key, asked)
    for change in why.changes:
        less = one_step_less(change)
        tried = why.reason is Reason.OVER_BUDGET and change.control != "budget"  # one value for each rank
        if less is None or tried or len(change.edits) > 1 or change.control == "lineage":
            continue
        found = given_to(store, text, less) if why.reason is Reason.OVER_BUDGET else returned(store, text, less)
        assert key not in found, change.said


@QUICK
@given(text=st.sampled_from(QUESTIONS), asked=settings_of, key=st.sampled_from(KEYS))
def test_the_figures_of_a_miss_are_those_of_a_longer_recall(
    text: str, asked: Settings, key: str, store: MemoryStore, inquiries: Mapping[str, Inquiry]
) -> None:
    why = why_not(inquiries[text], key, asked)
    if why.reason is Reason.BELOW:
        assert why.rank is not None
        assert why.scored is not None
        assert why.last is not None
        found = inquiries[text].explain(asked)
        assert why.last.memory.key == returned(store, text, asked)[-1]
        assert why.gap == pytest.approx(why.last.score - why.scored.score)
        assert found.ranked[why.rank - 1].candidate.memory.key == key
    if why.reason is Reason.NO_CANDIDATE:
        for half, place in ((Mode.VECTOR, why.meaning), (Mode.TEXT, why.words)):
            if place is not None:
                listed = store.query(text=text, mode=half, k=10_000, scope=asked.scope, now=NOW, actor=LOCAL_ADMIN)
                ranks = {one.memory.key: rank for rank, one in enumerate(listed, start=1)}
                assert place.rank == ranks.get(key)
    if why.barriers:
        assert why.memory is not None
        assert not asked.scope.admits(why.memory, now=NOW)


REPORT = "The quarterly report goes out on Friday."
CASES = [
    pytest.param(make_memory("x", REPORT), Settings(), Reason.GIVEN, id="there"),
    pytest.param(make_memory("x", REPORT, expires_at=NOW - DAY), Settings(), Reason.EXPIRED, id="expired"),
    pytest.param(make_memory("x", REPORT, extra={"mnemoscope_status": "hidden"}), Settings(), Reason.HIDDEN, id="hidden"),
    pytest.param(
        make_memory("x", REPORT, extra={"mnemoscope_status": "quarantined"}),
        Settings(),
        Reason.QUARANTINED,
        id="quarantined",
    ),
    pytest.param(make_memory("x", REPORT), Settings(scope=Scope(agents=("other",))), Reason.FILTERED, id="filtered"),
    pytest.param(make_memory("x", "Nothing of it."), Settings(mode=Mode.TEXT), Reason.NO_CANDIDATE, id="no word"),
    pytest.param(make_memory("x", "The coffee is cold."), Settings(k=1), Reason.BELOW, id="below"),
    pytest.param(make_memory("x", REPORT + " It is long." * 80), Settings(budget=150), Reason.OVER_BUDGET, id="budget"),
]


@pytest.mark.parametrize(("memory", "asked", "reason"), CASES)
def test_the_stage_that_dropped_it_and_a_way_back(memory: Memory, asked: Settings, reason: Reason, tmp_path: Path) -> None:
    others = [make_memory(f"o{n}", f"Report number {n} goes out on Friday.") for n in range(3)]
    store = make_store(tmp_path, memory, *others)
    why = why_not(inquire(store, "When does the quarterly report go out?", actor=LOCAL_ADMIN, now=NOW), "x", asked)
    assert why.reason is reason
    assert bool(why.changes) is (reason is not Reason.GIVEN)
    for change in why.changes:
        assert "x" in returned(store, "When does the quarterly report go out?", change.settings)


def test_a_filter_opens_by_as_little_as_it_takes(tmp_path: Path) -> None:
    store = make_store(tmp_path, make_memory("x", REPORT), make_memory("y", REPORT, agent_id="bob"))
    asked = Settings(scope=Scope(agents=("ann",), min_confidence=None, created_from=NOW))
    why = why_not(inquire(store, "report", actor=LOCAL_ADMIN, now=NOW), "x", asked)
    assert [each.key for each in why.barriers] == ["agents", "created_from"]
    assert why.changes[0].settings.scope.agents == ("ann", "planner")
    assert why.changes[1].settings.scope == Scope()
    assert "agent planner; " not in why.sentence
    assert "it has planner" in why.sentence


def test_filters_and_a_rank_that_is_too_low_take_two_changes(tmp_path: Path) -> None:
    others = [make_memory(f"o{n}", "The report goes out on Friday.", agent_id="ann") for n in range(5)]
    store = make_store(tmp_path, make_memory("x", "The coffee is cold."), *others)
    asked = Settings(k=2, scope=Scope(agents=("ann",)))
    why = why_not(inquire(store, "When does the report go out?", actor=LOCAL_ADMIN, now=NOW), "x", asked)
    change = next(each for each in why.changes if each.control == "k")
    assert [edit.control for edit in change.edits] == ["agents", "k"]
    assert change.settings.k == 6
    assert "x" in returned(store, "When does the report go out?", change.settings)


def test_where_a_memory_is_that_is_not_in_the_index(tmp_path: Path) -> None:
    catalog = make_catalog(tmp_path)
    team, other = (catalog.create(name, actor=LOCAL_ADMIN) for name in ("team", "other"))
    private = catalog.create("acme", actor=LOCAL_ADMIN, tenant="acme")
    team.write([make_memory("here")], actor=LOCAL_ADMIN)
    other.write([make_memory("x")], actor=LOCAL_ADMIN)
    private.write([make_memory("x"), make_memory("secret")], actor=LOCAL_ADMIN)
    stranger = Actor("eve", Role.VIEWER, frozenset({"globex"}))
    assert whereabouts(catalog, team, "x", actor=LOCAL_ADMIN).indexes == ("acme", "other")
    assert whereabouts(catalog, team, "x", actor=stranger).indexes == ("other",)
    unknown = whereabouts(catalog, team, "secret", actor=stranger)
    assert unknown == whereabouts(catalog, team, "never-was", actor=stranger)
    assert "acme" not in unknown.sentence
    with pytest.raises(NotAllowedError):
        whereabouts(catalog, private, "x", actor=stranger)
    with pytest.raises(NotAllowedError):
        inquire(private, "report", actor=stranger, now=NOW).explain(Settings())
    why = why_not(inquire(team, "report", actor=LOCAL_ADMIN, now=NOW), "x", Settings())
    assert (why.reason, why.changes) == (Reason.ABSENT, ())
    catalog.close()


def test_a_question_to_the_past_is_answered_as_it_was(store: MemoryStore) -> None:
    at, job = NOW - 100 * DAY, Job("agents", clock=lambda: NOW)
    snapshot = read_in_process(store, None, Wish(vectors=True), actor=LOCAL_ADMIN, now=NOW, job=job)
    then = look_back(store, snapshot, Moment(at), actor=LOCAL_ADMIN)
    inquiry = inquire_then(store, then, QUESTIONS[0], actor=LOCAL_ADMIN, snapshot=snapshot)
    asked = Settings(k=5)
    found = inquiry.explain(asked)
    options: dict[str, Any] = {"actor": LOCAL_ADMIN, "snapshot": snapshot}
    assert found.result.hits == recall_then(store, then, QUESTIONS[0], k=5, **options).hits
    missed = found.ranked[6].candidate.memory.key
    for change in why_not(inquiry, missed, asked).changes:
        way = change.settings
        again = recall_then(
            store, then, QUESTIONS[0], k=way.k, mode=way.mode, scope=way.scope, weights=way.weights, **options
        )
        assert again.hits[change.rank - 1].memory.key == missed


def test_a_key_is_needed(store: MemoryStore, inquiries: Mapping[str, Inquiry]) -> None:
    with pytest.raises(ConfigError, match="no key"):
        why_not(inquiries[QUESTIONS[0]], " ", Settings())


def test_without_lineage_its_weight_is_a_way_back(tmp_path: Path) -> None:
    told = make_memory("fact", "Support promised the customer a refund.", derived_from=("spoken",), agent_id="a")
    spoken = make_memory("spoken", "I said yes to them, whatever it was that they had asked for.", agent_id="b")
    others = [make_memory(f"o{n}", f"The customer asked about thing {n}.", agent_id="c") for n in range(4)]
    store = make_store(tmp_path, told, spoken, *others)
    text, asked = "customer refund", Settings(k=2, weights=Weights(lineage=0.0))
    why = why_not(inquire(store, text, actor=LOCAL_ADMIN, now=NOW), "spoken", asked)
    change = next(each for each in why.changes if each.control == "lineage")
    assert "spoken" in returned(store, text, change.settings)


def test_a_memory_without_the_words_is_not_said_to_be_far_down(tmp_path: Path) -> None:
    others = [make_memory(f"o{n}", f"Report number {n} goes out.") for n in range(105)]
    store = make_store(tmp_path, make_memory("x", "Nothing of it."), *others)
    why = why_not(inquire(store, "report", actor=LOCAL_ADMIN, now=NOW), "x", Settings(mode=Mode.TEXT))
    assert "by words 105 other memories match, and this one does not." in why.sentence


def test_what_was_removed_without_the_journal_is_said_so() -> None:
    change = Applied("x", NOW, Action.REPLACE, "edit", "", "plan", "ann", 1)
    said = Whereabouts(change=change).sentence
    assert "something else has removed it since" in said
    assert "does not know" not in said


def test_the_budget_that_let_a_memory_in_is_none_that_takes_it_out_again() -> None:
    packing = Packing(make_result([make_hit("big", "alpha " * 200, 0.9), make_hit("mid", "beta gamma " * 70, 0.6)]))
    blocks = Blocks(packing)
    assert [key for budget in (300, 450) for key in blocks(budget).used] == ["mid", "big"]
    at = enters_at(blocks, "mid", above=0, within=300)
    assert at is not None
    assert at <= 300
    assert "mid" in blocks(at).used
