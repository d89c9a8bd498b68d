"""A memory that is out of recall though it stays in the index: one metadata key that is the same in every schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.memory.model import Memory
from core.memory.storable import storable

__all__ = [
    "HIDDEN",
    "QUARANTINED",
    "STATUS_KEY",
    "is_hidden",
    "is_quarantined",
    "quarantined",
    "released",
    "shown",
    "status_of",
    "with_status",
]

STATUS_KEY: Final = "mnemoscope_status"
HIDDEN: Final = "hidden"
QUARANTINED: Final = "quarantined"
# What follows it is the status that the memory had before, which a release gives back.
_BEFORE: Final = f"{QUARANTINED}:"


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


def is_quarantined(status: object) -> bool:
    """Say whether the value of a status is that of a quarantine."""
    return isinstance(status, str) and (status == QUARANTINED or status.startswith(_BEFORE))


def quarantined(metadata: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return metadata of a record in quarantine, None where its status is no text and so cannot be kept beside it."""
    before = metadata.get(STATUS_KEY, "")
    if not isinstance(before, str) or (STATUS_KEY in metadata and not before):
        return None
    return with_status(metadata, f"{_BEFORE}{before}" if before else QUARANTINED)


def released(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata of a record as it was before its quarantine; `is_quarantined` must hold for its status."""
    before = str(metadata[STATUS_KEY])[len(_BEFORE) :]
    return with_status(metadata, before) if before else shown(metadata)
