"""A store with a history as it really comes, by a clock that moves with every step, and what it held after each."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from core.access import LOCAL_ADMIN
from core.analysis.columns import records
from core.analysis.frame import to_frame
from core.curation.desk import Desk
from core.curation.plan import Action, Change
from core.curation.writing import write_journalled
from core.errors import CurationError
from core.memory import Memory
from core.memory.record import Record
from core.memory.status import with_status
from core.memory.times import iso
from core.past.difference import What, difference
from core.past.moment import Clock, Moment
from core.past.searching import memories_then, neighbours_then, recall_then
from core.past.then import Then, look_back
from core.past.versions import versions_of
from core.recall import Mode, RecallResult, recall
from core.scope import Scope
from core.snapshots.job import Job
from core.snapshots.reading import Wish, read_in_process
from tests.core.curation.desks import ADA, apply, make_catalog, make_plan
from tests.core.memory_builders import DAY, NOW

WORDS = ["report", "Friday", "refund", "launch", "café", "budget"]
MANY = 100
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join)
keys = st.sampled_from([f"k{number}" for number in range(8)])
ages = st.sampled_from([None, -3 * DAY, timedelta(0), timedelta(microseconds=1), DAY, 40 * DAY])

Held = dict[str, Record]


class PastMachine(RuleBasedStateMachine):
    """Agents write, imports come late, plans change, hide, retire, erase, and are taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="past-"))
        self.catalog = make_catalog(self.directory)
        self.store = self.catalog.create("agents", actor=LOCAL_ADMIN)
        assert self.store.archive is not None
        self.now = NOW
        self.count = 0
        self.desk = Desk(self.store, self.store.archive.ledger, clock=self.tick, new_id=self.name, second_person=False)
        self.plans: list[str] = []
        self.came_late: set[str] = set()
        self.erased: dict[str, datetime] = {}
        self.held: list[tuple[datetime, Held]] = []
        self.recalls: list[tuple[datetime, str, Mode, RecallResult]] = []
        self.note()

    def teardown(self) -> None:
        with closing(self.catalog):
            self.check()
        shutil.rmtree(self.directory)

    def tick(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def name(self) -> str:
        self.count += 1
        return f"plan-{self.count}"

    def note(self) -> None:
        """Copy what the store holds now."""
        there = [record["key"] for page, _ in self.store.records.listed() for record in page]
        self.held.append((self.now, self.store.records.get(there, actor=LOCAL_ADMIN)))
        self.tick()

    @property
    def there(self) -> Held:
        return self.held[-1][1]

    def memory(self, key: str, text: str, created_at: datetime | None, **more: Any) -> Memory:
        return Memory(key, text, agent_id="planner", created_at=created_at, confidence=0.5, **more)

    # What happens.

    @rule(hours=st.sampled_from([1, 30, 24 * 20]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(key=keys, text=texts, lasts=st.sampled_from([None, DAY]))
    def agent_writes(self, key: str, text: str, lasts: timedelta | None) -> None:
        """An agent's own write is in no journal: its time is when it came. A key may have been there, and gone, before."""
        self.count += 1
        expires = self.now + lasts if lasts else None
        memory = self.memory(f"own-{self.count}" if key in self.there else key, text, self.now, expires_at=expires)
        assert not self.store.write([memory], actor=LOCAL_ADMIN).failed
        self.note()

    @rule(entries=st.dictionaries(keys, st.tuples(texts, ages), min_size=1, max_size=4))
    def imported(self, entries: dict[str, tuple[str, timedelta | None]]) -> None:
        memories = [self.memory(key, text, None if age is None else self.now - age) for key, (text, age) in entries.items()]
        self.came_late |= {key for key in entries if not any(key in held for _, held in self.held)}
        report, plan_id = write_journalled(
            self.store, memories, actor=ADA, title="Import", clock=self.tick, new_id=self.name
        )
        assert not report.failed
        self.plans += [plan_id] if plan_id else []
        self.note()

    @precondition(lambda self: self.there)
    @rule(data=st.data(), text=texts, how=st.sampled_from(["edit", "date", "hide", "retire", "retire", "erase"]))
    def planned(self, data: st.DataObject, text: str, how: str) -> None:
        chosen = data.draw(st.sets(st.sampled_from(sorted(self.there)), min_size=1, max_size=3), label="keys")
        self.apply([self.change(key, how, text) for key in sorted(chosen)])
        if how == "erase":
            self.erased |= dict.fromkeys(chosen, self.held[-1][0])

    def change(self, key: str, how: str, text: str) -> Change:
        before = Record(self.there[key].metadata)
        if how in ("retire", "erase"):
            return Change(key, Action(how), "old", how, before=before)
        after = {
            "edit": {**before.metadata, "content": text},
            "date": {**before.metadata, "created_at": iso(self.now - DAY)},
            "hide": with_status(before.metadata),
        }[how]
        vector = self.store.embed(text, actor=ADA) if how == "edit" else None
        return Change(key, Action.REPLACE, "better", how, before=before, after=Record(after, vector))

    def apply(self, changes: list[Change]) -> None:
        plan = make_plan(self.desk, *changes, id=self.name())
        assert apply(self.desk, plan).complete
        self.plans.append(plan.id)
        self.note()

    @precondition(lambda self: self.plans)
    @rule(data=st.data())
    def taken_back(self, data: st.DataObject) -> None:
        plan_id = data.draw(st.sampled_from(self.plans), label="plan")
        try:
            plan = self.desk.undo_plan(plan_id, actor=ADA)
        except CurationError:
            return
        apply(self.desk, plan)
        self.plans.append(plan.id)
        self.note()

    @precondition(lambda self: len(self.held) > 1)
    @rule(data=st.data(), later=st.sampled_from(["keep", "retire"]))
    def restored(self, data: st.DataObject, later: Any) -> None:
        at = data.draw(st.sampled_from([at for at, _ in self.held]), label="as of")
        scope = Scope(include_expired=True, include_hidden=True)
        try:
            plan = self.desk.restore_plan(at, actor=ADA, scope=scope, later=later)
        except CurationError:
            return
        apply(self.desk, plan)
        self.plans.append(plan.id)
        self.note()

    @precondition(lambda self: self.there)
    @rule(query=texts, mode=st.sampled_from(Mode))
    def recalled(self, query: str, mode: Mode) -> None:
        result = recall(self.store, query, actor=LOCAL_ADMIN, now=self.now, k=MANY, mode=mode)
        assert self.store.archive is not None
        self.store.archive.recalls.flush()
        self.recalls.append((self.now, query, mode, result))
        self.note()

    # What must be so.

    def check(self) -> None:
        """Look back to the end of every step, by both clocks."""
        job = Job("agents", clock=lambda: self.now)
        snapshot = read_in_process(self.store, None, Wish(vectors=True), actor=ADA, now=self.now, job=job)
        for place, (at, held) in enumerate(self.held):
            for clock in Clock:
                then = look_back(self.store, snapshot, Moment(at, clock), actor=ADA)
                expected = held if clock is Clock.RECORDED else self.made_by(place)
                known = {key: each for key, each in expected.items() if self.is_kept(key, at)}
                self.same(then, known)
                assert expected.keys() - known.keys() <= then.erased
                if place % 3 == 0:
                    self.same_otherwise(then, known)
        for at, query, mode, result in self.recalls:
            self.same_recall(look_back(self.store, snapshot, Moment(at, Clock.RECORDED), actor=ADA), query, mode, result)
        assert self.there == self.held_then(look_back(self.store, snapshot, Moment(self.now, Clock.RECORDED), actor=ADA))

    def is_kept(self, key: str, at: datetime) -> bool:
        return key not in self.erased or self.erased[key] <= at

    def made_by(self, place: int) -> Held:
        """Return what the clock of the agents says: what was there and made by then, and what was to come late."""
        at, held = self.held[place]
        found = {key: record for key, record in held.items() if (made := _made(record)) is None or made <= at}
        for key in self.came_late:
            first = next(number for number, (_, later) in enumerate(self.held) if key in later)
            record = self.held[first][1][key]
            made = _made(record)
            if first > place and made is not None and made <= at:
                found[key] = record
        return found

    def held_then(self, then: Then) -> Held:
        table = then.snapshot.table
        found = dict(records(table, limit=table.num_rows))
        vectors = {**self.there, **then.put}
        return {key: Record(metadata, vectors[key].vector) for key, metadata in found.items()}

    def same(self, then: Then, expected: Held) -> None:
        found = self.held_then(then)
        assert {key: dict(each.metadata) for key, each in found.items()} == {
            key: dict(each.metadata) for key, each in expected.items()
        }
        for key, record in expected.items():
            assert np.array_equal(found[key].vector, record.vector), key
        assert set(then.base.frame["key"]) - set(found) == then.gone
        assert list(then.snapshot.frame["key"]) == list(found)
        assert not set(found) & {key for key in then.erased if key not in expected}

    def same_otherwise(self, then: Then, expected: Held) -> None:
        """Compare what else is told of the moment: the frame, single memories, the difference."""
        snapshot = then.snapshot
        frame = to_frame(snapshot.table, info=self.store.info, schema=self.store.schema)
        assert frame.astype(object).equals(snapshot.frame.astype(object))
        told = memories_then(self.store, then, sorted(expected), actor=ADA)
        assert {key: memory.content for key, memory in told.items()} == {
            key: each.metadata["content"] for key, each in expected.items()
        }
        self.same_difference(then, expected)

    def same_difference(self, then: Then, expected: Held) -> None:
        versions = versions_of(self.desk.ledger.journal, self.desk.stream)
        found = difference(then, then.base.frame, versions, now=self.now)
        by_kind = {what: {each.key for each in found.changes if each.what is what} for what in What}
        assert by_kind[What.WRITTEN] == set(self.there) - set(expected)
        assert by_kind[What.RETIRED] == set(expected) - set(self.there)
        both = set(expected) & set(self.there)
        changed = {key for key in both if expected[key].metadata != self.there[key].metadata}
        assert by_kind[What.EDITED] | by_kind[What.HIDDEN] | by_kind[What.SHOWN] == changed
        assert sum(found.counts.values()) == len(found.changes)
        assert (found.sentence() == "Nothing has changed since.") == (not found.changes)

    def same_recall(self, then: Then, query: str, mode: Mode, result: RecallResult) -> None:
        if any(not self.is_kept(hit.memory.key, then.moment.at) for hit in result.hits) or then.erased:
            return
        found = recall_then(self.store, then, query, actor=LOCAL_ADMIN, k=MANY, mode=mode)
        assert _scores(found) == _scores(result)
        if result.hits:
            key = result.hits[0].memory.key
            near = neighbours_then(self.store, then, key, k=3, actor=LOCAL_ADMIN)
            assert len(near) == min(3, then.rows - 1)
            assert key not in {memory.key for memory, _ in near}


def _made(record: Record) -> datetime | None:
    said = record.metadata.get("created_at")
    return None if said is None else datetime.fromisoformat(said)


def _scores(result: RecallResult) -> dict[str, tuple[float | None, ...]]:
    return {
        hit.memory.key: tuple(None if each is None else round(each, 9) for each in (hit.score, hit.cosine, hit.bm25))
        for hit in result.hits
    }
