"""What is written outside of a plan: journalled as it goes, undone to the byte, never over somebody else's change."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.desk import open_desk
from core.curation.history import State
from core.curation.verification import verify
from core.curation.writing import Writing, write_journalled
from core.errors import BusyError, NotAllowedError, UnavailableError
from core.memory import Memory
from core.transfer import Importer, ImportReport, Source
from core.vectors.embedded import EmbeddedClient
from tests.core.commandline import CommandLine
from tests.core.curation.desks import ADA, ANN, VERA, Ticking, apply, contents, journalled, kinds, make_record
from tests.core.curation.stepping import Crash, Workbench
from tests.core.memory_builders import make_catalog, make_memory

LONG = "x" * 50_000


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    client = EmbeddedClient(tmp_path)
    bench = Workbench(client, tmp_path)
    bench.store.records.put({"k0": make_record("It was there before.")}, actor=LOCAL_ADMIN)
    yield bench
    bench.close()


def writing(bench: Workbench, **options: Any) -> Writing:
    given: dict[str, Any] = {"actor": ANN, "title": "Import of a.jsonl", "policy": "import", "clock": Ticking()}
    return Writing(bench.store, bench.ledger, **(given | options))


def memories(*keys: str) -> list[Memory]:
    return [make_memory(key, f"New words for {key}.") for key in keys]


def raises(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_a_write_is_a_plan_in_the_journal_and_undone_to_the_byte(bench: Workbench):
    before = contents(bench.store)
    with writing(bench) as write:
        assert write.plan_id is None
        assert write.write(memories("k0", "k1")).failed == ()
        assert write.write(memories("k2")).written == 1
    deed = bench.desk.deed(write.plan_id or "", actor=VERA)
    assert (deed.state, deed.done, deed.failed, deed.left) == (State.APPLIED, 3, 0, 0)
    assert (deed.title, deed.policy, deed.actor) == ("Import of a.jsonl", "import", "ann")
    assert dict(deed.counts) == {"put": 2, "replace": 1}
    assert journalled(bench.desk) == {"k0": [before["k0"]], "k1": [None], "k2": [None]}
    assert verify(bench.ledger.journal, bench.desk.stream).sound
    undo = bench.desk.undo_plan(deed.plan_id, actor=ANN)
    assert apply(bench.desk, undo, actor=ANN).complete
    assert contents(bench.store) == before


def test_what_writes_nothing_leaves_nothing(bench: Workbench):
    with writing(bench) as write:
        assert write.write([]).written == 0
        assert write.write([make_memory("bad", LONG)]).failed[0].key == "bad"
    assert write.plan_id is None
    assert kinds(bench.desk) == []


def test_bad_memories_are_reported_and_the_others_written(bench: Workbench):
    given = [make_memory("bad", LONG), *memories("k1", "k2"), make_memory("k1", "The same key again.")]
    with writing(bench) as write:
        report = write.write(given[:3])
        again = write.write(given[3:])
    assert [(failure.key, failure.position) for failure in report.failed] == [("bad", 0)]
    assert report.written == 2
    assert [failure.key for failure in again.failed] == ["k1"]
    assert bench.store.get(["k1"], actor=LOCAL_ADMIN)["k1"].content == "New words for k1."


def test_a_key_comes_once_within_a_batch_too(bench: Workbench):
    with writing(bench) as write:
        report = write.write([*memories("k1"), make_memory("k1", "The same key again.")])
    assert (report.written, [(failure.key, failure.position) for failure in report.failed]) == (1, [("k1", 1)])
    assert bench.store.get(["k1"], actor=LOCAL_ADMIN)["k1"].content == "New words for k1."


def test_more_than_one_batch_tells_its_progress(bench: Workbench):
    told: list[int] = []
    with writing(bench) as write:
        write.write(memories(*(f"n{number}" for number in range(300))), progress=told.append)
    assert told == [128, 256, 300]
    assert kinds(bench.desk) == ["begun", *["prepared", "applied"] * 3, "ended"]


def test_somebody_elses_change_is_not_written_over(bench: Workbench):
    seen = bench.store.records.get(["k0", "k1"], actor=LOCAL_ADMIN, vectors=False)
    bench.store.records.put({key: make_record("Faster.") for key in ("k0", "k1")}, actor=LOCAL_ADMIN)
    before = contents(bench.store)
    with writing(bench) as write:
        report = write.write(memories("k0", "k1", "k2"), seen=seen)
    assert [(each.key, each.reason) for each in report.failed] == [
        ("k0", "Somebody else was faster: the memory was changed. Write it again."),
        ("k1", "Somebody else was faster: the memory is there now. Write it again."),
    ]
    assert {key: value for key, value in contents(bench.store).items() if key != "k2"} == before
    assert bench.desk.deed(write.plan_id or "", actor=VERA).state is State.PARTIAL


def test_it_waits_for_a_plan_that_is_being_applied(bench: Workbench):
    held = bench.ledger.journal.lease(bench.desk.stream, plan_id="other", actor="bob")
    held.__enter__()
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            held.__exit__(None, None, None)

    with writing(bench, sleep=sleep) as write:
        assert write.write(memories("k1")).written == 1
    assert len(slept) == 3


def test_it_does_not_wait_for_ever(bench: Workbench):
    write = writing(bench, patience_s=0.2, sleep=lambda _: None)
    with (
        bench.ledger.journal.lease(bench.desk.stream, plan_id="other", actor="bob"),
        pytest.raises(BusyError, match="bob"),
    ):
        write.write(memories("k1"))
    assert kinds(bench.desk) == []


@pytest.mark.parametrize(
    ("boundary", "done"), [pytest.param("before", {"k1"}, id="unsent"), pytest.param("after", {"k1", "k2"}, id="sent")]
)
@pytest.mark.parametrize("error", [UnavailableError("no answer"), KeyboardInterrupt()], ids=["service", "ctrl-c"])
def test_what_is_broken_off_is_settled_by_asking_the_index(
    bench: Workbench, boundary: str, done: set[str], error: BaseException
):
    before = contents(bench.store)
    write = writing(bench)
    write.write(memories("k1"))
    fail_at(bench, f"{boundary} put_vectors", error)
    with pytest.raises(type(error)), write:
        write.write(memories("k0", "k2"))
    deed = bench.desk.deed(write.plan_id or "", actor=VERA)
    assert deed.state in (State.FAILED, State.INTERRUPTED)
    assert deed.done == len(done)
    assert set(contents(bench.store)) == {"k0"} | done
    assert verify(bench.ledger.journal, bench.desk.stream).sound
    assert apply(bench.desk, bench.desk.undo_plan(deed.plan_id, actor=ANN), actor=ANN).complete
    assert contents(bench.store) == before


@pytest.mark.parametrize("boundary", ["before append", "after append", "before put_vectors", "after put_vectors"])
def test_a_death_at_any_step_is_recovered(bench: Workbench, boundary: str):
    before = contents(bench.store)
    write = writing(bench)
    write.write(memories("k1"))
    fail_at(bench, boundary, Crash())
    with pytest.raises(Crash):  # and nobody closes the write
        write.write(memories("k0", "k2"))
    assert [deed.plan_id for deed in bench.desk.recover(actor=ADA)] == [write.plan_id]
    deed = bench.desk.deed(write.plan_id or "", actor=VERA)
    assert deed.state is State.INTERRUPTED
    assert verify(bench.ledger.journal, bench.desk.stream).sound
    assert apply(bench.desk, bench.desk.undo_plan(deed.plan_id, actor=ANN), actor=ANN).complete
    assert contents(bench.store) == before


def fail_at(bench: Workbench, boundary: str, error: BaseException) -> None:
    """Raise at the next boundary of that name."""
    reach = bench.steps.reach

    def watch(name: str) -> None:
        reach(name)
        if name == boundary:
            bench.steps.reach = reach  # type: ignore[method-assign]
            raise error

    bench.steps.reach = watch  # type: ignore[method-assign]


@pytest.mark.parametrize("after", [1, 2], ids=["between-two-batches", "before-the-end"])
def test_who_is_taken_for_dead_goes_on(bench: Workbench, after: int):
    with writing(bench) as write:
        for number, key in enumerate(("k1", "k2"), start=1):
            write.write(memories(key))
            if number == after:
                bench.desk.recover(actor=ADA)
                assert bench.desk.deed(write.plan_id or "", actor=VERA).state is State.INTERRUPTED
    deed = bench.desk.deed(write.plan_id or "", actor=VERA)
    assert (deed.state, deed.done, dict(deed.counts)) == (State.APPLIED, 2, {"put": 2})
    assert verify(bench.ledger.journal, bench.desk.stream).sound


def test_a_viewer_writes_nothing(bench: Workbench):
    with pytest.raises(NotAllowedError, match="viewer"):
        writing(bench, actor=VERA)


def test_two_writes_at_once_take_turns(tmp_path: Path):
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("team", actor=LOCAL_ADMIN)
        keys = [[f"{name}{number}" for number in range(200)] for name in "ab"]
        threads = [
            threading.Thread(target=write_journalled, args=(store, memories(*part)), kwargs={"actor": ANN, "title": "both"})
            for part in keys
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(contents(store)) == {key for part in keys for key in part}
        deeds = open_desk(store).history(actor=VERA)
        assert [(deed.state, deed.done) for deed in deeds] == [(State.APPLIED, 200)] * 2
        assert verify(open_desk(store).ledger.journal, store.stream).sound


def imported(store: Any, *rows: dict[str, Any], **options: Any) -> ImportReport:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return Importer(store, actor=ANN, **options).run([Source("rows.jsonl", io.BytesIO(data), size=len(data))])


def test_an_import_is_undone_and_repeated(tmp_path: Path):
    rows = [{"key": "k0", "content": "Old words."}, {"key": "k1", "content": "More words."}]
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("team", actor=LOCAL_ADMIN)
        desk = open_desk(store)
        first = imported(store, rows[0])
        before = contents(store)
        second = imported(store, {**rows[0], "content": "New words."}, rows[1], rows[1] | {"key": "k2"})
        assert (second.replaced, second.written) == (1, 2)
        assert second.as_dict()["plan_id"] == second.plan_id
        assert desk.deed(second.plan_id or "", actor=VERA).title == "Import of rows.jsonl"
        assert apply(desk, desk.undo_plan(second.plan_id or "", actor=ANN), actor=ANN).complete
        assert contents(store) == before
        assert imported(store, rows[0]).plan_id is None
        assert imported(store, rows[1], dry_run=True).plan_id is None
        assert [deed.plan_id for deed in desk.history(actor=VERA)][1:] == [second.plan_id, first.plan_id]


def test_remember_is_journalled_and_undone(filled: CommandLine):
    said = filled("remember", "Due on Monday.", "--index", "team", "--key", "a1", "--replace", "--json").json
    assert said["key"] == "a1"
    with closing(open_catalog(filled.store)) as catalog:
        store = catalog.open("team", actor=LOCAL_ADMIN)
        desk = open_desk(store)
        assert [deed.title for deed in desk.history(actor=VERA)] == ["Remember a1", "Import of rows.jsonl"]
        assert apply(desk, desk.undo_plan(said["plan_id"], actor=ADA)).complete
        assert store.get(["a1"], actor=LOCAL_ADMIN)["a1"].content == "The quarterly report is due on Friday."
