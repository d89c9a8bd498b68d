"""Looking back: moments, the versions of each key, what is kept of a look, what was retired, who may look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.analysis.frame import COLUMNS
from core.catalog import Catalog
from core.curation.desk import Desk
from core.curation.journal import Draft, Image, Kind
from core.curation.plan import Action
from core.curation.writing import write_journalled
from core.errors import ConfigError, JournalError, NotAllowedError, NotFoundError
from core.memory import OURS
from core.memory.record import Record
from core.memory.schema import Schema
from core.past.difference import What, difference
from core.past.given import become_of
from core.past.moment import Clock, Moment
from core.past.retired import retired_frame
from core.past.searching import memories_then, neighbours_then, recall_then
from core.past.then import Then, look_back
from core.past.versions import Versions, versions_of
from core.snapshots.content import Snapshot
from core.snapshots.job import Job
from core.snapshots.reading import Wish, read_in_process
from core.store import MemoryStore
from tests.core.curation.desks import ADA, VERA, Ticking, apply, edit, erase, make_catalog, make_plan, retire
from tests.core.memory_builders import DAY, NOW, make_memory

AT = datetime(2026, 11, 14, 10, 32, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


class World:
    """A store in which, an hour apart: agents wrote, an import came, a memory was edited, two retired and one erased."""

    def __init__(self, directory: Path) -> None:
        self.catalog: Catalog = make_catalog(directory)
        self.store: MemoryStore = self.catalog.create("agents", actor=LOCAL_ADMIN)
        assert self.store.archive is not None
        self.clock = Ticking()
        self.desk = Desk(self.store, self.store.archive.ledger, clock=self.clock, second_person=False)
        own = [make_memory(key, f"Own {key}", created_at=NOW) for key in ("a", "b", "c")]
        own += [make_memory("undated", created_at=None), make_memory("sum", derived_from=("a",), created_at=NOW + 6 * HOUR)]
        assert not self.store.write(own, actor=LOCAL_ADMIN).failed
        late = [make_memory("late", "Came late", created_at=NOW - DAY), make_memory("gone", "To erase", created_at=NOW)]
        self.at(1)
        write_journalled(self.store, late, actor=ADA, title="Import", clock=self.clock)
        for hour, changes in (
            (2, lambda: [edit(self.desk, "b", content="Own b, better")]),
            (3, lambda: retire(self.desk, "a", "c")),
            (4, lambda: erase(self.desk, "gone")),
        ):
            self.at(hour)
            apply(self.desk, make_plan(self.desk, *changes(), id=f"h{hour}"))

    def at(self, hour: int) -> None:
        self.clock.now = NOW + hour * HOUR

    @property
    def versions(self) -> Versions:
        return versions_of(self.desk.ledger.journal, self.desk.stream)

    @property
    def snapshot(self) -> Snapshot:
        job = Job("agents", clock=lambda: NOW)
        return read_in_process(self.store, None, Wish(vectors=True), actor=ADA, now=NOW, job=job)

    def keys(self, hour: float, clock: Clock) -> set[str]:
        then = look_back(self.store, self.snapshot, Moment(NOW + hour * HOUR, clock), actor=ADA)
        return set(then.snapshot.frame["key"])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("world"))
    with closing(made.catalog):
        yield made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-14T10:32:05Z", AT),
        (" 2026-11-14T11:32:05+01:00 ", AT),
        ("2026-11-14T10:32:05", AT),
        ("2026-11-14T10:32:05.000001Z", AT + timedelta(microseconds=1)),
        ("2026-11-14", AT.replace(hour=0, minute=0, second=0)),
    ],
)
def test_a_moment_is_read_and_written(text, expected):
    moment = Moment.parse(text, "recorded")
    assert (moment.at, moment.clock) == (expected, Clock.RECORDED)
    assert Moment.parse(moment.text, moment.clock) == moment
    assert Moment.from_us(moment.us, moment.clock) == moment


@pytest.mark.parametrize(("text", "clock"), [("", ""), ("soon", ""), ("2026-13-01", ""), ("2026-11-14", "wall")])
def test_what_is_no_moment_is_refused(text, clock):
    with pytest.raises(ConfigError):
        Moment.parse(text, clock)


def test_a_moment_needs_a_zone_and_a_calendar():
    assert Moment(AT).in_words() == "14 Nov 2026, 10:32:05 UTC"
    assert Moment(AT.replace(microsecond=7)).in_words().endswith("10:32:05.000007 UTC")
    with pytest.raises(ConfigError, match="time zone"):
        Moment(AT.replace(tzinfo=None))
    with pytest.raises(ConfigError, match="calendar"):
        Moment.from_us(10**18)


def test_versions_tell_what_each_key_went_through(world: World):
    versions = world.versions
    assert [(each.action, each.plan_id) for each in versions.of("b")] == [(Action.REPLACE, "h2")]
    assert versions.of("nobody") == ()
    assert {key: each.plan_id for key, each in versions.since(NOW + 2 * HOUR + HOUR / 2).items()} == {
        "a": "h3",
        "c": "h3",
        "gone": "h4",
    }
    assert versions.plans_since(NOW, ["b", "gone", "nobody"])["b"] == {"h2"}
    assert len(versions.plans_since(NOW, ["gone"])["gone"]) == 2
    assert versions.of("gone")[-1].action is Action.ERASE
    assert set(versions.recorded()) == {"late", "gone"}
    assert list(versions.retired()) == ["a", "c", "gone"]
    assert versions.head == sum(1 for _ in world.desk.ledger.journal.entries(world.desk.stream))
    assert versions_of(world.desk.ledger.journal, world.desk.stream) is versions


@pytest.mark.parametrize(
    ("hour", "created", "recorded"),
    [
        (-2, {"late", "undated"}, {"undated"}),
        (0.5, {"a", "b", "c", "late", "undated"}, {"a", "b", "c", "undated"}),
        (1.5, {"a", "b", "c", "late", "undated"}, {"a", "b", "c", "late", "undated"}),
        (3.5, {"b", "late", "undated"}, {"b", "late", "undated"}),
        (7, {"b", "late", "undated", "sum"}, {"b", "late", "undated", "sum"}),
    ],
)
def test_who_was_there(world: World, hour, created, recorded):
    assert world.keys(hour, Clock.CREATED) == created
    assert world.keys(hour, Clock.RECORDED) == recorded


def test_a_look_says_what_is_not_known_and_is_kept(world: World):
    snapshot, moment = world.snapshot, Moment(NOW + 1.5 * HOUR)
    then = look_back(world.store, snapshot, moment, actor=ADA)
    assert (then.erased, then.undated, then.notes) == (frozenset({"gone"}), 1, ())
    assert set(then.put) == {"a", "b", "c"}
    assert then.gone == {"sum"}
    assert look_back(world.store, snapshot, moment, actor=VERA) is then
    other = look_back(world.store, replace(snapshot, total=None), Moment(NOW), actor=ADA)
    assert other.snapshot.sampled
    assert any("a sample" in note for note in recall_then(world.store, other, "own", actor=ADA, snapshot=other.base).notes)
    assert not then.snapshot.sampled
    told = memories_then(world.store, then, ["b", "sum", "a"], actor=ADA)
    assert {key: memory.content for key, memory in told.items()} == {"b": "Own b", "a": "Own a"}


def test_a_look_needs_the_right_to_read(world: World):
    info = replace(world.store.info, tenant="acme")
    guarded = MemoryStore.__new__(MemoryStore)
    guarded.__dict__ = world.store.__dict__ | {"info": info}
    stranger = Actor("sue", Role.VIEWER, tenants=frozenset({"other"}))
    then = look_back(world.store, world.snapshot, Moment(NOW), actor=ADA)
    for look in (
        lambda: look_back(guarded, world.snapshot, Moment(NOW), actor=stranger),
        lambda: memories_then(guarded, then, ["a"], actor=stranger),
        lambda: recall_then(guarded, then, "own", actor=stranger),
        lambda: neighbours_then(guarded, then, "a", k=1, actor=stranger),
        lambda: retired_frame(guarded, world.versions, actor=stranger, snapshot=world.snapshot),
    ):
        with pytest.raises(NotAllowedError):
            look()


def test_a_recall_of_then_is_not_logged(world: World):
    then = look_back(world.store, world.snapshot, Moment(NOW + 2.5 * HOUR), actor=ADA)
    assert world.store.archive is not None
    result = recall_then(world.store, then, "own", actor=LOCAL_ADMIN)
    assert {hit.memory.key for hit in result.hits} == {"a", "b", "c", "late", "undated"}
    assert next(hit for hit in result.hits if hit.memory.key == "b").memory.content == "Own b, better"
    world.store.archive.recalls.flush()
    assert world.store.archive.recalls.recent(world.store.stream) == []
    with pytest.raises(NotFoundError, match="no memory 'sum'"):
        neighbours_then(world.store, then, "sum", k=3, actor=ADA)


def test_the_difference_names_who_did_it(world: World):
    then = look_back(world.store, world.snapshot, Moment(NOW + HOUR / 2), actor=ADA)
    found = difference(then, then.base.frame, world.versions, now=NOW + DAY)
    told = {(each.what, each.key): each for each in found.changes}
    assert set(told) == {
        (What.WRITTEN, "sum"),
        (What.EDITED, "b"),
        (What.RETIRED, "a"),
        (What.RETIRED, "c"),
        (What.ERASED, "gone"),
    }
    retired = told[What.RETIRED, "a"]
    assert (retired.plan_id, retired.actor, retired.reason) == ("h3", "ada", "not needed")
    assert (told[What.WRITTEN, "sum"].at, told[What.ERASED, "gone"].plan_id) == (NOW + 6 * HOUR, "h4")
    assert found.sentence() == "Since then 1 was written, 1 edited, 2 retired and 1 erased."


def test_retired_memories_are_a_frame(world: World):
    found = retired_frame(world.store, world.versions, actor=ADA, snapshot=world.snapshot)
    assert list(found.frame.columns)[: len(COLUMNS)] == list(COLUMNS)
    assert dict(zip(found.frame["key"], found.frame["merged"], strict=True)) == {"a": True, "c": False}
    assert (found.total, found.erased, found.merged, found.table.num_rows) == (3, 1, {"a"}, 2)
    assert set(found.frame["retired_by"]) == {"ada"}
    assert set(found.frame["retired_plan"]) == {"h3"}
    assert (found.frame["retired_at"] > NOW + 3 * HOUR).all()
    newest = retired_frame(world.store, world.versions, actor=ADA, snapshot=world.snapshot, limit=2)
    assert (len(newest.frame), newest.total) == (1, 3)
    by_then = look_back(world.store, world.snapshot, Moment(NOW + 2.5 * HOUR), actor=ADA).snapshot
    earlier = retired_frame(world.store, world.versions, actor=ADA, snapshot=by_then, until=NOW + 2.5 * HOUR)
    assert (len(earlier.frame), earlier.total) == (0, 0)


def test_what_a_crash_left_is_said_and_takes_its_place_when_it_is_settled(tmp_path: Path):
    """Memories that came back were retired before; what was given is told, though the journal heard of it later."""
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        assert store.archive is not None
        journal, clock = store.archive.ledger.journal, Ticking()
        desk, versions = Desk(store, store.archive.ledger, clock=clock), versions_of(journal, store.stream)
        made = replace(make_memory("x", "First", created_at=NOW - DAY), last_recalled_at=NOW + 5 * HOUR, recall_count=9)
        write_journalled(store, [made], actor=ADA, title="Import", clock=clock)
        for hour, plan in (
            (1, lambda: make_plan(desk, *retire(desk, "x"), id="out")),
            (3, lambda: desk.undo_plan("out", actor=ADA)),
        ):
            clock.now = NOW + hour * HOUR
            apply(desk, plan())
        (was,) = become_of(store, ["x"], at=NOW - HOUR, actor=ADA, now=NOW + DAY, versions=versions).values()
        assert (was.was and was.was.content, was.turns) == ("First", ())

        def look(hour: float) -> Then:
            job = Job("agents", clock=lambda: NOW)
            snapshot = read_in_process(store, None, Wish(vectors=True), actor=ADA, now=NOW, job=job)
            return look_back(store, snapshot, Moment(NOW + hour * HOUR), actor=ADA)

        assert look(2).rows == 0
        retired = retired_frame(store, versions, actor=ADA, snapshot=look(2).snapshot, until=NOW + 2 * HOUR)
        assert list(retired.frame["key"]) == ["x"]

        result = recall_then(store, look(4), "First", actor=ADA)
        assert (result.hits[0].memory.last_recalled_at, result.hits[0].memory.recall_count) == (None, 0)
        assert result.notes[-1].startswith("1 memory was recalled later")

        cut = [Image("x", "0" * 32, store.records.get(["x"], actor=ADA)["x"], None)]
        _write(journal, store.stream, cut, NOW + 6 * HOUR, "cut", (Kind.PREPARED,))
        assert look(7).notes == (
            "1 change was begun and not ended, and may be missing here: the history says how to settle them.",
        )
        clock.now = NOW + 8 * HOUR
        write_journalled(store, [replace(made, content="Third")], actor=ADA, title="Import", clock=clock)
        _write(journal, store.stream, cut, NOW + 6 * HOUR, "cut", (Kind.APPLIED,))
        assert [each.plan_id for each in versions.of("x")][-2] == "cut"
        assert look(9).notes == ()


def test_a_field_that_means_something_else_now_is_told_anew(tmp_path: Path):
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        store.write([make_memory("a", agent_id="planner", created_at=NOW - DAY, extra={"who": "bob"})], actor=LOCAL_ADMIN)
        snapshot = read_in_process(store, None, Wish(), actor=ADA, now=NOW, job=Job("agents", clock=lambda: NOW))
        first = look_back(store, snapshot, Moment(NOW), actor=ADA)
        catalog.save_schema("agents", Schema("mine", {**OURS.fields, "agent_id": "who"}), actor=LOCAL_ADMIN)
        assert look_back(catalog.open("agents", actor=LOCAL_ADMIN), snapshot, Moment(NOW), actor=ADA) is not first


def test_a_store_without_a_journal_goes_by_the_memories_own_times(world: World):
    bare = MemoryStore.__new__(MemoryStore)
    bare.__dict__ = world.store.__dict__ | {"archive": None, "uri": "elsewhere"}
    then = look_back(bare, world.snapshot, Moment(NOW), actor=ADA)
    assert set(then.snapshot.frame["key"]) == {"b", "late", "undated"}
    assert "journal" in then.notes[0]


def test_what_comes_later_is_read_on(tmp_path: Path):
    """A new change drops what was kept; one of a former index is left out; what cannot be read is said, each time."""
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        assert store.archive is not None
        journal, versions = store.archive.ledger.journal, versions_of(store.archive.ledger.journal, store.stream)
        store.write([make_memory("a", created_at=NOW - DAY)], actor=LOCAL_ADMIN)
        snapshot = read_in_process(store, None, Wish(), actor=ADA, now=NOW, job=Job("agents", clock=lambda: NOW))
        first = look_back(store, snapshot, Moment(NOW), actor=ADA)
        assert versions.head == 0
        _write(journal, store.stream, [Image("old", "0" * 32, Record({"content": "x"}, np.ones(9, np.float32)), None)])
        then = look_back(store, snapshot, Moment(NOW), actor=ADA)
        assert then is not first
        assert (set(then.snapshot.frame["key"]), then.rows) == ({"a"}, 1)
        assert then.notes == ("Left out: 1 memory of a former index of this name.",)
        assert versions.retired().keys() == {"old"}
        journal.append(store.stream, Draft(Kind.APPLIED, "p2", "h", NOW + DAY, "eve", "", {"done": []}))
        for _ in range(2):
            with pytest.raises(JournalError, match="cannot be read"):
                look_back(store, snapshot, Moment(NOW), actor=ADA)


def _write(journal, stream: str, images: list[Image], at=NOW + DAY, plan="p1", kinds=(Kind.PREPARED, Kind.APPLIED)) -> None:
    changes = [{"key": each.key, "action": "retire", "reason": "", "policy": "delete", "image": ""} for each in images]
    for kind, body in (
        (Kind.PREPARED, {"batch": 0, "changes": changes}),
        (Kind.APPLIED, {"batch": 0, "done": [each.key for each in images], "failed": []}),
    ):
        if kind in kinds:
            draft = Draft(kind, plan, "h", at, "eve", "", body)
            journal.append(stream, draft, images if kind is Kind.PREPARED else ())
