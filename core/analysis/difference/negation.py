"""Negations in a text, what each of them denies, and the statuses that they turn into their contrary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.analysis.difference.found import Claim, Kind
from core.analysis.difference.languages import NEGATORS, Language
from core.analysis.difference.marks import mark_of
from core.analysis.difference.polarity import AXES, BINARY
from core.analysis.difference.reading import Text, Token, uninflected

__all__ = ["denied_root", "negations_in", "set_aside", "statuses_in"]

# Words between a negation and what it denies.
_SKIPPED: Final = frozenset(
    "be been being is are was were am a an the any to longer more yet really very much that of in on at it its have "
    "has had do does did will would can could should currently still also even necessarily able mehr más plus più "
    "das der die le la el een ein eine un una du de quite fully well enough way".split()
)
_AFTER_TO: Final = frozenset({"failed", "fails", "fail", "failing", "unable", "refused", "refuses", "declined", "forgot"})
# Words before or behind another that say without a no that it is not, or not any more.
_ASIDE: Final = frozenset("than instead replaced replaces".split())
_GONE: Final = frozenset("disappeared disappear vanished gone ceased absent eliminated".split())
_CHINESE: Final = frozenset("不没沒無无未非别")
# The axes by the words without their endings, for a form that is not listed: "reduce" beside "reduced".
_SHORTEST: Final = 4
_INFLECTED: Final = {
    cut: axes for word, axes in reversed(list(AXES.items())) if len(cut := uninflected(word)) >= _SHORTEST and word.isascii()
}
_FAR: Final = 5
_WIDE: Final = 3
_PREFIXES: Final = ("non-", "non", "un", "in", "im", "ir", "il", "dis")
# Words that begin with such letters and deny nothing.
_WHOLE: Final = frozenset(
    "inform install indeed impress import display discover discount invest unit until union impact invoice dispatch "
    "discharge disclose indoor inside include increase intent invent involve inspect inner input industry interest "
    "impart implant impose improve irate inherit inhabit deliver define describe design desire depart detail devote "
    "decide declare degrade debug deploy derive depend detest default defer delay delight demand demerit denote "
    "deport depose depress deserve desktop infuse ingest inlet inland instance instead insure intake internal "
    "intone invade invite disease discuss distress dismiss inflate deflate impound impend index indent individual".split()
)


def negations_in(text: Text) -> tuple[Claim, ...]:
    """Return the negations of a text in order, each with the stem of the word that it denies."""
    if text.language is Language.CHINESE:
        return _chinese(text)
    found: list[Claim] = []
    for at, token in enumerate(text.tokens):
        if _negates(text, at):
            place = _denied(text.tokens, at)
            said = token if place is None else text.tokens[place]
            value = token.lower if place is None else said.stem
            span = (token.span[0], max(token.span[1], said.span[1]))
            found.append(Claim(Kind.NEGATION, value, _between(text, span), span, _reach(text.tokens, place)))
    return tuple(found)


def statuses_in(text: Text) -> tuple[tuple[Claim, ...], frozenset[str]]:
    """Return the statuses of a text, those denied as their contrary, and the words whose negations that took."""
    denied: dict[int, int] = {}
    for at in range(len(text.tokens)):
        if _negates(text, at) and (place := _denied(text.tokens, at)) is not None:
            denied[place] = at
    found: list[Claim] = []
    turned = set[str]()
    for place, token in enumerate(text.tokens):
        if (mark := mark_of(token)) is not None:
            found.append(mark)
        for axis, value in (
            AXES.get(token.lower) or _INFLECTED.get(uninflected(token.lower), ()) if token.kind == "word" else ()
        ):
            start, end = token.span
            if place in denied and axis in BINARY:
                value = str(1 - int(value))
                no = text.tokens[denied[place]].span
                start, end = min(start, no[0]), max(end, no[1])
                turned.add(token.stem)
            found.append(Claim(Kind.STATUS, value, _between(text, (start, end)), (start, end), axis))
    return tuple(found), frozenset(turned)


def denied_root(word: str) -> str | None:
    """Return what a word denies by how it begins: "available" of "unavailable", None where it denies nothing."""
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) - len(prefix) >= 4 and word not in _WHOLE:
            return word[len(prefix) :]
    return None


def set_aside(text: Text) -> frozenset[str]:
    """Return the stems that a text puts aside without a negation: "instead of Kafka", "timeouts disappeared"."""
    tokens, found = text.tokens, set[str]()
    for at, token in enumerate(tokens):
        before = {each.lower for each in tokens[max(0, at - 3) : at]}
        after = {each.lower for each in tokens[at + 1 : at + 4]}
        if before & _ASIDE or after & _GONE or ("from" in before and "to" in after):
            found.add(token.stem)
    return frozenset(found)


def _negates(text: Text, at: int) -> bool:
    tokens, token = text.tokens, text.tokens[at]
    if token.kind != "word":
        return False
    after = tokens[at + 1].lower if at + 1 < len(tokens) else ""
    word = token.lower
    if word.endswith("n't"):
        return True
    if word in _AFTER_TO or word == "yet":
        return after == "to"
    if word in NEGATORS[Language.ENGLISH] and text.language is Language.ENGLISH:
        return not (word in ("not", "no") and after in ("only", "doubt", "matter", "wonder"))
    return word in NEGATORS[text.language]


def _denied(tokens: Sequence[Token], at: int) -> int | None:
    """Return the place of the word that a negation denies: the next one that says something."""
    for place in range(at + 1, min(len(tokens), at + 1 + _FAR)):
        token = tokens[place]
        if token.kind == "sign" and token.text in ".!?;\n":
            break
        if token.kind != "sign" and token.lower not in _SKIPPED:
            return place
    return None if tokens[at].lower.endswith("n't") else _before(tokens, at)


def _reach(tokens: Sequence[Token], place: int | None) -> str:
    """Return the stems of what else a negation may deny: "not wearing a shirt" denies the shirt too."""
    found = []
    for token in tokens[place : place + _FAR] if place is not None else ():
        if token.kind == "sign":
            break
        if token.lower not in _SKIPPED:
            found.append(token.stem)
    return " ".join(found[:_WIDE])


def _before(tokens: Sequence[Token], at: int) -> int | None:
    """Return the place of the last word before a negation that ends its sentence, as in "läuft nicht", "ne marche pas"."""
    for place in range(at - 1, max(-1, at - 1 - _FAR), -1):
        token = tokens[place]
        if token.kind == "sign":
            return None
        if token.lower not in _SKIPPED:
            return place
    return None


def _between(text: Text, span: tuple[int, int]) -> str:
    return text.text[span[0] : min(span[1], span[0] + 200)]


def _chinese(text: Text) -> tuple[Claim, ...]:
    return tuple(
        Claim(Kind.NEGATION, text.text[at + 1 : at + 2], text.text[at : at + 3], (at, min(at + 3, len(text.text))))
        for at, letter in enumerate(text.text)
        if letter in _CHINESE
    )
