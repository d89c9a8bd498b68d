"""Words before a statement that are not part of it: "Sure,", "Thanks,", "Yes,", "Done:"."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["opening_of", "said_in"]

_OPENING: Final = re.compile(
    r"\s*(?:(?:hi|hello|hey|thanks(?: a lot| so much)?|thank you(?: very much| so much)?|sure(?: thing)?|ok(?:ay)?"
    r"|great(?: choice)?"
    r"|nice|good (?:morning|evening|to know|question|choice)|morning|quick one|sorry|noted|got it|understood|of course"
    r"|no problem"
    r"|certainly|absolutely|congratulations(?: on [^!.]{1,40})?|cheers|perfect|yes|yep|yeah|no|well|right|all right"
    r"|alright|done"
    r"|and|also|so|but|then|however|therefore|thus|hence|additionally|in addition|furthermore|moreover|unfortunately"
    r"|as for that|actually"
    r"|fyi|by the way|btw|oh|ah)(?:[,:;!.—–]+\s*|\s+(?=I\b|we\b|the\b|never\b|always\b|my\b|our\b)))+",
    re.IGNORECASE,
)


def opening_of(text: str) -> int:
    """Return how many characters come before what is said; 0 for most sentences."""
    found = _OPENING.match(text)
    return found.end() if found else 0


def said_in(text: str) -> str:
    """Return the sentence without its opening and the white space around it."""
    return text[opening_of(text) :].strip()
