"""A schema as a person puts it together: a metadata key for each field, checked against the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.memory.candidates import clock_of
from core.memory.schema import CUSTOM, NOWHERE, OURS, Schema

__all__ = ["MAPPABLE", "mapped_schema", "places_of"]

# The fields that a person maps, the most important first; counts and lineage are Mnemoscope's own.
MAPPABLE: Final = (
    "content", "agent_id", "team_id", "task_id", "session_id", "memory_type", "created_at", "expires_at", "confidence",
    "source", "tags", "notes",
)  # fmt: skip
_TIMES: Final = ("created_at", "expires_at")


def places_of(schema: Schema) -> dict[str, str]:
    """Return where a schema has each mappable field; one that it does not name is left out."""
    return {name: place for name in MAPPABLE if (place := schema.fields.get(name, NOWHERE)) != NOWHERE}


def mapped_schema(places: Mapping[str, str], rows: Sequence[Mapping[str, Any]], *, detected: Schema) -> Schema:
    """Return the schema of the chosen places; one that was not changed stays what it was detected as.

    `rows` are metadata of the index: they tell whether a time's numbers can be filtered in the service, and which fields
    that were not chosen have a key of their name, which then means something else. Raise ConfigError for a place that two
    fields share.
    """
    if dict(places) == places_of(detected):
        return detected
    fields, taken = dict(places), set(places.values())
    for name in _TIMES:
        clock = clock_of(rows, places[name]) if name in places else None
        if clock is not None and (clock == places[name] or clock not in taken):
            fields[f"{name}_epoch"] = clock
    for name in MAPPABLE[1:]:
        if name not in places and name not in taken and any(name in row for row in rows):
            fields[name] = NOWHERE
    name = CUSTOM if detected.name == OURS.name else detected.name
    return Schema(name, fields)
