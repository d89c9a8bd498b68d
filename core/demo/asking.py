"""What the story's agents asked, and when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.candidates import Mode
from core.demo.draft import When, rows

__all__ = ["Asking", "askings"]


@dataclass(frozen=True)
class Asking:
    """A question that an agent put to an index at a time; of its k hits the first `entered` went into the prompt."""

    at: datetime
    agent: str
    index: str
    text: str
    mode: Mode
    k: int
    entered: int


def askings(now: datetime) -> tuple[Asking, ...]:
    """Return what the agents asked, the oldest first, as seen from `now`."""
    return tuple(sorted(_asked(now), key=lambda each: (each.at, each.agent)))


def _asked(now: datetime) -> Iterator[Asking]:
    for moment, agent, index, text, mode, k, entered in rows("recalls.psv"):
        days, clock = moment.split()
        hour, minute = clock.split(":")
        when = When(timedelta(days=int(days)), timedelta(hours=int(hour), minutes=int(minute), seconds=len(text) % 60))
        yield Asking(when.at(now), agent, index, text, Mode(mode), int(k), int(entered))
