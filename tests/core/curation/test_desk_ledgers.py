"""The whole machine over each ledger: what is applied is journalled there, taken back, erased and verified."""

from __future__ import annotations

from pathlib import Path

from core.curation.verification import verify
from tests.core.curation.desks import (
    ADA,
    apply,
    contents,
    edit,
    erase,
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


def test_apply_undo_and_erase(place: Place, tmp_path: Path) -> None:
    store = make_index(tmp_path / "store", records=make_records(6))
    desk = make_desk(store, place.ledger)
    before = contents(store)
    plan = make_plan(desk, *retire(desk, "k1", "k2"), put("new", make_record("new")), edit(desk, "k3", confidence=0.9))
    desk.keep(plan, actor=ADA)
    kept = desk.kept("p", actor=ADA)
    assert kept == plan
    assert apply(desk, kept).complete
    assert apply(desk, kept).already
    assert kinds(desk)[0] == "begun"
    assert kinds(desk)[-1] == "ended"

    other = make_desk(store, place.open(), ids="other")  # somebody else, on another machine
    assert [deed.plan_id for deed in other.history(actor=ADA)] == ["p"]
    assert apply(other, other.undo_plan("p", actor=ADA)).complete
    assert contents(store) == before

    assert b"Memory number 1." in place.content()
    erasing = make_plan(desk, *erase(desk, "k1"), id="gone")
    assert apply(desk, erasing, confirmation=desk.confirmation_for(erasing)).complete
    assert b"Memory number 1." not in place.content()
    assert b"Memory number 2." in place.content()
    for journal in (place.ledger.journal, place.open().journal):
        found = verify(journal, desk.stream)
        assert (found.broken, found.unpurged) == ((), ())
