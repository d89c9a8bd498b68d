"""What stands between a plan and its doing: pre-flight, confirmation, a second person; and plans that are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.access import Actor, Role
from core.curation.desk import Desk, State, open_desk
from core.curation.golden import GoldenQueries, GoldenQuery
from core.curation.verification import verify
from core.errors import ConfirmationError, CurationError, NotAllowedError, RegressionError
from tests.core.curation.desks import (
    ADA,
    ANN,
    BOB,
    EVE,
    VERA,
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
from tests.core.curation.ledger_places import Place


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(make_index(tmp_path, records=make_records(8)), tmp_path)


def guard(desk: Desk, key: str) -> None:
    """Keep a golden query that only one memory answers."""
    GoldenQueries(desk.ledger.documents, desk.stream).save(
        GoldenQuery("numbered", "Memory number 1.", expected=(key,), k=1, within=1, mode="text")
    )


# Pre-flight.


def test_a_plan_that_loses_a_golden_answer_is_held_back_until_somebody_says_why(desk: Desk) -> None:
    guard(desk, "k1")
    plan = make_plan(desk, *retire(desk, "k1"))
    with pytest.raises(RegressionError, match="held back") as refusal:
        desk.apply(plan, actor=ANN)
    assert refusal.value.report.blocked
    assert kinds(desk) == []
    with pytest.raises(RegressionError):
        desk.apply(plan, actor=ANN, acknowledged="  ")
    report = desk.apply(plan, actor=ANN, acknowledged="nobody asks that any more")
    assert report.complete
    deed = desk.deed(plan.id, actor=VERA)
    assert deed.acknowledged == "nobody asks that any more"
    assert deed.preflight is not None


def test_a_preflight_that_was_shown_counts_only_for_the_plan_that_it_measured(desk: Desk) -> None:
    harmless = make_plan(desk, *retire(desk, "k5"), id="harmless")
    shown = desk.preflight(harmless, actor=VERA)
    guard(desk, "k1")
    with pytest.raises(RegressionError):
        desk.apply(make_plan(desk, *retire(desk, "k1")), actor=ANN, preflight=shown)
    assert desk.apply(harmless, actor=ANN, preflight=shown).complete
    assert desk.deed("harmless", actor=VERA).preflight is not None


def test_an_undo_and_what_is_not_to_be_measured_are_not(desk: Desk) -> None:
    plan = make_plan(desk, *retire(desk, "k1"))
    desk.apply(plan, actor=ANN, measured=False, unmeasured="the index is too large")
    back = desk.undo_plan(plan.id, actor=ANN)
    guard(desk, "k1")
    redo = desk.apply(back, actor=ANN)
    assert redo.complete
    assert [(deed.preflight, deed.unmeasured) for deed in desk.history(actor=VERA)] == [
        (None, "it is of the kind undo"),
        (None, "the index is too large"),
    ]


def test_what_was_measured_when_it_began_is_not_measured_when_it_goes_on(tmp_path: Path) -> None:
    desk = make_desk(make_index(tmp_path, records=make_records(600)), tmp_path)
    guard(desk, "k1")
    plan = make_plan(desk, *retire(desk, *every(range(600))))
    report = desk.apply(plan, actor=ANN, acknowledged="all of it may go", cancelled=counted(1))
    assert report.state is State.CANCELLED
    assert desk.apply(plan, actor=ANN).complete
    assert desk.deed(plan.id, actor=VERA).acknowledged == "all of it may go"


# Erasing.


@pytest.mark.parametrize("typed", [None, "", "yes", "erase 1 memory", "erase 3 memories"], ids=repr)
def test_an_erasure_needs_its_very_words(desk: Desk, typed: str | None) -> None:
    plan = make_plan(desk, *erase(desk, "k1", "k2"))
    assert desk.confirmation_for(plan) == "erase 2 memories"
    with pytest.raises(ConfirmationError, match="Type exactly 'erase 2 memories'"):
        desk.apply(plan, actor=ADA, measured=False, confirmation=typed)
    assert kinds(desk) == []
    assert apply(desk, plan).complete


def test_a_plan_that_erases_nothing_needs_no_words(desk: Desk) -> None:
    assert desk.confirmation_for(make_plan(desk, *retire(desk, "k1"))) is None
    assert desk.confirmation_for(make_plan(desk, *erase(desk, "k1"))) == "erase 1 memory"


def test_where_a_second_person_is_asked_for_another_admin_approves_this_very_plan(tmp_path: Path) -> None:
    desk = make_desk(make_index(tmp_path, records=make_records(4)), tmp_path, second_person=True)
    plan = make_plan(desk, *erase(desk, "k1"))
    changed = make_plan(desk, *erase(desk, "k1", "k2"))
    with pytest.raises(ConfirmationError, match="second admin"):
        apply(desk, plan)
    with pytest.raises(NotAllowedError):
        desk.approve(plan, actor=ANN)
    desk.approve(plan, actor=ADA)  # one's own does not count
    desk.approve(changed, actor=EVE)  # nor that of another plan
    with pytest.raises(ConfirmationError, match="second admin"):
        apply(desk, plan)
    desk.approve(plan, actor=EVE)
    assert desk.approver_of(plan, actor=VERA, other_than="ada") == "eve"
    assert apply(desk, plan).complete
    assert desk.deed(plan.id, actor=VERA).approved_by == "eve"
    assert desk.approver_of(plan, actor=VERA) is None


@pytest.mark.parametrize(
    ("said", "asked"),
    [("1", True), ("true", True), ("on", True), ("please", True), ("0", False), ("", False), ("off", False), ("No", False)],
)
def test_the_environment_asks_for_a_second_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, asked: bool
) -> None:
    monkeypatch.setenv("MNEMOSCOPE_SECOND_PERSON", said)
    desk = make_desk(make_index(tmp_path, records=make_records(2)), tmp_path, second_person=None)
    plan = make_plan(desk, *erase(desk, "k1"))
    if asked:
        with pytest.raises(ConfirmationError):
            apply(desk, plan)
    else:
        assert apply(desk, plan).complete


def test_nothing_of_an_erased_memory_stays_in_the_journal_or_beside_it(tmp_path: Path) -> None:
    secret = "the launch code is 4711-mauve"
    store = make_index(tmp_path / "index", records=make_records(2) | {"k9": make_record(secret)})
    desk = make_desk(store, tmp_path / "journal")
    apply(desk, make_plan(desk, edit(desk, "k9", a=1), id="edited"))
    apply(desk, make_plan(desk, *retire(desk, "k9"), id="retired"))
    apply(desk, desk.undo_plan("retired", actor=ADA))
    desk.keep(make_plan(desk, edit(desk, "k9", a=2), id="pending"), actor=ANN)
    desk.keep(make_plan(desk, edit(desk, "k1", a=2), id="other"), actor=ANN)
    erasure = make_plan(desk, *erase(desk, "k9"), id="erased")
    desk.keep(erasure, actor=ADA)
    assert _found(tmp_path / "journal", secret)
    assert apply(desk, erasure).complete
    desk.ledger.close()
    assert _found(tmp_path / "journal", secret) == []
    again = make_desk(store, tmp_path / "journal")
    assert [each.plan_id for each in again.pending(actor=VERA)] == ["other"]
    assert again.deed("retired", actor=VERA).title == "A plan"


def test_the_journal_may_be_anywhere(tmp_path: Path, place: Place) -> None:
    store = make_index(tmp_path / "index", records=make_records(4) | {"k9": make_record("a secret of mauve")})
    desk, before = make_desk(store, place.ledger, clock=place.clock), contents(store)
    apply(desk, make_plan(desk, *retire(desk, "k1", "k9"), edit(desk, "k2", a=1), put("new", make_record("new"))))
    apply(desk, desk.undo_plan("p", actor=ADA))
    assert contents(store) == before
    erasure = make_plan(desk, *erase(desk, "k9"), id="erased")
    desk.keep(erasure, actor=ADA)
    assert b"of mauve" in place.content()
    assert apply(desk, erasure).complete
    assert apply(desk, erasure).already
    assert b"of mauve" not in place.content()
    assert [deed.undone for deed in desk.history(actor=VERA)] == [0, 0, 4]
    assert not verify(desk.ledger.journal, desk.stream).broken


def _found(directory: Path, text: str) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_the_hook_gets_the_keys_and_every_text_that_they_had(tmp_path: Path) -> None:
    asked = []
    desk = make_desk(
        make_index(tmp_path, records=make_records(3)), tmp_path, purge=lambda store, keys, texts: asked.append((keys, texts))
    )
    apply(desk, make_plan(desk, edit(desk, "k1", content="What it said later."), id="edited"))
    apply(desk, make_plan(desk, *erase(desk, "k1", "k2")))
    assert asked == [(["k1", "k2"], {"Memory number 1.", "What it said later.", "Memory number 2."})]


def test_copies_that_could_not_be_erased_are_said_and_go_the_next_time(desk: Desk, tmp_path: Path) -> None:
    refusals = [CurationError("The cache is locked.")]

    def purge(*_: object) -> None:
        if refusals:
            raise refusals.pop()

    desk = make_desk(desk.store, desk.ledger, purge=purge)
    plan = make_plan(desk, *erase(desk, "k1"))
    report = apply(desk, plan)
    assert (report.state, report.done) == (State.PARTIAL, ("k1",))
    assert report.why is not None
    assert "copies of them are left: The cache is locked." in report.why
    again = apply(desk, plan)
    assert (again.state, again.already) == (State.APPLIED, False)


# Whose deeds may be taken back.


def test_a_reviewer_takes_back_their_own_and_an_admin_anybodys(desk: Desk) -> None:
    for number in (1, 2):
        apply(desk, make_plan(desk, *retire(desk, f"k{number}"), id=f"p{number}"), actor=ANN)
    theirs = desk.undo_plan("p1", actor=BOB)
    with pytest.raises(NotAllowedError, match="cannot take back what 'ann' did"):
        apply(desk, theirs, actor=BOB)
    assert apply(desk, desk.undo_plan("p1", actor=ANN), actor=ANN).complete
    assert apply(desk, desk.undo_plan("p2", actor=ADA), actor=ADA).complete


def test_an_actor_of_another_tenant_sees_nothing(tmp_path: Path) -> None:
    store = make_index(tmp_path, name="user-memory-acme", records=make_records(2))
    desk, other = make_desk(store, tmp_path), Actor("mallory", Role.ADMIN, frozenset({"globex"}))
    plan = make_plan(desk, *retire(desk, "k1"))
    apply(desk, plan)
    for call in (desk.history, desk.pending, desk.recover):
        with pytest.raises(NotAllowedError):
            call(actor=other)
    for call in (desk.preflight, desk.apply, desk.replan, desk.keep, desk.approve):
        with pytest.raises(NotAllowedError):
            call(make_plan(desk, *retire(desk, "k0"), id="other"), actor=other)
    for call in (desk.undo_plan, desk.deed, desk.changes_of, desk.kept, desk.discard):
        with pytest.raises(NotAllowedError):
            call(plan.id, actor=other)


def test_a_store_without_a_journal_has_no_desk(tmp_path: Path) -> None:
    store = make_index(tmp_path)
    assert contents(open_desk(store).store) == {}
    store.archive = None
    with pytest.raises(CurationError.__bases__[0], match="without a journal"):
        open_desk(store)
