"""What was written into a journal, read back: whoever edits a file can write anything into it."""

from __future__ import annotations

import json
from typing import Any, Final

from core.curation.journal import Entry
from core.errors import JournalError

__all__ = ["as_json", "entry_from", "unreadable_entry"]

_TEXTS: Final = ("stream", "plan_id", "plan_hash", "actor", "reason", "previous", "hash")


def as_json(value: Any) -> bytes:
    """Return a value as ASCII: texts that are no UTF-8 and numbers of any size are kept."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def entry_from(value: Any, *, stream: str, number: int) -> Entry:
    """Return the entry of JSON, parsed or not; raise JournalError for what is none."""
    try:
        entry = Entry.from_json(json.loads(value) if isinstance(value, bytes) else value)
        said = vars(entry)
        if odd := next((name for name in _TEXTS if not isinstance(said[name], str)), None):
            raise TypeError(f"its {odd} is no text")
        if type(entry.number) is not int or not isinstance(entry.body, dict):
            raise TypeError("its number or body is none")
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise unreadable_entry(stream, number, error) from error
    return entry


def unreadable_entry(stream: str, number: int, error: Exception) -> JournalError:
    """Return the error for an entry that is none."""
    return JournalError(
        f"Entry {number:,} in the journal of {stream} cannot be read ({type(error).__name__}: {error}): "
        "restore the journal from a backup.",
        number=number,
    )
