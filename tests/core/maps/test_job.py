"""Maps that a worker in this process computes: what sessions see of each other, of erasures, and what is let go."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from core.access import LOCAL_ADMIN
from core.maps import DEFAULT, MapParameters, Maps, maps_directory
from core.maps.forgetting import forget_memories
from core.maps.keeping import KeptMaps
from core.maps.memory import MEMORY_VARIABLE
from core.maps.process import WORKER_VARIABLE
from core.snapshots.keeping import key_of
from tests.core.maps.builders import NOW, WAIT_S, WorkerHere, make_snapshot, make_store, make_vectors

VECTORS = make_vectors(40)
WORD = "Persephone"


@pytest.fixture(autouse=True)
def a_worker(monkeypatch):
    monkeypatch.setenv(WORKER_VARIABLE, "asked")


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path)


def looked(maps, store, snapshot, parameters=DEFAULT, **options):
    return maps.look(store, snapshot, parameters, actor=LOCAL_ADMIN, **{"wait_s": WAIT_S} | options)


def words_of(state):
    return {info.label for view in state.clusters.values() for info in view.infos}


def words_on_disk(store):
    return any(WORD.encode() in path.read_bytes() for path in maps_directory(store).rglob("*") if path.is_file())


def at(snapshot, seconds):
    return replace(snapshot, taken_at=snapshot.taken_at + timedelta(seconds=seconds))


def fresh(snapshot):
    return replace(snapshot, taken_at=datetime.now(UTC) + timedelta(seconds=1))


def erase(store, *keys):
    forget_memories(maps_directory(store), store.info.arn, keys)


def test_what_was_erased_is_not_shown_nor_kept_by_a_map_that_was_begun_before(store):
    worker = WorkerHere(lambda _: erase(store, "m000003"), label=WORD)
    maps = Maps(start=lambda: worker)
    state = looked(maps, store, make_snapshot(VECTORS))
    assert (state.stage, state.final, words_of(state)) == ("done", True, set())
    assert all(view.clusters.count for view in state.clusters.values())
    assert not words_on_disk(store)
    maps.close()


def test_erased_memories_leave_a_map_that_nobody_looks_at_any_more(store, monkeypatch):
    maps = Maps(start=lambda: WorkerHere(label=WORD))
    whole = make_snapshot(VECTORS)
    before = looked(maps, store, whole)
    other = make_store(store.archive.cache_dir.parent, name="other")
    assert any(WORD in word for word in words_of(before))
    assert words_on_disk(store)
    erase(store, "m000003")
    assert not words_on_disk(store)
    monkeypatch.setenv(WORKER_VARIABLE, "off")
    looked(maps, other, make_snapshot(VECTORS[:6]))  # the job of the first index is asked nothing
    assert all(not any(WORD in word for word in words_of(job._state)) for job in maps._jobs.values())
    left = make_snapshot(np.delete(VECTORS, 3, axis=0), keys=[f"m{row:06}" for row in range(40) if row != 3], revision="2")
    state = looked(maps, store, fresh(left))
    assert (state.stage, state.off, words_of(state)) == ("failed", True, set())
    assert np.array_equal(state.coords, np.delete(before.coords, 3, axis=0)), "the others are no longer where they were"
    maps.close()


@pytest.mark.parametrize(("read", "kept"), [pytest.param(-60, False, id="before"), pytest.param(60, True, id="after")])
def test_memories_that_were_read_before_an_erasure_are_not_kept(store, read, kept):
    maps = Maps(start=lambda: WorkerHere(label=WORD))
    erase(store, "m000003")
    snapshot = replace(make_snapshot(VECTORS), taken_at=datetime.now(UTC) + timedelta(seconds=read))
    assert looked(maps, store, snapshot).stage == "done"
    assert words_on_disk(store) is kept
    assert (KeptMaps(maps_directory(store)).load(key_of(store), DEFAULT) is not None) is kept
    maps.close()


def test_sessions_with_old_memories_do_not_take_the_map_in_turns(store):
    maps = Maps(start=lambda: WorkerHere())
    snapshots = [at(make_snapshot(make_vectors(40, seed=seed), revision=str(seed)), seed) for seed in range(4)]
    for snapshot in snapshots:
        assert looked(maps, store, snapshot).stage == "done"
    begun = maps.orders
    for _ in range(3):
        for snapshot in snapshots[:-1]:
            old = looked(maps, store, snapshot)
            assert old.coords is None or len(old.coords) == 40
    assert maps.orders == begun, "the map was computed again for memories of before"
    assert looked(maps, store, snapshots[-1]).stage == "done"
    turned_back = replace(make_snapshot(make_vectors(40, seed=9), revision="9"), taken_at=NOW - timedelta(days=1))
    assert looked(maps, store, turned_back).revision == "9", "a clock that was set back stops the map"
    maps.close()


def test_vectors_and_texts_are_let_go_when_a_map_is_done(store):
    maps = Maps(start=lambda: WorkerHere())
    snapshot = make_snapshot(VECTORS)
    assert looked(maps, store, snapshot).stage == "done"
    maps.refit(store, snapshot, actor=LOCAL_ADMIN)
    assert looked(maps, store, snapshot).stage == "done"
    for thread in threading.enumerate():
        if thread.name == "map":
            thread.join(WAIT_S)
    held = [weakref.ref(snapshot), weakref.ref(snapshot.frame)]
    del snapshot
    gc.collect()
    assert [ref() for ref in held] == [None, None]
    maps.close()


def test_a_map_in_the_queue_is_cancelled_without_its_worker(store):
    gate, begun = threading.Event(), threading.Event()

    def heed(_):
        begun.set()
        assert gate.wait(WAIT_S)

    worker = WorkerHere(heed)
    maps = Maps(start=lambda: worker)
    solid = MapParameters(dims=3)
    snapshot = make_snapshot(VECTORS)
    looked(maps, store, snapshot, wait_s=0.0)
    assert begun.wait(WAIT_S)
    looked(maps, store, snapshot, solid, until=lambda state: state.coords is not None)
    maps.cancel(store, solid, actor=LOCAL_ADMIN)
    assert looked(maps, store, snapshot, solid).stage == "cancelled"
    assert worker.alive, "the map that was being computed was stopped too"
    maps.refit(store, snapshot, actor=LOCAL_ADMIN)
    gate.set()
    assert looked(maps, store, snapshot).stage == "done"
    assert looked(maps, store, snapshot, solid).stage == "cancelled"
    assert maps.orders == 1, "what is being computed is begun again"
    maps.cancel(store, actor=LOCAL_ADMIN)
    assert looked(maps, store, snapshot).stage == "done", "what is done cannot be cancelled"
    maps.cancel(make_store(store.archive.cache_dir.parent, name="other"), actor=LOCAL_ADMIN)
    maps.close()


def test_an_index_that_is_deleted_while_its_map_is_computed_leaves_none(store):
    maps = Maps(start=lambda: worker)

    def heed(_):
        maps.forget(store)

    worker = WorkerHere(heed, label=WORD)
    looked(maps, store, make_snapshot(VECTORS), until=lambda _: bool(maps._jobs) is False, wait_s=1.0)
    maps.close()
    assert not words_on_disk(store)
    assert KeptMaps(maps_directory(store)).load(key_of(store), DEFAULT) is None


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        pytest.param(MEMORY_VARIABLE, "a lot", "is no number of megabytes", id="memory in words"),
        pytest.param(MEMORY_VARIABLE, "-1", "is no number of megabytes", id="less than no memory"),
        pytest.param(MEMORY_VARIABLE, "٣٠٠٠", "is no number of megabytes", id="other digits"),
        pytest.param(MEMORY_VARIABLE, "9" * 30, "is no number of megabytes", id="more than there is"),
        pytest.param(WORKER_VARIABLE, "sometimes", "use one of start, asked, off", id="another word"),
        pytest.param(WORKER_VARIABLE, "off", "switched off", id="off"),
    ],
)
def test_a_setting_that_says_nothing_stops_no_server_and_is_told(store, monkeypatch, variable, value, said):
    monkeypatch.setenv(WORKER_VARIABLE, "start")
    monkeypatch.setenv(variable, value)
    maps = Maps(start=lambda: pytest.fail("a worker is started"))
    maps.warm()
    state = looked(maps, store, make_snapshot(VECTORS))
    maps.close()
    assert (state.stage, state.method, state.missing, state.off) == ("failed", "pca", False, value == "off")
    assert said in state.problem
    monkeypatch.undo()
