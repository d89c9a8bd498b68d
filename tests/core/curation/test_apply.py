"""Applying a plan: what is done, what is refused, what a second time does, and what the journal says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.candidates import Mode
from core.catalog import Catalog
from core.curation.desk import Desk, State
from core.curation.golden import GoldenQueries, GoldenQuery
from core.curation.plan import Action, Change
from core.curation.verification import verify
from core.errors import BusyError, CancelledError, ConfigError, CurationError, StalePlanError, ValidationError
from core.memory.record import Record
from core.models.embedding import HashingEmbedder
from core.vectors.embedded import EmbeddedClient
from tests.core.curation.desks import (
    ADA,
    DIMENSION,
    apply,
    contents,
    counted,
    edit,
    erase,
    every,
    kinds,
    make_desk,
    make_index,
    make_plan,
    make_record,
    make_records,
    put,
    retire,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(make_index(tmp_path, records=make_records(10)), tmp_path)


def foreign_write(desk: Desk, key: str) -> None:
    desk.store.records.put({key: make_record("Somebody else's.")}, actor=LOCAL_ADMIN)


def test_a_plan_does_all_that_it_says_and_nothing_else(desk: Desk) -> None:
    before = contents(desk.store)
    new = make_record("new")
    report = apply(desk, make_plan(desk, *retire(desk, "k1", "k2"), put("new", new), edit(desk, "k3", confidence=0.9)))
    after = contents(desk.store)
    assert (report.state, report.failed, report.left) == (State.APPLIED, {}, ())
    assert report.sentence() == "All 4 changes were done."
    assert report.done == ("new", "k3", "k1", "k2")  # what is new first, what goes last
    assert after.keys() == before.keys() - {"k1", "k2"} | {"new"}
    assert after["k3"][1] == before["k3"][1]  # the vector stays
    assert desk.store.records.get(["k3"], actor=ADA)["k3"].metadata["confidence"] == 0.9
    assert all(after[key] == before[key] for key in every(range(4, 10)))
    assert kinds(desk) == ["begun", *["prepared", "applied"] * 3, "ended"]
    assert not verify(desk.ledger.journal, desk.stream).broken


def test_a_plan_of_many_batches_tells_how_far_it_is(tmp_path: Path) -> None:
    desk = make_desk(make_index(tmp_path, records=make_records(1_201)), tmp_path)
    told: list[tuple[int, int]] = []
    plan = make_plan(desk, *retire(desk, *every(range(1_201))))
    apply(desk, plan, progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 1_201), (500, 1_201), (1_000, 1_201), (1_201, 1_201)]
    assert contents(desk.store) == {}


def test_a_plan_is_applied_once(desk: Desk) -> None:
    plan = make_plan(desk, *retire(desk, "k1"))
    first = apply(desk, plan)
    foreign_write(desk, "k1")
    entries = kinds(desk)
    again = apply(desk, plan)
    assert (again.already, again.done, again.state) == (True, first.done, State.APPLIED)
    assert "k1" in contents(desk.store)
    assert kinds(desk) == entries


def test_another_plan_with_the_id_of_one_is_refused(desk: Desk) -> None:
    apply(desk, make_plan(desk, *retire(desk, "k1")))
    with pytest.raises(CurationError, match="was applied before with other changes"):
        apply(desk, make_plan(desk, *retire(desk, "k2")))
    assert "k2" in contents(desk.store)


def test_a_plan_of_another_index_is_refused(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="open the index that it was made for"):
        apply(desk, make_plan(desk, *retire(desk, "k1"), index="other"))


def test_a_plan_that_changes_nothing_is_refused(desk: Desk) -> None:
    with pytest.raises(CurationError, match="changes nothing"):
        apply(desk, make_plan(desk))


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        pytest.param(lambda desk: foreign_write(desk, "k1"), {"k1": "was changed"}, id="a record was changed"),
        pytest.param(lambda desk: desk.store.records.delete(["k1"], actor=ADA), {"k1": "is gone"}, id="a record is gone"),
        pytest.param(lambda desk: foreign_write(desk, "new"), {"new": "is there now"}, id="a new key is taken"),
        pytest.param(
            lambda desk: (foreign_write(desk, "k1"), foreign_write(desk, "new")),
            {"k1": "was changed", "new": "is there now"},
            id="two of them",
        ),
    ],
)
def test_a_stale_plan_is_refused_and_nothing_is_done(
    desk: Desk, changed: Callable[[Desk], Any], what: dict[str, str]
) -> None:
    plan = make_plan(desk, *retire(desk, "k1", "k2"), put("new", make_record("new")))
    changed(desk)
    before = contents(desk.store)
    with pytest.raises(StalePlanError, match=f"{len(what)} of its 3 changes") as refusal:
        apply(desk, plan)
    assert refusal.value.keys == what
    assert contents(desk.store) == before
    assert kinds(desk) == []


def test_a_plan_is_not_stale_for_a_service_that_keeps_float32(desk: Desk) -> None:
    (change,) = retire(desk, "k1")
    assert change.before is not None
    rounded = {**change.before.metadata, "confidence": 0.5 + 1e-9}
    assert apply(desk, make_plan(desk, Change("k1", Action.RETIRE, "", "delete", Record(rounded)))).complete


def test_stopped_while_it_is_measured_nothing_is_done(desk: Desk) -> None:
    GoldenQueries(desk.ledger.documents, desk.stream).save(GoldenQuery("asked", "text", expected=("k2",), mode=Mode.TEXT))
    before = contents(desk.store)
    with pytest.raises(CancelledError, match="while it was measured: nothing was changed"):
        desk.apply(make_plan(desk, *retire(desk, "k1")), actor=ADA, cancelled=lambda: True)
    assert contents(desk.store) == before
    assert kinds(desk) == []


def test_cancelled_between_batches_it_ends_there_and_goes_on_later(tmp_path: Path) -> None:
    desk = make_desk(make_index(tmp_path, records=make_records(1_100)), tmp_path)
    plan = make_plan(desk, *retire(desk, *every(range(1_100))))
    report = apply(desk, plan, cancelled=counted(1))
    assert (report.state, len(report.done), len(report.left)) == (State.CANCELLED, 500, 600)
    assert report.sentence() == "500 of 1,100 changes are done, 600 are left (ada stopped it)."
    assert len(contents(desk.store)) == 600
    rest = apply(desk, plan)
    assert (rest.complete, rest.already, len(rest.done)) == (True, False, 1_100)
    assert contents(desk.store) == {}
    begun = [entry for entry in desk.ledger.journal.entries(desk.stream) if entry.kind == "begun"]
    assert [entry.body["resumed"] for entry in begun] == [False, True]
    deed = desk.deed(plan.id, actor=ADA)
    assert (deed.done, deed.left, deed.state) == (1_100, 0, State.APPLIED)


class Strict:
    """A service with a rule of its own, which nobody can know before."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_vectors(self, **arguments: Any) -> Any:
        if any(vector["key"] == "bad" for vector in arguments["vectors"]):
            raise ValidationError("Invalid record for key 'bad': it is bad")
        return self._client.put_vectors(**arguments)


