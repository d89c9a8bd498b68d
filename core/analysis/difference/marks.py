"""Marks that say something without a word: a tick beside a cross, a thumb up or down, arrows, stars. Pure."""

from __future__ import annotations

import re
from typing import Final

from core.analysis.difference.found import Claim, Difference, Kind
from core.analysis.difference.reading import MARK, Text, Token

__all__ = ["MARKED", "mark_of", "remarked"]

MARKED: Final = "mark"
_MARK: Final = re.compile(MARK)
# How a mark is drawn, in colour or on a skin, says nothing.
_DRAWN: Final = re.compile(r"[\u200d\ufe0f\U0001f3fb-\U0001f3ff]")


def mark_of(token: Token) -> Claim | None:
    """Return the status that a mark is, None for another sign."""
    if token.kind != "sign" or not _MARK.fullmatch(token.text):
        return None
    value = _DRAWN.sub("", token.text)
    return Claim(Kind.STATUS, value, token.text, token.span, MARKED) if value else None


def remarked(left: Text, right: Text) -> list[Difference]:
    """Return the first mark of as many that is another one: "build ✅, tests ❌" beside "build ❌, tests ✅"."""
    mine, theirs = ([mark for token in text.tokens if (mark := mark_of(token))] for text in (left, right))
    if len(mine) != len(theirs):
        return []
    pairs = [(one, other) for one, other in zip(mine, theirs, strict=True) if one.value != other.value]
    return [Difference(Kind.STATUS, one.text, other.text, ((one.span,), (other.span,))) for one, other in pairs[:1]]
