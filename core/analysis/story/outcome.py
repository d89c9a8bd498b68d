"""How a task ended, where one of its memories says so: the words, whether that is good, and why, if a reason is stated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.curation.tasks import outcome_of
from core.hostile import one_line

__all__ = ["Outcome", "outcome_in"]

_BAD: Final = ("abandon", "abort", "cancel", "fail", "unsuccessful", "false")
_GOOD: Final = ("success", "succeed", "solved", "resolved", "done", "complete", "finished", "true")
_REASONS: Final = ("outcome_reason", "failure_reason", "reason")
_SCORES: Final = ("reward", "score")
_CHARS: Final = 300


@dataclass(frozen=True)
class Outcome:
    """What a memory says of how its task ended; `good` is None where its words do not tell."""

    words: str
    good: bool | None
    key: str
    at: datetime | None
    reason: str = ""


def outcome_in(
    tags: tuple[str, ...] | list[str], extra: Mapping[str, Any], *, at: datetime | None, key: str
) -> Outcome | None:
    """Return the outcome that one memory states in its tags or fields, None where it states none."""
    words = outcome_of(tags, extra)
    good = None if words is None else _is_good(words)
    if words is None:
        words, good = _by_flag(extra)
    if words is None:
        return None
    reasons = (extra.get(name) for name in _REASONS)
    reason = next((one_line(text, _CHARS) for text in reasons if isinstance(text, str) and text.strip()), "")
    return Outcome(words, good, key, at, reason)


def _is_good(words: str) -> bool | None:
    said = words.rsplit(" ", 1)[-1].lower()
    if any(word in said for word in _BAD):
        return False
    return True if any(word in said for word in _GOOD) else None


def _by_flag(extra: Mapping[str, Any]) -> tuple[str | None, bool | None]:
    """Return what a truth value or a reward says: 1 is full success, 0 none, between them it does not tell."""
    for name in ("success", "succeeded"):
        if isinstance(extra.get(name), bool):
            return f"{name} {str(extra[name]).lower()}", bool(extra[name])
    for name in _SCORES:
        value = extra.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
            good = True if value >= 1 else False if value <= 0 else None
            return f"{name} {value:g}", good
    return None, None
