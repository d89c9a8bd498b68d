"""What a memory is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from core.errors import InvalidMemoryError
from core.memory.fields import FIELDS, preview, same
from core.memory.schema import Schema

__all__ = ["Memory", "MemoryType", "Origin"]


class MemoryType(StrEnum):
    """The three kinds of memory that we know by name; a memory may carry any other."""

    EPISODIC = "episodic"
    SEMANTIC = "semantic"
    PROCEDURAL = "procedural"


@dataclass(frozen=True)
class Origin:
    """The record that a memory was read from: its metadata as it is stored, and the schema it was read with."""

    schema: Schema
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Memory:
    """One memory: its text, who made it when, and whatever else its metadata carries.

    Times are aware UTC. `confidence` is 0 to 1, None where nobody stated one. `extra` holds the fields that we do not know,
    any JSON value. `as_written` holds known fields whose original JSON says more than the value: an explicit null, an empty
    list, a time with its own zone or precision, a value of another type. It goes out as it came in until the field changes.
    `origin` is the record that it was read from: writing the memory changes of that record only what differs.
    """

    key: str
    content: str
    memory_type: str | None = None
    agent_id: str | None = None
    team_id: str | None = None
    task_id: str | None = None
    session_id: str | None = None
    created_at: datetime | None = None
    expires_at: datetime | None = None
    confidence: float | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    derived_from: tuple[str, ...] = ()
    recall_count: int = 0
    last_recalled_at: datetime | None = None
    notes: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    as_written: Mapping[str, Any] = field(default_factory=dict, repr=False)
    origin: Origin | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Normalise: empty text is None, times are UTC, lists are tuples, stale originals are dropped."""
        known = FIELDS.keys() & self.extra.keys()
        if known:
            raise InvalidMemoryError(
                f"Memory {preview(self.key)}: extra cannot hold {min(known)!r}, a field of its own: set the field."
            )
        for name in ("memory_type", "agent_id", "team_id", "task_id", "session_id", "source", "notes"):
            if getattr(self, name) == "":
                object.__setattr__(self, name, None)
        for name in ("created_at", "expires_at", "last_recalled_at"):
            moment = getattr(self, name)
            if isinstance(moment, datetime) and moment.tzinfo is not UTC:
                object.__setattr__(self, name, _to_utc(self.key, name, moment))
        for name in ("tags", "derived_from"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.as_written:
            object.__setattr__(self, "as_written", {n: v for n, v in self.as_written.items() if self._still_said(n, v)})

    def __hash__(self) -> int:
        return hash((self.key, self.content))

    def is_expired(self, now: datetime) -> bool:
        """Say whether the memory's time is over at `now`; one without an expiry never expires."""
        return self.expires_at is not None and self.expires_at <= now

    def _still_said(self, name: str, written: Any) -> bool:
        if name not in FIELDS:
            return False
        known, value = FIELDS[name], getattr(self, name)
        agrees = known.is_stored_as(written, value) or known.is_imported_as(written, value)
        return agrees and not same(known.write(value), written)


def _to_utc(key: str, name: str, moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InvalidMemoryError(
            f"Memory {preview(key)}: {name} {moment.isoformat()} has no time zone: use an aware time, as datetime.now(UTC)."
        )
    return moment.astimezone(UTC)
