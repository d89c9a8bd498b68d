"""Texts that give orders to whoever reads them, as a planted memory does: some stated cues, in English.

A cue is no proof: a memory may quote an attack, or be a rule of the house. What checks what agents write may use another
check in its place: it is any function from a text to cues.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from core.hostile import clean_text, without_turns

__all__ = ["Check", "Cue", "cues", "instruction_score"]

# Only the beginning of a text is looked at: it bounds the time, and orders stand early.
_READ: Final = 20_000


@dataclass(frozen=True)
class Cue:
    """What was found, in words, and how much it says alone, 0 to 1."""

    what: str
    weight: float


Check = Callable[[str], Sequence[Cue]]

_CUES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), Cue(what, weight))
    for pattern, what, weight in (
        (
            (
                r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}?\b(?:previous|prior|earlier|above|all|any|existing|system)\b"
                r"[^.\n]{0,30}?\b(?:instruction|polic|rule|prompt|guideline|direction)"
            ),
            "it says to ignore earlier instructions",
            0.6,
        ),
        (
            (
                r"\b(?:send|post|forward|upload|e-?mail|transmit|paste|share|leak|exfiltrate)\b[^.\n]{0,80}?"
                r"\b(?:api[ -]?keys?|passwords?|credentials|secrets?|access tokens?|private keys?|session cookies?)\b"
            ),
            "it asks to send secrets somewhere",
            0.5,
        ),
        (
            (
                r"\b(?:do not|don'?t|never) (?:mention|tell|reveal|disclose|report|inform)\b[^.\n]{0,60}?"
                r"\b(?:users?|customers?|anyone|anybody|agents?|operators?|admins?|humans?|reviewers?|owners?)\b"
            ),
            "it asks to keep something from people or agents",
            0.4,
        ),
        (
            r"\b(?:you are now (?:an?|the|my|acting|free|unrestricted)|developer mode|jailbr[eo]ak\w*|unrestricted mode)\b",
            "it gives the reader another role",
            0.4,
        ),
        (
            r"\b(?:curl|wget)\b[^\n]{0,120}?\|\s*(?:ba|z)?sh\b|\brm -rf /",
            "it has a command that does harm when it is run",
            0.35,
        ),
        (
            r"\b(?:highest|top|maximum|absolute) priority\b|\b(?:replaces|overrides|supersedes) (?:all|any|every)\b",
            "it claims to stand above all else",
            0.3,
        ),
        (
            r"\bwithout (?:checking|verif\w+|approval|confirmation|asking|review\w*)",
            "it asks to leave a check out",
            0.25,
        ),
        (r"\b(?:system prompt|system message|hidden instructions?)\b", "it speaks of the reader's own instructions", 0.25),
    )
)
_TURNS: Final = Cue("it has the marks with which a conversation begins a turn", 0.5)
_UNSEEN: Final = Cue("it hides characters that nobody sees", 0.4)
_HIDDEN: Final = re.compile(r"⟨\d+ hidden characters⟩")
# One pass over most texts, which have none of these words.
_ANY: Final = re.compile(
    r"ignore|disregard|forget|override|key|password|credential|secret|token|cookie|mention|tell|reveal|disclose|report|inform"
    r"|you are now|developer mode|jailbr|unrestricted|curl|wget|rm -rf|priority|replaces|supersedes|without|system |hidden"
    r"|<|\[|[^\x00-\u024f]",
    re.IGNORECASE,
)


def cues(text: str) -> tuple[Cue, ...]:
    """Return what in a text orders its reader about; () for most."""
    text = text[:_READ]
    if _ANY.search(text) is None:
        return ()
    found = [cue for pattern, cue in _CUES if pattern.search(text)]
    if without_turns(text) != text:
        found.append(_TURNS)
    if not text.isascii() and _HIDDEN.search(clean_text(text)):
        found.append(_UNSEEN)
    return tuple(found)


def instruction_score(found: Sequence[Cue]) -> float:
    """Return how much some cues say together, 0 to 1."""
    return 1 - math.prod(1 - cue.weight for cue in found)
