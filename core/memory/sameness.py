"""When a memory is stored already: value by value, numbers as far as a service that keeps float32 can tell them apart."""

from __future__ import annotations

from collections.abc import Collection

from core.errors import InvalidMemoryError
from core.memory.metadata import to_metadata
from core.memory.model import Memory
from core.memory.storable import as_stored

__all__ = ["is_stored"]


def is_stored(memory: Memory, stored: Memory | None, *, non_filterable: Collection[str] | None = None) -> bool:
    """Say whether a write of the memory would change nothing of what was read from its index, None if it is not there."""
    if stored is None or stored == memory:
        return stored is not None
    origin = stored.origin
    if origin is None:
        return False
    try:
        wanted = to_metadata(memory, non_filterable=non_filterable, schema=origin.schema)
    except InvalidMemoryError:
        return False  # the write says why
    there = origin.metadata
    return wanted.keys() == there.keys() and all(as_stored(value, there[name]) for name, value in wanted.items())
