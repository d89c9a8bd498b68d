"""Of what "it", "they" or "her" speaks at the beginning of a sentence, where the sentence before leaves only one answer."""

from __future__ import annotations

import re
from typing import Final

from core.extract.verbs import DONE, PLAIN, STATES

__all__ = ["Resolved", "begins_unbound", "resolved"]

Resolved = tuple[str, str]  # the pronoun, and what stands for it

_SINGULAR: Final = rf"is|was|has|had|does|did|can|will|{'|'.join(sorted(STATES | DONE))}"
_PLURAL: Final = rf"are|were|have|had|do|did|can|will|{'|'.join(sorted(PLAIN | DONE))}"
_NOUNS: Final = (
    r"(?:The|Our|My|Your|All|Both|This|These)\s+(?:[\w'’-]+\s+){0,5}?[\w'’-]+|[A-Z][\w.-]*(?:\s+[A-Z0-9][\w.-]*){0,3}"
)
_ONE: Final = re.compile(rf"(?P<subject>{_NOUNS})\s+(?P<verb>{_SINGULAR})\b(?P<rest>.*)", re.DOTALL)
_MANY: Final = re.compile(rf"(?P<subject>{_NOUNS})\s+(?P<verb>{_PLURAL})\b(?P<rest>.*)", re.DOTALL)
_PRONOUN: Final = re.compile(
    rf"(?P<word>It|Its|They|Their|He|She|His|Her)\b(?=(?:'s|’s|\s+(?:{_SINGULAR}|{_PLURAL}|always|never|might|may"
    rf"|could|must|[a-z]+)\b))"
)
_UNBOUND: Final = re.compile(
    r"(?:it|its|this|that|these|those|they|their|he|she|his|her|both|neither|one|the other|the (?:former|latter|same))\b",
    re.IGNORECASE,
)
# A pronoun with its own noun ("this week", "both scanners") says of what it speaks.
_BOUND: Final = re.compile(
    r"(?:this|that|both|one) (?!(?:information|way|approach|option|issue|change|case|is|are|was|were|has|have|had|will"
    r"|would|can|could|may|might|should|must"
    r"|does|do"
    r"|did|means?|takes?|of|works?|seems?|fails?|failed|always|never|also|makes?|made|gives?|gave|needs?)\b)[a-z]"
    r"|the other \w|it(?:'s| is| was) \d",
    re.IGNORECASE,
)
_OTHER_ONE: Final = re.compile(r"\b(?:the|this|that|a|an|our|my|its|your|their)\s+\w|(?<!^)(?<![.!?] )\b[A-Z][a-z]+")
_OTHER_MANY: Final = re.compile(
    r"(?<!\d )\b(?!(?:is|was|has|as|its|this|days|hours|minutes|seconds|weeks|months|years)\b)[a-z]{3,}s\b"
)
_PERSON: Final = re.compile(r"(?<![\w'’])([A-Z][a-zà-ÿ]+ [A-Z][a-zà-ÿ]+)(?![\w'’]| [A-Z])")
_PEOPLE: Final = ("He", "She", "His", "Her")


def begins_unbound(said: str) -> bool:
    """Say whether a sentence begins with a word whose meaning another sentence gives."""
    return _UNBOUND.match(said) is not None and _BOUND.match(said) is None


def resolved(said: str, before: str | None) -> Resolved | None:
    """Return the pronoun at the beginning of a sentence with what it stands for, None where that is not certain.

    `before` is the sentence before it, in the same paragraph.
    """
    found = _PRONOUN.match(said)
    if found is None or before is None:
        return None
    word = found["word"]
    meant = _person(before) if word in _PEOPLE else _thing(before, many=word in ("They", "Their"))
    return None if meant is None else (word, _owning(meant) if word in ("Its", "Their", "His", "Her") else meant)


def _person(before: str) -> str | None:
    people = set(_PERSON.findall(before))
    others = {word for name in people for word in name.split()} | {"The", "A", "An", "Yes", "No"}
    more = [word for word in re.findall(r"\b[A-Z][a-z]+\b", before)[1:] if word not in others and not _is_month(word)]
    return people.pop() if len(people) == 1 and not more else None


def _thing(before: str, *, many: bool) -> str | None:
    found = (_MANY if many else _ONE).match(before)
    if found is None or " and " in found["subject"] or found["subject"].startswith(("I ", "We ")):
        return None
    if found["subject"] in ("It", "They", "He", "She", "This", "That", "I", "We", "You", "There", "What", "Here"):
        return None
    if (_OTHER_MANY if many else _OTHER_ONE).search(found["rest"]) or _PERSON.fullmatch(found["subject"]):
        return None
    return found["subject"]


def _owning(name: str) -> str:
    return f"{name}'" if name.endswith("s") and not name.istitle() else f"{name}'s"


def _is_month(word: str) -> bool:
    return word[:3] in {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}
