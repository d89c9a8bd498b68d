"""Merges through the machine: put first, proved, then retired; what is not proved stays, and the journal has every proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.authority import approver_of
from core.curation.consolidation.planning import consolidation_plan
from core.curation.desk import Desk, State
from core.curation.plan import Action, Change, Plan
from core.curation.verification import verify
from core.errors import BusyError, CurationError, StalePlanError, UnavailableError
from core.memory.record import Record
from core.memory.status import with_status
from core.models.embedding import HashingEmbedder
from core.past.stand_ins import stand_ins
from tests.core.curation.desks import (
    ADA,
    EVE,
    VERA,
    Ticking,
    apply,
    contents,
    kinds,
    make_desk,
    make_plan,
    retire,
    seen,
)
from tests.core.curation.ledger_places import S3
from tests.core.curation.merge_builders import (
    TOPICS,
    consolidation,
    draft_of,
    found,
    make_merge_desk,
    make_merge_store,
    merged_key,
    stand_in_plan,
)
from tests.core.memory_builders import NOW, make_memory

SOURCES = ("s0", "s1", "s2", "s3")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_merge_desk(tmp_path)


def hide(desk: Desk, key: str) -> None:
    """Hide a memory behind the machine's back."""
    record = desk.store.records.get([key], actor=LOCAL_ADMIN)[key]
    desk.store.records.put({key: Record(with_status(record.metadata), record.vector)}, actor=LOCAL_ADMIN)


def steps(desk: Desk, plan: Plan) -> list[tuple[str, list[str]]]:
    """Return what a plan did to the index, call by call."""
    entries = desk.ledger.journal.entries(desk.stream, plan_id=plan.id)
    said = [entry.body["changes"] for entry in entries if entry.kind == "prepared"]
    return [(changes[0]["action"], sorted(change["key"] for change in changes)) for changes in said]


def test_the_sources_go_once_the_merged_memory_is_found_for_each(desk: Desk) -> None:
    plan = consolidation(desk)
    key = merged_key(plan)
    report = apply(desk, plan)
    assert (report.state, report.spared, report.failed) == (State.APPLIED, {}, {})
    assert report.sentence() == "All 5 changes were done."
    assert steps(desk, plan) == [("put", [key]), ("retire", list(SOURCES))]
    assert all(key in found(desk.store, text) for text in TOPICS)
    assert contents(desk.store).keys().isdisjoint(SOURCES)
    assert not verify(desk.ledger.journal, desk.stream).broken


def test_whoever_may_read_the_index_reads_the_proofs(desk: Desk) -> None:
    plan = consolidation(desk)
    apply(desk, plan)
    done = {each.key: each for each in desk.changes_of(plan.id, actor=VERA)}
    for key in SOURCES:
        assert done[key].replaced_by == merged_key(plan)
        assert done[key].proof == {
            "key": key, "by": merged_key(plan), "rank": 1, "k": 5, "why": "", "narrower": []
        }  # fmt: skip
    assert done[merged_key(plan)].proof is None


def test_what_is_not_found_stays_and_is_named(desk: Desk) -> None:
    """f0 to f29 are about invoices: a memory about a crane stands for none of them."""
    before = contents(desk.store)
    report = apply(desk, stand_in_plan(desk, "s0", "s1", "f3", "f4"))
    assert (report.state, report.done, report.left) == (State.APPLIED, ("s0", "s1"), ())
    assert report.spared.keys() == {"f3", "f4"}
    assert "does not find 's0' among the first 5" in report.spared["f3"]
    assert report.sentence() == "2 of 4 changes are done, 2 stay, as nothing was proved to stand for them."
    after = contents(desk.store)
    assert {key: after[key] for key in ("f3", "f4")} == {key: before[key] for key in ("f3", "f4")}
    deed = desk.deed("stand-in", actor=VERA)
    assert (deed.done, deed.failed, deed.left, deed.spared, deed.changes) == (2, 0, 0, 2, 4)
    done = {each.key: each for each in desk.changes_of("stand-in", actor=VERA)}
    assert (done["f3"].spared, done["f3"].done, done["f3"].action) == (True, False, "retire")
    assert done["f3"].proof is not None
    assert done["f3"].proof["rank"] is None
    assert apply(desk, stand_in_plan(desk, "s0", "f5", plan_id="again")).spared.keys() == {"f5"}


