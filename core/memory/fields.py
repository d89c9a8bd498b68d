"""The fields of a memory: how each is read from JSON and written back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.memory.times import iso, read_any_time, read_time

__all__ = ["ABSENT", "EPOCHS", "FIELDS", "Field", "check_json", "iso", "preview", "read_time", "same"]

# A JSON value that is not there; null is a value.
ABSENT: Final = object()

_PREVIEW_CHARS: Final = 80
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|\.[0-9]+")


def preview(value: object) -> str:
    """Return the value as a person would recognise it in a message, bounded in length."""
    text = repr(value)
    return text if len(text) <= _PREVIEW_CHARS else f"{text[:_PREVIEW_CHARS]}… ({len(text):,} characters)"


def same(one: object, other: object) -> bool:
    """Say whether two JSON values of a field are the same text in JSON: 1, 1.0 and True are not."""
    return type(one) is type(other) and one == other


def read_text(value: Any) -> str | None:
    """Return the text, None for an empty one; raise ValueError for anything else."""
    if not isinstance(value, str):
        raise ValueError("must be text: put it in quotes, or leave it out")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("is not valid Unicode (half of a surrogate pair): re-encode the text as UTF-8") from None
    return value or None


def read_content(value: Any) -> str:
    """Return the text, which may be empty; raise ValueError for anything else."""
    return read_text(value) or ""


def read_name(value: Any) -> str | None:
    """Return the text, or the text of a number, a whole one without its point; raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < math.inf:
        return read_text(value)
    whole = isinstance(value, float) and value.is_integer() and abs(value) <= 2**53
    return str(int(value) if whole else value)


def read_share(value: Any) -> float | None:
    """Return a number from 0 to 1; raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError("must be a number from 0 to 1: scale it, or leave it out")
    return value


def read_texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts as a tuple; raise ValueError for anything else."""
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError('must be a list of texts, as in ["one", "two"]')
    for item in value:
        read_text(item)
    return tuple(value)


def read_share_text(value: Any) -> float | None:
    """Return a number from 0 to 1, also one written as text; raise ValueError for anything else."""
    return read_share(float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else value)


def read_words(value: Any) -> tuple[str, ...]:
    """Return a list of texts, or one text split at its commas, as a tuple; raise ValueError for anything else."""
    if not isinstance(value, str):
        return read_texts(value)
    read_text(value)
    return tuple(word for part in value.split(",") if (word := part.strip()))


def read_tags(value: Any) -> tuple[str, ...]:
    """Return a list of texts, or one text as the only tag, as a tuple; raise ValueError for anything else."""
    return read_texts([value] if isinstance(value, str) and value else value)


def read_count(value: Any) -> int:
    """Return a whole number from 0 to 2**53, 3.0 as 3; raise ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2**53 or value != int(value):
        raise ValueError("must be a whole number, 0 or more")
    return int(value)


def _write_plain(value: Any) -> Any:
    return ABSENT if value is None or value == "" else value


def _write_time(value: datetime | None) -> Any:
    return ABSENT if value is None else iso(value)


def _write_texts(value: tuple[str, ...]) -> Any:
    return list(value) if value else ABSENT


def _write_count(value: int) -> Any:
    return value or ABSENT


@dataclass(frozen=True)
class Field:
    """One field: `read` takes a JSON value that is not null and raises ValueError, `write` returns JSON or ABSENT.

    `accept` is `read` for an import, and takes more: forms that a filter would not find if they were stored as they are.
    `adopt` is `read` for a record that other software wrote, and takes only what a filter finds as it is.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = _write_plain
    empty: Any = None
    accept: Callable[[Any], Any] | None = None
    adopt: Callable[[Any], Any] | None = None

    def parse(self, value: Any) -> Any:
        """Return the field's value for a JSON value that is stored; null is the empty value."""
        return self.empty if value is None else self.read(value)

    def parse_row(self, value: Any) -> Any:
        """Return the field's value for a JSON value of an import; null is the empty value."""
        return self.empty if value is None else (self.accept or self.read)(value)

    def parse_foreign(self, value: Any) -> Any:
        """Return the field's value for a JSON value of a record that other software wrote; null is the empty value."""
        return self.empty if value is None else (self.adopt or self.read)(value)

    def is_stored_as(self, written: Any, value: Any) -> bool:
        """Say whether the JSON value, stored, is read as the value; one that cannot be read is the empty value."""
        try:
            return bool(self.parse(written) == value)
        except ValueError:
            return bool(value == self.empty)

    def is_imported_as(self, written: Any, value: Any) -> bool:
        """Say whether the JSON value, imported, is read as the value."""
        try:
            return bool(self.parse_row(written) == value)
        except ValueError:
            return False


FIELDS: Final[Mapping[str, Field]] = {
    field.name: field
    for field in (
        Field("content", read_content, lambda text: text, ""),
        Field("memory_type", read_text),
        Field("agent_id", read_text, accept=read_name, adopt=read_name),
        Field("team_id", read_text, accept=read_name, adopt=read_name),
        Field("task_id", read_text, accept=read_name, adopt=read_name),
        Field("session_id", read_text, accept=read_name, adopt=read_name),
        Field("created_at", read_time, _write_time, accept=read_any_time, adopt=read_any_time),
        Field("expires_at", read_time, _write_time, accept=read_any_time, adopt=read_any_time),
        Field("confidence", read_share, accept=read_share_text),
        Field("source", read_text, accept=read_name, adopt=read_name),
        Field("tags", read_texts, _write_texts, (), accept=read_words, adopt=read_tags),
        Field("derived_from", read_texts, _write_texts, ()),
        Field("recall_count", read_count, _write_count, 0),
        Field("last_recalled_at", read_time, _write_time, accept=read_any_time, adopt=read_any_time),
        Field("notes", read_text),
    )
}

# S3VECTORS.md: range filters take numbers only, so each time has its seconds since 1970 beside it.
EPOCHS: Final[Mapping[str, str]] = {f"{name}_epoch": name for name in ("created_at", "expires_at", "last_recalled_at")}


def check_json(value: Any) -> None:
    """Raise ValueError unless the value is JSON that any parser reads back: no NaN, no infinity, text keys only."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds NaN or an infinity, which JSON cannot carry: write null or a number")
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise ValueError(f"holds an object with the key {preview(name)}: keys must be text")
            check_json(item)
    elif isinstance(value, list | tuple):
        for item in value:
            check_json(item)
    elif value is not None and not isinstance(value, str | int | float):
        raise ValueError(f"holds a {type(value).__name__}, which JSON cannot carry: convert it to text or numbers")
