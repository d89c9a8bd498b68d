"""The cues of a text: in its words and marks as a model would take them, and in what is hidden or in code.

A cue is no proof: a memory may quote an attack, or be a rule of the house. One that stands in quotes, in a text that speaks
of attacks, counts less; the marks of templates and tools do not, for a template minds no quotes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from core.guard.decoding import decoded
from core.guard.injection.cue import Cue
from core.guard.injection.sign import SIGNS
from core.guard.readable import Folded, folded, smuggled
from core.hostile import clean_text

__all__ = ["cues"]

# Only so much of a text is read: it bounds the time, and the size rule bounds the text.
_READ: Final = 40_000
_HINTS: Final = tuple(dict.fromkeys(hint for sign in SIGNS for hint in sign.hints))
_BEFORE: Final = 48
_TOLD: Final = 0.3
_UNSEEN: Final = Cue("it hides characters that nobody sees", 0.4, "unseen")
_HIDDEN: Final = re.compile(r"⟨\d+ hidden characters⟩")
_TURNED: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_APART: Final = re.compile(r"(?<!\w)(?:\w[ ._*-]){7,400}+\w(?!\w)")
_QUOTED: Final = re.compile(
    r"\"[^\"\n]{1,600}\"|“[^”\n]{1,600}”|`[^`\n]{1,600}`|«[^»\n]{1,600}»|(?<!\w)'[^'\n]{1,600}'(?!\w)|‘[^’\n]{1,600}’"
)
_TELLS: Final = re.compile(
    r"\b(?:injections?|attacks?|attackers?|attempt(?:s|ed)?|phishing|malicious|adversar\w{1,6}|pen ?tests?"
    r"|red[- ]team\w{0,4}|jailbreaks?|exploit\w{0,4}|payloads?|suspicious|spam|scam|fraud\w{0,5}|blocked|refused|rejected"
    r"|detect\w{0,4}|flagged|quarantin\w{1,4}|classif\w{1,6}|test case|such as|for example|e\.g\.|reported"
    r"|security (?:review|training|team|incident)|owasp|vulnerab\w{1,6}|(?:never|do not) (?:obey|follow)|researchers)\b",
    re.IGNORECASE,
)
# Right before an order these make it a rule against it, or a report of it.
_DENIED: Final = re.compile(
    r"(?:\b(?:never|not|cannot|nobody|no one|refuses? to|fails? to|avoid|forbidden to|tried to|tries to|attempt(?:s|ed)? to"
    r"|(?:did|do|does|must|should|can|could|will|would|is|was)n['’]?t|trying to|asked (?:it|us|them|him|her|the \w+) to"
    r"|wants? to|instead of|prevents?|blocks?|stops?|against|without|whether|if (?:they|users|attackers)|how to|may|might)\s"
    r"(?:\w+\s){0,2}|\bno\s)$",
    re.IGNORECASE,
)


def cues(text: str) -> tuple[Cue, ...]:
    """Return what in a text orders its reader about, each kind once; () for most."""
    text = text[:_READ]
    plain = folded(text)
    found = _looked(plain)
    found = _in_other_forms(plain) | found
    if not text.isascii():
        found = _looked(folded(text, alike=False)) | found | _unseen(text)
    return tuple(found.values())


def _looked(plain: Folded) -> dict[str, Cue]:
    """Return the cues of a text as it stands, by their names; of one name the strongest."""
    text, low, found = plain.text, plain.text.lower(), dict[str, Cue]()
    told: Sequence[tuple[int, int]] | None = None
    hinted = {hint for hint in _HINTS if hint in low}
    for sign in SIGNS if hinted else ():
        if hinted.isdisjoint(sign.hints):
            continue
        for match in sign.form.finditer(text):
            if sign.deniable and _DENIED.search(text, max(0, match.start() - _BEFORE), match.start()):
                continue
            weight = sign.weight
            if sign.quotable:
                told = _told(text) if told is None else told
                weight *= _TOLD if any(start <= match.start() and match.end() <= end for start, end in told) else 1
            if sign.id not in found or weight > found[sign.id].weight:
                found[sign.id] = Cue(sign.what, weight, sign.id, plain.span(*match.span()))
    return found


def _told(text: str) -> list[tuple[int, int]]:
    """Return where a text quotes, if what it says outside of its quotes is about attacks."""
    quotes = [match.span() for match in _QUOTED.finditer(text)]
    if not quotes:
        return []
    outside, at = [], 0
    for start, end in quotes:
        outside.append(text[at:start])
        at = end
    return quotes if _TELLS.search(" ".join([*outside, text[at:]])) else []


def _in_other_forms(plain: Folded) -> dict[str, Cue]:
    """Return the cues of what a text says in code or with its letters apart; to hide them says something more."""
    found: dict[str, Cue] = {}
    for how, text, span in _other_forms(plain):
        for cue in _looked(Folded(text)).values():
            what, weight = f"{cue.what}, in {how}", 1 - (1 - cue.weight) * 0.7
            found.setdefault(cue.id, replace(cue, what=what, weight=weight, span=span))
    return found


def _other_forms(plain: Folded) -> Iterator[tuple[str, str, tuple[int, int]]]:
    text = plain.text
    for each in decoded(text):
        yield each.how, each.text, plain.span(each.start, each.end)
    if "&#" in text:
        yield "entities of HTML", html.unescape(text), (0, 0)
    for match in _APART.finditer(text):
        yield "letters that stand apart", re.sub(r"[ ._*-]", "", match[0]), plain.span(*match.span())


def _unseen(text: str) -> dict[str, Cue]:
    """Return the cues of what nobody sees in a text."""
    found: dict[str, Cue] = {}
    for said in smuggled(text):
        found |= {
            cue.id: replace(cue, what=f"{cue.what}, in characters that nobody sees")
            for cue in _looked(Folded(said)).values()
        }
        if sum(sign.isalpha() for sign in said) >= 3:
            found["smuggled"] = Cue("it has words in characters that nobody sees", 0.6, "smuggled")
    if _TURNED.search(text) and any(sign.isalpha() and sign.isascii() for sign in text):
        found["turned"] = Cue("it turns the order in which its letters are shown", 0.35, "turned")
    if _HIDDEN.search(clean_text(text)):
        found["unseen"] = _UNSEEN
    return found
