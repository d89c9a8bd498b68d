"""A schema as a person puts it together: a metadata key for each field, checked against the records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.memory.candidates import clock_of
from core.memory.schema import CUSTOM, OURS, Schema

__all__ = ["MAPPABLE", "mapped_schema", "places_of"]

# The fields that a person maps, the most important first; counts and lineage are Mnemoscope's own.
MAPPABLE: Final = (
    "content", "agent_id", "team_id", "task_id", "session_id", "memory_type", "created_at", "expires_at", "confidence",
    "source", "tags", "notes",
)  # fmt: skip
_TIMES: Final = ("created_at", "expires_at")


def places_of(schema: Schema) -> dict[str, str]:
    """Return where a schema has each mappable field; one that it does not name is left out."""
    return {name: schema.fields[name] for name in MAPPABLE if name in schema.fields}


def mapped_schema(places: Mapping[str, str], rows: Sequence[Mapping[str, Any]], *, detected: Schema) -> Schema:
    """Return the schema of the chosen places; one that was not changed stays what it was detected as.

    `rows` are metadata of the index: they tell whether a time's numbers can be filtered in the service. Raise ConfigError
    for a place that two fields share.
    """
    if dict(places) == places_of(detected):
        return detected
    fields = dict(places)
    for name in _TIMES:
        if name in places and (clock := clock_of(rows, places[name])):
            fields[f"{name}_epoch"] = clock
    name = CUSTOM if detected.name == OURS.name else detected.name
    return Schema(name, fields)