def test_a_plan_with_something_spared_is_applied_once_and_undone_whole(desk: Desk) -> None:
    before = contents(desk.store)
    plan = stand_in_plan(desk, "s0", "s1", "f3")
    apply(desk, plan)
    again = apply(desk, plan)
    assert (again.already, again.spared.keys()) == (True, {"f3"})
    undo = desk.undo_plan(plan.id, actor=ADA)
    assert "f3" not in {change.key for change in undo}
    apply(desk, undo)
    assert contents(desk.store) == before


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda desk, key: desk.store.records.delete([key], actor=LOCAL_ADMIN), id="taken away"),
        pytest.param(hide, id="hidden"),
    ],
)
def test_what_stands_for_others_must_still_be_there_when_they_go(
    desk: Desk, spoil: Callable[[Desk, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else takes the merged memory away between the proof and the call: nothing is retired for it."""
    plan, journal = consolidation(desk), desk.ledger.journal
    append, key = journal.append, merged_key(plan)

    def interfering(stream: str, draft: Any, images: Any = ()) -> Any:
        entry = append(stream, draft, images)
        if draft.kind == "prepared" and draft.body["changes"][0]["action"] == "retire":
            spoil(desk, key)
        return entry

    monkeypatch.setattr(journal, "append", interfering)
    report = apply(desk, plan)
    assert (report.done, report.spared.keys()) == ((key,), set(SOURCES))
    assert "was changed or taken away meanwhile" in report.spared["s0"]
    assert contents(desk.store).keys() >= set(SOURCES)


def test_a_service_that_fails_during_the_proof_retires_nothing_and_the_plan_goes_on_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = consolidation(desk)

    def fail(*args: Any, **kwargs: Any) -> Any:
        raise UnavailableError("The service is away.")

    with monkeypatch.context() as patched:
        patched.setattr(type(desk.store), "search", fail)
        report = apply(desk, plan)
    assert (report.state, report.done, set(report.left)) == (State.PARTIAL, (merged_key(plan),), set(SOURCES))
    assert "The service is away." in (report.why or "")
    assert apply(desk, plan).complete
    assert contents(desk.store).keys().isdisjoint(SOURCES)


def test_it_is_stopped_between_proof_and_proof(desk: Desk) -> None:
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 4

    report = apply(desk, consolidation(desk), cancelled=cancelled)
    assert (report.state, set(report.left)) == (State.CANCELLED, set(SOURCES))


def test_a_source_that_changed_holds_the_whole_merge_back(desk: Desk) -> None:
    plan = consolidation(desk)
    apply(desk, make_plan(desk, *retire(desk, "s1"), id="other"))
    with pytest.raises(StalePlanError):
        apply(desk, plan)
    with pytest.raises(CurationError, match="belongs to a merge of which another part does not hold"):
        desk.replan(plan, actor=ADA)
    assert contents(desk.store).keys() >= {"s0", "s2", "s3"}


def test_approvals_are_of_what_stands_for_what(desk: Desk) -> None:
    plan = stand_in_plan(desk, "s0", "s1", "s2")
    other = replace(
        plan, changes=tuple(replace(each, replaced_by="f1") if each.replaced_by else each for each in plan.changes)
    )
    desk.approve(plan, actor=EVE)
    assert desk.approver_of(plan, actor=VERA, other_than="ada") == "eve"
    assert approver_of(desk._place, other) is None


def test_the_preview_says_what_will_stay(desk: Desk) -> None:
    plan = stand_in_plan(desk, "s0", "s1", "f3", "f4")
    preview = desk.preflight(plan, actor=ADA)
    assert preview.unproved.keys() == {"f3", "f4"}
    assert (preview.rows_before - preview.rows_after, preview.freed.memories) == (1, 1)
    assert preview.summary()["unproved"] == 2
    assert "2 would stay: a recall of their text does not find what is to stand for them." in preview.notes
    report = apply(desk, plan, measured=True)
    assert dict(report.spared) == preview.unproved
    proofs = {each.key: each.proof for each in desk.changes_of(plan.id, actor=VERA) if each.proof is not None}
    assert proofs == {key: proof.to_json() for key, proof in preview.proofs.items()}


def test_an_index_of_another_embedder_is_asked_by_its_own_vectors(desk: Desk, tmp_path: Path) -> None:
    catalog = open_catalog(tmp_path, embedder_factory=lambda: HashingEmbedder(16))
    other = make_desk(catalog.open("agents", actor=LOCAL_ADMIN), tmp_path)
    plan = stand_in_plan(other, "s0", "s1", "f3")
    preview = other.preflight(plan, actor=ADA)
    assert preview.unproved.keys() == {"f3"}
    assert apply(other, plan).spared.keys() == {"f3"}
    assert "s1" not in contents(desk.store)


def test_who_stands_for_whom_is_followed_through_merges(desk: Desk) -> None:
    first = consolidation(desk, "s0", "s1")
    apply(desk, first)
    one = merged_key(first)
    second = consolidation(desk, one, "s2", plan_id="second")
    apply(desk, second)
    two = merged_key(second)
    table = desk._place.versions.table()
    assert stand_ins(table, ["s0", "s1", "s2", "s3", one, "nothing"]) == {"s0": two, "s1": two, "s2": two, one: two}
    apply(desk, desk.undo_plan("second", actor=ADA))
    assert stand_ins(desk._place.versions.table(), ["s0", "s2"]) == {"s0": one}


CUTS = ["after the put", "before the call", "after the call", "before the end"]


@pytest.mark.parametrize("cut", CUTS)
def test_a_crash_leaves_the_merged_memory_or_its_sources_and_the_rest_is_done_later(tmp_path: Path, cut: str) -> None:
    store = make_merge_store(tmp_path)
    desk = make_desk(store, tmp_path)
    plan = consolidation(desk)
    key, before = merged_key(plan), contents(store)
    with Crashing(desk, cut), pytest.raises(KeyboardInterrupt):
        apply(desk, plan)
    now = contents(store)
    assert key in now
    assert now.keys() >= set(SOURCES) or cut in ("after the call", "before the end")
    later = make_desk(store, tmp_path, clock=Ticking())
    report = apply(later, plan)
    assert (report.complete, dict(report.spared)) == (True, {})
    assert set(report.done) == {key, *SOURCES}
    assert not verify(later.ledger.journal, later.stream).broken
    apply(later, later.undo_plan(plan.id, actor=ADA))
    assert contents(store) == before


class Crashing:
    """Ends the process at a point of an apply, as far as this process can tell."""

    def __init__(self, desk: Desk, cut: str) -> None:
        self.journal, self.records, self.cut = desk.ledger.journal, desk.store.records, cut
        self.append, self.delete = self.journal.append, self.records.delete

    def __enter__(self) -> None:
        self.journal.append = self.appending  # type: ignore[method-assign]
        self.records.delete = self.deleting  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        del self.journal.append, self.records.delete

    def appending(self, stream: str, draft: Any, images: Any = ()) -> Any:
        if self.cut == "before the end" and draft.kind == "ended":
            raise KeyboardInterrupt
        entry = self.append(stream, draft, images)
        if self.cut == "after the put" and draft.kind == "applied":
            raise KeyboardInterrupt
        return entry

    def deleting(self, *args: Any, **kwargs: Any) -> Any:
        if self.cut == "before the call":
            raise KeyboardInterrupt
        self.delete(*args, **kwargs)
        if self.cut == "after the call":
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param({"extra": {"mnemoscope_status": "hidden"}}, "is hidden", id="hidden"),
        pytest.param({"extra": {"mnemoscope_status": "quarantined"}}, "quarantined", id="quarantined"),
        pytest.param({"extra": {"mnemoscope_status": "conflict"}}, "conflict", id="in conflict"),
        pytest.param({"expires_at": NOW}, "its time is over", id="expired"),
    ],
)
def test_what_must_not_be_merged_is_left_out_with_those_beside_it(tmp_path: Path, spoil: Any, why: str) -> None:
    desk = make_merge_desk(tmp_path, make_memory("bad", "The crane at the harbour is red.", **spoil))
    plan = consolidation(desk, "s0", "s1", "bad")
    assert len(plan) == 0
    left_out = plan.parameters["left_out"]
    assert why in left_out["bad"]
    assert left_out["s0"].startswith("was to be merged with 'bad', which ")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        pytest.param({"avoid": {"s1": "is in an open conflict"}}, "is in an open conflict", id="in an open conflict"),
        pytest.param({}, None, id="nothing wrong"),
    ],
)
def test_what_the_caller_knows_of_is_left_out(desk: Desk, given: dict[str, Any], why: str | None) -> None:
    plan = consolidation(desk, "s0", "s1", **given)
    assert plan.parameters.get("left_out", {}).get("s1") == why


def test_a_draft_of_other_texts_or_without_a_source_or_beside_another_is_left_out(desk: Desk) -> None:
    whole = draft_of(desk.store, "s0", "s1")
    first, second = whole.sentences
    lies = replace(whole, sentences=(replace(first, supported=False, text="It was painted."), second))
    common: dict[str, Any] = {"actor": ADA, "now": NOW, "plan_id": "p"}
    plan = consolidation_plan(desk.store, [whole, draft_of(desk.store, "s1", "s2")], **common)
    assert plan.counts == {Action.PUT: 1, Action.RETIRE: 2}
    assert plan.parameters["left_out"]["s1"] == "is in another draft"
    assert (
        "says what no source says: “It was painted.”"
        in consolidation_plan(desk.store, lies, **common).parameters["left_out"]["s0"]
    )
    assert consolidation_plan(desk.store, lies, accept_unsupported=True, **common).parameters["unsupported"] == 1
    apply(desk, make_plan(desk, *edited(desk, "s0"), id="edit"))
    assert consolidation_plan(desk.store, whole, **common).parameters["left_out"]["s0"] == (
        "was changed since the draft was made"
    )
    apply(desk, make_plan(desk, *retire(desk, "s1"), id="gone"))
    assert consolidation_plan(desk.store, whole, **common).parameters["left_out"]["s1"] == "is not there"
    assert len(consolidation_plan(desk.store, replace(whole, sentences=(), sources=("s2",)), **common)) == 0


def edited(desk: Desk, key: str) -> Iterator[Any]:
    (before,) = seen(desk, key).values()
    after = Record({**before.metadata, "content": "Another text."})
    yield Change(key, Action.REPLACE, "other words", "edit", before=before, after=after)


@pytest.mark.parametrize("by", ["", "k" * 5_000])
def test_a_stand_in_that_no_index_can_hold_is_refused_before_anything_is_put(desk: Desk, by: str) -> None:
    plan = make_plan(desk, *(replace(change, replaced_by=by) for change in retire(desk, "s0")), id="forged")
    with pytest.raises(CurationError, match=r"changes\[0\].replaced_by"):
        apply(desk, plan)


def test_kinds_of_entries_are_what_they_were(desk: Desk) -> None:
    apply(desk, consolidation(desk))
    assert kinds(desk) == ["begun", *["prepared", "applied"] * 2, "ended"]


def test_a_long_proof_keeps_the_right_to_change_the_index(s3: S3, tmp_path: Path) -> None:
    """Each recall takes 50 seconds, and a lease in Amazon S3 ends after 120 without a word."""
    desk = make_desk(make_merge_store(tmp_path), s3.ledger, clock=s3.clock)
    theirs = s3.open().journal
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        s3.clock.pass_(50)
        with pytest.raises(BusyError), theirs.lease(desk.stream, plan_id="other", actor="bob"):
            pass
        return False

    report = apply(desk, consolidation(desk), cancelled=cancelled)
    assert report.complete
    assert len(asked) * 50 > 120
