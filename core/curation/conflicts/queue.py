"""The queue of a reviewer: which cards wait for them, in what order, with counts by facet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from core.curation.conflicts.card import Card, Decision, Standing
from core.curation.conflicts.case import FACETS, Acts, Assignment, Case, Settling
from core.curation.conflicts.claims import Person, free_for, is_second_look, waits_for
from core.curation.conflicts.measuring.threshold import Thresholds
from core.errors import ConfigError
from core.models.judge import ConflictVerdict

__all__ = [
    "EVERY_CARD",
    "CardFilter",
    "Order",
    "Progress",
    "Queue",
    "QueueEntry",
    "entry_of",
    "is_next",
    "is_raised",
    "progress_of",
    "queue_of",
]

Order = Literal["oldest", "likely", "used"]


@dataclass(frozen=True)
class CardFilter:
    """Which cards: every field that is given must hold; of several values of one field any.

    `team`, `task` and `agents` hold where one of both sides has one of them ("" is none). `since` and `until` are of the
    time at which the card was found, `likely` the least and the most clash. `standing` None means what waits: open, or
    assigned to whoever asks (an admin sees all that is assigned).
    """

    team: tuple[str, ...] = ()
    task: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    verdicts: tuple[ConflictVerdict, ...] = ()
    likely: tuple[float, float] | None = None
    standing: tuple[Standing, ...] | None = None
    cues: tuple[str, ...] = ()
    judges: tuple[str, ...] = ()


EVERY_CARD: Final = CardFilter()


@dataclass(frozen=True)
class QueueEntry:
    """A card as one person may see it: a second look is open to whom it is given, without the first one's decision.

    `claimed_by` is None where nobody looks at it now. `back` says why the last decision came back, `closed` why it is
    closed. `uses` is how often both sides were recalled by those who use them. `settling` tells of the last decision whether
    its plan is applied; `why` of that, what could not be done or taken back.
    """

    card: Card
    standing: Standing
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    assigned: Assignment | None = None
    decision: Decision | None = None
    settling: Settling | None = None
    why: str = ""
    back: str = ""
    closed: str = ""
    uses: int = 0

    @property
    def assigned_to(self) -> str | None:
        """To whom the card was given, None for nobody."""
        return None if self.assigned is None else self.assigned.to


@dataclass(frozen=True)
class Queue:
    """The cards that matched at one moment, in order; keep `ids` for a session, so that "7 of 40" stays of 40.

    `counts` has for each facet ("team", "task", "agents", "verdicts", "standing", "cues", "judges") how many cards have each
    value, among those that match all other fields; the most first.
    """

    entries: tuple[QueueEntry, ...]
    counts: Mapping[str, Mapping[str, int]]
    total: int
    at: datetime

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the cards, in order."""
        return tuple(entry.card.id for entry in self.entries)


@dataclass(frozen=True)
class Progress:
    """How far a frozen queue is: `done` are decided or closed, `skipped` by this person, `elsewhere` with others."""

    total: int
    done: int
    skipped: int
    elsewhere: int

    @property
    def left(self) -> int:
        """How many wait for this person."""
        return self.total - self.done - self.skipped - self.elsewhere


_FACETS: Final = (*FACETS, "standing")
_Facets = tuple[tuple[str, ...], ...]
_Order = Callable[[tuple[QueueEntry, Case]], tuple[object, ...]]
_ORDERS: Final[Mapping[str, _Order]] = {
    "oldest": lambda each: (each[1].card.found_at, -each[1].clash, each[1].card.id),
    "likely": lambda each: (-each[1].clash, each[1].card.found_at, each[1].card.id),
    "used": lambda each: (-each[0].uses, -each[1].clash, each[1].card.id),
}


def entry_of(case: Case, person: Person, uses: Mapping[str, int]) -> QueueEntry:
    """Return a case as one person may see it."""
    claim, ruling = case.claimed(person.now), case.ruling
    blind = is_second_look(case, person)
    seen = None if blind else ruling
    last = case.rulings[-1] if case.rulings and not blind else None
    return QueueEntry(
        case.card,
        Standing.OPEN if blind else case.standing,
        None if claim is None else claim.by,
        None if claim is None else claim.until,
        case.assigned,
        None if seen is None else seen.decision,
        None if last is None else last.settling,
        "" if last is None else last.why,
        "" if blind else case.came_back,
        case.closed,
        sum(uses.get(key, 0) for key in case.keys) if uses else 0,
    )