def test_what_the_service_refuses_is_reported_and_the_rest_is_done(tmp_path: Path) -> None:
    bucket = make_index(tmp_path, records=make_records(2)).bucket
    strict: Any = Strict(EmbeddedClient(tmp_path))
    catalog = Catalog(strict, bucket=bucket, uri="", embedder_factory=lambda: HashingEmbedder(DIMENSION))
    desk = make_desk(catalog.open("agents", actor=LOCAL_ADMIN), tmp_path)
    good = [put(f"new{number}", make_record(f"new {number}")) for number in range(6)]
    plan = make_plan(desk, *good[:3], put("bad", make_record("bad")), *good[3:], *retire(desk, "k1"))
    report = apply(desk, plan)
    assert report.state is State.PARTIAL
    assert set(report.done) == {"k1", *(change.key for change in good)}
    assert report.failed.keys() == {"bad"}
    assert "it is bad" in report.failed["bad"]
    (failed,) = [each for each in desk.changes_of(plan.id, actor=ADA) if not each.done]
    assert (failed.key, failed.outcome) == ("bad", report.failed["bad"])


def test_only_one_plan_at_a_time_is_applied_to_an_index(desk: Desk, tmp_path: Path) -> None:
    other = make_desk(desk.store, tmp_path, ids="other")
    plan = make_plan(desk, *retire(desk, "k1"))
    with other.ledger.journal.lease(desk.stream, plan_id="another", actor="bob"):
        with pytest.raises(BusyError, match="bob"):
            apply(desk, plan)
        assert desk.recover(actor=ADA) == []
    assert apply(desk, plan).complete


def test_the_journal_says_who_did_what_and_why(desk: Desk) -> None:
    plan = make_plan(desk, *retire(desk, "k1"), reason="the project is over", parameters={"rule": 7})
    apply(desk, plan, unmeasured="a test")
    begun, prepared, applied, ended = desk.ledger.journal.entries(desk.stream)
    assert {entry.actor for entry in (begun, prepared, applied, ended)} == {"ada"}
    assert {entry.plan_hash for entry in (begun, prepared, applied, ended)} == {plan.hash}
    assert begun.body["note"] == "the project is over"
    assert (begun.body["author"], begun.body["counts"], begun.body["parameters"]) == ("ann", {"retire": 1}, {"rule": 7})
    assert (begun.body["preflight"], begun.body["unmeasured"]) == (None, "a test")
    assert prepared.body["changes"][0]["reason"] == "not needed"
    assert applied.body == {"batch": 0, "done": ["k1"], "failed": []}
    assert ended.body == {"state": "applied", "done": 1, "failed": 0, "left": 0, "why": None}
    (deed,) = desk.history(actor=ADA)
    assert (deed.title, deed.author, deed.actor, deed.reason) == ("A plan", "ann", "ada", "the project is over")


def test_an_erasure_keeps_no_image(desk: Desk) -> None:
    apply(desk, make_plan(desk, *erase(desk, "k1")))
    assert desk.ledger.journal.holding(desk.stream, ["k1"]) == {}
    assert kinds(desk) == ["begun", "prepared", "applied", "purged", "ended"]
    (done,) = desk.changes_of("p", actor=ADA)
    assert (done.action, done.before, done.done, done.purged) == ("erase", None, True, True)
