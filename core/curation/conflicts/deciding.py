"""What a person says of a card, and takes back: pure transitions of a case."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from core.curation.conflicts.card import Card, CardSide, Decision, Resolution
from core.curation.conflicts.case import RETIRING, Case, Ruling, Settling
from core.curation.conflicts.claims import Person, is_second_look, require_waiting
from core.errors import ConfigError, NotAllowedError, NotFoundError
from core.hostile import one_line
from core.memory.fields import preview
from core.models.judge import ConflictVerdict

__all__ = ["MEANS", "Answer", "decided", "newer_side", "require_words", "settled_as", "taken_back"]

Kind = TypeVar("Kind", bound=StrEnum)
# What a resolution says of the two, unless the reviewer says otherwise.
MEANS: Final[Mapping[Resolution, ConflictVerdict]] = {
    Resolution.KEEP_LEFT: ConflictVerdict.CONTRADICTION,
    Resolution.KEEP_RIGHT: ConflictVerdict.CONTRADICTION,
    Resolution.KEEP_NEWER: ConflictVerdict.SUPERSEDED,
    Resolution.MERGE: ConflictVerdict.DUPLICATE,
    Resolution.BOTH_VALID: ConflictVerdict.BOTH_TRUE,
    Resolution.NOT_A_CONFLICT: ConflictVerdict.UNRELATED,
}
_LONGEST: Final = 4_000  # characters of what a person writes about a card
_MERGED: Final = 20_000


@dataclass(frozen=True)
class Answer:
    """What a person says of a card (see Inbox.decide)."""

    resolution: Resolution
    why: str = ""
    verdict: ConflictVerdict | None = None
    note: str = ""
    merged: str | None = None
    remember: bool = False
    acknowledged: str = ""

    def __post_init__(self) -> None:
        """Refuse what is no answer; a text may come from a command or a link."""
        object.__setattr__(self, "resolution", _one_of(Resolution, self.resolution))
        if self.verdict is not None:
            object.__setattr__(self, "verdict", _one_of(ConflictVerdict, self.verdict))
        for name in ("why", "note", "acknowledged"):
            require_words(name, getattr(self, name))
        require_words("merged", self.merged or "", limit=_MERGED)
        if self.merged is not None and not self.merged.strip():
            raise ConfigError("The merged memory would say nothing: write a text, or keep one of the two.")


def require_words(name: str, said: str, *, limit: int = _LONGEST) -> None:
    """Refuse what a person writes about a card where it is too long to be read, or no text."""
    if len(said) > limit:
        raise ConfigError(f"This {name} has {len(said):,} characters: say it in {limit:,}.")
    if not _is_text(said):
        raise ConfigError(f"This {name} is no valid Unicode: write it anew.")


def decided(case: Case, person: Person, answer: Answer) -> Case:
    """Return the case with a person's decision; raise where it does not wait for them, or the answer does not fit it."""
    require_waiting(case, person)
    card, number = case.card, len(case.rulings) + 1
    if answer.resolution is Resolution.KEEP_NEWER:
        newer_side(card)
    second = is_second_look(case, person)
    changes = answer.resolution in RETIRING or answer.remember
    changes = (changes or (answer.resolution is Resolution.BOTH_VALID and bool(answer.note.strip()))) and not second
    decision = Decision(
        card=card.id,
        resolution=answer.resolution,
        verdict=answer.verdict or MEANS[answer.resolution],
        by=person.name,
        at=person.now,
        why=answer.why.strip(),
        plan_id=_plan_id(card, number, person) if changes else None,
        clash=card.judgement.clash,
        judge=card.judgement.judge,
        cue=card.judgement.cue,
        note=answer.note.strip(),
        second=second,
    )
    ruling = Ruling(
        decision,
        number,
        Settling.WAITING if changes else Settling.SETTLED,
        person.now,
        merged=answer.merged if answer.resolution is Resolution.MERGE else None,
        remember=answer.remember and not second,
        acknowledged=answer.acknowledged.strip(),
    )
    # Who looked a second time, and decides now that the first decision is taken back, is one person and not two.
    before = tuple(
        _ended(each, Settling.TAKEN_BACK, person.now)
        if not second and each.second and person.is_(each.decision.by)
        else each
        for each in case.rulings
    )
    return replace(case, claim=None, rulings=(*before, ruling))


def taken_back(case: Case, person: Person, why: str) -> Case:
    """Return the case without the decision in force; of two looks the person's own.

    Where a plan may have changed memories, that is taken back next. Raise NotAllowedError for another's decision unless the
    person is an admin, NotFoundError where none is in force.
    """
    own = next((each for each in case.rulings if each.second and each.in_force and person.is_(each.decision.by)), None)
    ruling = own or case.ruling
    if ruling is None:
        raise NotFoundError("No decision of this card is in force: there is nothing to take back.")
    by = ruling.decision.by
    if not person.admin and not person.is_(by):
        raise NotAllowedError(f"{one_line(by, 80)} decided this card: only they or an admin can take that back.")
    then = Settling.TAKEN_BACK if ruling.decision.plan_id is None else Settling.TAKING_BACK
    gone = replace(ruling, settling=then, since=person.now, why=why.strip(), taken_back_by=person.name)
    return replace(case, claim=None, rulings=tuple(gone if each is ruling else each for each in case.rulings))


def settled_as(case: Case, number: int, settling: Settling, now: datetime, *, why: str = "") -> Case:
    """Return the case with what became of one of its rulings."""
    rulings = (_ended(each, settling, now, why) if each.number == number else each for each in case.rulings)
    return replace(case, rulings=tuple(rulings))


def newer_side(card: Card) -> CardSide:
    """Return the side that is from later; raise ConfigError where the ages are unknown or equal."""
    left, right = card.left.at, card.right.at
    if left is None or right is None:
        raise ConfigError("One of the two does not say when it is from: choose which to keep.")
    if left == right:
        raise ConfigError("Both are from the same moment: choose which to keep.")
    return card.left if left > right else card.right


def _ended(ruling: Ruling, settling: Settling, now: datetime, why: str = "") -> Ruling:
    return replace(ruling, settling=settling, since=now, why=why)


def _one_of(kind: type[Kind], said: str) -> Kind:
    try:
        return kind(said)
    except ValueError:
        raise ConfigError(f"{preview(said)} is none of {', '.join(kind)}: choose one of them.") from None


def _plan_id(card: Card, number: int, person: Person) -> str:
    """Return the id of a decision's plan: the same whoever makes it, and another one for each decision there ever was."""
    said = repr((card.id, number, person.name, person.now.isoformat()))
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()
    return f"conflict-{digest}"


def _is_text(said: str) -> bool:
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return True
