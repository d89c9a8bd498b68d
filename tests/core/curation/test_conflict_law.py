"""Random histories of several people over one inbox: nobody gets another's card, no decision is lost, an undo restores."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.access import Actor, Role
from core.curation.conflicts.card import Resolution, Standing
from core.curation.conflicts.case import Settling
from core.curation.conflicts.inbox import Inbox
from core.errors import BusyError, ChangedMeanwhileError, NotAllowedError, NotFoundError
from tests.core.curation.conflict_builders import Watch, cards, inbox_of, make_inbox, take_in
from tests.core.curation.desks import ADA, ANN, BOB, contents
from tests.core.curation.ledger_processes import claim_all
from tests.core.forked import forking

PEOPLE = st.sampled_from([ANN, BOB, ADA])
CARDS = cards(3)
CHOSEN = st.sampled_from(CARDS)
REFUSED = (BusyError, ChangedMeanwhileError, NotAllowedError, NotFoundError)


class Reviewing(RuleBasedStateMachine):
    """What the register must say after each step is kept beside it, in the simplest form."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        directory = Path(self.folder.name)
        self.clock = Watch()
        first = make_inbox(directory, *CARDS, clock=self.clock)
        self.inboxes: list[Inbox] = [first, inbox_of(first.desk.store, directory, clock=self.clock)]
        self.before = contents(first.desk.store)
        self.claims: dict[str, tuple[str, object]] = {}
        self.decided: dict[str, tuple[str, Resolution]] = {}
        self.given: dict[str, str] = {}
        self.made = 0

    def teardown(self) -> None:
        for inbox in self.inboxes:
            inbox.desk.ledger.close()
        self.folder.cleanup()

    def may(self, card_id: str, who: Actor) -> bool:
        if card_id in self.decided:
            return False
        if self.given.get(card_id, who.name) != who.name and who.role is not Role.ADMIN:
            return False
        claim = self.claims.get(card_id)
        return claim is None or claim[0] == who.name or claim[1] <= self.clock.now  # type: ignore[operator]

    @rule(card=CHOSEN, who=PEOPLE, at=st.sampled_from([0, 1]))
    def claim(self, card, who, at):
        may = self.may(card.id, who)
        try:
            self.inboxes[at].claim(card.id, actor=who)
        except REFUSED:
            assert not may
        else:
            assert may
            self.claims[card.id] = who.name, self.clock.now + timedelta(minutes=10)

    @rule(card=CHOSEN, who=PEOPLE, at=st.sampled_from([0, 1]), resolution=st.sampled_from(Resolution), note=st.booleans())
    def decide(self, card, who, at, resolution, note):
        may = self.may(card.id, who)
        try:
            self.inboxes[at].decide(card.id, resolution, actor=who, note="Here." if note else "", remember=note)
        except REFUSED:
            assert not may
        else:
            assert may
            self.decided[card.id] = who.name, resolution
            self.claims.pop(card.id, None)
            self.made += 1

    @rule(card=CHOSEN, who=PEOPLE, at=st.sampled_from([0, 1]))
    def undo(self, card, who, at):
        decided = self.decided.get(card.id)
        may = decided is not None and (decided[0] == who.name or who.role is Role.ADMIN)
        try:
            self.inboxes[at].undo(card.id, actor=who)
        except REFUSED:
            assert not may
        else:
            assert may
            del self.decided[card.id]

    @rule(card=CHOSEN, who=PEOPLE, to=st.sampled_from(["ann", "bob", ""]))
    def give(self, card, who, to):
        try:
            self.inboxes[0].escalate(card.id, to, actor=who, why="you know it")
        except REFUSED:
            return
        assert card.id not in self.decided
        self.claims.pop(card.id, None)
        self.given.pop(card.id, None)
        if to:
            self.given[card.id] = to

    @rule(minutes=st.sampled_from([1, 6, 11]))
    def wait(self, minutes):
        self.clock.now += timedelta(minutes=minutes)

    @rule(at=st.sampled_from([0, 1]))
    def settle(self, at):
        self.inboxes[at].settle(actor=BOB)
        assert self.inboxes[at].unsettled(actor=BOB) == 0

    @rule()
    def scan_again(self):
        """A scan of before, of what is decided or not."""
        there = {key for key, _ in contents(self.inboxes[0].desk.store).items()}
        if {key for card in CARDS for key in (card.left.key, card.right.key)} <= there:
            assert take_in(self.inboxes[1], *CARDS) == 0

    @precondition(lambda self: not self.decided)
    @rule()
    def nothing_decided_is_nothing_done(self):
        self.inboxes[0].settle(actor=BOB)
        assert contents(self.inboxes[0].desk.store) == self.before

    @invariant()
    def the_register_says_so(self):
        cases = {case.card.id: case for case in self.inboxes[1].register.cases()}
        assert len(cases) == len(CARDS)
        assert sum(len(case.rulings) for case in cases.values()) == self.made, "no decision is ever lost"
        for card_id, case in cases.items():
            ruling = case.ruling
            assert (ruling and (ruling.decision.by, ruling.decision.resolution)) == self.decided.get(card_id)
            assert not any(each.settling is Settling.RETURNED for each in case.rulings)
            if ruling is None:
                assert case.standing is (Standing.ASSIGNED if card_id in self.given else Standing.OPEN)
            claim = case.claimed(self.clock.now)
            kept = self.claims.get(card_id)
            wanted = kept[0] if kept is not None and kept[1] > self.clock.now else None  # type: ignore[operator]
            assert (claim and claim.by) == wanted


Reviewing.TestCase.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
TestReviewing = Reviewing.TestCase


@pytest.mark.parametrize("count", [2])
def test_processes_share_the_cards_among_them(tmp_path: Path, count: int) -> None:
    made = cards(40)
    make_inbox(tmp_path, *made).desk.ledger.close()
    forks = forking()
    pipes = [forks.Pipe() for _ in range(count)]
    running = [
        forks.Process(target=claim_all, args=(str(tmp_path), f"reviewer {n}", [card.id for card in made], there))
        for n, (_, there) in enumerate(pipes)
    ]
    for process in running:
        process.start()
    got = [here.recv() for here, _ in pipes]
    for process in running:
        process.join()
    assert sorted(card_id for each in got for card_id in each) == sorted(card.id for card in made)
