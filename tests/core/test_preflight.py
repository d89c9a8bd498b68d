"""The pre-flight: what a plan would break is found, said, and holds it back; what is answered otherwise is not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.candidates import Mode
from core.curation.desk import Desk, open_desk
from core.curation.effects import ProblemKind
from core.curation.golden import GoldenQueries, GoldenQuery, golden_of
from core.curation.plan import Action, Change, Plan
from core.curation.preflight import Preflight, run_preflight
from core.errors import NotAllowedError, RegressionError
from core.memory import Memory
from core.memory.record import Record
from core.operate.recalls import LoggedRecall
from core.recall import recall
from core.scope import Scope
from core.store import MemoryStore
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory

QUESTION = "when must a refund be paid"
STORY = (
    make_memory("slow", "A refund must be paid within five days.", agent_id="support", team_id="beta"),
    make_memory("again", "Refunds are paid in five days, the support team said.", agent_id="support", team_id="beta"),
    make_memory("lunch", "The canteen closes at two.", agent_id="planner"),
    make_memory("report", "The quarterly report goes out on Friday.", agent_id="planner"),
    make_memory("old", "The report went out on Monday.", expires_at=NOW - DAY),
)
GOLDEN = GoldenQuery("refunds", QUESTION, ("slow",), scope=Scope(agents=("support",)), within=1, k=5, owner="ann")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MemoryStore]:
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        assert store.write(STORY, actor=LOCAL_ADMIN).failed == ()
        yield store


def made(store: MemoryStore, *changes: Change, policy: str = "test") -> Plan:
    return Plan("p1", store.bucket, store.info.name, "Tidy up", policy, "ann", NOW, changes)


def retire(store: MemoryStore, *keys: str) -> list[Change]:
    found = store.records.get(keys, actor=LOCAL_ADMIN, vectors=False)
    return [Change(key, Action.RETIRE, "merged", "test", found[key]) for key in keys]


def put(store: MemoryStore, memory: Memory) -> Change:
    vector = store.embed(memory.content, actor=LOCAL_ADMIN)
    return Change(memory.key, Action.PUT, "merged", "test", after=Record(store.metadata_of()(memory), vector))


def merged(content: str, **fields: Any) -> Memory:
    return make_memory("merged", content, derived_from=("slow", "again"), **({"agent_id": "support"} | fields))


def measured(store: MemoryStore, plan: Plan, *golden: GoldenQuery, **options: Any) -> Preflight:
    return run_preflight(store, plan, golden=golden, **({"now": NOW, "actor": LOCAL_ADMIN} | options))


def logged(query: str | None, **options: Any) -> LoggedRecall:
    values: dict[str, Any] = {"mode": "hybrid", "k": 3, "hits": (), "channel": "agent", "actor": "bot", "at": NOW}
    return LoggedRecall(stream="s", query=query, **(values | options))


def test_a_consolidation_that_drops_the_only_answer_is_blocked(store: MemoryStore) -> None:
    plan = made(store, put(store, merged("Lunch is at two.", agent_id="planner")), *retire(store, "slow", "again"))
    report = measured(store, plan, GOLDEN)
    (effect,) = report.regressions
    assert report.blocked
    assert (effect.name, effect.text, effect.owner, effect.before, effect.after) == (
        "refunds", QUESTION, "ann", ("slow", "again"), (),
    )  # fmt: skip
    assert [(problem.kind, problem.key, problem.before, problem.after) for problem in effect.regressions] == [
        (ProblemKind.LOST_EXPECTED, "slow", 1, None),
        (ProblemKind.GOES_EMPTY, None, None, None),
    ]
    assert effect.regressions[0].what == "'slow': rank 1 before, not among the first 5 after; it must be first."
    assert (effect.recall_before, effect.recall_after, effect.mrr_before, effect.mrr_after) == (1.0, 0.0, 1.0, 0.0)
    assert report.sentence() == "1 of 1 golden query and 0 recent ones gets worse than allowed; the hits of 1 change."


def test_the_same_consolidation_is_not_when_the_merged_memory_answers(store: MemoryStore) -> None:
    plan = made(store, put(store, merged("A refund must be paid in five days.")), *retire(store, "slow", "again"))
    report = measured(store, plan, GOLDEN)
    (effect,) = report.queries
    assert (report.blocked, effect.after, dict(effect.successors)) == (False, ("merged",), {"slow": "merged"})
    assert (effect.lost, effect.gained, effect.recall_after) == (("slow", "again"), ("merged",), 1.0)


def test_the_desk_holds_a_regression_back_until_somebody_says_why(store: MemoryStore) -> None:
    desk: Desk = open_desk(store, clock=lambda: NOW)
    golden_of(store, actor=LOCAL_ADMIN).save(GOLDEN)
    plan = made(store, *retire(store, "slow"))
    with pytest.raises(RegressionError) as refused:
        desk.apply(plan, actor=LOCAL_ADMIN)
    assert isinstance(refused.value.report, Preflight)
    assert "slow" in store.get(["slow"], actor=LOCAL_ADMIN)
    desk.apply(plan, actor=LOCAL_ADMIN, acknowledged="the rule is gone")
    assert store.get(["slow"], actor=LOCAL_ADMIN) == {}
    assert desk.deed("p1", actor=LOCAL_ADMIN).acknowledged == "the rule is gone"


@pytest.mark.parametrize(
    ("golden", "regressions", "standing"),
    [
        pytest.param({"expected": ("slow",), "within": 5}, ["lost_expected"], [], id="expected-lost"),
        pytest.param({"expected": ("again",), "within": 1}, [], [], id="moves-up"),
        pytest.param({"expected": ("nothing",)}, [], ["lost_expected"], id="was-missing-before"),
        pytest.param({"expected": (), "forbidden": ("again",)}, [], ["shows_forbidden"], id="forbidden-before-too"),
        pytest.param({"expected": (), "forbidden": ("again",), "k": 1, "within": None}, ["shows_forbidden"], [], id="shown"),
    ],
)
def test_only_what_held_before_is_a_regression(
    store: MemoryStore, golden: dict[str, Any], regressions: list[str], standing: list[str]
) -> None:
    query = GoldenQuery(**({"name": "q", "text": QUESTION, "scope": Scope(agents=("support",)), "k": 5} | golden))
    report = measured(store, made(store, *retire(store, "slow")), query)
    (effect,) = report.queries
    assert [str(each.kind) for each in effect.regressions] == regressions
    assert [str(each.kind) for each in effect.standing] == standing
    assert report.blocked is bool(regressions)


def test_a_memory_that_falls_too_low_is_a_regression(store: MemoryStore) -> None:
    better = make_memory("better", f"{QUESTION}: {QUESTION}", agent_id="support")
    report = measured(store, made(store, put(store, better)), GOLDEN)
    (problem,) = report.regressions[0].regressions
    assert (problem.kind, problem.before, problem.after) == (ProblemKind.RANKED_TOO_LOW, 1, 2)


def test_real_queries_are_asked_once_and_block_only_where_they_go_empty(store: MemoryStore) -> None:
    beta = Scope(teams=("beta",)).to_params()
    recent = [
        logged("refund", scope=beta),
        logged("refund", scope=beta),
        logged("canteen"),
        logged(None),
        logged("canteen", mode="guess"),
    ]
    report = measured(store, made(store, *retire(store, "slow", "again")), recent=recent)
    assert [(effect.text, effect.times, effect.goes_empty) for effect in report.real] == [
        ("refund", 2, True),
        ("canteen", 1, False),
    ]
    assert [effect.text for effect in report.regressions] == ["refund"]
    assert report.notes == (
        "1 recent query was not kept by the recall log and not asked.",
        "1 recent query of the recall log could not be read.",
    )


def test_the_report_says_whom_it_touches_and_what_it_frees(store: MemoryStore) -> None:
    plan = made(store, *retire(store, "slow", "lunch"), put(store, merged("Refunds: five days.")))
    report = measured(store, plan)
    assert [(each.value, each.taken, each.added, each.total) for each in report.affected.agents] == [
        ("support", 1, 1, 2),
        ("planner", 1, 0, 3),
    ]
    assert (report.rows_before, report.rows_after, report.freed.memories) == (5, 4, 1)
    assert report.freed.tokens == 12 + 8 - 6
    assert report.freed.bytes > 0
    assert (report.freed.storage_usd_month, report.freed.applying_usd) == (None, None)
    assert report.sentence() == "There is no golden and no recent query to measure against."
    assert report.summary()["freed"]["memories"] == 1
    assert report.to_json()["affected"]["teams"][0]["total"] >= 1


def test_a_query_that_cannot_be_asked_is_said(store: MemoryStore) -> None:
    crowded = GoldenQuery("many", "refund", ("slow",), scope=Scope(agents=tuple(f"a{number}" for number in range(200))))
    report = measured(store, made(store, *retire(store, "slow")), crowded, GOLDEN)
    assert [effect.name for effect in report.queries] == ["refunds"]
    assert report.notes[-1].startswith("1 query could not be asked: The scope compares 20")


def test_an_erasure_leaves_no_text_in_the_summary(store: MemoryStore) -> None:
    report = measured(store, made(store, *retire(store, "slow")), GOLDEN)
    assert "slow" not in str(report.summary())
    assert "refund" not in str(report.summary())


def test_the_second_preflight_of_the_same_content_reads_nothing_again(store: MemoryStore) -> None:
    from core.curation.corpus import corpus_of

    first = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)[1]
    assert corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)[1] is first
    store.write([make_memory("new", "A new rule.")], actor=LOCAL_ADMIN)
    assert corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)[1] is not first


def test_a_stale_snapshot_of_an_engine_here_is_not_used(store: MemoryStore) -> None:
    from core.curation.corpus import corpus_of

    snapshot = corpus_of(store, snapshot=None, now=NOW, actor=LOCAL_ADMIN)[0]
    store.records.delete(["slow"], actor=LOCAL_ADMIN)
    report = measured(store, made(store, *retire(store, "again")), GOLDEN, snapshot=snapshot)
    assert (report.rows_before, report.queries[0].before) == (4, ("again",))


@pytest.mark.parametrize("role", Role)
def test_everybody_who_may_read_may_measure_and_only_reviewers_keep_golden_queries(store: MemoryStore, role: Role) -> None:
    someone = Actor("someone", role)
    assert measured(store, made(store, *retire(store, "slow")), GOLDEN, actor=someone).blocked
    queries: GoldenQueries = golden_of(store, actor=someone)
    assert queries.every() == []
    if role is Role.VIEWER:
        with pytest.raises(NotAllowedError):
            queries.save(GOLDEN)
    else:
        assert queries.save(GOLDEN).query == GOLDEN


def test_a_preflight_is_in_no_log(store: MemoryStore) -> None:
    assert store.archive is not None
    recall(store, "refund", actor=LOCAL_ADMIN, now=NOW, mode=Mode.TEXT)
    measured(store, made(store, *retire(store, "slow")), GOLDEN)
    store.archive.recalls.flush()
    assert [each.query for each in store.archive.recalls.recent(store.stream, limit=10)] == ["refund"]
