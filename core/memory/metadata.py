"""A memory as metadata of S3 Vectors, and back without loss.

What the service cannot store under its own name (null, nested objects, empty, mixed or boolean lists, integers beyond 2**53,
more than fits into the filterable bytes, or the original of a value that an import had in another form) goes as one JSON
object into `extra_json`, which is not filterable.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from core.errors import InvalidMemoryError
from core.memory.fields import ABSENT, EPOCHS, FIELDS, check_json, preview, same
from core.memory.keys import check_key
from core.memory.model import Memory
from core.vectors.client import MetadataValue
from core.vectors.limits import FILTERABLE_BYTES_MAX, METADATA_BYTES_MAX, METADATA_KEY_CHARS_MAX, METADATA_KEYS_MAX
from core.vectors.validation import metadata_bytes

__all__ = ["EXTRA_KEY", "NON_FILTERABLE", "TEXT_KEY", "entry_bytes", "from_metadata", "to_metadata"]

TEXT_KEY: Final = "content"
EXTRA_KEY: Final = "extra_json"
# Fixed when an index is created (10 at most), so with room: `summary` for texts made from others, `sources` for citations,
# `provenance` for the trail of a merge, `payload` for the raw record of an importer.
NON_FILTERABLE: Final = (TEXT_KEY, "derived_from", "notes", EXTRA_KEY, "summary", "sources", "provenance", "payload")

_EXACT_INT: Final = 2**53
# The service's clock beside each time may be a float32 (S3VECTORS.md): steps of 128 s.
_EPOCH_SLACK_S: Final = 256.0


def entry_bytes(name: str, value: Any) -> int:
    """Return what one entry adds to the metadata's size by AWS's measure (S3VECTORS.md, limits)."""
    return metadata_bytes({name: value}) - 4


def to_metadata(memory: Memory, *, non_filterable: Collection[str] = NON_FILTERABLE) -> dict[str, MetadataValue]:
    """Return the memory as metadata that the service takes; raise InvalidMemoryError where it cannot be."""
    check_key(memory.key)
    metadata, hidden = _known(memory)
    filterable = metadata_bytes(metadata, leave_out=non_filterable)
    if filterable > FILTERABLE_BYTES_MAX:
        raise _too_big(memory, metadata, filterable, FILTERABLE_BYTES_MAX, "filterable metadata", skip=non_filterable)
    room, slots = FILTERABLE_BYTES_MAX - filterable, METADATA_KEYS_MAX - 1 - len(metadata)
    plain: list[tuple[int, str, Any]] = []
    for name, value in memory.extra.items():
        _checked(memory, name, value)
        if _own_name(memory, name) and _storable(value):
            plain.append((0 if name in non_filterable else entry_bytes(name, value), name, value))
        else:
            hidden[name] = value
    # The small ones first: the most fields stay filterable.
    for cost, name, value in sorted(plain, key=lambda entry: entry[:2]):
        if cost <= room and slots > 0:
            metadata[name], room, slots = value, room - cost, slots - 1
        else:
            hidden[name] = value
    if hidden:
        metadata[EXTRA_KEY] = _json(hidden)
    total = metadata_bytes(metadata)
    if total > METADATA_BYTES_MAX:
        raise _too_big(memory, metadata, total, METADATA_BYTES_MAX, "metadata")
    return metadata


def from_metadata(key: str, metadata: Mapping[str, Any]) -> Memory:
    """Return the memory of a record, ours or not: never raises, and keeps what it does not understand."""
    hidden = _parse_hidden(metadata.get(EXTRA_KEY))
    values: dict[str, Any] = {}
    as_written: dict[str, Any] = {}
    extra = {
        name: value for name, value in metadata.items() if name not in FIELDS and name not in EPOCHS and name != EXTRA_KEY
    }
    if hidden is None and EXTRA_KEY in metadata:
        extra[EXTRA_KEY] = metadata[EXTRA_KEY]
    for name in FIELDS.keys() & metadata.keys():
        field, written = FIELDS[name], metadata[name]
        try:
            values[name] = field.parse(written)
        except ValueError:
            as_written[name] = written
        else:
            if not same(field.write(values[name]), written):
                as_written[name] = written
    for name, value in (hidden or {}).items():
        (as_written if name in FIELDS else extra)[name] = value
    extra.update(_odd_epochs(metadata, values, extra))
    return Memory(key, values.pop("content", ""), **values, extra=extra, as_written=as_written)


def _known(memory: Memory) -> tuple[dict[str, MetadataValue], dict[str, Any]]:
    """Return the known fields as metadata, and what of them only JSON can carry."""
    metadata: dict[str, MetadataValue] = {}
    hidden: dict[str, Any] = {}
    for name, field in FIELDS.items():
        value = field.write(_valid(memory, name))
        if name in memory.as_written:
            written = memory.as_written[name]
            # A form that only an import reads stays out of the way of filters: they look for the value.
            if _storable(written) and field.is_stored_as(written, getattr(memory, name)):
                value = written
            else:
                _checked(memory, name, written)
                hidden[name] = written
        if value is not ABSENT and value != "":
            metadata[name] = value
    for epoch, name in EPOCHS.items():
        if getattr(memory, name) is not None:
            metadata[epoch] = getattr(memory, name).timestamp()
    return metadata, hidden


def _valid(memory: Memory, name: str) -> Any:
    """Return the field's value, refusing one that could not be read back."""
    field, value = FIELDS[name], getattr(memory, name)
    if value is None and field.empty is None:
        return None
    try:
        written = field.write(value)
        if written is not ABSENT:
            field.read(written)
    except (ValueError, AttributeError, TypeError) as error:
        reason = (
            str(error) if isinstance(error, ValueError) else f"has the type {type(value).__name__}, which it cannot have"
        )
        raise InvalidMemoryError(f"Memory {preview(memory.key)}: {name} {preview(value)} {reason}.") from None
    return value


