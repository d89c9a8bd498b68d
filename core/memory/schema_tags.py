"""A schema as tags of an index, and back."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Final

from core.errors import ConfigError
from core.memory.fields import preview
from core.memory.schema import OURS, Schema
from core.vectors.limits import TAG_VALUE_CHARS_MAX

__all__ = ["is_schema_tag", "read_schema", "schema_tags"]

_NAME_TAG: Final = "mnemoscope:schema"
_FIELD_TAG: Final = "mnemoscope:field."
# What a tag's value may have; metadata keys may have more, and go as base64.
_PLAIN: Final = re.compile(r"[A-Za-z0-9 _.:/=+@-]*")
_ENCODED: Final = "b64:"


def schema_tags(schema: Schema) -> dict[str, str]:
    """Return the tags that say a schema; raise ConfigError for a key that no tag can hold."""
    fields = {} if schema.is_ours else schema.fields
    return {_NAME_TAG: schema.name} | {f"{_FIELD_TAG}{name}": _written(name, place) for name, place in fields.items()}


def read_schema(tags: Mapping[str, str]) -> tuple[Schema | None, str | None]:
    """Return the schema that the tags say, None if they say none, and what is wrong with them if they cannot be read."""
    if _NAME_TAG not in tags:
        return None, None
    if tags[_NAME_TAG] == OURS.name:
        return OURS, None
    try:
        fields = {tag.removeprefix(_FIELD_TAG): _read(tags[tag]) for tag in sorted(tags) if tag.startswith(_FIELD_TAG)}
        return Schema(tags[_NAME_TAG], fields), None
    except (ConfigError, ValueError) as error:
        return None, f"The schema saved in the index's tags cannot be read ({error}): save it again."


def is_schema_tag(tag: str) -> bool:
    """Say whether a tag is part of a saved schema."""
    return tag == _NAME_TAG or tag.startswith(_FIELD_TAG)


def _written(name: str, place: str) -> str:
    plain = _PLAIN.fullmatch(place) and not place.startswith(_ENCODED) and place == place.strip()
    value = place if plain else _ENCODED + base64.urlsafe_b64encode(place.encode()).decode("ascii")
    if len(value) > TAG_VALUE_CHARS_MAX:
        raise ConfigError(
            f"The key {preview(place)} of {name} is too long to be saved: a tag holds {TAG_VALUE_CHARS_MAX} characters."
        )
    return value


def _read(value: str) -> str:
    if not value.startswith(_ENCODED):
        return value
    try:
        return base64.b64decode(value.removeprefix(_ENCODED), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError(f"{preview(value)} is not base64 of a text") from None
