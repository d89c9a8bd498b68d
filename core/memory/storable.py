"""What the service can store as a metadata value, and the JSON text for what it cannot."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Collection, Mapping
from typing import Any, Final

from core.errors import InvalidMemoryError
from core.memory.fields import check_json, preview
from core.vectors.client import MetadataValue
from core.vectors.limits import FILTERABLE_BYTES_MAX, METADATA_BYTES_MAX, METADATA_KEYS_MAX
from core.vectors.validation import metadata_bytes

__all__ = [
    "EXTRA_KEY",
    "as_stored",
    "check_limits",
    "checked",
    "encodable",
    "entry_bytes",
    "exact_number",
    "json_text",
    "parse_object",
    "storable",
]

EXTRA_KEY: Final = "extra_json"
_EXACT_INT: Final = 2**53


def entry_bytes(name: str, value: Any) -> int:
    """Return what one entry adds to the metadata's size by AWS's measure (S3VECTORS.md, limits)."""
    return metadata_bytes({name: value}) - 4


def storable(value: Any) -> bool:
    """Say whether the service stores the value exactly; empty text and lists are left to `extra_json`."""
    if isinstance(value, bool):
        return True
    if isinstance(value, list):
        texts = all(isinstance(item, str) and encodable(item) for item in value)
        return bool(value) and (texts or all(exact_number(item) for item in value))
    return (isinstance(value, str) and value != "" and encodable(value)) or exact_number(value)


def exact_number(value: Any) -> bool:
    """Say whether the value is a finite number that a float64 holds exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= _EXACT_INT


def as_stored(value: Any, stored: Any) -> bool:
    """Say whether a service gives `stored` for the value: equal, but that it may keep a number as a float32."""
    if isinstance(value, list) and isinstance(stored, list):
        return len(value) == len(stored) and all(map(as_stored, value, stored))
    if isinstance(value, bool) or isinstance(stored, bool) or not isinstance(value, int | float):
        return type(value) is type(stored) and bool(value == stored)
    if not isinstance(stored, int | float):
        return False
    try:
        return value == stored or struct.unpack("f", struct.pack("f", value))[0] == stored
    except (OverflowError, struct.error):  # beyond float32
        return False


def encodable(text: str) -> bool:
    """Say whether the text has UTF-8: no half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checked(key: str, name: Any, value: Any) -> None:
    """Raise InvalidMemoryError unless the value is JSON that any parser reads back."""
    try:
        check_json({name: value})
    except ValueError as error:
        raise InvalidMemoryError(f"Memory {preview(key)}: {name} {error}.") from None
    except RecursionError:
        raise InvalidMemoryError(f"Memory {preview(key)}: {name} is nested too deeply: flatten it.") from None


def json_text(value: Mapping[str, Any], *, compact: bool = True) -> str:
    """Return an object as JSON text that UTF-8 can carry, without spaces when compact."""
    separators = (",", ":") if compact else None
    text = json.dumps(value, ensure_ascii=False, separators=separators)
    # Half a surrogate pair has no UTF-8: only its escape can be stored.
    return text if encodable(text) else json.dumps(value, separators=separators)


def parse_object(text: Any) -> dict[str, Any] | None:
    """Return the object that a JSON text holds, None if it holds none."""
    try:
        parsed = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def check_limits(key: str, metadata: Mapping[str, MetadataValue], *, non_filterable: Collection[str]) -> None:
    """Raise InvalidMemoryError that names the largest field if the metadata is over a limit of the service."""
    filterable = metadata_bytes(metadata, leave_out=non_filterable)
    if filterable > FILTERABLE_BYTES_MAX:
        raise _too_big(key, metadata, filterable, FILTERABLE_BYTES_MAX, "filterable metadata", skip=non_filterable)
    total = metadata_bytes(metadata)
    if total > METADATA_BYTES_MAX:
        raise _too_big(key, metadata, total, METADATA_BYTES_MAX, "metadata")
    if len(metadata) > METADATA_KEYS_MAX:
        raise InvalidMemoryError(
            f"Memory {preview(key)}: it has {len(metadata)} keys, the service takes {METADATA_KEYS_MAX}: merge some."
        )


def _too_big(
    key: str, metadata: Mapping[str, Any], size: int, limit: int, what: str, *, skip: Collection[str] = ()
) -> InvalidMemoryError:
    largest = max((name for name in metadata if name not in skip), key=lambda name: entry_bytes(name, metadata[name]))
    return InvalidMemoryError(
        f"Memory {preview(key)}: its {what} has {size:,} bytes, the service takes {limit:,}; "
        f"the largest field is {largest} with {entry_bytes(largest, metadata[largest]):,}: shorten it or split the memory."
    )
