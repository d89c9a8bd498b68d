"""The register of conflicts, over every place that a ledger can be in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import apsw
import pytest

from core.curation.conflicts.card import Resolution, Standing
from core.curation.conflicts.case import Acts, Assignment, Case, Claim, Settling, case_of
from core.curation.conflicts.claims import claimed
from core.curation.conflicts.deciding import Answer
from core.curation.conflicts.kept import KeptCases
from core.curation.conflicts.register import Register, forget_conflicts_with
from core.curation.conflicts.sqlite_register import SqliteRegister
from core.errors import BusyError, ConfigError, JournalError, StorageReadOnlyError
from tests.core.curation.conflict_builders import JUDGE, LONGER, TIMEOUT, cards, deciding, make_card, person, renamed
from tests.core.curation.ledger_places import Directory, Place
from tests.core.memory_builders import NOW

pytestmark = pytest.mark.parametrize("place", ["sqlite", "s3-versioned"], indirect=True)
STREAM = "b/agents"
ODD = "\x00\x1b[31m\u202e<b>\ud800 \u05e9\u05dc\u05d5\u05dd \U0001f680 " + "x" * 12_000
KEEP = Answer(Resolution.KEEP_LEFT, "ops says so")


@pytest.fixture
def register(place: Place) -> Register:
    return place.ledger.register(STREAM)


def again(place: Place) -> Register:
    """Return the register as another process has it."""
    return place.open().register(STREAM)


def put(register: Register, *made: object, judge: str = JUDGE, checked: dict[str, str] | None = None) -> int:
    return register.put_cards(made, judge=judge, checked=checked or {})  # type: ignore[arg-type]


def test_a_place_without_a_register_has_nothing(register: Register) -> None:
    assert (register.cards(), register.cases(["x"]), register.unsettled(), register.decisions()) == ([], [], [], [])
    assert (register.checked(JUDGE), register.revision()) == ({}, "")
    assert register.change(["x"], lambda case: case) == []
    assert register.forget(keys=["x"], hashes=["y"]) == 0
    register.forget_checked(["x"])


def test_cards_come_back_as_they_were(register: Register, place: Place) -> None:
    odd = make_card(ODD, "", why=ODD, sample=True, drawn=0.05)
    odd = replace(odd, left=replace(odd.left, key="\ud800", others=("k2", ODD[:50]), confidence=0.5, at=None))
    first, second = cards(2)
    assert put(register, second, odd, first) == 3
    assert again(place).cards() == sorted([odd, first, second], key=lambda card: (card.found_at, card.id))
    assert again(place).cards([second.id, "unknown", second.id]) == [second]


def test_what_was_checked_is_known_by_judge(register: Register, place: Place) -> None:
    put(register, checked={"k1": "h1", "\ud800k": "h2"})
    put(register, checked={"k1": "h3"}, judge="nli/2")
    put(register, checked={"k3": "h4"})
    assert again(place).checked(JUDGE) == {"k1": "h1", "\ud800k": "h2", "k3": "h4"}
    register.forget_checked(["k1", "unknown"])
    assert (again(place).checked(JUDGE), again(place).checked("nli/2")) == ({"\ud800k": "h2", "k3": "h4"}, {})
    register.forget_checked()
    assert again(place).checked(JUDGE) == {}


def test_a_known_card_keeps_what_people_did(register: Register, place: Place) -> None:
    card = make_card()
    put(register, card)
    register.change([card.id], deciding(KEEP, person()))
    found = replace(renamed(card, "-2"), found_at=NOW + timedelta(days=3), cosine=0.5)
    assert put(register, found) == 0
    (case,) = again(place).cases()
    assert case.card == replace(found, found_at=NOW)
    assert case.standing is Standing.DECIDED
    assert [decision.why for decision in again(place).decisions(card.id)] == ["ops says so"]


def test_a_closed_card_that_is_found_again_is_open(register: Register) -> None:
    card = make_card()
    put(register, card)
    register.change([card.id], lambda case: replace(case, closed="a text left"))
    assert register.cases()[0].standing is Standing.CLOSED
    put(register, card)
    assert register.cases()[0].standing is Standing.OPEN


def test_acts_come_back_as_they_were(register: Register, place: Place) -> None:
    card, at = make_card(), NOW + timedelta(seconds=0.25)
    put(register, card)

    def act(case: Case) -> Case:
        given = Assignment("bob", "ada", at, ODD)
        return replace(case, claim=Claim("ann", at), assigned=given, skipped={ODD: at}, closed=ODD)

    (case,) = register.change([card.id], act)
    assert case.assigned is not None
    assert case.assigned.why == ODD
    assert again(place).cases() == [case]
    (acts,) = again(place).acts([card.id, "unknown"])
    assert acts == Acts(**{name: value for name, value in vars(case).items() if name != "card"})


def test_what_is_to_be_settled_is_found(register: Register, place: Place) -> None:
    made = cards(3)
    put(register, *made)
    register.change([made[0].id], deciding(KEEP, person()))
    register.change([made[1].id], deciding(Answer(Resolution.NOT_A_CONFLICT), person()))
    assert [case.card for case in again(place).unsettled()] == [made[0]]
    assert [case.card for case in again(place).cases_with([made[2].left.hash, made[1].right.hash])] == made[1:]


def test_a_refused_change_changes_nothing(register: Register, place: Place) -> None:
    card = make_card()
    put(register, card)
    before = register.revision()

    def refuse(case: Case) -> Case:
        raise ConfigError(f"not {case.card.id}")

    with pytest.raises(ConfigError):
        register.change([card.id], refuse)
    assert again(place).cases() == [case_of(card)]
    assert again(place).revision() == before


def test_each_change_gives_another_revision(register: Register, place: Place) -> None:
    card, seen = make_card(), [register.revision()]
    put(register, card)
    seen.append(again(place).revision())
    register.change([card.id], lambda case: claimed(case, person()))
    seen.append(again(place).revision())
    register.forget(keys=[], hashes=[card.left.hash])
    seen.append(again(place).revision())
    assert len(set(seen)) == 4


def test_of_many_who_claim_one_card_one_gets_it(register: Register, place: Place) -> None:
    card = make_card()
    put(register, card)

    def claim(name: str) -> str | None:
        try:
            again(place).change([card.id], lambda case: claimed(case, person(name)))
        except BusyError:
            return None
        return name

    names = [f"reviewer {n}" for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        won = [name for name in pool.map(claim, names) if name]
    (case,) = register.cases()
    assert case.claim is not None
    assert won == [case.claim.by]


def test_streams_do_not_meet(register: Register, place: Place) -> None:
    put(register, make_card(), checked={"k": "h"})
    other = place.ledger.register("b/others")
    assert (other.cards(), other.checked(JUDGE), other.revision()) == ([], {}, "")
    assert other.forget(keys=["a0"], hashes=[]) == 0
    assert len(register.cards()) == 1


@pytest.mark.parametrize("by", ["hash", "key", "other key"])
def test_nothing_of_an_erased_memory_is_left(register: Register, place: Place, by: str) -> None:
    card = make_card("TOP-SECRET-LEFT is 30", "TOP-SECRET-RIGHT is 60")
    card = replace(card, left=replace(card.left, others=("copy",)))
    other = make_card()
    put(register, card, other, checked={"a0": "h", "b0": "h", "copy": "h", "elsewhere": "h"})
    register.change([card.id], deciding(Answer(Resolution.MERGE, "TOP-SECRET-WHY", merged="TOP-SECRET-MERGED"), person()))
    keys, texts = {"hash": ((), (card.left.text,)), "key": (("b0",), ()), "other key": (("copy",), ())}[by]
    gone = forget_conflicts_with(register, keys, texts)
    left = [] if by == "key" else [other]  # both cards have the key
    assert (gone, again(place).cards()) == (2 - len(left), left)
    assert again(place).checked(JUDGE) == {"elsewhere": "h"}
    assert b"TOP-SECRET" not in place.content()


def test_a_register_opened_for_reading_changes_nothing(place: Place) -> None:
    writing = place.ledger.register(STREAM)
    card = make_card()
    put(writing, card)
    reading = place.open(read_only=True).register(STREAM)
    assert reading.cards() == [card]
    with pytest.raises(StorageReadOnlyError):
        reading.change([card.id], lambda case: claimed(case, person()))


def test_what_somebody_wrote_into_the_file_is_said(place: Place) -> None:
    put(place.ledger.register(STREAM), make_card())
    if isinstance(place, Directory):
        connection = apsw.Connection(str(place.directory / "conflicts.sqlite"))
        connection.execute("UPDATE card SET body = CAST('{\"id\": 3}' AS BLOB)")
        connection.close()
    else:
        place.ledger.documents.put(STREAM, "conflict-cards", "00", {"rows": {"x": {"id": 3}}})
    with pytest.raises(JournalError, match="conflict inbox cannot be read"):
        place.ledger.register(STREAM).cards()


def test_settled_rulings_come_back(register: Register) -> None:
    card = make_card(TIMEOUT, LONGER)
    put(register, card)
    answer = Answer(Resolution.MERGE, "why", merged="Both.", remember=True, acknowledged="fine")
    (case,) = register.change([card.id], deciding(answer, person()))
    assert register.cases() == [case]
    (ruling,) = case.rulings
    assert (ruling.merged, ruling.remember, ruling.acknowledged, ruling.settling) == (
        "Both.",
        True,
        "fine",
        Settling.WAITING,
    )


def test_what_was_read_before_is_parsed_once_and_goes_with_an_erasure(register: Register, place: Place) -> None:
    first, second = cards(2)
    put(register, first, second)
    one, other = register.cases()
    other_process = again(place)
    other_process.change([second.id], deciding(KEEP, person()))
    now = register.cases()
    assert [case.standing for case in now] == [Standing.OPEN, Standing.DECIDED]
    assert now[1] != other
    if isinstance(register, SqliteRegister):
        assert now[0] is one
    assert other_process.forget(keys=[], hashes=[first.left.hash]) == 1
    assert [case.card.id for case in register.cases()] == [second.id]
    assert register.forget(keys=[], hashes=[second.left.hash]) == 1
    assert register.cases() == []


def test_of_many_cards_no_more_than_fit_are_kept(place: Place) -> None:
    parsed: list[bytes] = []

    def parse(body: bytes, acts: bytes) -> Case:
        parsed.append(body)
        return case_of(made[int(body)])

    made = cards(3)
    rows = [(b"0", b""), (b"1", b""), (b"2", b"")]
    kept = KeptCases(parse, most=2)
    for revision in ("1", "1", "2"):
        assert [case.card for case in kept.of(revision, lambda: rows)] == made
    assert parsed == [b"0", b"1", b"2", b"2", b"2"]
    kept.forget()
    kept.of("2", lambda: rows)
    assert parsed[5:] == [b"0", b"1", b"2"]
