"""A memory of the story before there is a clock: times are ages, links are names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

__all__ = ["STORY", "Draft", "When", "rows", "span"]

STORY: Final = Path(__file__).parent / "story"
_SPAN: Final = re.compile(r"(?P<count>\d+)(?P<unit>[dhm])")
_UNITS: Final = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


@dataclass(frozen=True)
class When:
    """A time before now: a time of day some days back, or a plain span."""

    back: timedelta
    clock: timedelta | None = None

    def at(self, now: datetime) -> datetime:
        """Return the time as seen from `now`, to the second."""
        start = now.replace(microsecond=0) if self.clock is None else now.replace(hour=0, minute=0, second=0, microsecond=0)
        return start - self.back + (self.clock or timedelta())

    def later(self, by: timedelta) -> When:
        """Return the time that lies `by` later."""
        return When(self.back, (self.clock or timedelta()) + by)


@dataclass(frozen=True)
class Draft:
    """One memory as the story has it; `derived_from`, `contradicts` and `same` hold names, not keys."""

    index: str
    content: str
    agent: str
    memory_type: str
    when: When
    team: str
    task: str | None = None
    session: str | None = None
    confidence: float | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    name: str | None = None
    lives: timedelta | None = None  # from its creation
    until: timedelta | None = None  # from now
    recalls: int = 0
    recalled: timedelta | None = None  # before now
    derived_from: tuple[str, ...] = ()
    contradicts: tuple[str, str] | None = None  # the name of the older memory, what the two are about
    same: str | None = None
    stated: bool = False  # says in its metadata what it contradicts
    poisoned: bool = False
    to_agent: str | None = None
    extra: Mapping[str, float] = field(default_factory=dict)


def span(text: str) -> timedelta:
    """Return a span such as 3d, 5h or 40m; raise ValueError for anything else."""
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a span: write 3d, 5h or 40m.")
    return int(match["count"]) * _UNITS[match["unit"]]


def rows(name: str) -> list[list[str]]:
    """Return the cells of a table of the story; lines that start with # are comments."""
    lines = (STORY / name).read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")] for line in lines if line and not line.startswith("#")]
