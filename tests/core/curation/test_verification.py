"""Whatever is done to a journal from outside is found, wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.curation.journal import Entry, Journal, Kind
from core.curation.verification import Flaw, Verification, verify
from tests.core.curation.ledger_builders import STREAM, draft, make_image, prepared, write_plan
from tests.core.curation.ledger_places import Place

Entries = dict[int, bytes]
Change = Callable[[Place, Entries], Entries]
BOTH = pytest.mark.parametrize("place", ["sqlite", "s3"], indirect=True)


def edited(number: int, edit: Callable[[dict[str, Any]], None], *, rehashed: bool = False) -> Change:
    """Return the change that edits one entry, and with `rehashed` makes its own hash fit again."""

    def change(place: Place, entries: Entries) -> Entries:
        def all_of_it(entry: dict[str, Any]) -> None:
            edit(entry)
            if rehashed:
                entry["hash"] = Entry.from_json(entry).expected_hash()

        return entries | {number: place.edited(entries[number], all_of_it)}

    return change


def put(*path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def edit(entry: dict[str, Any]) -> None:
        *way, last = path
        for step in way:
            entry = entry[step]
        entry[last] = value

    return edit


def without(*numbers: int) -> Change:
    return lambda place, entries: {number: kept for number, kept in entries.items() if number not in numbers}


def closed_up(number: int) -> Change:
    """Drop an entry, and move those that follow into its place."""

    def change(place: Place, entries: Entries) -> Entries:
        left = [kept for at, kept in sorted(entries.items()) if at != number]
        return dict(enumerate(left, start=1))

    return change


def swapped(one: int, other: int) -> Change:
    return lambda place, entries: entries | {one: entries[other], other: entries[one]}


def inserted(place: Place, entries: Entries) -> Entries:
    """Put a forged entry in the place of the third, that names the second, and move the rest."""

    def forge(entry: dict[str, Any]) -> None:
        entry.update(number=3, kind="purged", body={"keys": ["a"], "images": 1}, previous=second["hash"])
        entry["hash"] = Entry.from_json(entry).expected_hash()

    second: dict[str, Any] = {}
    place.edited(entries[2], second.update)
    kept = [entries[at] for at in sorted(entries)]
    return dict(enumerate([*kept[:2], place.edited(entries[2], forge), *kept[2:]], start=1))


def garbled(place: Place, entries: Entries) -> Entries:
    return entries | {3: b"\x00 no JSON"}


def from_elsewhere(place: Place, entries: Entries) -> Entries:
    journal = place.ledger.journal
    write_plan(journal, [make_image("a")], stream="mnemoscope/other")
    return entries | {3: place.read("mnemoscope/other")[3]}


CHANGES = [
    pytest.param(edited(1, put("body", "title", value="Nothing")), 1, "changed after it was written", id="edit-body"),
    pytest.param(edited(2, put("body", "changes", 0, "reason", value="")), 2, "changed after", id="edit-a-reason"),
    pytest.param(edited(3, put("actor", value="bob")), 3, "changed after it was written", id="edit-who"),
    pytest.param(edited(3, put("at", value="2020-01-01T00:00:00+00:00")), 3, "changed after", id="edit-when"),
    pytest.param(edited(4, put("body", "state", value="failed")), 4, "changed after", id="edit-outcome"),
    pytest.param(edited(8, put("hash", value="0" * 64)), 8, "changed after", id="edit-hash"),
    pytest.param(edited(5, put("previous", value="")), 5, "does not follow", id="edit-previous"),
    pytest.param(edited(3, put("actor", value="bob"), rehashed=True), 4, "does not follow", id="edit-and-rehash"),
    pytest.param(edited(4, put("plan_hash", value="x"), rehashed=True), 4, "another hash", id="edit-plan-hash"),
    pytest.param(edited(3, put("body", value=[])), 3, "cannot be read", id="body-of-another-sort"),
    pytest.param(edited(3, put("number", value="3")), 3, "cannot be read", id="number-of-another-sort"),
    pytest.param(edited(3, put("kind", value="gone")), 3, "cannot be read", id="kind-unknown"),
    pytest.param(edited(2, put("body", "changes", value=7), rehashed=True), 2, "changes cannot be read", id="no-changes"),
    pytest.param(garbled, 3, "cannot be read", id="garbled"),
    pytest.param(without(1), 1, "entry 1 is missing", id="drop-first"),
    pytest.param(without(3), 3, "entry 3 is missing", id="drop-one"),
    pytest.param(without(3, 4, 5), 3, "entries 3 to 5 are missing", id="drop-several"),
    pytest.param(closed_up(3), 3, "entry 3 is missing", id="drop-and-close-up"),
    pytest.param(swapped(3, 4), 3, "entry 3 is missing", id="swap"),
    pytest.param(swapped(3, 7), 3, "entries 3 to 6 are missing", id="swap-far"),
    pytest.param(inserted, 4, "entry 3 stands in the place of entry 4", id="insert"),
    pytest.param(from_elsewhere, 3, "belongs to the journal of 'mnemoscope/other'", id="from-another-stream"),
]


def two_plans(journal: Journal) -> list[Entry]:
    first = write_plan(journal, [make_image("a"), make_image("b"), make_image("new", None)])
    return first + write_plan(journal, [make_image("c"), make_image("d")], "p2")


def found_at(found: Verification, number: int, wrong: str) -> bool:
    return any(flaw.number == number and wrong in flaw.wrong for flaw in found.broken)


def test_what_the_machine_writes_is_sound(place: Place) -> None:
    journal = place.ledger.journal
    assert verify(journal, STREAM) == Verification(STREAM, 0, 0, (), (), None)
    written = two_plans(journal)
    seen: list[int] = []
    found = verify(journal, STREAM, expected=written[2].hash, progress=seen.append)
    assert (found.sound, found.entries, found.images, found.broken) == (True, 8, 5, ())
    assert found.head == (8, written[-1].hash)
    assert seen == [1, 2, 3, 4, 5, 6, 7, 8]


@BOTH
@pytest.mark.parametrize(("change", "number", "wrong"), CHANGES)
def test_a_change_from_outside_is_found(place: Place, change: Change, number: int, wrong: str) -> None:
    journal = place.ledger.journal
    two_plans(journal)
    place.write(STREAM, change(place, place.read(STREAM)))
    found = verify(journal, STREAM)
    assert not found.sound
    assert found_at(found, number, wrong), found.broken
    assert found.to_json()["broken"] == [{"number": flaw.number, "wrong": flaw.wrong} for flaw in found.broken]


@pytest.mark.parametrize("left", [pytest.param(left, id=f"{left}-left") for left in (7, 4, 0)])
def test_an_end_that_was_cut_off_shows_to_who_remembers_it(place: Place, left: int) -> None:
    journal = place.ledger.journal
    head = two_plans(journal)[-1].hash
    place.write(STREAM, {number: kept for number, kept in place.read(STREAM).items() if number <= left})
    assert verify(journal, STREAM).sound
    found = verify(journal, STREAM, expected=head)
    assert [flaw.number for flaw in found.broken] == [left + 1]
    assert f"cut off after entry {left}" in found.broken[0].wrong


IMAGES = [
    pytest.param(
        lambda images: images | {"a": images["a"] | {"metadata": {"content": "I said no such thing."}}}, "'a'", id="content"
    ),
    pytest.param(lambda images: images | {"a": images["a"] | {"vector": [0.5, -1.25, 3.5]}}, "'a'", id="vector"),
    pytest.param(lambda images: images | {"a": images["a"] | {"salt": ""}}, "'a'", id="salt"),
    pytest.param(lambda images: images | {"a": images["a"] | {"after": "ff"}}, "'a'", id="after"),
    pytest.param(lambda images: images | {"a": images["b"], "b": images["a"]}, "'b' was changed", id="swap"),
    pytest.param(lambda images: images | {"new": images["a"]}, "'new'", id="where-there-was-nothing"),
    pytest.param(lambda images: {key: images[key] for key in images if key != "b"}, "'b' is missing", id="drop"),
    pytest.param(lambda images: images | {"z": images["a"]}, "does not name: 'z'", id="add"),
]


@BOTH
@pytest.mark.parametrize(("change", "wrong"), IMAGES)
def test_a_changed_image_is_found(place: Place, change: Callable[[dict[str, Any]], dict[str, Any]], wrong: str) -> None:
    journal = place.ledger.journal
    two_plans(journal)
    place.edit_images(STREAM, 2, change)
    found = verify(journal, STREAM)
    assert {flaw.number for flaw in found.broken} == {2}
    assert any(wrong in flaw.wrong for flaw in found.broken), found.broken


def test_an_image_may_only_be_missing_where_it_was_erased(place: Place) -> None:
    journal = place.ledger.journal
    two_plans(journal)
    journal.purge(STREAM, ["a", "c"])
    assert {flaw.number for flaw in verify(journal, STREAM).broken} == {2, 6}
    journal.append(STREAM, draft(Kind.PURGED, "p2", keys=["a", "c"], images=2))
    assert verify(journal, STREAM).broken == ()
    write_plan(journal, [make_image("a")], "p3")
    found = verify(journal, STREAM)
    assert (found.sound, found.unpurged) == (True, ())
    journal.purge(STREAM, ["a"])  # an erasure before it does not excuse this
    assert [flaw.number for flaw in verify(journal, STREAM).broken] == [11]


def test_an_erasure_that_was_cut_off_is_said(place: Place) -> None:
    journal = place.ledger.journal
    two_plans(journal)
    journal.append(STREAM, draft(Kind.PURGED, "p2", keys=["a", "b", "c", "d", "x"], images=4))
    found = verify(journal, STREAM)
    assert found.sound
    (flaw,) = found.unpurged
    assert flaw == Flaw(9, "images that it says were erased are still there: 'a', 'b', 'c' and 1 more")
    journal.purge(STREAM, ["a", "b", "c", "d"])
    assert verify(journal, STREAM).unpurged == ()


APPLIED = draft(Kind.APPLIED, batch=0, done=[], failed=[])
ENDED = draft(Kind.ENDED, state="applied", done=0, failed=0, left=0, why=None)
BEGUN = draft(Kind.BEGUN)
PREPARED = prepared([])
ORDERS = [
    pytest.param([PREPARED], "is prepared and was never begun", id="prepared-first"),
    pytest.param([BEGUN, APPLIED], "batch '0' of plan 'p1' is applied and was never prepared", id="applied-first"),
    pytest.param([ENDED], "is ended and was never begun", id="ended-first"),
    pytest.param([BEGUN, PREPARED, APPLIED, ENDED, PREPARED], "is prepared after it had ended", id="after-the-end"),
    pytest.param([BEGUN, prepared([], batch=1), APPLIED], "batch '0' of plan 'p1'", id="another-batch"),
    pytest.param([BEGUN, ENDED, BEGUN, PREPARED, APPLIED, ENDED], None, id="resumed"),
    pytest.param([BEGUN, ENDED, draft(Kind.PURGED, keys=[], images=0)], None, id="purged-after-the-end"),
    pytest.param([draft(Kind.BEGUN, "p2"), BEGUN, PREPARED, draft(Kind.ENDED, "p2"), APPLIED], None, id="two-at-once"),
    pytest.param([BEGUN, draft(Kind.PURGED, keys="abc")], "its keys cannot be read", id="keys-of-another-sort"),
]


@pytest.mark.parametrize(("drafts", "wrong"), ORDERS)
@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_entries_of_a_plan_have_their_order(place: Place, drafts: list[Any], wrong: str | None) -> None:
    for each in drafts:
        place.ledger.journal.append(STREAM, each)
    found = verify(place.ledger.journal, STREAM)
    assert [flaw.wrong for flaw in found.broken if wrong is None or wrong not in flaw.wrong] == []
    assert bool(found.broken) == (wrong is not None)
