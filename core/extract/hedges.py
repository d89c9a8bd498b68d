"""Words that say how sure a speaker is, and what they leave of a confidence."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Hedge", "hedge_in"]

Hedge = tuple[str, float]
_STRONG: Final = 0.55
_MILD: Final = 0.8
_HEDGES: Final = (
    (
        _STRONG,
        re.compile(
            r"\b(?:may(?= (?:be|have|not|also|need|take|come|cause))|might|maybe|perhaps|possibly|presumably|supposedly|"
            r"apparently|allegedly|reportedly|likely|probably|I (?:think|guess|believe|suppose|assume|suspect)|"
            r"we (?:think|believe|assume|suspect)|(?:seems?|appears?|seemed|appeared|looks?) (?:to|that|like|as if)|"
            r"could be|as far as I (?:know|remember)|if I (?:recall|remember)|not (?:entirely |quite |completely )?"
            r"(?:sure|certain)|rumou?r\w*|unconfirmed|unverified)\b",
            re.IGNORECASE,
        ),
    ),
    (
        _MILD,
        re.compile(
            r"\b(?:about|around|roughly|approximately|approx|some \d|usually|often|generally|typically|sometimes|mostly|"
            r"should (?:be|have|arrive|take|now)|expected to|scheduled to|planned for|expects?|estimates?d?|will)\b"
            r"|[~≈]\s?\d",
            re.IGNORECASE,
        ),
    ),
)


def hedge_in(text: str) -> Hedge | None:
    """Return the first word of the strongest kind that hedges, and the share of confidence that it leaves."""
    for share, pattern in _HEDGES:
        found = pattern.search(text)
        if found is not None:
            return found[0], share
    return None
