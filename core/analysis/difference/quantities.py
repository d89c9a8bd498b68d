"""Words of quantity in a text, and the words that make a number a bound."""

from __future__ import annotations

from typing import Final

from core.analysis.difference.found import Claim, Kind
from core.analysis.difference.polarity import BOUNDS, QUANTITIES
from core.analysis.difference.reading import Text

__all__ = ["bounds_in", "quantities_in"]

_LONGEST: Final = 3


def quantities_in(text: Text) -> tuple[Claim, ...]:
    """Return the words of quantity of a text, in order."""
    return tuple(
        Claim(Kind.QUANTITY, QUANTITIES[token.lower], token.text, token.span, "share")
        for token in text.tokens
        if token.kind == "word" and token.lower in QUANTITIES
    )


def bounds_in(text: Text) -> tuple[Claim, ...]:
    """Return the bounds of a text, "at least 5", in order."""
    found = []
    tokens = text.tokens
    for at, token in enumerate(tokens):
        if token.kind not in ("number", "time", "moment"):
            continue
        for length in range(_LONGEST, 0, -1):
            start = at - length
            bound = BOUNDS.get(tuple(each.lower for each in tokens[start:at])) if start >= 0 else None
            if bound is not None:
                span = (tokens[start].span[0], token.span[1])
                found.append(Claim(Kind.QUANTITY, bound, text.text[span[0] : span[1]], span, "bound"))
                break
    return tuple(found)
