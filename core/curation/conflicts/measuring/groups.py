"""The figures by judge and by cue, and week by week."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from core.curation.conflicts.measuring.answers import Answer
from core.curation.conflicts.measuring.precision import precision
from core.curation.conflicts.measuring.shares import Share

__all__ = ["Figures", "Week", "by_cue", "by_judge", "drift", "weeks"]

_IN_A_GROUP: Final = 10
_WEEKS: Final = 26


@dataclass(frozen=True)
class Figures:
    """The raised cards of one judge or one cue: how many were decided, and how many of these clash."""

    name: str
    decided: int
    mean_clash: float
    precision: Share

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"precision": self.precision.to_json()}


@dataclass(frozen=True)
class Week:
    """The decisions of one week, from its Monday on; `off` says that its precision is not that of the weeks before it."""

    monday: date
    decided: int
    mean_clash: float | None
    precision: Share
    off: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"monday": self.monday.isoformat(), "precision": self.precision.to_json()}


def by_judge(answers: Sequence[Answer]) -> tuple[Figures, ...]:
    """Return the figures of each judge, the one with most decisions first."""
    return _by(answers, lambda answer: answer.judge)


def by_cue(answers: Sequence[Answer]) -> tuple[Figures, ...]:
    """Return the figures of each cue, the one with most decisions first; "" is where the judge named none."""
    return _by(answers, lambda answer: answer.cue)


def weeks(answers: Sequence[Answer]) -> tuple[Week, ...]:
    """Return the last half year of decided raised cards by week, in UTC, the oldest first; weeks without any are there."""
    raised = [answer for answer in answers if not answer.sample]
    if not raised:
        return ()
    mondays = [_monday(answer) for answer in raised]
    last, found = max(mondays), list[Week]()
    first = max(min(mondays), last - timedelta(weeks=_WEEKS - 1))
    for number in range((last - first).days // 7 + 1):
        monday = first + timedelta(weeks=number)
        own = [answer for answer, at in zip(raised, mondays, strict=True) if at == monday]
        before = [answer for answer, at in zip(raised, mondays, strict=True) if at < monday]
        mean = sum(answer.clash for answer in own) / len(own) if own else None
        share = precision(own, needed=_IN_A_GROUP)
        found.append(Week(monday, len(own), mean, share, drift(share, precision(before))))
    return tuple(found)


def drift(now: Share, before: Share) -> str:
    """Return how a share moved, in words, where the two intervals do not meet; "" where it did not or nobody can say."""
    if now.low is None or now.high is None or before.low is None or before.high is None:
        return ""
    if now.high < before.low:
        return f"lower than before: {now.value:.0%} after {before.value:.0%}"
    return f"higher than before: {now.value:.0%} after {before.value:.0%}" if now.low > before.high else ""


def _by(answers: Sequence[Answer], name_of: Callable[[Answer], str]) -> tuple[Figures, ...]:
    groups: dict[str, list[Answer]] = {}
    for answer in answers:
        if not answer.sample:
            groups.setdefault(name_of(answer), []).append(answer)
    found = [
        Figures(name, len(own), sum(each.clash for each in own) / len(own), precision(own, needed=_IN_A_GROUP))
        for name, own in groups.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.decided, each.name)))


def _monday(answer: Answer) -> date:
    day = answer.at.date()
    return day - timedelta(days=day.weekday())
