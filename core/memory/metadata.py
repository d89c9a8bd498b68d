"""A memory as metadata of S3 Vectors, and back without loss.

What the service cannot store under its own name (null, nested objects, empty, mixed or boolean lists, integers beyond 2**53,
more than fits into the filterable bytes, or the original of a value that an import had in another form) goes as one JSON
object into `extra_json`, which is not filterable.

A memory that was read from a record goes back as a change of that record: what is unchanged keeps its key, form and value.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from core.errors import ValidationError
from core.memory import rewriting
from core.memory.fields import ABSENT, EPOCHS, FIELDS, same
from core.memory.keys import check_key
from core.memory.model import Memory, Origin
from core.memory.places import clocks, content_place, field_places, read_at
from core.memory.schema import INSIDE, OURS, Schema, container_of
from core.memory.status import STATUS_KEY
from core.memory.storable import (
    EXTRA_KEY,
    check_limits,
    checked,
    entry_bytes,
    exact_number,
    json_text,
    parse_object,
    storable,
)
from core.vectors.client import MetadataValue
from core.vectors.limits import FILTERABLE_BYTES_MAX, METADATA_KEY_CHARS_MAX, METADATA_KEYS_MAX
from core.vectors.validation import check_metadata, metadata_bytes

__all__ = ["EXTRA_KEY", "NON_FILTERABLE", "TEXT_KEY", "entry_bytes", "from_metadata", "to_metadata"]

TEXT_KEY: Final = "content"
# Fixed when an index is created (10 at most), so with room: `summary` for texts made from others, `sources` for citations,
# `provenance` for the trail of a merge, `payload` for the raw record of an importer.
NON_FILTERABLE: Final = (TEXT_KEY, "derived_from", "notes", EXTRA_KEY, "summary", "sources", "provenance", "payload")

# The service's clock beside each time may be a float32 (S3VECTORS.md): steps of 128 s.
_EPOCH_SLACK_S: Final = 256.0


def to_metadata(
    memory: Memory, *, non_filterable: Collection[str] | None = None, schema: Schema | None = None
) -> dict[str, MetadataValue]:
    """Return the memory as metadata that the service takes; raise InvalidMemoryError where it cannot be.

    Without a schema it is that of the record that the memory was read from, else ours. Without `non_filterable` the index
    is taken for one that we made; with another schema no key counts as filterable, and only the service knows.
    """
    check_key(memory.key)
    origin = memory.origin
    wanted = schema or (origin.schema if origin else OURS)
    hidden = NON_FILTERABLE if non_filterable is None else non_filterable
    if origin is None or origin.schema != wanted:
        own = memory if origin is None else replace(memory, extra=_unknown(rewriting.everything(memory)), origin=None)
        return _fresh(own, hidden) if wanted.is_ours else _composed(own, wanted, non_filterable)
    before = from_metadata(memory.key, origin.metadata, wanted)
    if before == memory and _as_it_is(memory.key, origin.metadata):
        return dict(origin.metadata)
    if wanted.is_ours and content_place(origin.metadata, wanted) in (TEXT_KEY, None):
        return _fresh(memory, hidden)
    return rewriting.changed(memory, before, origin.metadata, wanted, non_filterable=non_filterable)


def from_metadata(key: str, metadata: Mapping[str, Any], schema: Schema = OURS) -> Memory:
    """Return the memory of a record, ours or not: never raises, and keeps what it does not understand."""
    hidden = parse_object(metadata.get(EXTRA_KEY))
    values: dict[str, Any] = {}
    as_written: dict[str, Any] = {}
    used = {EXTRA_KEY} if hidden is not None else set()
    text = content_place(metadata, schema)
    for name, place in (*field_places(schema), *([(TEXT_KEY, text)] if text is not None else [])):
        inside = INSIDE in place
        field, written = FIELDS[name], read_at(metadata, place) if inside else metadata.get(place, ABSENT)
        if written is ABSENT:
            continue
        try:
            values[name] = field.parse(written) if schema.is_ours else field.parse_foreign(written)
        except ValueError:
            if place == name:
                as_written[name] = written
            continue
        used.add(container_of(place) if inside else place)
        if place == name and not same(field.write(values[name]), written):
            as_written[name] = written
    used.update(key for _, _, key in clocks(schema) if key in metadata)
    extra = {name: value for name, value in metadata.items() if name not in used and name not in FIELDS}
    for name, value in (hidden or {}).items():
        (as_written if name in FIELDS else extra)[name] = value
    extra.update(_odd_epochs(metadata, values, extra, schema))
    origin = Origin(schema, metadata)
    return Memory(key, values.pop(TEXT_KEY, ""), **values, extra=extra, as_written=as_written, origin=origin)


def _unknown(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in FIELDS}


def _as_it_is(key: str, metadata: Mapping[str, Any]) -> bool:
    """Say whether it is a record that the service holds, in whatever index."""
    try:
        check_metadata(key, metadata, non_filterable=metadata)
    except ValidationError:
        return False
    return True


def _composed(memory: Memory, schema: Schema, non_filterable: Collection[str] | None) -> dict[str, MetadataValue]:
    """Return a memory that comes from elsewhere as other software would write it: `extra` may hold that one's own keys."""
    base = {name: value for name, value in memory.extra.items() if storable(value)}
    before = from_metadata(memory.key, base, schema)
    return rewriting.changed(memory, before, base, schema, non_filterable=non_filterable, fresh=True)


