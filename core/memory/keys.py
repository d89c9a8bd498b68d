"""Keys: readable for people, unique for two writers in one microsecond."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from core.errors import InvalidMemoryError
from core.memory.fields import preview
from core.vectors.limits import KEY_BYTES_MAX, KEY_CHARS_MAX

__all__ = ["LOG_PREFIX", "check_key", "new_key"]

# Of the events of a log that agents share (core.agents.log): only all of them together are the log, so policies spare them.
LOG_PREFIX: Final = "mnemoscope-log:"

_PART_CHARS: Final = 40
_NOT_PLAIN = re.compile(r"[^\w.-]+")


def _unique() -> str:
    return uuid.uuid4().hex


def new_key(
    *, agent_id: str | None, task_id: str | None, created_at: datetime | None, unique: Callable[[], str] = _unique
) -> str:
    """Return `agent:task:time:unique`; parts that are not known are left out."""
    parts = [_NOT_PLAIN.sub("-", part).strip("-")[:_PART_CHARS] for part in (agent_id, task_id) if part]
    if created_at is not None:
        parts.append(created_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"))
    return ":".join([*(part for part in parts if part), unique()])


def check_key(key: object) -> str:
    """Return the key; raise InvalidMemoryError unless the service can hold it."""
    if not isinstance(key, str):
        raise InvalidMemoryError(f"key {preview(key)} must be text: put it in quotes, or leave it out to get one.")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise InvalidMemoryError(f"key {preview(key)} is not valid Unicode: re-encode it as UTF-8.") from None
    if not key:
        raise InvalidMemoryError("key is empty: write at least one character, or leave it out to get one.")
    if len(key) > KEY_CHARS_MAX or size > KEY_BYTES_MAX:
        raise InvalidMemoryError(
            f"key {preview(key)} has {size:,} bytes, the service takes {KEY_BYTES_MAX:,}: shorten it, or leave it out."
        )
    return key