def _own_name(memory: Memory, name: str) -> bool:
    """Say whether an unknown field can be a metadata key of that name."""
    if name in EPOCHS:
        return getattr(memory, EPOCHS[name]) is None
    plain = 0 < len(name) <= METADATA_KEY_CHARS_MAX and not name.startswith("$") and name.isprintable()
    return plain and name != EXTRA_KEY


def _storable(value: Any) -> bool:
    """Say whether the service stores the value exactly; empty text and lists are left to `extra_json`."""
    if isinstance(value, bool):
        return True
    if isinstance(value, list):
        texts = all(isinstance(item, str) and _encodable(item) for item in value)
        return bool(value) and (texts or all(_exact_number(item) for item in value))
    return (isinstance(value, str) and value != "" and _encodable(value)) or _exact_number(value)


def _exact_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) <= _EXACT_INT


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _checked(memory: Memory, name: Any, value: Any) -> None:
    try:
        check_json({name: value})
    except ValueError as error:
        raise InvalidMemoryError(f"Memory {preview(memory.key)}: {name} {error}.") from None
    except RecursionError:
        raise InvalidMemoryError(f"Memory {preview(memory.key)}: {name} is nested too deeply: flatten it.") from None


def _json(hidden: Mapping[str, Any]) -> str:
    text = json.dumps(hidden, ensure_ascii=False, separators=(",", ":"))
    # Half a surrogate pair has no UTF-8: only its escape can be stored.
    return text if _encodable(text) else json.dumps(hidden, separators=(",", ":"))


def _parse_hidden(text: Any) -> dict[str, Any] | None:
    try:
        parsed = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _odd_epochs(
    metadata: Mapping[str, Any], values: Mapping[str, Any], extra: Mapping[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Yield the epochs that do not follow from their times: another writer's, kept as they are."""
    for epoch, name in EPOCHS.items():
        if epoch not in metadata or epoch in extra:
            continue
        written, moment = metadata[epoch], values.get(name)
        if moment is None or not _exact_number(written) or abs(written - moment.timestamp()) > _EPOCH_SLACK_S:
            yield epoch, written


def _too_big(
    memory: Memory, metadata: Mapping[str, Any], size: int, limit: int, what: str, *, skip: Collection[str] = ()
) -> InvalidMemoryError:
    largest = max((name for name in metadata if name not in skip), key=lambda name: entry_bytes(name, metadata[name]))
    return InvalidMemoryError(
        f"Memory {preview(memory.key)}: its {what} has {size:,} bytes, the service takes {limit:,}; "
        f"the largest field is {largest} with {entry_bytes(largest, metadata[largest]):,}: shorten it or split the memory."
    )
