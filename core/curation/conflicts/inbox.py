"""The conflict inbox of one index, as pages, commands and agents use it: each call says on whose behalf.

A viewer reads, a reviewer claims, decides and takes back what they decided, an admin also gives cards to people and takes
back what others decided; everybody within the index's tenant. Anything else raises NotAllowedError.

A decision is durable when `decide` returns, in a few milliseconds; `settle` makes the plan of it, measures it and applies
it, in a background errand or right away. Where a process dies in between, the next `settle` does it, once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.conflicts.bulk import decide_all, similar_to
from core.curation.conflicts.card import Card, Resolution
from core.curation.conflicts.case import Case
from core.curation.conflicts.cases import Cases
from core.curation.conflicts.claims import Person, assigned, claimed, released, skipped
from core.curation.conflicts.deciding import Answer, decided, require_words, taken_back
from core.curation.conflicts.disputed import disputed
from core.curation.conflicts.labelled import labelled_rows
from core.curation.conflicts.queue import (
    EVERY_CARD,
    CardFilter,
    Order,
    Progress,
    Queue,
    QueueEntry,
    is_next,
    is_raised,
    progress_of,
    queue_of,
)
from core.curation.conflicts.resolving import draft_of
from core.curation.conflicts.settling import Settled, Settlement
from core.curation.conflicts.taking_in import Found, take_in
from core.curation.desk import Desk, open_desk
from core.errors import BusyError, ChangedMeanwhileError, ConfigError, NotFoundError
from core.models.judge import ConflictVerdict
from core.store import MemoryStore

__all__ = ["Decided", "Inbox", "open_inbox"]

_NAME: Final = 200
_LOOK: Final = 100  # cards read at once in search of the next


@dataclass(frozen=True)
class Decided:
    """What a decision left: the card as it is now, and the id of the plan that `settle` applies, None where there is none.

    `second_look` says that it was one: another person had decided before, and only the agreement is kept.
    """

    entry: QueueEntry
    plan_id: str | None
    second_look: bool = False


class Inbox:
    """The cards of one index and what people do about them, over its desk and its register."""

    def __init__(
        self,
        desk: Desk,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        second_looks: float = 0.1,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        """`second_looks` is the share of decided cards, 0 to 1, that go to a second person, blind; which, their ids say.

        `wait` sleeps so many seconds while another process settles.
        """
        self.desk, self.register = desk, desk.ledger.register(desk.stream)
        self._cases, self._clock, self._wait = (
            Cases(desk.store, desk.ledger, self.register, clock, second_looks),
            clock,
            wait,
        )

    # what is there

    def queue(
        self,
        *,
        actor: Actor,
        only: CardFilter = EVERY_CARD,
        order: Order = "oldest",
        since: datetime | None = None,
    ) -> Queue:
        """Return the cards that match, in order; keep its `ids` for the session.

        Without a standing in `only`: what waits for the actor and reaches the threshold in force, without what others look
        at now and what the actor skipped since `since`, the beginning of their session. "oldest" is by the time found,
        "likely" by clash, "used" by recalls.
        """
        person = self._cases.person(actor, Permission.READ)
        cases, uses = self.register.cases(), self._cases.uses(actor)
        return queue_of(
            cases, person, only=only, order=order, uses=uses, since=since, thresholds=self._cases.thresholds(actor)
        )

    def entry(self, card_id: str, *, actor: Actor) -> QueueEntry:
        """Return one card as it is now; raise NotFoundError where there is none (its memory was erased)."""
        person = self._cases.person(actor, Permission.READ)
        return self._cases.seen(self._cases.one(card_id), person, actor)

    def progress(self, ids: Sequence[str], *, actor: Actor, since: datetime | None = None) -> Progress:
        """Return how far a frozen queue is."""
        person = self._cases.person(actor, Permission.READ)
        return progress_of(self.register.acts(ids), len(set(ids)), person, since=since)

    def disputed(self, *, actor: Actor) -> dict[str, str]:
        """Return the memories with a possible conflict that waits for a person, each key with the reason in words.

        Merges and consolidations leave them alone, map and timeline mark them. Samples and what is below the threshold in
        force are no suspects and not among them.
        """
        return disputed(self.desk.store, self.desk.ledger, actor=actor)

    def similar(self, card_id: str, *, actor: Actor) -> dict[str, tuple[str, ...]]:
        """Return waiting cards like this one, the card itself first: by "pattern" (the same cue and the same that differs),
        "agents" (the same two) and "memory" (the same text on one side). Each only where there is another card.
        """
        person = self._cases.person(actor, Permission.READ)
        thresholds = self._cases.thresholds(actor)
        cases = (case for case in self.register.cases() if is_raised(case, thresholds))
        return similar_to(self._cases.one(card_id).card, cases, person)

    # looking at cards

    def claim(self, card_id: str, *, actor: Actor) -> QueueEntry:
        """Claim a card for ten minutes, or for ten more; any tab of the same person may go on with it.

        Raise BusyError where somebody else has it, ChangedMeanwhileError where it does not wait for the actor any more.
        """
        return self._cases.changed(card_id, actor, claimed)

    def next(
        self, ids: Sequence[str], *, actor: Actor, after: str | None = None, since: datetime | None = None
    ) -> QueueEntry | None:
        """Claim the next card of a frozen queue that waits and that nobody else has; None says "all caught up".

        It looks from behind the card `after` on, and then from the start. What the actor skipped since `since` comes not
        again; what they have claimed themselves does.
        """
        person = self._cases.person(actor, Permission.WRITE)
        start = ids.index(after) + 1 if after in ids else 0
        order = [*ids[start:], *ids[:start]]
        for place in range(0, len(order), _LOOK):
            cases = {acts.card_id: acts for acts in self.register.acts(order[place : place + _LOOK])}
            for card_id in order[place : place + _LOOK]:
                if card_id in cases and is_next(cases[card_id], person, since=since):
                    with suppress(BusyError, ChangedMeanwhileError, NotFoundError):  # another was faster
                        return self.claim(card_id, actor=actor)
        return None

    def release(self, card_id: str, *, actor: Actor) -> None:
        """End the actor's claim; nothing where there is none."""
        self._cases.changed(card_id, actor, released)

    def skip(self, card_id: str, *, actor: Actor) -> None:
        """Note that the actor leaves a card to others for this session, and end their claim."""
        self._cases.changed(card_id, actor, skipped)

    def escalate(self, card_id: str, to: str, *, actor: Actor, why: str) -> QueueEntry:
        """Give a card to one person, with why; "" gives it back to all. A reviewer may pass on what is open or theirs."""
        if not why.strip():
            raise ConfigError("Say why this card goes to somebody else: who gets it reads that first.")
        require_words("why", why)
        require_words("name", to, limit=_NAME)
        to = " ".join(to.split())
        return self._cases.changed(card_id, actor, lambda case, person: assigned(case, person, to=to, why=why.strip()))

    # deciding

    def decide(
        self,
        card_id: str,
        resolution: Resolution,
        *,
        actor: Actor,
        why: str = "",
        verdict: ConflictVerdict | None = None,
        note: str = "",
        merged: str | None = None,
        remember: bool = False,
        acknowledged: str = "",
    ) -> Decided:
        """Decide a card; durable when it returns, and nothing of the memories is changed yet (see `settle`).

        `verdict` None is what the resolution usually means. `note` is the scope note of both_valid. `merged` is the text of
        a merge, None for the sources' own sentences (see `draft`). `remember` writes the resolution as a memory of its own.
        `acknowledged` is the reason to go on although golden answers are lost, for a card that came back for that.

        Raise BusyError where somebody else has claimed it, ChangedMeanwhileError where it does not wait any more,
        ConfigError for keep_newer where the ages are unknown or equal, and for a merge without a text that says anything.
        """
        answer = Answer(resolution, why, verdict, note, merged, remember, acknowledged)
        person = self._cases.person(actor, Permission.DELETE)
        case = self._cases.change(card_id, lambda case: decided(case, person, answer))
        return self._decided(case, person, actor)

    def decide_all(
        self,
        ids: Sequence[str],
        resolution: Resolution,
        *,
        actor: Actor,
        why: str = "",
        verdict: ConflictVerdict | None = None,
        note: str = "",
        remember: bool = False,
        acknowledged: str = "",
    ) -> tuple[list[Decided], dict[str, str]]:
        """Decide several cards alike, each with a decision of its own; return them, and by id why others could not be."""
        person = self._cases.person(actor, Permission.DELETE)
        answer = Answer(resolution, why, verdict, note, remember=remember, acknowledged=acknowledged)
        done, refused = decide_all(self.register, ids, person, answer)
        return [self._decided(done[card_id], person, actor) for card_id in dict.fromkeys(ids) if card_id in done], refused

    def undo(self, card_id: str, *, actor: Actor, why: str = "") -> QueueEntry:
        """Take a decision back: the card waits again at once, and `settle` takes its plan back.

        Raise NotAllowedError for somebody else's decision unless the actor is an admin, NotFoundError where there is none.
        """
        require_words("why", why)
        return self._cases.changed(card_id, actor, lambda case, person: taken_back(case, person, why))

    def settle(
        self,
        *,
        actor: Actor,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> list[Settled]:
        """Apply the plans of decisions and take back those that were undone: all that wait, whoever decided them.

        Each is done once, whatever died in between. A card whose plan is stale, or would lose golden answers, waits again
        with why. Nothing where another process is at it; raise NotAllowedError for a viewer.
        """
        self._cases.person(actor, Permission.DELETE)
        settlement = Settlement(self.desk, self.register, self._clock, self._wait)
        return settlement.run(actor=actor, progress=progress, cancelled=cancelled)

    def unsettled(self, *, actor: Actor) -> int:
        """Return for how many cards something is still to be done: the next opening of the inbox calls `settle`."""
        self._cases.person(actor, Permission.READ)
        return len(self.register.unsettled())

    def draft(self, card_id: str, *, actor: Actor) -> str:
        """Return the text that a merge of both sides would have, to be edited: the sources' own sentences, a line each."""
        self._cases.person(actor, Permission.READ)
        return draft_of(self.desk.store, self._cases.one(card_id).card, actor=actor)

    # what scans tell, and what goes out

    def take_in(
        self,
        cards: Iterable[Card],
        *,
        judge: str,
        checked: Mapping[str, str],
        actor: Actor,
        present: Mapping[str, str] | None = None,
        dropped: Collection[str] = (),
    ) -> int:
        """Keep what a scan found, and return how many cards are new (see Register.put_cards); not what left meanwhile.

        `present` is the content hash of every memory in the index by key, None where the scan did not read all: cards of
        which a text is in none of them any more are closed. `dropped` are ids of pairs that were judged and are no cards:
        those that nobody did anything about are closed. A card whose loser is in the index again is open again.
        """
        self._cases.person(actor, Permission.WRITE)
        store, now = self.desk.store, self._clock()
        found = Found(cards, judge, checked, present, dropped)
        return take_in(store, self.register, found, actor=actor, now=now)

    def labelled(self, *, actor: Actor, texts: bool = True) -> list[dict[str, Any]]:
        """Return the decided pairs as rows for `eval pairs --task contradiction` (see labelled.py)."""
        self._cases.person(actor, Permission.READ)
        return list(labelled_rows(self.register.cases(), texts=texts))

    def _decided(self, case: Case, person: Person, actor: Actor) -> Decided:
        ruling = case.rulings[-1]
        return Decided(self._cases.seen(case, person, actor), ruling.decision.plan_id, ruling.second)


def open_inbox(store: MemoryStore, **options: Any) -> Inbox:
    """Return the inbox of a store that a catalog with an archive opened; raise ConfigError without one."""
    return Inbox(open_desk(store), **options)
