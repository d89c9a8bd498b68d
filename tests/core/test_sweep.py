"""A sweep finds the same in every way of reading, stops where it must, and goes on where it stopped."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.decay import STATED_KEY, DecayRules, decide_decay
from core.curation.decision import Verdict
from core.curation.desk import open_desk
from core.curation.due import effective_values, fallen
from core.curation.expiry import ExpiryRule, ExpiryRules
from core.curation.golden import GoldenQueries, GoldenQuery
from core.curation.lifecycle import DEFAULT_LIFECYCLE, Lifecycle, SavedLifecycle, load_lifecycle, save_lifecycle
from core.curation.plan import Action
from core.curation.planning import read_whole
from core.curation.sweep import Sweep, SweepToken, sweep
from core.curation.tasks import TaskBook
from core.curation.upkeep import POLICIES, Upkeep, plan_upkeep, usage_of
from core.errors import ChangedMeanwhileError, ConfigError, NotAllowedError
from core.memory import Memory
from core.operate.recalls import Usage
from core.scope import Scope
from core.store import MemoryStore
from tests.core.memory_builders import DAY, NOW, make_memory, make_store

RULES = Lifecycle(
    ExpiryRules(
        grace_days=1,
        rules=(
            ExpiryRule("finished", after_days=10, types=("a",), finished_tasks=True),
            ExpiryRule("drafts", after_days=5, tags=("draft",), agents=("a", "b")),
        ),
        never=("c",),
        idle_days=8,
    ),
    DecayRules({"a": 4.0, "b": 16.0, "c": None}, other_half_life=8.0, floor=0.0, threshold=0.3),
)
NAMES = st.none() | st.sampled_from(["a", "b", "c"])
TYPES = NAMES | st.sampled_from(["A", "C"])
MOMENTS = st.none() | st.integers(-40, 3).map(lambda days: NOW + days * DAY)
drawn = st.lists(
    st.builds(
        dict,
        memory_type=TYPES,
        agent_id=NAMES,
        team_id=NAMES,
        task_id=NAMES,
        tags=st.lists(st.sampled_from(["draft", "task:done", "x"]), max_size=2).map(tuple),
        created_at=MOMENTS,
        expires_at=MOMENTS,
        last_recalled_at=MOMENTS,
        confidence=st.none() | st.sampled_from([0, 0.25, 0.5, 1]),
        extra=st.dictionaries(
            st.sampled_from(["task_status", "validated_at", "confidence_stated", "confidence_written"]),
            st.sampled_from(["done", "2026-02-25T00:00:00Z", 0.5, 0.25, 1, ["done"]]),
            max_size=2,
        ),
    ),
    max_size=10,
)


@settings(max_examples=60, deadline=None)
@given(drawn, st.booleans(), st.dictionaries(st.sampled_from(["k0", "k1", "k2"]), MOMENTS.filter(bool), max_size=2))
def test_a_snapshot_the_pages_and_each_memory_say_the_same(
    rows: list[dict[str, Any]], write_back: bool, recalled: dict[str, Any]
) -> None:
    memories = [make_memory(f"k{place}", **row) for place, row in enumerate(rows)]
    usage = {key: Usage(1, at) for key, at in recalled.items()}
    book = TaskBook()
    for memory in memories:
        book.add(memory)
    finished = book.finished(now=NOW, idle_days=8)
    upkeep = Upkeep(RULES, NOW, POLICIES, write_back, finished, usage)
    decided = {memory.key: upkeep.decide(memory) for memory in memories}
    wanted = {key: one.reason for key, one in decided.items() if one.verdict is not Verdict.KEEP}
    with tempfile.TemporaryDirectory() as directory:
        store = make_store(Path(directory), *memories)
        options: dict[str, Any] = {
            "actor": LOCAL_ADMIN,
            "now": NOW,
            "plan_id": "p",
            "usage": usage,
            "write_back": write_back,
        }
        for snapshot in (None, read_whole(store, actor=LOCAL_ADMIN)):
            plan = plan_upkeep(store, RULES, snapshot=snapshot, **options)
            assert {change.key: change.reason for change in plan} == wanted


def some(count: int = 30) -> Iterator[Memory]:
    """Yield memories of which every third expired long ago, and every third decays."""
    for number in range(count):
        expires = NOW - 30 * DAY if number % 3 == 0 else None
        confidence = 0.9 if number % 3 == 1 else None
        yield make_memory(f"k{number:03}", f"Fact {number}.", expires_at=expires, confidence=confidence, memory_type="a",
                          created_at=NOW - 40 * DAY)  # fmt: skip


def order(**fields: Any) -> Sweep:
    plain = Lifecycle(ExpiryRules(rules=()), DecayRules({"a": 10.0}))
    return Sweep(**({"run": "r1", "now": NOW, "rules": plain} | fields))


def swept(store: MemoryStore, one: Sweep, **options: Any) -> Any:
    return sweep(open_desk(store), one, **({"actor": LOCAL_ADMIN} | options))


def held(store: MemoryStore) -> list[str]:
    return sorted(store.frame(actor=LOCAL_ADMIN)["key"])


@pytest.mark.parametrize("by_pages", [False, True], ids=["at-once", "by-pages"])
def test_a_sweep_retires_what_the_rules_let_go_and_can_be_undone(tmp_path: Path, by_pages: bool) -> None:
    store = make_store(tmp_path, *some())
    before = store.records.get(held(store), actor=LOCAL_ADMIN)
    dry = swept(store, order(by_pages=by_pages, dry_run=True))
    assert (dry.seen, dry.proposed, dry.done, dry.plans) == (30, 20, 0, [])
    assert held(store) == sorted(before)
    report = swept(store, order(by_pages=by_pages))
    assert report.complete
    assert (report.seen, report.proposed, report.done) == (30, 20, 20)
    assert report.counts == {"expiry: retire": 10, "decay: retire": 10}
    assert report.unmeasured == "sweep: the index has no golden queries"
    assert held(store) == [f"k{number:03}" for number in range(30) if number % 3 == 2]
    again = swept(store, order(run="r2", by_pages=by_pages))
    assert (again.seen, again.proposed, again.complete) == (10, 0, True)
    desk = open_desk(store)
    for plan in report.plans:
        assert desk.apply(desk.undo_plan(plan, actor=LOCAL_ADMIN), actor=LOCAL_ADMIN).complete
    assert store.records.get(sorted(before), actor=LOCAL_ADMIN) == before


def test_segments_share_an_index(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    reports = [swept(store, order(segment=(place, 3))) for place in range(3)]
    assert sum(report.done for report in reports) == 20
    assert len({plan for report in reports for plan in report.plans}) == sum(bool(report.done) for report in reports)
    assert len(held(store)) == 10


@pytest.mark.parametrize("by_pages", [False, True], ids=["at-once", "by-pages"])
@pytest.mark.parametrize(("limit", "done"), [({"most": 7}, 7), ({"share": 0.1}, 3)], ids=["number", "share"])
def test_a_limit_stops_it(tmp_path: Path, limit: dict[str, Any], done: int, by_pages: bool) -> None:
    store = make_store(tmp_path, *some())
    dry = swept(store, order(dry_run=True, by_pages=by_pages, **limit))
    assert dry.proposed == done
    report = swept(store, order(by_pages=by_pages, **limit))
    assert (report.done, report.token, report.complete) == (done, None, False)
    assert f"The limit of {done} changes is reached" in report.stopped
    assert len(held(store)) == 30 - done


def test_it_goes_on_where_its_time_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store(tmp_path, *some())
    listed = store.records.listed
    monkeypatch.setattr(store.records, "listed", lambda **options: listed(**({"maxResults": 7} | options)))
    token, runs, done = None, 0, 0
    while True:
        report = swept(store, order(), token=token, seconds_left=lambda: -1.0)
        runs, done = runs + 1, report.done
        if report.token is None:
            break
        assert report.out_of_time
        token = SweepToken.from_json(report.token.to_json())
    assert report.complete
    assert (runs, done, report.seen) == (5, 20, 30)
    assert len(held(store)) == 10


def test_it_can_be_stopped(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    report = swept(store, order(), cancelled=lambda: True)
    assert report.stopped is not None
    assert not report.complete


def test_a_confidence_is_written_back_where_the_memory_stays(tmp_path: Path) -> None:
    young = make_memory("young", memory_type="a", confidence=0.9, created_at=NOW - 10 * DAY)
    store = make_store(tmp_path, young)
    report = swept(store, order(write_back=True))
    assert report.counts == {"decay: replace": 1}
    memory = store.get(["young"], actor=LOCAL_ADMIN)["young"]
    assert (memory.confidence, memory.extra[STATED_KEY]) == (pytest.approx(0.475), 0.9)
    rules = order().rules.decay
    assert decide_decay(memory, now=NOW + 9 * DAY, rules=rules) == decide_decay(young, now=NOW + 9 * DAY, rules=rules)
    assert swept(store, order(run="r2", write_back=True)).proposed == 0


def test_what_changes_meanwhile_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_store(tmp_path, *some())
    desk = open_desk(store)
    apply, touched = desk.apply, []

    def slow(plan: Any, **options: Any) -> Any:
        if not touched:
            touched.append(store.write([make_memory("k003", "Changed.", expires_at=NOW + DAY)], actor=LOCAL_ADMIN))
        return apply(plan, **options)

    monkeypatch.setattr(desk, "apply", slow)
    report = sweep(desk, order(), actor=LOCAL_ADMIN)
    assert report.complete
    assert report.done == 19
    assert "changed" in report.left_out["k003"]
    assert store.get(["k003"], actor=LOCAL_ADMIN)["k003"].content == "Changed."


def test_another_plan_is_waited_for(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    waits: list[float] = []
    desk = open_desk(store)
    lease = desk.ledger.journal.lease(desk.stream, plan_id="other", actor="bob")
    lease.__enter__()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            lease.__exit__(None, None, None)

    assert sweep(open_desk(store), order(), actor=LOCAL_ADMIN, wait=wait).done == 20
    assert waits == [1.0, 2.0]
    with desk.ledger.journal.lease(desk.stream, plan_id="other", actor="bob"):
        store.write([make_memory("old", expires_at=NOW - 30 * DAY)], actor=LOCAL_ADMIN)
        report = swept(store, order(run="r2"), wait=waits.append, waits=(1.0,))
    assert (report.done, report.complete) == (0, False)
    assert "bob" in report.stopped


def test_a_viewer_may_look_but_not_sweep(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    viewer = Actor("vera", Role.VIEWER)
    assert swept(store, order(dry_run=True), actor=viewer).proposed == 20
    with pytest.raises(NotAllowedError):
        swept(store, order(), actor=viewer)
    assert len(held(store)) == 30


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"segment": (4, 4)}, "The segment is 4/4", id="segment"),
        pytest.param({"segment": (0, 99)}, "N from 1 to 16", id="segments"),
        pytest.param({"most": 0}, "at most 0", id="nothing"),
        pytest.param({"share": 1.5}, "The share is 1.5", id="share"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        order(**fields)


def test_an_unknown_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no policy 'merge'"):
        plan_upkeep(make_store(tmp_path), policies=("merge",), actor=LOCAL_ADMIN, now=NOW, plan_id="p")


def test_a_plan_of_at_most_so_many_changes(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some())
    plan = plan_upkeep(store, order().rules, actor=LOCAL_ADMIN, now=NOW, plan_id="p", most=4)
    assert plan.counts == {Action.RETIRE: 4}


def test_rules_are_kept_by_admins_and_not_over_each_other(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    documents = open_desk(store).ledger.documents
    assert load_lifecycle(store, documents, actor=LOCAL_ADMIN) == SavedLifecycle(DEFAULT_LIFECYCLE, None)
    with pytest.raises(NotAllowedError):
        save_lifecycle(store, documents, RULES, actor=Actor("rita", Role.REVIEWER))
    saved = save_lifecycle(store, documents, RULES, actor=LOCAL_ADMIN, expected=None)
    assert load_lifecycle(store, documents, actor=Actor("vera", Role.VIEWER)) == saved
    with pytest.raises(ChangedMeanwhileError):
        save_lifecycle(store, documents, DEFAULT_LIFECYCLE, actor=LOCAL_ADMIN, expected=None)
    save_lifecycle(store, documents, DEFAULT_LIFECYCLE, actor=LOCAL_ADMIN, expected=saved.version)
    assert load_lifecycle(store, documents, actor=LOCAL_ADMIN).rules == DEFAULT_LIFECYCLE


@pytest.mark.parametrize("value", [[], {"expire": {}}, {"format": 9}], ids=["list", "unknown", "format"])
def test_rules_that_are_none_are_refused(value: Any) -> None:
    with pytest.raises(ConfigError):
        Lifecycle.from_json(value)


def test_a_store_without_a_recall_log_knows_no_usage(tmp_path: Path) -> None:
    assert dict(usage_of(make_store(tmp_path))) == {}


def test_a_sweep_that_would_lose_an_answer_stops_and_keeps_its_plan(tmp_path: Path) -> None:
    store = make_store(tmp_path, *some(), make_memory("only", "The vault code is kept by Ann.", expires_at=NOW - 30 * DAY))
    desk = open_desk(store)
    scope = Scope(include_expired=True)
    query = GoldenQuery("vault", "Who keeps the vault code?", expected=("only",), scope=scope, within=1)
    GoldenQueries(desk.ledger.documents, desk.stream).save(query)
    report = sweep(desk, order(by_pages=False), actor=LOCAL_ADMIN)
    assert (report.done, report.unmeasured, report.complete) == (0, None, False)
    assert "vault" in report.stopped
    assert len(held(store)) == 31
    (pending,) = desk.pending(actor=LOCAL_ADMIN)
    assert pending.plan_id in report.stopped
    GoldenQueries(desk.ledger.documents, desk.stream).remove("vault")
    GoldenQueries(desk.ledger.documents, desk.stream).save(replace(query, expected=("k002",), text="Fact 2.", within=None))
    measured = sweep(desk, order(run="r2", by_pages=False), actor=LOCAL_ADMIN)
    assert (measured.done, measured.unmeasured, measured.complete) == (21, None, True)
    (deed, *_) = desk.history(actor=LOCAL_ADMIN)
    assert deed.preflight is not None


def test_a_frame_says_which_memories_decay_lets_go(tmp_path: Path) -> None:
    rules = RULES.decay
    kept = [make_memory(f"k{days}-{sure}", created_at=NOW - days * DAY, confidence=sure, memory_type="a")
            for days in (0, 1, 3, 4, 5, 40) for sure in (None, 0.0, 0.1, 0.29, 0.3, 0.5, 1.0)]  # fmt: skip
    read = read_whole(make_store(tmp_path, *kept), actor=LOCAL_ADMIN)
    values = effective_values(read.frame, rules, now=NOW, table=read.table)
    found = set(read.frame["key"][fallen(read.frame, values, rules, table=read.table)])
    assert found == {one.key for one in kept if decide_decay(one, now=NOW, rules=rules).verdict is Verdict.RETIRE}
    assert {"k4-0.1", "k40-1.0"} < found
    assert "k3-0.1" not in found
