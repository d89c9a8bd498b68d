"""Reading and writing at a place of a schema: a metadata key, or names inside the JSON text of one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from core.memory.fields import ABSENT, EPOCHS, FIELDS
from core.memory.schema import INSIDE, LLAMAINDEX, Schema, container_of
from core.memory.storable import as_stored, json_text, parse_object

__all__ = [
    "CONTENT_PLACES",
    "NODE_KEY",
    "clocks",
    "content_place",
    "content_places",
    "field_places",
    "node_twin",
    "read_at",
    "write_at",
]

NODE_KEY: Final = "_node_content"
# Where well-known software keeps the text. In an index of ours only the names that mean nothing else count: any other may be
# a field of its own beside an empty text.
_UNMISTAKABLE: Final = (
    "_page_content",
    "AMAZON_BEDROCK_TEXT",
    "AMAZON_BEDROCK_TEXT_CHUNK",
    f"{NODE_KEY}{INSIDE}text",
    f"{NODE_KEY}{INSIDE}text_resource.text",
)
CONTENT_PLACES: Final = (*_UNMISTAKABLE, "content", "page_content", "text")


@lru_cache(maxsize=256)
def content_places(schema: Schema) -> tuple[str, ...]:
    """Return where the text may be in a row of the schema's index, the schema's own place first."""
    own = schema.place("content")
    mapped = {container_of(place) for name, place in schema.fields.items() if name != "content"}
    others = _UNMISTAKABLE if schema.is_ours else CONTENT_PLACES
    rest = tuple(place for place in others if place != own and container_of(place) not in mapped)
    return rest if own is None else (own, *rest)


@lru_cache(maxsize=256)
def field_places(schema: Schema) -> tuple[tuple[str, str], ...]:
    """Return the fields other than the text that the schema has a place for, each with its place."""
    return tuple((name, place) for name in FIELDS if name != "content" and (place := schema.place(name)) is not None)


@lru_cache(maxsize=256)
def clocks(schema: Schema) -> tuple[tuple[str, str, str], ...]:
    """Return the times that have a key with their seconds: the field, our name of that key, and the key."""
    return tuple((name, epoch, key) for epoch, name in EPOCHS.items() if (key := schema.epoch(name)) is not None)


def content_place(metadata: Mapping[str, Any], schema: Schema) -> str | None:
    """Return where this row has its text: at the schema's place, else where well-known software keeps it."""
    places = content_places(schema)
    own = places[0] if places and places[0] == schema.place("content") else None
    if own is not None and (own in metadata if INSIDE not in own else isinstance(read_at(metadata, own), str)):
        return own
    return next((place for place in places if isinstance(read_at(metadata, place), str)), own)


def read_at(metadata: Mapping[str, Any], place: str) -> Any:
    """Return the value at a place, ABSENT if there is none."""
    key, _, path = place.partition(INSIDE)
    if not path:
        return metadata.get(key, ABSENT)
    value: Any = parse_object(metadata.get(key))
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return ABSENT
        value = value[name]
    return value


def write_at(metadata: dict[str, Any], place: str, value: Any, *, key: str) -> None:
    """Set the value at a place, ABSENT removing it; raise ValueError where the key's value is not the JSON that it must be.

    A node of LlamaIndex that is not there yet gets what that library needs to read it; `key` is the record's.
    """
    name, _, path = place.partition(INSIDE)
    if not path:
        if value is ABSENT:
            metadata.pop(name, None)
        else:
            metadata[name] = value
        return
    whole = parse_object(metadata[name]) if name in metadata else _new_object(metadata, name, key)
    if whole is None:
        raise ValueError(f"cannot be written into {name}, whose value is no JSON object: use its own tool")
    inner = whole
    *way, last = path.split(".")
    for step in way:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):
            raise ValueError(f"cannot be written to {place}, where another value is: use its own tool")
    if value is ABSENT:
        inner.pop(last, None)
    else:
        inner[last] = value
    metadata[name] = json_text(whole, compact=False)


def node_twin(metadata: Mapping[str, Any], place: str, schema: Schema) -> str | None:
    """Return where a LlamaIndex node repeats the value of a plain key: filters see the key, the library reads the node."""
    if schema.name != LLAMAINDEX or INSIDE in place or "." in place:
        return None
    twin = f"{NODE_KEY}{INSIDE}metadata.{place}"
    return twin if place in metadata and as_stored(read_at(metadata, twin), metadata[place]) else None


def _new_object(metadata: dict[str, Any], name: str, key: str) -> dict[str, Any]:
    if name != NODE_KEY:
        return {}
    metadata.setdefault("_node_type", "TextNode")
    return {"id_": key, "embedding": None, "metadata": {}, "relationships": {}, "text": "", "class_name": "TextNode"}
