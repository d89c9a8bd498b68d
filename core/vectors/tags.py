"""The rules of tags on buckets and indexes, in the service's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from core.errors import ValidationError
from core.vectors import limits
from core.vectors.validation import check_length, check_text, constraint

__all__ = ["check_count", "check_tags"]

# Letters, numbers and separators. Python knows no \p{…}; its \w is \p{L}, \p{N} and _.
_TAG: Final = re.compile(r"[\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000.:/=+\-@]*")
_RULE: Final = r"Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"
_SYSTEM: Final = "aws:"


def check_tags(path: str, tags: object) -> dict[str, str]:
    """Return the tags, or raise unless the service would take them."""
    if not isinstance(tags, Mapping):
        raise constraint(path, f"of type {type(tags).__name__}", "Member must be a map")
    check_count(path, tags)
    for key, value in tags.items():
        check_length(f"{path}/{key}", check_text(path, key), 1, limits.TAG_KEY_CHARS_MAX)
        check_length(f"{path}/{key}", check_text(path, value), 0, limits.TAG_VALUE_CHARS_MAX)
        if not _TAG.fullmatch(key):
            raise constraint(path, "", _RULE)
        if not _TAG.fullmatch(value):
            raise constraint(f"{path}/{key}", "", _RULE)
        if key.startswith(_SYSTEM):
            raise _refused(path, "System tags cannot be added/updated by requester")
        if key.lower().startswith(_SYSTEM):
            raise _refused(path, f'Invalid System Tag: {key} must be prefixed with "{_SYSTEM}" in lowercase.')
    return dict(tags)


def check_count(path: str, tags: Mapping[str, str]) -> dict[str, str]:
    """Return what would be all tags of a resource, or raise if they are too many."""
    if len(tags) > limits.TAGS_MAX:
        raise _refused(path, "Too many tags specified")
    return dict(tags)


def _refused(path: str, message: str) -> ValidationError:
    return ValidationError(message, field_list=[(path, message)])
