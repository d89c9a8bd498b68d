"""Memories beside themselves with one thing changed: what a judge must know that pairs in other words do not teach it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Final

from core.models.judge import ConflictVerdict

__all__ = ["edits"]

_CLASH: Final = frozenset({ConflictVerdict.CONTRADICTION})
_SAME: Final = frozenset({ConflictVerdict.DUPLICATE})
_SCOPE: Final = frozenset({ConflictVerdict.BOTH_TRUE})
_NUMBER: Final = re.compile(r"(?<![\w.:/-])\d{1,5}(?![\w.:/-]|\.\d)")
_UNIT: Final = re.compile(r"(?<![\w.])(\d{1,3}) (hours|minutes|days|weeks|GB|km|kg)\b")
_UNITS: Final = {
    "hours": (60, "minutes"), "minutes": (60, "seconds"), "days": (24, "hours"), "weeks": (7, "days"), "GB": (1024, "MB"),
    "km": (1000, "m"), "kg": (1000, "g"),
}  # fmt: skip
_NO: Final = (
    (" is ", " is not "),
    (" are ", " are not "),
    (" was ", " was not "),
    (" has ", " has not "),
    (" will ", " will not "),
)
_STATES: Final = (
    ("open", "closed"), ("enabled", "disabled"), ("failed", "succeeded"), ("approved", "rejected"), ("first", "last"),
    ("before", "after"), ("always", "never"), ("allowed", "forbidden"), ("paid", "unpaid"), ("more", "less"),
    ("empty", "full"),
    ("required", "optional"), ("increased", "decreased"), ("everyone", "nobody"), ("Monday", "Thursday"), ("all", "none"),
)  # fmt: skip
_PLACES: Final = (("prod", "staging"), ("production", "staging"), ("staging", "production"), ("EU", "US"))


def edits(text: str, seed: int) -> Iterator[tuple[str, frozenset[ConflictVerdict]]]:
    """Yield changed copies of a text, each with the verdicts that it allows beside the text itself."""
    chance = random.Random(seed)
    yield chance.choice((text.rstrip("."), f"Note: {text}", text.lower(), f"{text} ", text.replace(". ", ".\n"))), _SAME
    numbers = list(_NUMBER.finditer(text))
    changed = text
    if numbers:
        place = chance.choice(numbers)
        new = int(place.group()) + chance.choice((1, 2, 3, 5, 10, int(place.group()) or 4))
        changed = f"{text[: place.start()]}{new}{text[place.end() :]}"
        yield changed, _CLASH
    if unit := _UNIT.search(text):
        factor, name = _UNITS[unit.group(2)]
        yield f"{text[: unit.start()]}{int(unit.group(1)) * factor} {name}{text[unit.end() :]}", _SAME
    for plain, no in _NO:
        if plain in text and no not in text:
            yield text.replace(plain, no, 1), _CLASH
            break
    for one, other in (*_STATES, *(pair[::-1] for pair in _STATES)):
        found = re.search(rf"\b{one}\b", text)
        if found:
            yield f"{text[: found.start()]}{other}{text[found.end() :]}", _CLASH
            break
    for one, other in _PLACES:
        if re.search(rf"\b{one}\b", text):
            yield re.sub(rf"\b{one}\b", other, changed), _SCOPE
            break
