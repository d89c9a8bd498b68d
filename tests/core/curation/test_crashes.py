"""What a crash, a failing service or somebody else does between any two steps of an apply: every boundary, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from benchmarks import curation_kills
from core.access import LOCAL_ADMIN
from core.curation.desk import Desk, State
from core.curation.plan import Plan
from core.curation.recovery import recover
from core.curation.verification import verify
from core.errors import BusyError, MnemoscopeError, StalePlanError, UnavailableError
from core.vectors.embedded import EmbeddedClient
from tests.core.curation.desks import (
    ADA,
    EVE,
    apply,
    as_bytes,
    contents,
    edit,
    erase,
    journalled,
    kinds,
    make_catalog,
    make_desk,
    make_index,
    make_plan,
    make_record,
    make_records,
    put,
    retire,
)
from tests.core.curation.stepping import Crash, Workbench
from tests.core.forked import forking


@pytest.fixture
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Workbench]]:
    opened: list[Workbench] = []

    def make() -> Workbench:
        directory = tmp_path_factory.mktemp("bench")
        bench = Workbench(EmbeddedClient(directory), directory)
        bench.store.records.put(make_records(6), actor=LOCAL_ADMIN)
        bench.steps.calm()
        opened.append(bench)
        return bench

    yield make
    for bench in opened:
        bench.close()


def a_plan(desk: Desk) -> Plan:
    """Return a plan with a change of each kind."""
    return make_plan(
        desk, put("new", make_record("new")), edit(desk, "k1", a=1), *retire(desk, "k2", "k3"), *erase(desk, "k4")
    )


def boundaries(make: Callable[[], Workbench]) -> Iterator[tuple[Workbench, Plan, int]]:
    """Yield a bench of its own for each boundary of an apply."""
    bench = make()
    apply(bench.desk, a_plan(bench.desk))
    count = len(bench.steps.names)
    assert count > 40
    for at in range(count):
        bench = make()
        plan = a_plan(bench.desk)
        yield bench, plan, at


def steps_of(bench: Workbench, plan: Plan) -> list[str]:
    """Apply a plan and return the boundaries that it came to."""
    bench.steps.calm()
    apply(bench.desk, plan)
    return bench.steps.names


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


@pytest.mark.parametrize("error", [Crash(), UnavailableError("It is away.")], ids=["crash", "failure"])
def test_at_every_boundary_it_recovers_and_goes_on_to_the_end(benches: Callable[[], Workbench], error: Exception) -> None:
    whole = benches()
    apply(whole.desk, a_plan(whole.desk))
    wanted = contents(whole.store)
    for bench, plan, at in boundaries(benches):
        before = contents(bench.store)
        bench.steps.plan(at, raising(error))
        with suppress(Crash, MnemoscopeError):
            apply(bench.desk, plan)
        bench.steps.calm()
        between = contents(bench.store)
        images = journalled(bench.desk)
        for key in before.keys() - {"k4"}:
            assert between.get(key) == before[key] or before[key] in images[key], (at, key)
        for deed in bench.desk.recover(actor=EVE):
            assert deed.state in (State.INTERRUPTED, State.APPLIED), at
        assert contents(bench.store) == between, at
        assert apply(bench.desk, plan).complete, at
        assert contents(bench.store) == wanted, at
        assert not verify(bench.desk.ledger.journal, bench.desk.stream).broken, at
        assert bench.desk.ledger.journal.holding(bench.desk.stream, ["k4"]) == {}, at
        apply(bench.desk, bench.desk.undo_plan(plan.id, actor=ADA))
        assert contents(bench.store) == {key: was for key, was in before.items() if key != "k4"}, at


def test_a_foreign_write_up_to_the_last_look_is_never_lost(benches: Callable[[], Workbench]) -> None:
    theirs = make_record("Somebody else's.")
    names = steps_of(bench := benches(), make_plan(bench.desk, *retire(bench.desk, "k1", "k2")))
    sent = names.index("before delete_vectors")
    for at in set(range(len(names))) - {sent - 1, sent}:  # between the last look and the call
        bench = benches()
        plan = make_plan(bench.desk, *retire(bench.desk, "k1", "k2"))
        bench.steps.plan(at, partial(bench.store.records.put, {"k2": theirs}, actor=LOCAL_ADMIN))
        with suppress(StalePlanError):
            report = apply(bench.desk, plan)
            assert report.complete == (at > sent), at
        bench.steps.calm()
        assert contents(bench.store)["k2"] == as_bytes(theirs), at


def test_a_failing_service_ends_the_plan_with_the_truth(benches: Callable[[], Workbench]) -> None:
    bench = benches()
    plan = make_plan(bench.desk, *retire(bench.desk, "k1", "k2"))
    names = steps_of(bench, make_plan(bench.desk, *retire(bench.desk, "k5"), id="calm"))
    deletes = names.index("after delete_vectors")
    bench.steps.plan(deletes, raising(UnavailableError("It is away.")))
    report = apply(bench.desk, plan)
    assert (report.complete, report.done) == (True, ("k1", "k2"))  # it was done, only the answer was lost
    other = make_plan(bench.desk, *retire(bench.desk, "k3"), id="other")
    bench.steps.plan(deletes - 1, raising(UnavailableError("It is away.")))
    report = apply(bench.desk, other)
    assert (report.state, report.left, report.why) == (State.FAILED, ("k3",), "It is away.")
    assert kinds(bench.desk, "other") == ["begun", "prepared", "applied", "ended"]
    assert apply(bench.desk, other).complete


def test_a_process_that_was_taken_for_dead_sends_nothing_more(benches: Callable[[], Workbench], tmp_path: Path) -> None:
    bench = benches()
    plan = make_plan(bench.desk, *retire(bench.desk, "k1"), edit(bench.desk, "k2", a=1))
    names = steps_of(bench, make_plan(bench.desk, *retire(bench.desk, "k5"), edit(bench.desk, "k4", a=1), id="calm"))
    first = names.index("before put_vectors")

    bench.steps.plan(first + 1, lambda: recover(bench.desk._place, actor=EVE))  # as after a lease that ran out
    before = contents(bench.store)
    with pytest.raises(MnemoscopeError, match="taken for dead"):
        apply(bench.desk, plan)
    bench.steps.calm()
    after = contents(bench.store)
    assert after["k1"] == before["k1"]
    assert bench.desk.deed(plan.id, actor=ADA).state is State.INTERRUPTED
    assert apply(bench.desk, plan).complete
    assert not verify(bench.desk.ledger.journal, bench.desk.stream).broken


def test_a_second_actor_has_to_wait_at_every_boundary(tmp_path_factory: pytest.TempPathFactory) -> None:
    busy = done = 0
    at = 0
    while True:
        directory = tmp_path_factory.mktemp("two")
        first, second = (Workbench(EmbeddedClient(directory), directory, ids=name) for name in ("ann", "bob"))
        first.store.records.put(make_records(6), actor=LOCAL_ADMIN)
        plan = a_plan(first.desk)
        other = make_plan(second.desk, *retire(second.desk, "k5"), id="other")
        refused: list[BusyError] = []

        def intrude(desk: Desk = second.desk, other: Plan = other, refused: list[BusyError] = refused) -> None:
            try:
                assert apply(desk, other, actor=EVE).complete
            except BusyError as error:
                refused.append(error)

        first.steps.plan(at, intrude)
        assert apply(first.desk, plan).complete, at
        reached = len(first.steps.names) > at
        busy, done = busy + len(refused), done + (reached and not refused)
        assert ("k5" in contents(first.store)) == bool(refused or not reached), at
        assert not verify(first.desk.ledger.journal, first.desk.stream).broken, at
        for bench in (first, second):
            bench.close()
        if not reached:
            break
        at += 5
    assert busy > 5


def test_two_who_apply_at_once_get_all_of_it_done(tmp_path: Path) -> None:
    store = make_index(tmp_path, records=make_records(20))
    desk = make_desk(store, tmp_path)
    plans = [
        [make_plan(desk, *retire(desk, f"k{number}"), id=f"p{number}") for number in numbers]
        for numbers in (range(10), range(10, 20))
    ]

    def work(mine: list[Plan]) -> None:
        desk = make_desk(make_catalog(tmp_path).open("agents", actor=LOCAL_ADMIN), tmp_path)
        for plan in mine:
            while True:
                with suppress(BusyError):
                    assert apply(desk, plan).complete
                    break

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, plans))
    assert contents(store) == {}
    assert {deed.state for deed in desk.history(actor=ADA)} == {State.APPLIED}
    assert not verify(desk.ledger.journal, desk.stream).broken


def test_killed_in_the_middle_nothing_is_lost_and_nothing_untold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.get_context", lambda method: forking())
    figures = curation_kills.run(tmp_path, kills=2, changes=2_000, wait_s=0)
    assert (figures.lost, figures.untold, figures.broken, figures.undone_to_the_byte) == (0, 0, 0, True)
