"""Snapshots while their surroundings change: clocks, tags, rights, the first records, what is to be forgotten."""

from __future__ import annotations

import threading

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.analysis.snapshot import Snapshots
from core.errors import CancelledError, NotAllowedError
from tests.core.foreign_records import langchain, make_foreign_store, notes
from tests.core.snapshot_builders import WAIT_S, look, refreshed, rows_of, shown

FEW = {f"k{n}": {"content": f"text {n}"} for n in range(5)}
MANY = {f"k{n:04}": {"content": f"text {n}"} for n in range(500)}


@pytest.mark.parametrize(
    ("move", "seen"),
    [
        pytest.param(lambda snapshots, service: None, False, id="nothing"),
        pytest.param(lambda snapshots, service: snapshots.touch(service.store, ["new"]), True, id="written"),
        pytest.param(lambda snapshots, service: setattr(entry_of(snapshots), "checked", float("-inf")), True, id="long-ago"),
    ],
)
def test_a_refresh_that_was_stopped_is_not_the_last_one(move, seen, service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, service.store)
    service.put({"new": {"content": "later"}})
    clock.pass_(3_600)
    service.client.before_page = lambda done: look(snapshots, service.store, wait_s=0).job.cancel()
    assert isinstance(look(snapshots, service.store).error, CancelledError)
    service.client.before_page = None
    move(snapshots, service)
    found = look(snapshots, service.store)
    assert ("new" in rows_of(found.snapshot, vectors=False)) is seen
    assert isinstance(found.error, CancelledError) is not seen


def entry_of(snapshots):
    (entry,) = snapshots._entries.values()
    return entry


@pytest.mark.parametrize("anew", [pytest.param(False, id="the same process"), pytest.param(True, id="another")])
def test_a_clock_that_was_set_back_does_not_keep_a_snapshot_fresh(anew, service, clock, tmp_path):
    service.put(FEW)
    clock.pass_(365 * 86_400)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    shown(snapshots, service.store)
    service.put({"new": {"content": "later"}})
    clock.pass_(-365 * 86_400)
    if anew:
        snapshots = Snapshots(tmp_path / "cache", clock=clock)
    after = shown(snapshots, service.store)
    assert (after.rows, after.taken_at) == (6, clock.now)
    service.calls.clear()
    assert shown(snapshots, service.store) is after
    assert shown(Snapshots(tmp_path / "cache", clock=clock), service.store).rows == 6
    assert service.count("ListVectors") == 0


def test_what_is_forgotten_while_it_is_read_leaves_nothing_behind(service, clock, tmp_path, monkeypatch):
    service.put(MANY)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    save, saving, forgotten = snapshots._files.save, threading.Event(), threading.Event()

    def hold(*args, **rest):
        saving.set()
        assert forgotten.wait(WAIT_S)
        return save(*args, **rest)

    monkeypatch.setattr(snapshots._files, "save", hold)
    job = snapshots.refresh(service.store, actor=LOCAL_ADMIN)
    assert saving.wait(WAIT_S)
    snapshots.forget(service.store)
    forgotten.set()
    assert job.wait(WAIT_S)
    assert not list((tmp_path / "cache").rglob("rows.arrow"))
    monkeypatch.undo()
    assert shown(snapshots, service.store).rows == 500


def test_a_tenant_that_is_stated_later_is_asked_for_at_the_next_look(service, clock, tmp_path):
    service.put(FEW)
    snapshots = Snapshots(tmp_path / "cache", clock=clock)
    acme, beta = (Actor(name, Role.VIEWER, frozenset({name})) for name in ("acme", "beta"))
    for actor in (acme, beta):
        assert snapshots.look(service.store, actor=actor, wait_s=WAIT_S).snapshot.rows == 5
    service.engine.tag_resource(resourceArn=service.store.info.arn, tags={"mnemoscope:tenant": "acme"})
    assert service.store.info.tenant == "acme"
    assert snapshots.look(service.store, actor=acme, wait_s=WAIT_S).snapshot.rows == 5
    for call in (
        lambda: snapshots.look(service.store, actor=beta, wait_s=0),
        lambda: snapshots.known(service.store, actor=beta),
        lambda: snapshots.counts([service.store], actor=beta, first_s=0),
    ):
        with pytest.raises(NotAllowedError):
            call()


def test_a_count_that_is_a_part_says_so_in_this_process_and_the_next(service, clock, tmp_path):
    service.put(MANY)
    snapshots = Snapshots(tmp_path / "cache", clock=clock, max_rows=200)
    assert snapshots.sampled([service.store]) == frozenset()
    assert shown(snapshots, service.store).sampled
    for seen in (snapshots, Snapshots(tmp_path / "cache", clock=clock)):
        assert seen.sampled([service.store]) == {"agents"}
    whole = Snapshots(tmp_path / "cache", clock=clock)
    assert not refreshed(whole, service.store).sampled
    assert whole.sampled([service.store]) == frozenset()


def test_an_index_of_a_few_records_is_told_again_from_more(tmp_path, clock):
    store = make_foreign_store(tmp_path / "foreign", {"k0": notes()})
    snapshots = Snapshots(None, clock=clock, local=True)
    assert shown(snapshots, store).frame["content"][0] == notes()["body"]
    assert store.schema.name == "custom"
    records = {f"n{n}": langchain(n) for n in range(20)}
    store._client.put_vectors(
        **store._where,
        vectors=[
            {"key": key, "data": {"float32": [1.0] * store.info.dimension}, "metadata": metadata}
            for key, metadata in records.items()
        ],
    )
    frame = shown(snapshots, store).frame.set_index("key")
    assert store.schema.name == "langchain"
    assert frame.loc["n3", "content"] == records["n3"]["_page_content"]
    assert frame.loc["n3", "source"] == records["n3"]["source"]
