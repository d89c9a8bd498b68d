"""Rules as JSON: what a file lacks, or has that there is not, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

from core.errors import ConfigError
from core.memory.fields import preview

__all__ = ["made_of"]

_T = TypeVar("_T")


def made_of(kind: type[_T], value: Any, what: str) -> _T:
    """Return the rules of JSON values; raise ConfigError that names what is wrong with them."""
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(value, Mapping):
        raise ConfigError(f"{what} are {preview(value)}: write an object, as `python -m core rules show` prints it.")
    if unknown := sorted(str(name) for name in value if name not in known):
        raise ConfigError(f"{what} have no {preview(unknown[0])}: there are {', '.join(known)}.")
    missing = [
        name
        for name, field in known.items()
        if field.default is MISSING and field.default_factory is MISSING and name not in value
    ]
    if missing:
        raise ConfigError(f"{what} lack {missing[0]}: `python -m core rules show` prints an example.")
    try:
        return kind(**value)
    except (TypeError, AttributeError) as error:
        raise ConfigError(f"{what} cannot be read ({error}): `python -m core rules show` prints an example.") from None
