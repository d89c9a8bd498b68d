"""A sentence so that it stands alone: openings cut off, pronouns and days named. Only where that is certain, else as it was.

What is done is told in words; nothing is added that the turn does not say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.extract.opening import opening_of
from core.extract.subjects import Resolved
from core.extract.turn import Role
from core.extract.verbs import DONE

__all__ = ["Rewritten", "rewritten"]

_SPEAKERS: Final = re.compile(r"\b(?:I|me|[Mm]y|mine|myself)\b")
_ODD: Final = re.compile(r"\b(?:mine|myself|(?:and|or|than|as|with) I|I (?:and|or))\b")
_PRESENT: Final = frozenset(
    """prefer like dislike love hate live work need want use own know drink eat fly travel speak run manage lead handle favor
    favour enjoy avoid take have do go drive read play study teach keep buy think believe suspect guess assume
    suppose""".split()
)
_PAST: Final = DONE | frozenset(
    "ran did found chose decided rejected went tried looked saw said told agreed moved had was used".split()
)
_BETWEEN: Final = r"(?:(?:also|just|already|always|never|usually|now|then|really|strongly|only|successfully|both) )*"
_FIRST: Final = re.compile(
    rf"\bI(?P<short>['’](?:m|ve|d rather))?(?P<between> {_BETWEEN})?(?P<verb>(?<= )[a-z]+(?:['’]t)?)?(?P<after> not\b)?"
)
_SHORT: Final = {"m": "is", "ve": "has"}
_VERBS: Final = {"am": "is", "have": "has", "was": "was", "don't": "does not", "do": "does", "can't": "cannot", "can": "can"}
_TO_YOU: Final = {
    "are": "is",
    "'re": " is",
    "’re": " is",
    "have": "has",
    "were": "was",
    "had": "had",
    "did": "did",
    "do": "does",
}
_YOU: Final = re.compile(
    r"\b(?:you)(?P<between> (?:(?:also|still|now|only|already) )?)?(?P<verb>are|['’]re|have|were|had|did"
    r"|do)\b",
    re.IGNORECASE,
)
_YOU_LEFT: Final = re.compile(r"\b(?:you|yours|yourself)\b", re.IGNORECASE)
# A second verb of the same "you" would have to change too.
_YOU_TOO: Final = re.compile(r"\bthe user\b.*\b(?:and|but|or) (?:have|are|were|do)\b", re.DOTALL)
_DAY: Final = re.compile(
    r"(?:(?P<before>since|until|by|from|before|after|of|on|for)\s+)?\b(?P<day>today|yesterday"
    r"|tomorrow)\b(?!['’-])",
    re.IGNORECASE,
)
_DAYS: Final = {"today": 0, "yesterday": -1, "tomorrow": 1}


@dataclass(frozen=True)
class Rewritten:
    """The text, and what was done to it, in words; () where it is as it was said."""

    text: str
    changes: tuple[str, ...] = ()


def rewritten(
    text: str, *, role: Role, speaker: str | None, at: datetime | None, pronoun: Resolved | None = None
) -> Rewritten:
    """Return a sentence that stands alone; `speaker` is who says "I", `pronoun` what its first word stands for."""
    changes: list[str] = []
    said = re.sub(r"\*\*|__(?=\S)|(?<=\S)__", "", text[opening_of(text) :]).strip()
    if pronoun is not None:
        word, meant = pronoun
        said = meant + (said[len(word) :] if not re.match(rf"{word}['’]s\b", said) else f" is{said[len(word) + 2 :]}")
        changes.append(f"{word!r} is {meant!r}")
    if speaker is not None and (named := _named(said, speaker)) is not None and named != said:
        changes.append(f"'I' is {speaker!r}")
        said = named
    if role is Role.ASSISTANT and (heard := _heard(said)) != said:
        changes.append("'you' is the user")
        said = heard
    if at is not None and (dated := _dated(said, at)) != said:
        changes.append("its day is that of the turn")
        said = dated
    said = said[:1].upper() + said[1:] if role is not Role.TOOL and said[:1].isalpha() and " " in said else said
    return Rewritten(said, tuple(changes))


def _named(said: str, speaker: str) -> str | None:
    """Return the sentence with its speaker's name, None where one of its words could not be put so."""
    if _SPEAKERS.search(said) is None or _ODD.search(said):
        return None
    failed = False

    def third(match: re.Match[str]) -> str:
        nonlocal failed
        verb = _third_person(match)
        failed = failed or verb is None
        return f"{speaker}{verb}"

    done = _FIRST.sub(third, said)
    if failed:
        return None
    return re.sub(r"\bmy\b", f"{speaker}'s", re.sub(r"\bMy\b", f"{speaker}'s", re.sub(r"\bme\b", speaker, done)))


def _heard(said: str) -> str:
    """Return the sentence of an agent with the user in place of "you", as it was where a word could not be put so."""
    done = _YOU.sub(lambda match: f"the user{match['between'] or ''}{_TO_YOU[match['verb'].lower()]}", said)
    return (
        said
        if _YOU_LEFT.search(done) or _YOU_TOO.search(done)
        else re.sub(r"\byour\b", "the user's", done, flags=re.IGNORECASE)
    )


def _third_person(match: re.Match[str]) -> str | None:
    """Return what follows the name: the verb in the third person, None for a verb that is not known."""
    between, verb, after = match["between"] or " ", match["verb"] or "", match["after"] or ""
    if match["short"]:
        short = match["short"][1:]
        if short not in _SHORT:
            return None
        return f" {_SHORT[short]}{between}{verb}{after}" if verb else f" {_SHORT[short]}{between}".rstrip() + after
    plain = verb.replace("’", "'")
    if plain in _VERBS:
        return f"{between}{_VERBS[plain]}{after}"
    if plain in _PRESENT:
        return f"{between}{_inflected(plain)}{after}"
    return f"{between}{verb}{after}" if plain in _PAST else None


def _inflected(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}es" if verb.endswith(("o", "ch", "sh", "ss")) else f"{verb}s"


def _dated(said: str, at: datetime) -> str:
    def day(match: re.Match[str]) -> str:
        try:
            date = (at + timedelta(days=_DAYS[match["day"].lower()])).date().isoformat()
        except OverflowError:  # no calendar has that day
            return match[0]
        return f"{match['before'] or 'on'} {date}"

    return _DAY.sub(day, said)
