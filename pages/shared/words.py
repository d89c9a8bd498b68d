"""Say values as people read them: times, sizes, counts, names. Plain text in and out; no HTML here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["age", "bytes_text", "day_text", "exact", "minute_words", "plural", "share"]

_STEPS: Final = (
    (timedelta(minutes=1), timedelta(seconds=1), "second"),
    (timedelta(hours=1), timedelta(minutes=1), "minute"),
    (timedelta(days=2), timedelta(hours=1), "hour"),
    (timedelta(days=14), timedelta(days=1), "day"),
    (timedelta(days=70), timedelta(days=7), "week"),
    (timedelta(days=730), timedelta(days=30.44), "month"),
)
_YEAR: Final = timedelta(days=365.25)


def plural(count: int, word: str, many: str | None = None) -> str:
    """Return "1 memory" or "1,204 memories"."""
    ends = many or (word[:-1] + "ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else word + "s")
    return f"{count:,} {word if count == 1 else ends}"


def age(moment: datetime | None, *, now: datetime) -> str:
    """Return how long ago or ahead a time is: "3 days ago", "in 2 hours"."""
    if moment is None:
        return "unknown time"
    gap = now - moment
    size = abs(gap)
    if size < timedelta(seconds=45):
        return "just now"
    below = next(((step, word) for limit, step, word in _STEPS if size < limit), (_YEAR, "year"))
    text = plural(max(1, int(size / below[0])), below[1])
    return f"{text} ago" if gap > timedelta(0) else f"in {text}"


def exact(moment: datetime | None) -> str:
    """Return the exact time with its zone."""
    return "unknown" if moment is None else f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def day_text(moment: datetime) -> str:
    """Return the day of a moment in UTC: "6 Jan 2026"."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y}"


def minute_words(moment: datetime) -> str:
    """Return a moment to read, in UTC, to the minute: "6 Jan 2026, 05:04"."""
    return f"{day_text(moment)}, {moment.astimezone(UTC):%H:%M}"


def bytes_text(size: float) -> str:
    """Return a size in short units, 1 KB = 1,024 bytes as the service counts."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "B" or size >= 100 else f"{size:,.1f} {unit}"
        size /= 1024
    raise AssertionError


def share(part: float, whole: float) -> str:
    """Return a percentage that never says 0 % of something: "<0.1 %"."""
    if whole <= 0 or part <= 0:
        return "0 %"
    percent = 100 * part / whole
    return "<0.1 %" if percent < 0.1 else f"{percent:.1f} %" if percent < 10 else f"{percent:.0f} %"
