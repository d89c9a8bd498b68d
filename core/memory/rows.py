"""A memory as one line of an import or export, and back without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from core.errors import InvalidMemoryError
from core.memory.fields import ABSENT, FIELDS, check_json, preview, same
from core.memory.keys import check_key
from core.memory.model import Memory
from core.memory.rewriting import everything

__all__ = ["from_row", "to_row"]

# In a row: fields whose own name is taken, or whose value no row could have under it.
_ASIDE: Final = "$extra"


def from_row(row: Mapping[str, Any], *, fallback_key: str) -> Memory:
    """Return the memory of a JSON object; raise InvalidMemoryError with the field, its value and what to do."""
    if not isinstance(row, Mapping):
        raise InvalidMemoryError(f'a memory must be a JSON object as in {{"content": "…"}}, not {preview(row)}.')
    key = check_key(fallback_key if row.get("key") is None else row["key"])
    if row.get("content") is None:
        raise InvalidMemoryError('content is missing: a memory needs its text, as in {"content": "…"}.')
    values: dict[str, Any] = {}
    as_written: dict[str, Any] = {}
    extra = {name: value for name, value in row.items() if name not in FIELDS and name not in ("key", _ASIDE)}
    for name in FIELDS.keys() & row.keys():
        values[name] = _read(name, row[name])
        if not same(FIELDS[name].write(values[name]), row[name]):
            as_written[name] = row[name]
    if _ASIDE in row:
        aside = row[_ASIDE] if _is_ours(row[_ASIDE]) else {_ASIDE: row[_ASIDE]}
        for name, value in aside.items():
            (as_written if name in FIELDS else extra)[name] = value
    for name, value in [*extra.items(), *as_written.items()]:
        _check(name, value)
    return Memory(key, values.pop("content"), **values, extra=extra, as_written=as_written)


def to_row(memory: Memory) -> dict[str, Any]:
    """Return the memory as a JSON object: what `from_row` reads back as an equal memory; empty fields are left out.

    A memory of other software's index has our fields, and beside them the keys of its record that say more than these.
    """
    row: dict[str, Any] = {"key": memory.key, "content": memory.content}
    aside: dict[str, Any] = {}
    for name, field in FIELDS.items():
        value = memory.as_written.get(name, ABSENT)
        if value is not ABSENT and not _readable(memory, name, value):
            aside[name], value = value, ABSENT
        value = field.write(getattr(memory, name)) if value is ABSENT else value
        if value is not ABSENT:
            row[name] = value
    for name, value in everything(memory).items():
        (aside if name == "key" or name in FIELDS else row)[name] = value
    if _ASIDE in row and (aside or _is_ours(row[_ASIDE])):
        aside[_ASIDE] = row[_ASIDE]
    return {**row, _ASIDE: aside} if aside else row


def _is_ours(aside: Any) -> bool:
    """Say whether the value of `$extra` is what `to_row` writes there, not a field that happens to have the name."""
    return isinstance(aside, dict) and bool(aside) and aside.keys() <= {*FIELDS, "key", _ASIDE}


def _read(name: str, value: Any) -> Any:
    try:
        return FIELDS[name].parse_row(value)
    except ValueError as error:
        raise InvalidMemoryError(f"{name} {preview(value)} {error}.") from None


def _readable(memory: Memory, name: str, value: Any) -> bool:
    """Say whether an import reads the memory's field from the value under its own name."""
    return (name != "content" or value is not None) and FIELDS[name].is_imported_as(value, getattr(memory, name))


def _check(name: Any, value: Any) -> None:
    try:
        check_json({name: value})
    except ValueError as error:
        raise InvalidMemoryError(f"{name} {error}.") from None
    except RecursionError:
        raise InvalidMemoryError(f"{name} is nested too deeply: flatten it.") from None