def _fresh(memory: Memory, non_filterable: Collection[str]) -> dict[str, MetadataValue]:
    """Return the memory as an index of ours holds it."""
    metadata, hidden = _known(memory)
    check_limits(memory.key, metadata, non_filterable=non_filterable)
    room = FILTERABLE_BYTES_MAX - metadata_bytes(metadata, leave_out=non_filterable)
    slots = METADATA_KEYS_MAX - 1 - len(metadata)
    plain: list[tuple[int, str, Any]] = []
    for name, value in memory.extra.items():
        checked(memory.key, name, value)
        if _own_name(memory, name) and storable(value):
            plain.append((0 if name in non_filterable else entry_bytes(name, value), name, value))
        else:
            hidden[name] = value
    # What hides the memory must be found by a filter; then the small ones first: the most fields stay filterable.
    for cost, name, value in sorted(plain, key=lambda entry: (entry[1] != STATUS_KEY, *entry[:2])):
        if cost <= room and slots > 0:
            metadata[name], room, slots = value, room - cost, slots - 1
        else:
            hidden[name] = value
    if hidden:
        metadata[EXTRA_KEY] = json_text(hidden)
    if not memory.content and content_place(metadata, OURS) != TEXT_KEY:
        metadata[TEXT_KEY] = ""  # else a field that is named like the text of other software would be read as the text
    check_limits(memory.key, metadata, non_filterable=non_filterable)
    return metadata


def _known(memory: Memory) -> tuple[dict[str, MetadataValue], dict[str, Any]]:
    """Return the known fields as metadata, and what of them only JSON can carry."""
    metadata: dict[str, MetadataValue] = {}
    hidden: dict[str, Any] = {}
    for name, field in FIELDS.items():
        value = rewriting.written(memory, name)
        if name in memory.as_written:
            original = memory.as_written[name]
            # A form that only an import reads stays out of the way of filters: they look for the value.
            if storable(original) and field.is_stored_as(original, getattr(memory, name)):
                value = original
            else:
                checked(memory.key, name, original)
                hidden[name] = original
        if value is not ABSENT and value != "":
            metadata[name] = value
    for epoch, name in EPOCHS.items():
        if getattr(memory, name) is not None:
            metadata[epoch] = getattr(memory, name).timestamp()
    return metadata, hidden


def _own_name(memory: Memory, name: str) -> bool:
    """Say whether an unknown field can be a metadata key of that name."""
    if name in EPOCHS:
        return getattr(memory, EPOCHS[name]) is None
    plain = 0 < len(name) <= METADATA_KEY_CHARS_MAX and not name.startswith("$") and name.isprintable()
    return plain and name != EXTRA_KEY


def _odd_epochs(
    metadata: Mapping[str, Any], values: Mapping[str, Any], extra: Mapping[str, Any], schema: Schema
) -> Iterator[tuple[str, Any]]:
    """Yield the epochs that do not follow from their times: another writer's, kept as they are."""
    for name, _, key in clocks(schema):
        if key not in metadata or key in extra:
            continue
        written, moment = metadata[key], values.get(name)
        if moment is None or not exact_number(written) or abs(written - moment.timestamp()) > _EPOCH_SLACK_S:
            yield key, written
