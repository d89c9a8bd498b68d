"""A moment to look back at, and the clock that says what was there then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from core.errors import ConfigError
from core.memory.fields import iso, preview, read_time

__all__ = ["Clock", "Moment"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


class Clock(StrEnum):
    """By which clock a memory was there: when its agent made it, or when it came into the store."""

    CREATED = "created"
    RECORDED = "recorded"

    @property
    def sentence(self) -> str:
        """What looking by this clock means."""
        return _SENTENCES[self]


_SENTENCES: Final = {
    Clock.CREATED: "What the agents knew: a memory counts from when it was made, also one that was imported later.",
    Clock.RECORDED: "What the store held: a memory counts from when it came into the store, as far as the journal tells.",
}


@dataclass(frozen=True)
class Moment:
    """A moment, in UTC to the microsecond, by a clock. Everything up to and with it counts."""

    at: datetime
    clock: Clock = Clock.CREATED

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ConfigError(
                f"The moment {self.at.isoformat()} has no time zone: use an aware time, as datetime.now(UTC) is."
            )
        object.__setattr__(self, "at", self.at.astimezone(UTC))

    @classmethod
    def parse(cls, text: str, clock: str = "") -> Moment:
        """Return the moment of a link or an option: ISO 8601, UTC where no zone is given, and the name of a clock.

        Raise ConfigError for anything else.
        """
        try:
            at = read_time(text.strip())
        except ValueError:
            at = None
        if at is None:
            raise ConfigError(f"{preview(text)} is no moment: write it as 2026-11-14T10:32:05Z.")
        if clock not in ("", *Clock):
            raise ConfigError(f"There is no clock {preview(clock)}: choose {Clock.CREATED} or {Clock.RECORDED}.")
        return cls(at, Clock(clock or Clock.CREATED))

    @classmethod
    def from_us(cls, us: int, clock: Clock = Clock.CREATED) -> Moment:
        """Return the moment so many microseconds after 1970; raise ConfigError for one that no calendar has."""
        try:
            return cls(_EPOCH + int(us) * _US, clock)
        except OverflowError:
            raise ConfigError(f"{us:,} microseconds after 1970 is no moment that a calendar has.") from None

    @property
    def us(self) -> int:
        """Microseconds since 1970."""
        return (self.at - _EPOCH) // _US

    @property
    def text(self) -> str:
        """The moment as a link has it: `parse` reads it; microseconds only where there are any."""
        return iso(self.at)

    def in_words(self) -> str:
        """Return the moment for a person: "14 Nov 2026, 10:32:05 UTC", with microseconds only where there are any."""
        part = f".{self.at.microsecond:06d}" if self.at.microsecond else ""
        return f"{self.at.day} {self.at:%b %Y, %H:%M:%S}{part} UTC"
