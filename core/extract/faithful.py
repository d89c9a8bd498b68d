"""Whether a model's wording says only what its quote says: numbers, names, identifiers, "not", and most of its words."""

from __future__ import annotations

import re
from typing import Final

from core.extract.turn import AgentTurn, Role

__all__ = ["unfaithful"]

_NUMBER: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_NAME: Final = re.compile(r"(?<![.!?] )(?<!^)\b[A-Z][\w-]+|\b\w+[_/@.]\w+(?:[_/@.]\w+)*")
_NOT: Final = re.compile(
    r"\b(?:not|no|never|none|nothing|nobody|neither|nor|without|cannot)\b|\b[a-z]+n['’]t\b", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\W\d_]{4,}")
_MOST_NEW: Final = 0.5
_STEM: Final = 5


def unfaithful(content: str, quote: str, turn: AgentTurn) -> str | None:
    """Return what a wording says that its source does not, None where it says nothing of its own.

    Numbers and every "not" must be those of the quote; names may be of the whole turn, less what tools returned, for a
    pronoun stands for one of them; half of the longer words must be the quote's.
    """
    missing = [number for number in _NUMBER.findall(content) if number not in _NUMBER.findall(quote)]
    if missing:
        return f"the quote has no {missing[0]!r}"
    if _nots(content) != _nots(quote):
        return "it denies something else than the quote"
    said = " ".join([quote, *(message.text for message in turn.messages if message.role in (Role.USER, Role.ASSISTANT))])
    known = f"{said} {turn.agent_id or ''} {turn.team_id or ''}".lower()
    for name in _NAME.findall(content):
        if name.lower() not in known:
            return f"nobody in the turn says {name[:40]!r}"
    words = {word.lower()[:_STEM] for word in _WORD.findall(content)} - {"user", "agent"}
    own = words - {word.lower()[:_STEM] for word in _WORD.findall(quote)}
    return "most of its words are not those of the quote" if len(own) > _MOST_NEW * max(len(words), 1) else None


def _nots(text: str) -> bool:
    """Say whether a text denies an odd number of times."""
    return len(_NOT.findall(text)) % 2 == 1
