"""Times as people and programs write them, and their one canonical text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

__all__ = ["COMPACT_UTC", "COMPACT_UTC_FORM", "UNITS", "epoch_unit", "iso", "read_any_time", "read_time"]

_ISO_ONLY: Final = "must be an ISO 8601 time such as '2026-03-01T09:30:00Z'"
_ANY: Final = f"{_ISO_ONLY}, or an RFC 2822 date, or the seconds, milliseconds or microseconds since 1970"
_1970: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000_S: Final = 253_402_300_800
UNITS: Final = (1, 1_000, 1_000_000)

# Shorter digits are a year or an ISO date without dashes.
_EPOCH_TEXT: Final = re.compile(r"[0-9]{9,18}(\.[0-9]+)?")
# 20260301, with the time in minutes, seconds or milliseconds: never meant as a count.
_COMPACT: Final = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])[0-5]\d([0-5]\d(\d{3})?)?)?")
# As agents on Strands write it: 20260301_093000, which is UTC.
COMPACT_UTC: Final = "%Y%m%d_%H%M%S"
COMPACT_UTC_FORM: Final = re.compile(r"[0-9]{8}_[0-9]{6}")
_SLASHES: Final = re.compile(r"^([0-9]{4})/([0-9]{2})/([0-9]{2})(?![0-9/])")
_MIDNIGHT: Final = re.compile(r"([Tt ])24(?=(:?00(:?00([.,]0+)?)?)?(Z|[+-]|$))")
_LEAP: Final = re.compile(r"([Tt ][0-9]{2}:[0-9]{2}):60(?![0-9])")
_RFC_2822: Final = re.compile(
    r"([A-Z][a-z]{2}, ?)?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}(:[0-9]{2})? "
    r"([+-][0-9]{4}|UTC?|GMT|[ECMP][SD]T)( \([A-Za-z ]+\))?"
)


def iso(moment: datetime) -> str:
    """Return the canonical text of a time: UTC, `Z`, microseconds only where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_time(value: Any) -> datetime | None:
    """Return an ISO 8601 text as an aware UTC time, one without a zone taken as UTC; raise ValueError for others.

    `24:00` is the next day's midnight, on any version of Python.
    """
    if value == "" and isinstance(value, str):
        return None
    if not isinstance(value, str):
        raise ValueError(_ISO_ONLY)
    try:
        text, midnight = _MIDNIGHT.subn(r"\g<1>00", value, count=1)
        return _utc(datetime.fromisoformat(text)) + timedelta(days=midnight)
    except (ValueError, OverflowError):
        raise ValueError(_ISO_ONLY) from None


def read_any_time(value: Any) -> datetime | None:
    """Return a time as an import may have it as an aware UTC time; raise ValueError for others.

    Besides what `read_time` takes: slashes in the date; `20260301_093000`, always UTC; the leap second `23:59:60`, which is
    the second after `23:59:59` as in POSIX; RFC 2822 with its zone; an epoch, as a number or as 9 to 18 digits. An epoch has
    the coarsest unit that keeps it before the year 10000: seconds below 253,402,300,800, milliseconds below a thousand times
    that (so none before 1978-01-11), microseconds below a million times that. A number that reads as a compact date
    (20260301) is refused.
    """
    try:
        if isinstance(value, str):
            return _from_text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _from_epoch(value)
    except (ValueError, OverflowError):
        pass
    raise ValueError(_ANY)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def epoch_unit(count: int | float) -> int | None:
    """Return how many of the unit of an epoch make a second: 1, 1,000 or 1,000,000; None if it is out of range."""
    return next((each for each in UNITS if abs(count) < _YEAR_10000_S * each), None)


def _from_epoch(count: int | float) -> datetime:
    per_second = epoch_unit(count)
    if per_second is None:
        raise ValueError("out of range, or NaN")
    if _COMPACT.fullmatch(str(int(count))):
        raise ValueError("a compact date")
    return _1970 + timedelta(microseconds=count * (1_000_000 // per_second))


def _from_text(text: str) -> datetime | None:
    # Before ISO 8601, which would take the first eight digits of thirteen for a date.
    if _EPOCH_TEXT.fullmatch(text):
        return _from_epoch(float(text) if "." in text else int(text))
    if COMPACT_UTC_FORM.fullmatch(text):
        return datetime.strptime(text, COMPACT_UTC).replace(tzinfo=UTC)
    text, leap = _LEAP.subn(r"\1:59", text, count=1)
    if _RFC_2822.fullmatch(text):
        moment: datetime | None = _utc(parsedate_to_datetime(text))
    else:
        moment = read_time(_SLASHES.sub(r"\1-\2-\3", text, count=1))
    if not leap or moment is None:
        return moment
    if (moment.hour, moment.minute) != (23, 59):
        raise ValueError("not the end of a day")
    return moment + timedelta(seconds=1)
