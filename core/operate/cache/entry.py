"""A kept answer as bytes: JSON, read back field by field into what it was: who fills the cache runs no code here.

A memory goes as its record, key and metadata as they are stored, and is read as recall itself reads it.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Final, Union, cast, get_args, get_origin, get_type_hints

from core.memory import Memory
from core.recalled import RecallResult

__all__ = ["Entry", "read_entry", "write_entry"]

ReadMemory = Callable[[str, Mapping[str, Any]], Memory]
Reader = Callable[[Any, ReadMemory], Any]
_PLAIN: Final = (str, bool, int, float, types.NoneType)


@dataclass(frozen=True)
class Entry:
    """An answer with the group it holds in, when it was given, and until when it holds at most."""

    group: str
    at: datetime
    until: datetime | None
    result: RecallResult


def write_entry(entry: Entry) -> bytes:
    """Return an entry as bytes; raise ValueError or TypeError for one that could not be read back as it is."""
    return json.dumps(_written(entry), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def read_entry(body: bytes, memory: ReadMemory) -> Entry:
    """Return the entry of bytes; raise ValueError for anything that `write_entry` does not write."""
    try:
        return cast("Entry", _reader(Entry)(json.loads(body.decode("utf-8", "surrogatepass")), memory))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"a kept answer is damaged: {error}") from error


def _written(value: Any) -> Any:
    if isinstance(value, Memory):
        if value.origin is None:
            raise ValueError("a memory without its record")
        return [value.key, dict(value.origin.metadata)]
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: _written(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _written(one) for key, one in value.items()}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, _PLAIN):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be kept")


@cache
def _reader(kind: Any) -> Reader:
    """Return what reads a value of JSON as an annotation says, and raises what says that it is none; made once a kind."""
    if kind is Memory:
        return _memory
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        some = _reader(next(one for one in inner if one is not types.NoneType))
        return lambda value, memory: None if value is None else some(value, memory)
    if origin is tuple:
        each = _reader(inner[0])
        return lambda value, memory: tuple([each(one, memory) for one in _is(list, value)])
    if origin is not None and issubclass(origin, Mapping):
        of = _reader(inner[1])
        return lambda value, memory: {key: of(one, memory) for key, one in _is(dict, value).items()}
    return _fields(kind) if is_dataclass(kind) else _single(kind)


def _memory(value: Any, memory: ReadMemory) -> Memory:
    key, metadata = _is(list, value)
    return memory(_is(str, key), _is(dict, metadata))


def _fields(kind: Any) -> Reader:
    readers = [(one.name, _reader(get_type_hints(kind)[one.name])) for one in fields(kind)]
    names = {name for name, _ in readers}

    def read(value: Any, memory: ReadMemory) -> Any:
        if _is(dict, value).keys() != names:
            raise ValueError(f"a {kind.__name__} has other fields")
        return kind(*[each(value[name], memory) for name, each in readers])

    return read


def _single(kind: Any) -> Reader:
    if kind is datetime:
        return lambda value, _: datetime.fromisoformat(_is(str, value))
    if kind is float:
        return lambda value, _: value if type(value) is float else float(_is(int, value))
    if issubclass(kind, StrEnum):
        return lambda value, _: kind(_is(str, value))
    if kind not in _PLAIN:
        raise TypeError(f"a {kind.__name__} cannot be read back")
    return lambda value, _: _is(kind, value)


def _is(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{kind.__name__} expected, not {type(value).__name__}")
    return value
