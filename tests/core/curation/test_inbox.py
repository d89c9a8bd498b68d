"""The conflict inbox: who sees which card, who gets it, what may be said of it, and by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN, Actor, Role
from core.curation.conflicts.card import Card, Resolution, Standing
from core.curation.conflicts.inbox import Inbox
from core.curation.conflicts.queue import CardFilter, Queue
from core.errors import BusyError, ChangedMeanwhileError, ConfigError, MnemoscopeError, NotAllowedError, NotFoundError
from core.models.judge import ConflictVerdict
from core.operate.recalls import LoggedRecall
from tests.core.curation.conflict_builders import (
    JUDGE,
    MINUTE,
    Watch,
    cards,
    inbox_of,
    make_card,
    make_inbox,
    make_side,
    memories_of,
    take_in,
)
from tests.core.curation.desks import ADA, ANN, BOB, VERA
from tests.core.memory_builders import NOW, make_memory, make_store

STRANGER = Actor("sam", Role.ADMIN, frozenset({"globex"}))
NOT_ONE = Resolution.NOT_A_CONFLICT


def numbers(queue: Queue) -> list[str]:
    """Return the numbers of the cards in a queue."""
    return [entry.card.left.key.removeprefix("a") for entry in queue.entries]


def found(inbox: Inbox, *made: Card) -> int:
    """Write the memories of some cards, and let a scan find them."""
    inbox.desk.store.write(memories_of(*made), actor=LOCAL_ADMIN)
    return take_in(inbox, *made)


def test_a_frozen_queue_is_gone_through(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(4))
    ids = inbox.queue(actor=ANN).ids
    first = inbox.next(ids, actor=ANN)
    assert first is not None
    assert first.claimed_by == "ann"
    inbox.decide(first.card.id, NOT_ONE, actor=ANN)
    second = inbox.next(ids, actor=ANN, after=first.card.id, since=NOW)
    assert second is not None
    inbox.skip(second.card.id, actor=ANN)
    found(inbox, make_card("One thing is 1.", "One thing is 2.", number=9))
    assert vars(inbox.progress(ids, actor=ANN, since=NOW)) == {"total": 4, "done": 1, "skipped": 1, "elsewhere": 0}
    for _ in range(2):
        entry = inbox.next(ids, actor=ANN, after=second.card.id, since=NOW)
        assert entry is not None
        inbox.decide(entry.card.id, NOT_ONE, actor=ANN)
    assert inbox.next(ids, actor=ANN, since=NOW) is None
    assert inbox.progress(ids, actor=ANN, since=NOW).left == 0
    # In the next session what was skipped is there again, and what came meanwhile.
    assert len(inbox.queue(actor=ANN, since=NOW + MINUTE).ids) == 2


def test_two_reviewers_never_get_the_same_card(tmp_path: Path) -> None:
    clock = Watch()
    inbox = make_inbox(tmp_path, *cards(2), clock=clock)
    other = inbox_of(inbox.desk.store, tmp_path, clock=clock)
    ids = inbox.queue(actor=ANN).ids
    mine, theirs = inbox.next(ids, actor=ANN), other.next(ids, actor=BOB)
    assert mine is not None
    assert theirs is not None
    assert mine.card != theirs.card
    assert inbox.next(ids, actor=ADA) is None
    assert inbox.progress(ids, actor=BOB).elsewhere == 1
    with pytest.raises(BusyError, match="bob is looking at this card"):
        inbox.claim(theirs.card.id, actor=ANN)
    with pytest.raises(BusyError):
        inbox.decide(theirs.card.id, NOT_ONE, actor=ANN)
    # Another tab of the same person, however they write their name, goes on with it.
    assert inbox.claim(theirs.card.id, actor=Actor("BOB ", Role.REVIEWER)).claimed_until == NOW + 10 * MINUTE
    clock.now += 5 * MINUTE
    other.claim(theirs.card.id, actor=BOB)
    clock.now += 6 * MINUTE
    assert inbox.entry(mine.card.id, actor=ANN).claimed_by is None
    assert other.next(ids, actor=ADA) is not None
    with pytest.raises(BusyError):
        inbox.claim(theirs.card.id, actor=ANN)
    other.release(theirs.card.id, actor=BOB)
    inbox.release(theirs.card.id, actor=ANN)
    assert inbox.claim(theirs.card.id, actor=ANN).claimed_by == "ann"


def test_orders(tmp_path: Path) -> None:
    first, second, third = cards(3)
    made = [replace(first, judgement=make_card(clash=0.6).judgement), second, third]
    inbox = make_inbox(tmp_path, *made)
    archive = inbox.desk.store.archive
    assert archive is not None
    asked = LoggedRecall(inbox.desk.stream, NOW, "executor", "agent", "disks", "hybrid", 10, (("b2", 0.9), ("a2", 0.8)))
    archive.recalls.append(asked)
    archive.recalls.append(replace(asked, hits=(("b1", 0.9),)))
    archive.recalls.flush()
    assert numbers(inbox.queue(actor=ANN)) == ["0", "1", "2"]
    assert numbers(inbox.queue(actor=ANN, order="likely")) == ["1", "2", "0"]
    used = inbox.queue(actor=ANN, order="used")
    assert numbers(used) == ["2", "1", "0"]
    assert [entry.uses for entry in used.entries] == [2, 1, 0]
    assert inbox.entry(third.id, actor=ANN).uses == 2
    with pytest.raises(ConfigError, match="no order 'newest'"):
        inbox.queue(actor=ANN, order="newest")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("only", "found"),
    [
        pytest.param(CardFilter(team=("alpha",)), ["0", "1"], id="team of one side"),
        pytest.param(CardFilter(team=("",)), ["1", "2"], id="no team"),
        pytest.param(CardFilter(task=("t1", "t2")), ["1"], id="one of two tasks"),
        pytest.param(CardFilter(agents=("critic",)), ["1"], id="agent"),
        pytest.param(CardFilter(since=NOW + timedelta(seconds=1)), ["1", "2"], id="since"),
        pytest.param(CardFilter(until=NOW + timedelta(seconds=1)), ["0", "1"], id="until"),
        pytest.param(CardFilter(verdicts=(ConflictVerdict.SUPERSEDED,)), [], id="verdict"),
        pytest.param(CardFilter(likely=(0.5, 0.7)), ["2"], id="probability"),
        pytest.param(CardFilter(cues=("number",), judges=(JUDGE,)), ["0", "1", "2"], id="cue and judge"),
        pytest.param(CardFilter(standing=(Standing.DECIDED,)), [], id="decided"),
        pytest.param(
            CardFilter(standing=(Standing.OPEN, Standing.CLOSED), team=("alpha",)), ["0", "1"], id="open or closed"
        ),
    ],
)
def test_filters(tmp_path: Path, only: CardFilter, found: list[str]) -> None:
    first, second, third = cards(3)
    second = replace(second, right=replace(second.right, agent="critic", task="t1", team=None))
    sides = [replace(side, team=None) for side in (third.left, third.right)]
    third = replace(third, left=sides[0], right=sides[1], judgement=make_card(clash=0.6).judgement)
    inbox = make_inbox(tmp_path, first, second, third)
    assert numbers(inbox.queue(actor=ANN, only=only)) == found


def test_counts_of_a_facet_are_of_what_the_others_leave(tmp_path: Path) -> None:
    first, second, third = cards(3)
    third = replace(third, right=replace(third.right, agent="critic"))
    inbox = make_inbox(tmp_path, first, second, third)
    inbox.decide(first.id, NOT_ONE, actor=BOB)
    queue = inbox.queue(actor=ANN, only=CardFilter(agents=("critic",), standing=(Standing.OPEN,)))
    assert queue.total == 1
    assert queue.counts["agents"] == {"planner": 2, "executor": 1, "critic": 1}
    assert queue.counts["standing"] == {"open": 1}
    assert queue.counts["verdicts"] == {"contradiction": 1}


def test_who_may_do_what(tmp_path: Path) -> None:
    card = make_card()
    store = make_store(tmp_path, *memories_of(card), tenant="acme")
    inbox = inbox_of(store, tmp_path, card)
    assert inbox.queue(actor=VERA).total == inbox.unsettled(actor=VERA) + 1
    for act in (
        lambda: inbox.claim(card.id, actor=VERA),
        lambda: inbox.next([card.id], actor=VERA),
        lambda: inbox.skip(card.id, actor=VERA),
        lambda: inbox.escalate(card.id, "ann", actor=VERA, why="x"),
        lambda: inbox.decide(card.id, NOT_ONE, actor=VERA),
        lambda: inbox.decide_all([card.id], NOT_ONE, actor=VERA),
        lambda: inbox.undo(card.id, actor=VERA),
        lambda: inbox.settle(actor=VERA),
        lambda: take_in(inbox, card, actor=VERA),
        lambda: inbox.queue(actor=STRANGER),
        lambda: inbox.entry(card.id, actor=STRANGER),
        lambda: inbox.disputed(actor=STRANGER),
        lambda: inbox.similar(card.id, actor=STRANGER),
        lambda: inbox.labelled(actor=STRANGER),
        lambda: inbox.draft(card.id, actor=STRANGER),
        lambda: inbox.progress([card.id], actor=STRANGER),
        lambda: inbox.claim(card.id, actor=STRANGER),
    ):
        with pytest.raises(NotAllowedError):
            act()
    assert inbox.entry(card.id, actor=VERA).standing is Standing.OPEN


def test_only_who_decided_or_an_admin_takes_it_back(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(2))
    first, second = inbox.queue(actor=ANN).ids
    for card_id in (first, second):
        inbox.decide(card_id, NOT_ONE, actor=ANN, why="same host, other rack")
    with pytest.raises(NotAllowedError, match="ann decided this card"):
        inbox.undo(first, actor=BOB)
    assert inbox.undo(first, actor=ADA, why="look again").standing is Standing.OPEN
    assert inbox.undo(second, actor=ANN).decision is None
    with pytest.raises(NotFoundError, match="nothing to take back"):
        inbox.undo(second, actor=ANN)


def test_what_was_given_to_somebody_is_in_their_queue_and_in_an_admins(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(2))
    given = inbox.queue(actor=ANN).ids[0]
    entry = inbox.escalate(given, " Bob ", actor=ANN, why="he runs the hosts")
    assert entry.standing is Standing.ASSIGNED
    assert entry.assigned_to == "Bob"
    assert entry.assigned is not None
    assert entry.assigned.why == "he runs the hosts"
    assert [inbox.queue(actor=who).total for who in (ANN, BOB, ADA, VERA)] == [1, 2, 2, 1]
    assert inbox.next([given], actor=ANN) is None
    assert inbox.progress([given], actor=ANN).elsewhere == 1
    with pytest.raises(ChangedMeanwhileError, match="ann gave it to Bob"):
        inbox.decide(given, NOT_ONE, actor=ANN)
    with pytest.raises(NotAllowedError, match="only they or an admin"):
        inbox.escalate(given, "ann", actor=ANN, why="no, mine")
    with pytest.raises(ConfigError, match="Say why"):
        inbox.escalate(given, "ann", actor=BOB, why=" ")
    # An undo brings the card back to whom it was given.
    inbox.decide(given, NOT_ONE, actor=BOB)
    assert inbox.undo(given, actor=BOB).standing is Standing.ASSIGNED
    assert inbox.escalate(given, "", actor=BOB, why="for all").standing is Standing.OPEN


def test_what_was_decided_waits_for_nobody(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(1))
    (card_id,) = inbox.queue(actor=ANN).ids
    inbox.claim(card_id, actor=ANN)
    done = inbox.decide(card_id, NOT_ONE, actor=ANN, why=" another host ", verdict=ConflictVerdict.BOTH_TRUE)
    assert done.plan_id is None
    assert not done.second_look
    assert done.entry.claimed_by is None
    decision = done.entry.decision
    assert decision is not None
    assert (decision.verdict, decision.why) == (ConflictVerdict.BOTH_TRUE, "another host")
    assert (decision.clash, decision.judge, decision.cue) == (pytest.approx(0.9), JUDGE, "number")
    with pytest.raises(ChangedMeanwhileError, match="ann decided it"):
        inbox.claim(card_id, actor=BOB)
    with pytest.raises(ChangedMeanwhileError):
        inbox.decide(card_id, Resolution.KEEP_LEFT, actor=ANN)
    with pytest.raises(ChangedMeanwhileError):
        inbox.escalate(card_id, "bob", actor=ADA, why="x")
    with pytest.raises(NotFoundError, match="no card 'gone'"):
        inbox.decide("gone", NOT_ONE, actor=ANN)
    assert inbox.queue(actor=BOB, only=CardFilter(standing=(Standing.DECIDED,))).total == 1


@pytest.mark.parametrize(
    ("left", "right", "given", "match"),
    [
        pytest.param(None, NOW, {"resolution": Resolution.KEEP_NEWER}, "does not say when", id="age unknown"),
        pytest.param(NOW, NOW, {"resolution": Resolution.KEEP_NEWER}, "same moment", id="same age"),
        pytest.param(NOW, NOW, {"resolution": Resolution.MERGE, "merged": " \n"}, "would say nothing", id="empty merge"),
        pytest.param(NOW, NOW, {"resolution": Resolution.BOTH_VALID, "note": "\ud800"}, "Unicode", id="surrogate"),
        pytest.param(NOW, NOW, {"resolution": "keep"}, "none of keep_left, keep_right", id="no resolution"),
        pytest.param(NOW, NOW, {"resolution": NOT_ONE, "verdict": "maybe"}, "none of contradiction", id="no verdict"),
        pytest.param(NOW, NOW, {"resolution": NOT_ONE, "why": "x" * 4_001}, "4,001 characters", id="too long"),
    ],
)
def test_answers_that_make_no_sense(tmp_path: Path, left: object, right: object, given: dict, match: str) -> None:
    card = make_card()
    card = replace(card, left=replace(card.left, at=left), right=replace(card.right, at=right))
    inbox = make_inbox(tmp_path, card)
    with pytest.raises(ConfigError, match=match):
        inbox.decide(card.id, actor=ANN, **given)
    assert inbox.entry(card.id, actor=ANN).standing is Standing.OPEN


@pytest.mark.parametrize("said", ["x" * 4_001, "\ud800"])
def test_what_is_said_beside_an_answer_is_bounded_too(tmp_path: Path, said: str) -> None:
    card = make_card()
    inbox = make_inbox(tmp_path, card)
    for to, why in ((said, "ask them"), ("bob", said)):
        with pytest.raises(ConfigError):
            inbox.escalate(card.id, to, actor=ADA, why=why)
    inbox.decide(card.id, NOT_ONE, actor=ANN)
    with pytest.raises(ConfigError):
        inbox.undo(card.id, actor=ANN, why=said)
    assert inbox.entry(card.id, actor=ANN).standing is Standing.DECIDED


def test_a_second_look_is_blind_and_changes_nothing(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(1), second_looks=1.0)
    (card_id,) = inbox.queue(actor=ANN).ids
    inbox.decide(card_id, Resolution.KEEP_LEFT, actor=ANN, why="told by ops")
    assert inbox.queue(actor=ANN).total == 0
    seen = inbox.entry(card_id, actor=BOB)
    assert (seen.standing, seen.decision, seen.settling, seen.back) == (Standing.OPEN, None, None, "")
    assert inbox.entry(card_id, actor=VERA).decision is not None
    assert inbox.next(inbox.queue(actor=BOB).ids, actor=BOB) is not None
    done = inbox.decide(card_id, Resolution.KEEP_RIGHT, actor=BOB, remember=True)
    assert done.second_look
    assert done.plan_id is None
    assert [each.by for each in inbox.register.decisions(card_id)] == ["ann", "bob"]
    assert inbox.queue(actor=ADA).total == 0, "two looks are enough"
    (row,) = inbox.labelled(actor=ANN)
    assert (row["verdict"], row["second_verdict"]) == ("contradiction", "contradiction")
    assert [each.second for each in inbox_of(inbox.desk.store, tmp_path).register.decisions()] == [False, True]
    # Bob takes back what he said, not what Ann did.
    inbox.undo(card_id, actor=BOB)
    assert [each.by for each in inbox.register.decisions(card_id)] == ["ann"]
    assert inbox.queue(actor=BOB).total == 0


def test_the_share_of_second_looks_is_about_what_was_asked_for(tmp_path: Path) -> None:
    made = cards(60)
    inbox = make_inbox(tmp_path, *made, second_looks=0.25)
    inbox.decide_all([card.id for card in made], NOT_ONE, actor=ANN)
    assert 6 <= inbox.queue(actor=BOB).total <= 26


def test_disputed_memories(tmp_path: Path) -> None:
    first, second, third = cards(3)
    first = replace(first, left=replace(first.left, others=("copy",)))
    inbox = make_inbox(tmp_path, first, replace(second, sample=True), third)
    assert inbox.disputed(actor=VERA) == {
        "a0": "is in a possible conflict with 'b0'",
        "copy": "is in a possible conflict with 'b0'",
        "b0": "is in a possible conflict with 'a0'",
        "a2": "is in a possible conflict with 'b2'",
        "b2": "is in a possible conflict with 'a2'",
    }
    inbox.decide(first.id, NOT_ONE, actor=ANN)
    inbox.decide(third.id, Resolution.KEEP_LEFT, actor=ANN)
    assert inbox.disputed(actor=VERA).keys() == {"a2", "b2"}, "until its plan is applied"


def test_cards_alike(tmp_path: Path) -> None:
    first, second, third = cards(3)
    third = replace(third, left=first.left, right=make_side("z", "Host 0 has 99 disks.", agent="critic"))
    inbox = make_inbox(tmp_path, first, second, third)
    assert inbox.similar(first.id, actor=ANN) == {"agents": (first.id, second.id), "memory": (first.id, third.id)}
    same = make_card("Rack 1 holds 30 units of it.", "Rack 1 holds 60 units of it.", number=7)
    spans = (((13, 15),), ((13, 15),))
    same = replace(same, judgement=replace(same.judgement, spans=spans))
    turned = make_card("Rack 2 holds 60 units of it.", "Rack 2 holds 30 units of it.", number=8)
    turned = replace(turned, judgement=replace(turned.judgement, spans=spans))
    found(inbox, same, turned)
    assert inbox.similar(same.id, actor=ANN)["pattern"] == (same.id, turned.id)


def test_many_are_decided_alike_each_for_itself(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(4))
    ids = inbox.queue(actor=ANN).ids
    inbox.claim(ids[1], actor=BOB)
    inbox.decide(ids[2], Resolution.KEEP_LEFT, actor=BOB)
    done, refused = inbox.decide_all([*ids, "gone"], NOT_ONE, actor=ANN, why="racks, not hosts")
    assert [each.entry.card.id for each in done] == [ids[0], ids[3]]
    assert refused.keys() == {ids[1], ids[2], "gone"}
    assert "bob is looking" in refused[ids[1]]
    inbox.undo(ids[0], actor=ANN)
    assert inbox.entry(ids[3], actor=ANN).standing is Standing.DECIDED


def test_a_dismissed_pair_stays_dismissed(tmp_path: Path) -> None:
    card = make_card()
    inbox = make_inbox(tmp_path, card)
    inbox.decide(card.id, NOT_ONE, actor=ANN)
    imported = replace(card, left=replace(card.left, key="new-a"), right=replace(card.right, key="new-b"))
    again = inbox_of(inbox.desk.store, tmp_path)
    assert found(again, imported) == 0
    assert again.queue(actor=ANN).total == 0
    changed = make_card(card.left.text, "The gateway times out after 90 seconds.")
    assert found(again, changed) == 1
    assert again.queue(actor=ANN).total == 1


def test_cards_close_and_open_with_their_texts(tmp_path: Path) -> None:
    first, second = cards(2)
    inbox = make_inbox(tmp_path, first, second)
    there = {side.key: side.hash for card in (first, second) for side in (card.left, card.right)}
    take_in(inbox, checked=there)
    inbox.desk.store.write([make_memory("b0", "Another text.")], actor=LOCAL_ADMIN)
    take_in(inbox, present={key: digest for key, digest in there.items() if key != "b0"})
    entry = inbox.entry(first.id, actor=ANN)
    assert entry.standing is Standing.CLOSED
    assert entry.closed == "'b0' changed or left the index"
    assert inbox.queue(actor=ANN).ids == (second.id,)
    assert inbox.disputed(actor=ANN).keys() == {"a1", "b1"}
    assert inbox.register.checked(JUDGE).keys() == {"a0", "a1", "b1"}
    with pytest.raises(ChangedMeanwhileError, match="it was closed"):
        inbox.claim(first.id, actor=ANN)
    inbox.desk.store.write(memories_of(first), actor=LOCAL_ADMIN)
    take_in(inbox, present={**there, "elsewhere": first.right.hash})
    assert inbox.queue(actor=ANN).total == 2


def test_what_was_erased_while_a_scan_went_on_does_not_come_back(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(1))
    assert take_in(inbox, make_card("TOP-SECRET is 1.", "TOP-SECRET is 2.", number=5)) == 0
    assert b"TOP-SECRET" not in b"".join(path.read_bytes() for path in tmp_path.glob("conflicts.sqlite*"))


def test_what_was_written_while_a_scan_went_on_stays(tmp_path: Path) -> None:
    first, second = cards(2)
    inbox = make_inbox(tmp_path, first, second)
    take_in(inbox, present={side.key: side.hash for side in (first.left, first.right)})
    assert inbox.queue(actor=ANN).ids == (first.id, second.id)


def test_what_a_judge_sees_no_more_is_closed_unless_somebody_is_at_it(tmp_path: Path) -> None:
    made = [*cards(3), make_card(number=9, sample=True, drawn=0.1)]
    inbox = make_inbox(tmp_path, *made)
    inbox.claim(made[1].id, actor=ANN)
    take_in(inbox, made[2], dropped=[card.id for card in made])
    assert [inbox.entry(card.id, actor=BOB).standing for card in made] == ["closed", "open", "open", "open"]
    take_in(inbox, present={side.key: side.hash for card in made for side in (card.left, card.right)})
    assert inbox.entry(made[0].id, actor=BOB).closed == f"a scan with {JUDGE} found no conflict any more"


def test_errors_are_our_own(tmp_path: Path) -> None:
    inbox = make_inbox(tmp_path, *cards(1))
    for card_id in ("", "\ud800", "x" * 5_000, "'; DROP TABLE card; --"):
        with pytest.raises(MnemoscopeError):
            inbox.claim(card_id, actor=LOCAL_ADMIN)
