"""What a sentence claims that what stands behind it does not: by rules, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.analysis.difference import Claim, Difference, Kind, claims, differences, unsupported
from core.curation.consolidation.heading import heading_of
from core.curation.consolidation.statements import Statements
from core.curation.consolidation.words import content_words
from core.hostile import one_line
from core.memory import Memory

__all__ = ["adds_nothing", "clashes", "fault_of"]

_SHOWN: Final = 60
_PASSIVE: Final = frozenset({"by", "from", "von", "par", "por", "da", "door"})


def fault_of(part: str, behind: Sequence[int], statements: Statements, memories: Sequence[Memory]) -> str:
    """Return in words what a sentence says that the statements behind it do not; "" where there is nothing."""
    owners = [memories[int(statements.owner[place])] for place in behind]
    near = [_in_context(statements.texts[place], owner) for place, owner in zip(behind, owners, strict=True)]
    made = [one for one in unsupported(part, near) if one.kind is not Kind.NAME]
    # Whom "he" means is said elsewhere in the memory.
    whole = [_in_context(owner.content, owner) for owner in owners]
    made += [one for one in unsupported(part, whole) if one.kind is Kind.NAME]
    if made:
        return f"No source says the {made[0].kind} “{one_line(made[0].text, _SHOWN)}”."
    if (other := _another_author(part, whole, owners, memories)) is not None:
        return f"What is nearest to it was written by another than {one_line(other, _SHOWN)}."
    best = statements.texts[behind[0]]
    if _denied(differences(best, part)):
        return f"The source says it otherwise: “{one_line(best, _SHOWN)}”."
    return "The source has the names the other way round." if len(behind) == 1 and _turned(best, part) else ""


def adds_nothing(part: str, to: str) -> bool:
    """Say whether a text claims nothing that another does not say, and denies nothing of it."""
    return not unsupported(part, [to]) and not _denied(differences(part, to))


def clashes(a: str, b: str) -> bool:
    """Say whether two texts of one thing cannot both be meant: one denies the other, or they differ in a number or a date.

    Where they name others, or differ in more than one number, they tell of two things.
    """
    found = [one for one in differences(a, b) if one.clashes]
    same = not any(one.kind is Kind.NAME for one in found)
    return same and (_denied(found) or (len(found) == 1 and found[0].kind in (Kind.NUMBER, Kind.DATE)))


def _another_author(part: str, behind: Sequence[str], owners: Sequence[Memory], memories: Sequence[Memory]) -> str | None:
    """Return whom a sentence names who wrote other sources, and of whom those behind it say nothing."""
    words = content_words(part)
    known = frozenset().union(*map(content_words, behind))
    writers = {one.agent_id for one in memories if one.agent_id} - {one.agent_id for one in owners}
    return next((one for one in sorted(writers) if words & content_words(one) - known), None)


def _denied(found: Sequence[Difference]) -> bool:
    return any(one.clashes and one.kind in (Kind.NEGATION, Kind.STATUS) for one in found)


def _in_context(text: str, memory: Memory) -> str:
    return heading_of([memory], authors=True).before(text)


def _turned(a: str, b: str) -> bool:
    """Say whether two names that both texts have stand in another order; a passive may well turn them."""
    if _PASSIVE & ({*a.lower().split()} ^ {*b.lower().split()}):
        return False
    first, second = _names(claims(a)), _names(claims(b))
    shared = [name for name in first if name in second]
    return len(shared) == 2 and [name for name in second if name in shared] != shared


def _names(found: Sequence[Claim]) -> list[str]:
    return list(dict.fromkeys(one.value for one in found if one.kind is Kind.NAME))
