"""Names in a text: of people and things by their capitals, and identifiers, addresses, paths and hashes by their form."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence
from typing import Final

from core.analysis.difference.found import Claim, Kind
from core.analysis.difference.languages import Language
from core.analysis.difference.moments import is_calendar_word
from core.analysis.difference.reading import Text, Token

__all__ = ["FORMS", "GIVEN", "LANDS", "PREFIX", "bare", "filling", "names_in", "of_land", "same_name"]

FORMS: Final = {"url": "address", "email": "address", "path": "path", "file": "path", "hash": "hash", "tag": "tag"}
# Capitals at the beginning of a sentence tell nothing, but these are names there too.
GIVEN: Final = frozenset(
    """
aaron adam alan alex alexander alice amy ana andrea andrew angela anna anne anthony barbara ben benjamin beth bill bob
brian bruce carl carla carlos carol caroline charles charlie chen chloe chris christine claire clara daniel dave david
diana diane diego dmitri don donald dora ed eddy edward elena eli elizabeth ella emily emma eric erin ethan eva eve
fatima felix fiona francesco frank fred gary george giorgio grace greg hannah harry hassan helen henry hugo ian igor
ines irene isaac isabella ivan jack jacob james jamal jane janet jason jean jeff jennifer jenny jessica jim joan joe
joel john jon jonathan jorge jose joseph josh juan judy julia julie karen karl kate katie keith kelly ken kenji kevin
kim klaus laura lena leo li liam lily linda lisa liu lucas lucy luis luke maria marco marcus margaret marie mario mark
martha martin mary matt matthew mei melanie mia michael michelle miguel mike mohammed nancy naomi natalie nathan neil
nick nicole nina noah nora olga oliver olivia omar oscar pablo pat patricia patrick paul paula pedro peter phil philip
priya rachel raj ralph ravi rebecca richard rick rita rob robert roberto ron rosa rose roy russell ruth ryan sally sam
samantha samuel sandra sara sarah scott sean sergei sharon simon sofia sophia stefan stephanie stephen steve steven
sue susan tara ted terry thomas tim tina tom tony tyler vera victor victoria vincent walter wei wendy will william
yuki yusuf zoe trent caroline
""".split()
)
_LATE_WORDS: Final = frozenset("i i'm i'll i've i'd ok okay tv mr mrs ms dr vs am pm".split())
PREFIX: Final = 4
_PEOPLE: Final = ("ese", "ian", "ean", "ish", "an", "a", "o", "y", "i", "n")
# Lands whose people are called otherwise.
LANDS: Final = {
    word: line.split()[0]
    for line in """
uk britain british britons britain's uk's
usa us america american americans
spain spanish
france french
greece greek greeks
germany german germans
netherlands dutch
switzerland swiss
sweden swedish swedes
poland polish poles
turkey turkish turks
ireland irish
scotland scottish scots
wales welsh
denmark danish danes
finland finnish finns
norway norwegian norwegians
ukraine ukrainian ukrainians
philippines philippine filipino filipinos
thailand thai
palestine palestinian palestinians
israel israeli israelis
pakistan pakistani pak
gop republican republicans
eu european
nyc york
""".strip().splitlines()
    for word in line.split()
}


def names_in(text: Text, taken: Collection[int]) -> tuple[Claim, ...]:
    """Return the names of a text in order; `taken` are the places of tokens that are numbers or dates."""
    telling = not text.shouts and text.language is not Language.GERMAN
    found = []
    for place, token in enumerate(text.tokens):
        if place in taken:
            continue
        about = FORMS.get(token.kind) or (_word_form(text, place, telling=telling) if token.kind == "word" else None)
        if about is not None and not (about == "path" and token.kind == "path" and _is_plain(token)):
            found.append(Claim(Kind.NAME, bare(token), token.text, token.span, about))
    return tuple(found)


def same_name(one: Claim, other: Claim) -> bool:
    """Say whether two names are one: in other forms, or a land and its people."""
    short, long = sorted((one.value, other.value), key=len)
    return short == long or (len(short) > PREFIX and long.startswith(short)) or _is_of_land(short, long)


def filling(
    text: Text, names: Sequence[Claim], alone: Sequence[Claim], other: Text, others: Sequence[Claim], beside: Sequence[Claim]
) -> frozenset[Claim]:
    """Return the names that one text alone has and that only fill up one of both: "Paul" of "Paul Ryan" beside "Ryan".

    Where the other text fills it up too, as with "Meg Ryan", they are two.
    """
    own, found = {claim.value for claim in alone}, set[Claim]()
    filled = {claim.value for claim in beside}
    runs = [{claim.value for claim in run} for run in _runs(other, others)]
    for run in _runs(text, names):
        shared = {claim.value for claim in run} - own
        if shared and not any(values & shared and values & filled for values in runs):
            found.update(claim for claim in run if claim.value in own)
    return frozenset(found)


def _runs(text: Text, names: Sequence[Claim]) -> list[list[Claim]]:
    """Return the names that stand beside each other."""
    found: list[list[Claim]] = []
    for claim in names:
        if claim.about == "name" and found and not text.text[found[-1][-1].span[1] : claim.span[0]].strip(" .-"):
            found[-1].append(claim)
        elif claim.about == "name":
            found.append([claim])
    return found


def _word_form(text: Text, place: int, *, telling: bool) -> str | None:
    """Return "id" for an identifier, "name" for a name, None for a plain word."""
    token = text.tokens[place]
    plain = token.text.replace("'", "").replace("-", "")
    if any(letter.isdigit() for letter in plain) or "_" in token.text or _is_camel(token.text):
        return "id"
    if not telling or not token.text[0].isupper() or is_calendar_word(token.lower) or token.lower in _LATE_WORDS:
        return None
    # A code as "ATL" is one wherever it stands.
    if not token.opens or (token.text.isupper() and len(token.text) > 2):
        return "name"
    return "name" if token.lower.removesuffix("'s") in GIVEN else None


def _is_of_land(one: str, other: str) -> bool:
    """Say whether two words are one land, or a land and its people."""
    if other not in GIVEN and one[:3] == other[:3] and of_land(one) == of_land(other):
        return True
    return one in LANDS and LANDS[one] == LANDS.get(other)


def of_land(word: str) -> str:
    """Return a land and its people as one: "mexico" and "mexican"."""
    for ending in _PEOPLE:
        if word.endswith(ending) and len(word) - len(ending) >= PREFIX:
            return word[: -len(ending)]
    return word


def bare(token: Token) -> str:
    """Return what a name is compared by."""
    value = token.lower.removesuffix("'s")
    if token.kind == "url":
        return re.sub(r"^https?://(www\.)?", "", value).rstrip("/")
    return value.rstrip("/") or value


def _is_camel(text: str) -> bool:
    return any(one.islower() and other.isupper() for one, other in itertools.pairwise(text))


def _is_plain(token: Token) -> bool:
    """Say whether a path is two words with a stroke between: "and/or"."""
    return token.text.count("/") == 1 and not token.text.startswith("/") and token.text.replace("/", "").isalpha()