def queue_of(
    cases: Iterable[Case],
    person: Person,
    *,
    only: CardFilter,
    order: Order,
    uses: Mapping[str, int],
    since: datetime | None,
    thresholds: Thresholds,
) -> Queue:
    """Return the queue of a person (see Inbox.queue); raise ConfigError for an order that there is not."""
    if order not in _ORDERS:
        raise ConfigError(f"There is no order {order!r}: choose of {', '.join(_ORDERS)}.")
    given = ((place, getattr(only, name)) for place, name in enumerate(_FACETS))
    wanted = [(place, {str(each) for each in asked}) for place, asked in given if asked]
    chosen: list[tuple[QueueEntry, Case]] = []
    whole: Counter[_Facets] = Counter()
    parts: list[Counter[_Facets]] = [Counter() for _ in _FACETS]
    for case in cases:
        if only.standing is None and not (is_raised(case, thresholds) and is_next(case, person, since=since)):
            continue
        if not _is_within(case, only):
            continue
        entry = entry_of(case, person, uses)
        facets = (*case.facets, (str(entry.standing),))
        unmet = [place for place, asked in wanted if asked.isdisjoint(facets[place])]
        if not unmet:
            whole[facets] += 1
            chosen.append((entry, case))
        elif len(unmet) == 1:
            parts[unmet[0]][facets] += 1
    chosen.sort(key=_ORDERS[order])
    counts = {name: _counts(place, whole + parts[place]) for place, name in enumerate(_FACETS)}
    return Queue(tuple(entry for entry, _ in chosen), counts, len(chosen), person.now)


def is_raised(case: Case, thresholds: Thresholds) -> bool:
    """Say whether a card reaches the threshold that was chosen for its judge.

    A sample does as it is, and so does a card that somebody has decided or was given, whatever was chosen since.
    """
    if case.card.sample or case.rulings or case.assigned is not None:
        return True
    return case.clash >= thresholds.of(case.card.judgement.judge, 0.0)


def is_next(case: Acts, person: Person, *, since: datetime | None) -> bool:
    """Say whether a card waits for a person, nobody else looks at it, and they did not skip it since the moment."""
    if waits_for(case, person) is not None or free_for(case, person) is not None:
        return False
    return not was_skipped(case, person, since)


def was_skipped(case: Acts, person: Person, since: datetime | None) -> bool:
    """Say whether a person skipped a card since a moment, the beginning of their session; without one never."""
    return since is not None and any(person.is_(name) and at >= since for name, at in case.skipped.items())


def progress_of(cases: Iterable[Acts], total: int, person: Person, *, since: datetime | None) -> Progress:
    """Return how far a frozen queue of so many cards is; cards that are there no more count as done."""
    counts: Counter[str] = Counter()
    for case in cases:
        if waits_for(case, person) is not None:
            to = case.assigned
            counts["elsewhere" if case.ruling is None and not case.closed and to is not None else "done"] += 1
        elif was_skipped(case, person, since):
            counts["skipped"] += 1
        elif free_for(case, person) is not None:
            counts["elsewhere"] += 1
        else:
            counts["left"] += 1
    gone = total - counts.total()
    return Progress(total, counts["done"] + gone, counts["skipped"], counts["elsewhere"])


def _is_within(case: Case, only: CardFilter) -> bool:
    found = case.card.found_at
    late = only.since is not None and found < only.since
    early = only.until is not None and found > only.until
    return not late and not early and (only.likely is None or only.likely[0] <= case.clash <= only.likely[1])


def _counts(place: int, found: Mapping[_Facets, int]) -> dict[str, int]:
    """Return how often each value of one facet is there, the most first."""
    values: Counter[str] = Counter()
    for facets, count in found.items():
        for value in facets[place]:
            values[value] += count
    return dict(values.most_common())
