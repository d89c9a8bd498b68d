"""What a memory is, its key, and its two forms: metadata of the service, ours or others', and a row of a file."""

from core.memory.keys import check_key, new_key
from core.memory.metadata import EXTRA_KEY, NON_FILTERABLE, TEXT_KEY, entry_bytes, from_metadata, to_metadata
from core.memory.model import Memory, MemoryType
from core.memory.rows import from_row, to_row
from core.memory.schema import OURS, Schema

__all__ = [
    "EXTRA_KEY",
    "NON_FILTERABLE",
    "OURS",
    "TEXT_KEY",
    "Memory",
    "MemoryType",
    "Schema",
    "check_key",
    "entry_bytes",
    "from_metadata",
    "from_row",
    "new_key",
    "to_metadata",
    "to_row",
]
