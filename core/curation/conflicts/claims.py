"""Who may look at a card and decide it: pure transitions of a case, each refused with the reason in words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from core.curation.authority import same_person
from core.curation.conflicts.case import Acts, Assignment, Case, Claim
from core.errors import BusyError, ChangedMeanwhileError, NotAllowedError
from core.hostile import one_line

__all__ = [
    "CLAIM_LASTS",
    "Person",
    "assigned",
    "claimed",
    "free_for",
    "is_second_look",
    "released",
    "require_waiting",
    "skipped",
    "waits_for",
]

CLAIM_LASTS: Final = timedelta(minutes=10)
_NAME: Final = 80


@dataclass(frozen=True)
class Person:
    """Who asks: their name, whether they are an admin, the moment, and the share of cards that get a second look."""

    name: str
    admin: bool
    now: datetime
    second_looks: float = 0.0

    def is_(self, name: str) -> bool:
        """Say whether a name is theirs, however it is written."""
        return same_person(self.name, name)


def waits_for(case: Acts, person: Person) -> str | None:
    """Return why a card does not wait for a person, None where it does: open, given to them, or a second look."""
    ruling = case.ruling
    if ruling is not None:
        if is_second_look(case, person):
            return None
        return f"{_named(ruling.decision.by)} decided it at {_said(ruling.decision.at)}"
    if case.closed:
        return f"it was closed: {case.closed}"
    to = case.assigned
    if to is not None and not person.admin and not person.is_(to.to):
        return f"{_named(to.by)} gave it to {_named(to.to)}"
    return None


def is_second_look(case: Acts, person: Person) -> bool:
    """Say whether a decided card goes to this person too, blind: to one who has not said anything of it, once.

    Which cards, their ids say, so that nobody chooses them; what was given to one person is for that person alone.
    """
    if case.ruling is None or case.assigned is not None or sum(each.in_force for each in case.rulings) > 1:
        return False
    drawn = hashlib.blake2b(b"second look " + case.card_id.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    chosen = int.from_bytes(drawn, "big") / 2**32 < person.second_looks
    return chosen and not any(person.is_(each.decision.by) for each in case.rulings)


def free_for(case: Acts, person: Person) -> Claim | None:
    """Return the claim of somebody else that has not ended yet, None where the person may go on."""
    claim = case.claimed(person.now)
    return claim if claim is not None and not person.is_(claim.by) else None


def claimed(case: Case, person: Person) -> Case:
    """Return the case claimed by a person for ten minutes; raise where it does not wait for them or somebody else has it."""
    require_waiting(case, person)
    return replace(case, claim=Claim(person.name, person.now + CLAIM_LASTS))


def require_waiting(case: Acts, person: Person) -> None:
    """Raise ChangedMeanwhileError where a card does not wait for a person, BusyError where somebody else looks at it."""
    if (why := waits_for(case, person)) is not None:
        raise ChangedMeanwhileError(f"This card does not wait for you any more, as {why}: go on with the next.")
    if (other := free_for(case, person)) is not None:
        raise BusyError(
            f"{_named(other.by)} is looking at this card (until {_said(other.until)} at the latest): go on with the next."
        )


def released(case: Case, person: Person) -> Case:
    """Return the case without the person's claim."""
    return replace(case, claim=None) if case.claim is not None and person.is_(case.claim.by) else case


def skipped(case: Case, person: Person) -> Case:
    """Return the case with the note that the person left it to others, and without their claim."""
    return replace(released(case, person), skipped={**case.skipped, person.name: person.now})


def assigned(case: Case, person: Person, *, to: str, why: str) -> Case:
    """Return the case given to somebody, "" for all; raise NotAllowedError where it was given to another than the person."""
    if case.ruling is not None or case.closed:
        raise ChangedMeanwhileError(
            f"This card waits for nobody any more, as {waits_for(case, replace(person, admin=True))}."
        )
    was = case.assigned
    if was is not None and not person.admin and not person.is_(was.to):
        raise NotAllowedError(
            f"{_named(was.by)} gave this card to {_named(was.to)}: only they or an admin can give it to somebody else."
        )
    if (other := free_for(case, person)) is not None and not person.admin:
        raise BusyError(f"{_named(other.by)} is looking at this card (until {_said(other.until)} at the latest).")
    given = Assignment(to, person.name, person.now, why) if to else None
    return replace(case, claim=None, assigned=given)


def _named(name: str) -> str:
    return one_line(name, _NAME)


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
