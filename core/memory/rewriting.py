"""A changed memory as a change of its record: each field under the record's own key and in its form, all else untouched."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from core.errors import InvalidMemoryError
from core.memory.fields import ABSENT, EPOCHS, FIELDS, preview, same
from core.memory.model import Memory
from core.memory.places import clocks, content_place, content_places, field_places, node_twin, read_at, write_at
from core.memory.schema import INSIDE, STRANDS, Schema, container_of
from core.memory.storable import EXTRA_KEY, check_limits, checked, exact_number, json_text, parse_object, storable
from core.memory.times import COMPACT_UTC, epoch_unit, read_any_time
from core.vectors.client import MetadataValue

__all__ = ["changed", "everything", "written"]


def changed(
    memory: Memory,
    before: Memory,
    metadata: Mapping[str, Any],
    schema: Schema,
    *,
    non_filterable: Collection[str] | None,
    fresh: bool = False,
) -> dict[str, MetadataValue]:
    """Return the metadata that `before` was read from with what differs; raise InvalidMemoryError over a limit.

    A field that is empty removes its value; in a fresh record it leaves what is there.
    """
    result: dict[str, Any] = dict(metadata)
    for name in FIELDS:
        if _differs(memory, before, name, fresh=fresh):
            try:
                _write(result, memory, name, schema, fresh=fresh)
            except ValueError as error:
                raise InvalidMemoryError(f"Memory {preview(memory.key)}: {name} {error}.") from None
    _write_extra(result, memory, {} if fresh else before.extra, metadata, fresh=fresh)
    check_limits(memory.key, result, non_filterable=result if non_filterable is None else non_filterable)
    return result


def everything(memory: Memory) -> dict[str, Any]:
    """Return the fields that we do not know, and those of the record that say more than ours: what a row must not lose."""
    origin = memory.origin
    if origin is None:
        return dict(memory.extra)
    kept: dict[str, Any] = {name: origin.metadata[name] for name in _unread(origin.schema) if name in origin.metadata}
    for place, name in _foreign_places(origin.schema, origin.metadata):
        original = origin.metadata[container_of(place)]
        if INSIDE in place or _says_more(original, memory, name):
            kept[container_of(place)] = original
    return kept | dict(memory.extra)


def written(memory: Memory, name: str) -> Any:
    """Return the field as JSON or ABSENT, refusing a value that could not be read back."""
    field, value = FIELDS[name], getattr(memory, name)
    if value is None and field.empty is None:
        return ABSENT
    try:
        result = field.write(value)
        if result is not ABSENT:
            field.read(result)
    except (ValueError, AttributeError, TypeError) as error:
        reason = (
            str(error) if isinstance(error, ValueError) else f"has the type {type(value).__name__}, which it cannot have"
        )
        raise InvalidMemoryError(f"Memory {preview(memory.key)}: {name} {preview(value)} {reason}.") from None
    return result


def _differs(memory: Memory, before: Memory, name: str, *, fresh: bool) -> bool:
    value = getattr(memory, name)
    other = bool(value != getattr(before, name))
    if not fresh:
        return other
    # A text that is empty is written too: else another key could be read as the text.
    return other or not value if name == "content" else other and value != FIELDS[name].empty


def _says_more(original: Any, memory: Memory, name: str) -> bool:
    """Say whether a value that is still true has another form than the field has in a row."""
    field, value = FIELDS[name], getattr(memory, name)
    try:
        return bool(field.parse_foreign(original) == value) and not same(field.write(value), original)
    except ValueError:
        return False


def _foreign_places(schema: Schema, metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the places of the record that are not our own names, with their fields; the clocks beside times too."""
    text = content_place(metadata, schema)
    if text is not None and text != "content" and container_of(text) in metadata:
        yield text, "content"
    for place, name in _others_places(schema):
        if container_of(place) in metadata:
            yield place, name


@lru_cache(maxsize=256)
def _others_places(schema: Schema) -> tuple[tuple[str, str], ...]:
    """Return the places that are not our own names with their fields, less the text's; the clocks beside times too."""
    named = [(place, name) for name, place in field_places(schema) if place != name]
    return (*named, *((key, name) for name, epoch, key in clocks(schema) if key not in (epoch, schema.place(name))))


@lru_cache(maxsize=256)
def _unread(schema: Schema) -> tuple[str, ...]:
    """Return our names whose keys mean something else in the schema's index, and are no field's place."""
    taken = {container_of(place) for _, place in field_places(schema)} | {container_of(p) for p in content_places(schema)}
    return tuple(name for name in FIELDS if name not in taken)


def _write(result: dict[str, Any], memory: Memory, name: str, schema: Schema, *, fresh: bool) -> None:
    place = content_place(result, schema) if name == "content" and not fresh else schema.place(name)
    if place is None:
        raise ValueError(f"has no place: in this index the key {name!r} holds another field; map it to a key of its own")
    value = written(memory, name)
    if fresh and place == name and storable(memory.as_written.get(name)):
        value = memory.as_written[name]
    elif isinstance(getattr(memory, name), datetime):
        value = _like(read_at(result, place), getattr(memory, name), value, place, name, schema)
    elif name == "tags" and isinstance(read_at(result, place), str) and value is not ABSENT and len(value) == 1:
        value = value[0]
    twin = node_twin(result, place, schema)
    write_at(result, place, value, key=memory.key)
    if twin is not None:
        write_at(result, twin, value, key=memory.key)
    epoch = schema.epoch(name) if f"{name}_epoch" in EPOCHS else None
    if epoch is not None and epoch != place:
        moment: datetime | None = getattr(memory, name)
        write_at(result, epoch, ABSENT if moment is None else moment.timestamp(), key=memory.key)


def _like(original: Any, moment: datetime, text: str, place: str, name: str, schema: Schema) -> Any:
    """Return a time in the form that the record has, or its software writes, if that form holds it exactly, else as text."""
    form: Any = text
    if exact_number(original) or (original is ABSENT and schema.epoch(name) == place):
        per_second = (epoch_unit(original) if original is not ABSENT else None) or 1
        count = moment.timestamp() * per_second
        form = int(count) if count.is_integer() else count
        if schema.epoch(name) == place:
            return form
    elif _is_compact(original) or (original is ABSENT and schema.name == STRANDS and name in schema.fields):
        form = moment.strftime(COMPACT_UTC)
    try:
        return form if read_any_time(form) == moment else text
    except ValueError:
        return text


def _is_compact(original: Any) -> bool:
    try:
        return isinstance(original, str) and datetime.strptime(original, COMPACT_UTC) is not None  # noqa: DTZ007
    except ValueError:
        return False


def _write_extra(
    result: dict[str, Any], memory: Memory, before: Mapping[str, Any], metadata: Mapping[str, Any], *, fresh: bool
) -> None:
    """Write the unknown fields that differ; what the service cannot store goes into `extra_json`."""
    hidden = parse_object(metadata.get(EXTRA_KEY)) or {}
    kept = dict(hidden)
    for name in before.keys() - memory.extra.keys():
        hidden.pop(name, None)
        result.pop(name, None)
    for name, value in memory.extra.items():
        if same(before.get(name, ABSENT), value) or (fresh and name in metadata):
            continue
        checked(memory.key, name, value)
        if storable(value) and name and not name.startswith("$") and name != EXTRA_KEY and name not in hidden:
            result[name] = value
        else:
            hidden[name] = value
            result.pop(name, None)
    if hidden != kept:
        result.pop(EXTRA_KEY, None)
        if hidden:
            result[EXTRA_KEY] = json_text(hidden)
