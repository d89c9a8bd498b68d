"""A memory that is out of recall though it stays in the index: one metadata key that is the same in every schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.memory.model import Memory
from core.memory.storable import storable

__all__ = ["HIDDEN", "STATUS_KEY", "is_hidden", "shown", "status_of", "with_status"]

STATUS_KEY: Final = "mnemoscope_status"
HIDDEN: Final = "hidden"


def status_of(memory: Memory) -> str | None:
    """Return the memory's status, None where it has none; a value that is no text counts as hidden."""
    said = memory.extra.get(STATUS_KEY)
    if said is None or not storable(said):  # the service cannot have it under that key, so its filter passes the memory
        return None
    return said if isinstance(said, str) else HIDDEN


def is_hidden(memory: Memory) -> bool:
    """Say whether recall leaves the memory out: whatever its status says, one that has none is shown."""
    return status_of(memory) is not None


def with_status(metadata: Mapping[str, Any], status: str = HIDDEN) -> dict[str, Any]:
    """Return metadata of a record with a status; nothing else in it changes, whoever wrote it."""
    return {**metadata, STATUS_KEY: status}


def shown(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata of a record without a status."""
    return {name: value for name, value in metadata.items() if name != STATUS_KEY}
