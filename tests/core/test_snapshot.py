"""Snapshots: fresh when they must be, read by difference, never in the caller's thread, equal to what is stored."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.analysis.snapshot import Snapshots
from core.errors import AccessDeniedError, CancelledError, ConfigError, NotAllowedError, UnreachableError
from core.memory import Schema
from tests.core.snapshot_builders import START, WAIT_S, Clock, Service, look, refreshed, rows_of, shown

FEW = {f"k{n}": {"content": f"text {n}", "agent_id": "ann"} for n in range(5)}
MANY = {f"k{n:04}": {"content": f"text {n}"} for n in range(1_000)}


def test_a_first_look_reads_and_later_ones_do_not(service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    first = shown(snapshots, service.store)
    assert set(rows_of(first, vectors=False)) == set(FEW)
    assert (first.rows, first.total, first.sampled, first.taken_at) == (5, 5, False, START)
    service.calls.clear()
    assert shown(snapshots, service.store) is first
    assert service.count("ListVectors") == 0


@pytest.mark.parametrize(
    ("move", "seen"),
    [
        pytest.param(lambda snapshots, service, clock: None, False, id="fresh"),
        pytest.param(lambda snapshots, service, clock: clock.pass_(301), True, id="old"),
        pytest.param(lambda snapshots, service, clock: snapshots.touch(service.store), True, id="touched"),
        pytest.param(
            lambda snapshots, service, clock: snapshots.refresh(service.store, actor=LOCAL_ADMIN).wait(WAIT_S),
            True,
            id="asked",
        ),
    ],
)
def test_what_others_wrote_is_seen_when_it_is_time(move, seen, service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    before = shown(snapshots, service.store)
    service.put({"new": {"content": "later"}})
    move(snapshots, service, clock)
    after = shown(snapshots, service.store)
    assert ("new" in rows_of(after, vectors=False)) is seen
    assert (after.revision != before.revision) is seen


def test_vectors_are_read_when_asked_for_and_kept_current_from_then_on(service, clock, tmp_path):
    service.put(MANY)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    bare = shown(snapshots, service.store)
    with pytest.raises(ConfigError, match="without vectors"):
        bare.vectors()
    whole = shown(snapshots, service.store, vectors=True)
    assert whole.vectors().shape == (1_000, 4)
    service.put({"k0001": {"content": "changed"}, "new": {"content": "later"}})
    service.delete("k0002")
    service.calls.clear()
    assert refreshed(snapshots, service.store).has_vectors
    assert service.count("GetVectors") == 2
    fresh = shown(Snapshots(None), service.store, vectors=True)
    assert rows_of(shown(snapshots, service.store)) == rows_of(fresh)


def test_much_that_is_new_is_listed_with_its_vectors(service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, service.store, vectors=True)
    service.put(MANY)
    service.calls.clear()
    after = refreshed(snapshots, service.store)
    assert service.count("GetVectors") == 0
    assert after.rows == 1_005
    assert rows_of(after) == rows_of(shown(Snapshots(None), service.store, vectors=True))


def test_a_vector_replaced_under_the_same_metadata_is_seen_by_a_full_reading_or_a_touch(service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    before = shown(snapshots, service.store, vectors=True)
    service.put({"k1": FEW["k1"]}, seed=1)
    assert rows_of(refreshed(snapshots, service.store)) == rows_of(before)
    snapshots.touch(service.store, ["k1"])
    touched = shown(snapshots, service.store)
    assert rows_of(touched) == rows_of(shown(Snapshots(None), service.store, vectors=True)) != rows_of(before)
    service.put({"k2": FEW["k2"]}, seed=1)
    full = refreshed(snapshots, service.store, full=True)
    assert rows_of(full) == rows_of(shown(Snapshots(None), service.store, vectors=True))
    assert len({before.revision, touched.revision, full.revision}) == 3


def test_equal_content_has_an_equal_revision_whoever_reads_it(service, clock, tmp_path):
    service.put(FEW)
    service.put({"x": {"content": "x"}})
    one = shown(Snapshots(tmp_path / "one", clock=clock), service.store, vectors=True)
    service.delete("x")
    other = Snapshots(None, clock=clock)
    assert shown(other, service.store, vectors=True).revision != one.revision
    service.put({"x": {"content": "x"}})
    assert refreshed(other, service.store).revision == one.revision


def test_another_process_takes_over_what_is_on_disk(service, clock, tmp_path):
    service.put(FEW)
    first = shown(Snapshots(tmp_path / "cache", clock=clock), service.store, vectors=True)
    service.calls.clear()
    clock.pass_(60)
    second = shown(Snapshots(tmp_path / "cache", clock=clock), service.store, vectors=True)
    assert (second.revision, second.taken_at) == (first.revision, START)
    assert rows_of(second) == rows_of(first)
    assert service.count("ListVectors") == service.count("GetVectors") == 0


def test_of_two_processes_one_reads_and_the_other_takes_what_it_read(service, clock, tmp_path):
    service.put(FEW)
    listing, go_on = threading.Event(), threading.Event()

    def hold(done: int) -> None:
        listing.set()
        assert go_on.wait(WAIT_S)

    service.client.before_page = hold
    one, other = (Snapshots(tmp_path / "cache", clock=clock) for _ in range(2))
    first = one.refresh(service.store, actor=LOCAL_ADMIN)
    assert listing.wait(WAIT_S)
    service.calls.clear()
    second = other.refresh(service.store, actor=LOCAL_ADMIN)
    while second.progress.stage != "waiting for another process":
        assert not second.wait(0.01)
    go_on.set()
    assert first.wait(WAIT_S)
    assert second.wait(WAIT_S)
    assert shown(other, service.store).rows == 5
    assert service.count("ListVectors") == 5


def test_a_look_gives_what_there_is_while_a_job_reads(service, clock, tmp_path):
    service.put(MANY)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    reached, go_on = threading.Event(), threading.Event()

    def hold(done: int) -> None:
        if done == 300:
            reached.set()
            assert go_on.wait(WAIT_S)

    service.client.before_page = hold
    found = look(snapshots, service.store, wait_s=0)
    assert (found.snapshot, found.error) == (None, None)
    assert reached.wait(WAIT_S)
    progress = found.job.progress
    assert (progress.stage, progress.done, progress.total, progress.started_at) == ("reading memories", 300, None, START)
    assert look(snapshots, service.store, wait_s=0).job is found.job
    go_on.set()
    assert found.job.wait(WAIT_S)
    before = shown(snapshots, service.store)
    go_on.clear()
    reached.clear()
    clock.pass_(3_600)
    again = look(snapshots, service.store, wait_s=0)
    assert again.snapshot is before
    assert reached.wait(WAIT_S)
    assert again.job.progress.total == 1_000
    go_on.set()
    assert shown(snapshots, service.store).taken_at > before.taken_at


def test_a_reading_that_is_stopped_shows_what_was_there_and_is_not_begun_again_unasked(service, clock, tmp_path):
    service.put(MANY)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    service.client.before_page = lambda done: look(snapshots, service.store, wait_s=0).job.cancel() if done == 200 else None
    found = look(snapshots, service.store)
    assert isinstance(found.error, CancelledError)
    assert (found.snapshot, found.job) == (None, None)
    service.calls.clear()
    assert look(snapshots, service.store).job is None
    assert service.count("ListVectors") == 0
    service.client.before_page = None
    assert refreshed(snapshots, service.store).rows == 1_000


def test_an_unreachable_service_leaves_the_former_snapshot_and_is_asked_again_on_demand(service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    before = shown(snapshots, service.store)

    def fail(done: int) -> None:
        raise UnreachableError("The service did not answer.")

    service.client.before_page = fail
    clock.pass_(3_600)
    found = look(snapshots, service.store)
    assert found.snapshot is before
    assert "did not answer" in str(found.error)
    assert look(snapshots, service.store).job is None
    service.client.before_page = None
    assert refreshed(snapshots, service.store).taken_at == clock.now


@pytest.mark.parametrize(
    ("denied", "right"),
    [
        pytest.param("metadata", "s3vectors:GetVectors", id="keys alone"),
        pytest.param("all", "s3vectors:ListVectors", id="none"),
    ],
)
def test_a_missing_right_is_named_and_nothing_read_before_is_shown(denied, right, service, clock, tmp_path, monkeypatch):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, service.store)
    scan = service.client.scan

    def refuse(*, columns=None, **rest):
        if denied == "all" or columns is None:
            raise AccessDeniedError("no")
        return scan(columns=columns, **rest)

    monkeypatch.setattr(service.client, "scan", refuse)
    clock.pass_(3_600)
    found = look(snapshots, service.store)
    assert isinstance(found.error, AccessDeniedError)
    assert f"the right {right} on it is missing" in str(found.error)
    assert found.snapshot is None
    assert look(Snapshots(tmp_path / "cache", clock=clock), service.store).snapshot is None


def test_every_look_asks_for_the_right_to_read(service, clock, tmp_path):
    service.catalog.create("theirs", actor=LOCAL_ADMIN, tenant="acme")
    store = service.catalog.open("theirs", actor=LOCAL_ADMIN)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, store)
    stranger = Actor("eve", Role.ADMIN, frozenset({"beta"}))
    for call in (
        lambda: snapshots.look(store, actor=stranger, wait_s=0),
        lambda: snapshots.refresh(store, actor=stranger),
        lambda: snapshots.counts([store], actor=stranger, first_s=0),
    ):
        with pytest.raises(NotAllowedError):
            call()


def test_an_index_made_anew_under_its_name_is_another(service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, service.store)
    service.engine.delete_index(**service.where)
    service.engine._buckets._clock = lambda: 2e9
    service.catalog.create("agents", actor=LOCAL_ADMIN)
    assert shown(snapshots, service.store).rows == 0


def test_counts_come_from_what_is_known(service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    assert snapshots.counts([service.store], actor=LOCAL_ADMIN, first_s=WAIT_S) == {"agents": None}
    shown(snapshots, service.store)
    later = Snapshots(tmp_path / "cache", clock=clock)
    service.calls.clear()
    assert later.counts([service.store], actor=LOCAL_ADMIN, first_s=0) == {"agents": 5}
    assert service.count("ListVectors") == 0


def test_an_engine_in_this_process_is_fresh_at_every_look(tmp_path):
    service = Service(tmp_path / "service", local=True)
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", local=True)
    first = shown(snapshots, service.store)
    assert shown(snapshots, service.store).table is first.table
    service.put({"new": {"content": "later"}})
    assert set(rows_of(shown(snapshots, service.store), vectors=False)) == {*FEW, "new"}
    assert shown(snapshots, service.store, vectors=True).vectors().shape == (6, 4)
    assert shown(snapshots, service.store).revision == service.store.revision()
    assert snapshots.counts([service.store], actor=LOCAL_ADMIN, first_s=WAIT_S) == {"agents": 6}
    assert not (tmp_path / "cache").exists()
    service.close()


def test_only_so_many_are_held_in_memory(tmp_path, clock):
    services = [Service(tmp_path / "service", name=f"index{n}") for n in range(3)]
    snapshots = Snapshots(tmp_path / "cache", clock=clock, in_memory=2)
    for service in services:
        shown(snapshots, service.store)
    assert sum(entry.kept is not None for entry in snapshots._entries.values()) == 2
    services[0].calls.clear()
    shown(snapshots, services[0].store)
    assert services[0].count("ListVectors") == 0
    for service in services:
        service.close()


values = st.sampled_from(["a", "b", 1, 2, 1.5, True, ["x"], ["x", "y"], [1.0, 2.0]])
metadata = st.fixed_dictionaries(
    {"content": st.sampled_from(["one", "two"])}, optional={"mixed": values, "agent_id": st.just("a")}
)
keys = st.sampled_from([f"k{n}" for n in range(12)])
steps = st.one_of(
    st.tuples(st.just("put"), st.dictionaries(keys, metadata, min_size=1, max_size=6)),
    st.tuples(st.just("delete"), st.lists(keys, min_size=1, max_size=4)),
    st.tuples(st.just("refresh"), st.booleans()),
    st.tuples(st.just("cancel"), st.none()),
    st.tuples(st.just("restart"), st.none()),
)


@settings(max_examples=40)
@given(history=st.lists(steps, max_size=14), start_with=st.dictionaries(keys, metadata, max_size=12))
def test_whatever_happens_a_snapshot_by_difference_is_one_read_afresh(tmp_path_factory, history, start_with):
    base = tmp_path_factory.mktemp("law")
    service, clock = Service(base / "service"), Clock()
    snapshots = Snapshots(base / "cache", clock=clock)
    service.put(start_with)
    shown(snapshots, service.store, vectors=True)
    changed: set[str] = set()
    for step, given_ in [*history, ("refresh", False)]:
        clock.pass_(1)
        if step == "put":
            service.put(given_)
            changed |= set(given_)
        elif step == "delete":
            service.delete(*given_)
        elif step == "restart":
            snapshots.close()
            snapshots = Snapshots(base / "cache", clock=clock)
        elif step == "cancel":
            job = snapshots.refresh(service.store, actor=LOCAL_ADMIN, vectors=True)
            job.cancel()
            assert job.wait(WAIT_S)
            if job.error is None:
                changed.clear()
        else:
            service.calls.clear()
            found = refreshed(snapshots, service.store, full=given_, vectors=True)
            assert service.count("GetVectors") <= len(changed)
            fresh = shown(Snapshots(None, clock=clock), service.store, vectors=True)
            assert rows_of(found) == rows_of(fresh)
            assert found.revision == fresh.revision
            changed.clear()
    service.close()


@pytest.mark.parametrize("local", [pytest.param(True, id="in this process"), pytest.param(False, id="listed")])
def test_an_index_that_is_read_in_another_way_has_another_frame(local, tmp_path, clock):
    service = Service(tmp_path / "service", local=local)
    service.put({"k": {"content": "one", "said": "other"}})
    snapshots = Snapshots(tmp_path / "cache", clock=clock, local=local)
    assert list(shown(snapshots, service.store).frame["content"]) == ["one"]
    schema = Schema("custom", {"content": "said"})
    service.catalog.save_schema("agents", schema, actor=LOCAL_ADMIN)
    for again in (snapshots, snapshots, Snapshots(tmp_path / "cache", clock=clock, local=local)):
        assert list(shown(again, service.store).frame["content"]) == ["other"]
    service.close()


def test_a_large_index_is_sampled_and_says_so(service, clock, tmp_path):
    service.put(MANY)
    snapshots = Snapshots(tmp_path / "cache", clock=clock, max_rows=250)
    found = shown(snapshots, service.store, vectors=True)
    assert (found.rows, found.total, found.sampled) == (300, None, True)
    clock.pass_(1)
    again = refreshed(snapshots, service.store)
    assert rows_of(again) == rows_of(found)
    later = shown(Snapshots(tmp_path / "cache", clock=clock, max_rows=250), service.store)
    assert (later.rows, later.sampled) == (300, True)
    for start in (200, 600):
        service.delete(*sorted(MANY)[start : start + 400])
    clock.pass_(1)
    assert refreshed(snapshots, service.store).total == 200
