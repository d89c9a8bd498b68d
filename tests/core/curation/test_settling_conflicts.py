"""What decisions of the conflict inbox do to memories, and what is left when something dies in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN, Actor
from core.curation.conflicts.card import Card, Resolution, Standing
from core.curation.conflicts.case import Settling
from core.curation.conflicts.inbox import Inbox
from core.curation.conflicts.resolving import SCOPE_NOTE
from core.curation.desk import State
from core.curation.editing import plan_edit
from core.curation.golden import GoldenQuery, golden_of
from core.curation.verification import verify
from core.errors import NotAllowedError, NotFoundError, UnavailableError
from core.memory import Memory
from core.vectors.embedded import EmbeddedClient
from tests.core.curation.conflict_builders import (
    MINUTE,
    Watch,
    cards,
    inbox_of,
    make_card,
    make_inbox,
    memories_of,
    renamed,
    take_in,
)
from tests.core.curation.desks import ADA, ANN, BOB, EVE, VERA, apply, contents, erase, make_desk, make_plan
from tests.core.curation.ledger_places import S3
from tests.core.curation.stepping import Crash, Workbench
from tests.core.memory_builders import NOW, make_memory, make_store

MERGED = "The gateway times out after 60 seconds; it was 30 before March."


def memories(inbox: Inbox) -> dict[str, Memory]:
    return {memory.key: memory for memory in inbox.desk.store.memories(actor=LOCAL_ADMIN)}


def settled(inbox: Inbox, card: Card, resolution: Resolution, actor: Actor = ANN, **given: Any) -> tuple[Settling, str]:
    """Decide a card, settle it, and return what became of it."""
    inbox.decide(card.id, resolution, actor=actor, **given)
    (done,) = inbox.settle(actor=actor)
    return done.settling, done.why


def a_card() -> Card:
    """Return a card of which each text is in the index twice."""
    card = make_card()
    return replace(card, left=replace(card.left, others=("a-copy",)), right=replace(card.right, others=("b-copy",)))


@pytest.mark.parametrize(
    ("resolution", "left"),
    [
        pytest.param(Resolution.KEEP_LEFT, {"a0", "a-copy"}, id="keep left"),
        pytest.param(Resolution.KEEP_RIGHT, {"b0", "b-copy"}, id="keep right"),
        pytest.param(Resolution.KEEP_NEWER, {"b0", "b-copy"}, id="keep newer"),
        pytest.param(Resolution.BOTH_VALID, {"a0", "a-copy", "b0", "b-copy"}, id="both valid"),
        pytest.param(Resolution.NOT_A_CONFLICT, {"a0", "a-copy", "b0", "b-copy"}, id="no conflict"),
    ],
)
def test_what_stays_and_that_it_can_be_taken_back(tmp_path: Path, resolution: Resolution, left: set[str]) -> None:
    card = a_card()
    inbox = make_inbox(tmp_path, card)
    before, case = contents(inbox.desk.store), inbox.register.cases()
    done = inbox.decide(card.id, resolution, actor=ANN, why="ops said so")
    assert contents(inbox.desk.store) == before, "nothing happens before it is settled"
    inbox.settle(actor=ANN)
    assert contents(inbox.desk.store).keys() == left
    assert inbox.unsettled(actor=ANN) == 0
    if done.plan_id is not None:
        deed = inbox.desk.deed(done.plan_id, actor=ANN)
        assert (deed.actor, deed.reason, deed.parameters["card"]) == ("ann", "ops said so", card.id)
        assert inbox.desk.pending(actor=ANN) == []
    entry = inbox.undo(card.id, actor=ANN)
    assert (entry.standing, entry.decision) == (Standing.OPEN, None)
    inbox.settle(actor=ANN)
    assert contents(inbox.desk.store) == before
    (after,) = inbox.register.cases()
    assert replace(after, rulings=()) == case[0]
    assert verify(inbox.desk.ledger.journal, inbox.desk.stream).sound


@pytest.mark.parametrize(
    ("text", "kept"), [(None, ("30 seconds", "60 seconds")), (MERGED, (MERGED,))], ids=["draft", "edited"]
)
def test_a_merge_stands_for_both(tmp_path: Path, text: str | None, kept: tuple[str, ...]) -> None:
    card = make_card()
    inbox = make_inbox(tmp_path, card)
    before = contents(inbox.desk.store)
    if text is None:
        assert all(part in inbox.draft(card.id, actor=VERA) for part in kept)
    settling, why = settled(inbox, card, Resolution.MERGE, merged=text, why="one of two rooms")
    assert (settling, why) == (Settling.SETTLED, "")
    (merged,) = memories(inbox).values()
    assert all(part in merged.content for part in kept)
    assert set(merged.derived_from) == {"a0", "b0"}
    inbox.undo(card.id, actor=ANN)
    inbox.settle(actor=ANN)
    assert contents(inbox.desk.store) == before


def test_a_scope_note_is_metadata_of_both_and_the_rest_stays(tmp_path: Path) -> None:
    card = make_card()
    inbox = make_inbox(tmp_path, card)
    store = inbox.desk.store
    before = memories(inbox)
    apply(inbox.desk, plan_edit(store, {"b0": {SCOPE_NOTE: "For staging."}}, actor=ADA, now=NOW, plan_id="earlier"))
    assert settled(inbox, card, Resolution.BOTH_VALID, note=" Left: Europe. Right: America. ")[0] is Settling.SETTLED
    after = memories(inbox)
    assert after["a0"].extra == {SCOPE_NOTE: "Left: Europe. Right: America."}
    assert after["b0"].extra == {SCOPE_NOTE: "For staging.\nLeft: Europe. Right: America."}
    assert {key: (memory.content, memory.agent_id) for key, memory in after.items()} == {
        key: (memory.content, memory.agent_id) for key, memory in before.items()
    }


@pytest.mark.parametrize(
    ("resolution", "keys", "said"),
    [
        pytest.param(Resolution.KEEP_RIGHT, {"b0"}, "this holds, and no longer: The gateway times out after 30", id="keep"),
        pytest.param(Resolution.NOT_A_CONFLICT, {"a0", "b0"}, "No conflict: both hold, said ann", id="no conflict"),
    ],
)
def test_a_resolution_is_remembered_for_the_agents(
    tmp_path: Path, resolution: Resolution, keys: set[str], said: str
) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    before = contents(inbox.desk.store)
    assert settled(inbox, card, resolution, remember=True, why="ops raised it")[0] is Settling.SETTLED
    found = memories(inbox)
    (key,) = found.keys() - keys
    assert found.keys() - {key} == keys
    assert said in found[key].content
    assert "ops raised it" in found[key].content
    assert (found[key].derived_from, found[key].team_id, found[key].agent_id) == (("a0", "b0"), "alpha", None)
    inbox.undo(card.id, actor=ANN)
    inbox.settle(actor=ANN)
    assert contents(inbox.desk.store) == before


def test_a_decision_is_taken_back_after_others(tmp_path: Path) -> None:
    first, second, third = cards(3)
    inbox = make_inbox(tmp_path, first, second, third)
    before = contents(inbox.desk.store)
    inbox.decide_all([first.id, second.id], Resolution.KEEP_LEFT, actor=ANN)
    assert [done.settling for done in inbox.settle(actor=BOB)] == [Settling.SETTLED] * 2
    inbox.undo(first.id, actor=ANN)
    inbox.decide(third.id, Resolution.KEEP_RIGHT, actor=ANN)
    # It is decided anew before the first decision is taken back: one after the other.
    inbox.decide(first.id, Resolution.KEEP_RIGHT, actor=ANN)
    inbox.settle(actor=ADA)
    assert contents(inbox.desk.store) == {key: before[key] for key in ("b0", "a1", "b2")}
    assert [deed.actor for deed in inbox.desk.history(actor=ANN)] == ["ann"] * 5, "whoever settled it"


def test_what_cannot_be_taken_back_is_said(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, card := a_card())
    settled(inbox, card, Resolution.KEEP_LEFT)
    inbox.desk.store.write([make_memory("b0", "Somebody wrote this here meanwhile.")], actor=LOCAL_ADMIN)
    inbox.undo(card.id, actor=ANN)
    (done,) = inbox.settle(actor=ANN)
    assert done.settling is Settling.TAKEN_BACK
    assert "'b0' could not be taken back: it " in done.why
    assert inbox.entry(card.id, actor=ANN).why == done.why
    assert memories(inbox).keys() == {"a0", "a-copy", "b0", "b-copy"}


def test_an_undo_before_it_was_settled_needs_no_plan(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    before = contents(inbox.desk.store)
    inbox.decide(card.id, Resolution.KEEP_LEFT, actor=ANN)
    inbox.undo(card.id, actor=ADA)
    assert [done.settling for done in inbox.settle(actor=ANN)] == [Settling.TAKEN_BACK]
    assert (contents(inbox.desk.store), inbox.desk.history(actor=ANN)) == (before, [])


def test_an_admin_takes_back_what_was_applied_for_another(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    before = contents(inbox.desk.store)
    settled(inbox, card, Resolution.KEEP_LEFT)
    with pytest.raises(NotAllowedError):
        inbox.undo(card.id, actor=BOB)
    inbox.undo(card.id, actor=ADA)
    inbox.settle(actor=BOB)
    assert contents(inbox.desk.store) == before
    assert inbox.desk.history(actor=ANN)[0].actor == "ada"


def test_a_side_that_changed_brings_the_card_back(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    inbox.decide(card.id, Resolution.KEEP_LEFT, actor=ANN)
    inbox.desk.store.write([make_memory("a0", "The gateway never times out.")], actor=LOCAL_ADMIN)
    (done,) = inbox.settle(actor=ANN)
    assert done.settling is Settling.RETURNED
    assert "'a0' changed or left the index" in done.why
    entry = inbox.entry(card.id, actor=ANN)
    assert (entry.standing, entry.back) == (Standing.CLOSED, done.why), "of what is left there is no question"
    assert memories(inbox).keys() == {"a0", "b0"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        pytest.param({"extra": {"mnemoscope_status": "quarantined"}}, "has the status 'quarantined'", id="quarantined"),
        pytest.param({"extra": {"mnemoscope_status": "hidden"}}, "is hidden", id="hidden"),
        pytest.param({"expires_at": NOW - MINUTE}, "its time is over", id="expired"),
    ],
)
def test_nothing_is_retired_for_what_no_recall_returns(tmp_path: Path, fields: dict[str, Any], why: str) -> None:
    card = make_card()
    inbox = make_inbox(tmp_path, card)
    left = replace(memories_of(card)[0], **fields)
    inbox.desk.store.write([left], actor=LOCAL_ADMIN)
    assert settled(inbox, card, Resolution.KEEP_LEFT)[0] is Settling.RETURNED
    assert contents(inbox.desk.store).keys() == {"a0", "b0"}
    assert why in inbox.entry(card.id, actor=ANN).back
    assert settled(inbox, card, Resolution.KEEP_RIGHT)[0] is Settling.SETTLED


def test_what_was_to_go_and_is_gone_is_settled(tmp_path: Path) -> None:
    first = make_card()
    second = replace(
        make_card("The gateway has no timeout at all."), left=make_card("The gateway has no timeout at all.").left
    )
    second = replace(second, left=replace(second.left, key="c0"))
    inbox = make_inbox(tmp_path, first, second)
    inbox.decide_all([first.id, second.id], Resolution.KEEP_LEFT, actor=ANN)
    assert {(done.settling, done.why) for done in inbox.settle(actor=ANN)} == {
        (Settling.SETTLED, ""),
        (Settling.SETTLED, "Nothing was left to be changed."),
    }
    assert memories(inbox).keys() == {"a0", "c0"}


def test_cards_of_a_text_that_was_retired_close_and_open_with_it(tmp_path: Path) -> None:
    first = make_card()
    second = make_card("The gateway has no timeout at all.")
    second = replace(second, left=replace(second.left, key="c0"))
    inbox = make_inbox(tmp_path, first, second)
    settled(inbox, first, Resolution.KEEP_LEFT)
    assert inbox.entry(second.id, actor=ANN).standing is Standing.CLOSED
    inbox.undo(first.id, actor=ANN)
    inbox.settle(actor=ANN)
    assert inbox.entry(second.id, actor=ANN).standing is Standing.OPEN


def test_a_loser_that_comes_back_is_asked_again(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    settled(inbox, card, Resolution.KEEP_LEFT)
    take_in(inbox, card)  # of a snapshot from before
    assert inbox.queue(actor=ANN).total == 0
    again = renamed(card, "-2")
    inbox.desk.store.write(memories_of(again), actor=LOCAL_ADMIN)
    take_in(inbox, again)
    (entry,) = inbox.queue(actor=ANN).entries
    assert entry.back == "What was retired for it is in the index again."


def test_a_plan_that_would_lose_a_golden_answer_brings_the_card_back(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    query = GoldenQuery("timeout", "gateway times out after 60 seconds", expected=("b0",), owner="ada", created_at=NOW)
    golden_of(inbox.desk.store, actor=ADA).save(query)
    before = contents(inbox.desk.store)
    settling, why = settled(inbox, card, Resolution.KEEP_LEFT)
    assert settling is Settling.RETURNED
    assert "It breaks “timeout”." in why
    assert (contents(inbox.desk.store), inbox.desk.pending(actor=ANN)) == (before, [])
    assert inbox.queue(actor=ANN).entries[0].back == why
    assert settled(inbox, card, Resolution.KEEP_LEFT, acknowledged="the query is old")[0] is Settling.SETTLED
    assert inbox.desk.history(actor=ANN)[0].acknowledged == "the query is old"


@pytest.mark.parametrize("expected", [("a0",), ("b0",)], ids=["kept", "lost"])
def test_many_decisions_are_measured_at_once_unless_one_loses_an_answer(tmp_path: Path, expected: tuple[str, ...]) -> None:
    inbox = make_inbox(tmp_path, *(made := cards(3)))
    query = GoldenQuery("disks", "Host 0 has disks", expected=expected, owner="ada", created_at=NOW, k=6)
    golden_of(inbox.desk.store, actor=ADA).save(query)
    inbox.decide_all([card.id for card in made], Resolution.KEEP_LEFT, actor=ANN)
    found = {done.card: done.settling for done in inbox.settle(actor=ANN)}
    lost = expected == ("b0",)
    assert [found[card.id] for card in made] == [Settling.RETURNED if lost else Settling.SETTLED] + [Settling.SETTLED] * 2
    alone = [deed.preflight is not None for deed in inbox.desk.history(actor=ANN)]
    assert alone == ([True, True] if lost else [False] * 3)
    if not lost:
        assert "measured together" in inbox.desk.history(actor=ANN)[0].unmeasured


def test_a_ledger_in_s3_settles_and_takes_back(tmp_path: Path, s3: S3) -> None:
    card = make_card()
    store = make_store(tmp_path, *memories_of(card))
    inbox = Inbox(make_desk(store, s3.ledger), clock=Watch(), wait=lambda _: None)
    take_in(inbox, card)
    before = contents(store)
    assert settled(inbox, card, Resolution.KEEP_LEFT) == (Settling.SETTLED, "")
    assert set(contents(store)) == {"a0"}
    inbox.undo(card.id, actor=ANN)
    inbox.settle(actor=ANN)
    assert contents(store) == before


def test_what_fails_for_a_while_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    inbox.decide(card.id, Resolution.KEEP_LEFT, actor=ANN)

    def fail(*_: Any, **__: Any) -> Any:
        raise UnavailableError("It is down.")

    with monkeypatch.context() as patch:
        patch.setattr(inbox.desk, "apply", fail)
        (done,) = inbox.settle(actor=ANN)
    assert (done.settling, done.why) == (Settling.WAITING, "It is down.")
    assert inbox.unsettled(actor=ANN) == 1
    (done,) = inbox.settle(actor=ANN)
    assert done.settling is Settling.SETTLED


def test_one_process_settles_at_a_time(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, card := make_card())
    inbox.decide(card.id, Resolution.KEEP_LEFT, actor=ANN)
    waits: list[float] = []
    other = inbox_of(inbox.desk.store, tmp_path, wait=waits.append)
    with inbox.desk.ledger.journal.lease(f"{inbox.desk.stream}/conflicts", plan_id="x", actor="bob"):
        assert other.settle(actor=ANN) == []
    assert len(waits) > 10
    assert len(other.settle(actor=ANN)) == 1
    assert inbox.settle(actor=ANN) == []


def test_stopping_leaves_the_rest_for_later(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *(made := cards(3)))
    inbox.decide_all([card.id for card in made], Resolution.KEEP_LEFT, actor=ANN)
    told: list[tuple[int, int]] = []
    inbox.settle(actor=ANN, progress=lambda done, total: told.append((done, total)), cancelled=lambda: len(told) == 2)
    assert (told, inbox.unsettled(actor=ANN)) == ([(1, 3), (2, 3)], 1)


def test_an_erasure_takes_the_card_and_all_that_was_said(tmp_path: Path) -> None:
    card = make_card("TOP-SECRET is 30 here.", "TOP-SECRET is 60 here.")
    inbox = make_inbox(tmp_path, card, *cards(2)[1:])
    inbox.decide(card.id, Resolution.MERGE, actor=ANN, merged="TOP-SECRET is both.", why="TOP-SECRET: ask ops")
    plan = make_plan(inbox.desk, *erase(inbox.desk, "a0"))
    apply(inbox.desk, plan)
    with pytest.raises(NotFoundError):
        inbox.entry(card.id, actor=ANN)
    assert inbox.settle(actor=ANN) == []
    assert b"TOP-SECRET" not in (tmp_path / "conflicts.sqlite").read_bytes()
    purged = [entry.body for entry in inbox.desk.ledger.journal.entries(inbox.desk.stream) if "conflicts" in entry.body]
    assert [body["conflicts"] for body in purged] == [1]
    assert inbox.queue(actor=ANN).total == 1


# A crash between any two steps: of the register, the journal, the documents, the index.


@pytest.fixture
def benches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Card], tuple[Workbench, Inbox]]]:
    opened: list[Workbench] = []

    def make(card: Card) -> tuple[Workbench, Inbox]:
        directory = tmp_path_factory.mktemp("bench")
        bench = Workbench(EmbeddedClient(directory), directory)
        opened.append(bench)
        bench.store.write(memories_of(card), actor=LOCAL_ADMIN)
        inbox = Inbox(bench.desk, clock=Watch(), second_looks=0.0, wait=lambda _: None)
        take_in(inbox, card)
        bench.steps.calm()
        return bench, inbox

    yield make
    for bench in opened:
        bench.close()


def crash() -> None:
    raise Crash


def steps_of(bench: Workbench, act: Callable[[], object]) -> int:
    bench.steps.calm()
    act()
    return len(bench.steps.names)


@pytest.mark.parametrize("resolution", [Resolution.KEEP_LEFT, Resolution.MERGE])
def test_a_crash_between_any_two_steps_does_it_once(
    benches: Callable[[Card], tuple[Workbench, Inbox]], resolution: Resolution
) -> None:
    card = make_card()
    bench, inbox = benches(card)
    inbox.decide(card.id, resolution, actor=ANN)
    count = steps_of(bench, partial(inbox.settle, actor=ANN))
    after = set(contents(bench.store))
    assert count > 10
    for at in range(0, count, 5):
        bench, inbox = benches(card)
        before = contents(bench.store)
        inbox.decide(card.id, resolution, actor=ANN)
        bench.steps.plan(at, crash)
        with suppress(Crash):
            inbox.settle(actor=ANN)
        bench.steps.calm()
        inbox.settle(actor=EVE)
        assert set(contents(bench.store)) == after, at
        assert inbox.entry(card.id, actor=ANN).settling is Settling.SETTLED
        mine = [deed for deed in bench.desk.history(actor=ANN) if deed.undoes is None]
        assert [deed.state for deed in mine] == [State.APPLIED]
        inbox.undo(card.id, actor=ANN)
        bench.steps.plan(at, crash)
        with suppress(Crash):
            inbox.settle(actor=ANN)
        bench.steps.calm()
        inbox.settle(actor=ANN)
        assert contents(bench.store) == before, at
        assert inbox.unsettled(actor=ANN) == 0
