"""One line of an import: bytes to a row, a row to a memory, and what makes two rows the same."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np

from core.errors import InvalidMemoryError
from core.memory import OURS, Memory, Schema, from_metadata, from_row, to_metadata
from core.transfer.lines import LINE_BYTES_MAX, Line

__all__ = ["VECTOR_FIELDS", "Row", "fallback_key", "parse_line", "row_digest", "to_memory", "vector_of"]

# A row may bring its own vector under one of these names: a list of numbers, or {"float32": [...]} as in S3 Vectors.
VECTOR_FIELDS: Final = ("vector", "embedding")
# Shorter lists of numbers under these names are somebody's metadata, say a position.
_VECTOR_MIN: Final = 8
_BOM: Final = b"\xef\xbb\xbf"
_ARRAY_HINT: Final = " (one array around all the rows? jq -c '.[]' FILE makes lines of it)"
_EXAMPLE: Final = 'one memory a line, as in {"content": "…", "agent_id": "…"}'


@dataclass(frozen=True)
class Row:
    """A parsed line: its fields without the vector, and the vector's numbers if it brought one."""

    fields: Mapping[str, Any]
    vector: list[Any] | None = None


def parse_line(line: Line) -> Row:
    """Return the row of a line; raise InvalidMemoryError that says what is wrong and where."""
    if line.data is None:
        raise InvalidMemoryError(
            f"The line has {line.length:,} bytes, over the limit of {LINE_BYTES_MAX:,}: a memory holds 40,960; split it."
        )
    fields = _object(_text(line.data.removeprefix(_BOM)))
    for name in VECTOR_FIELDS:
        numbers = _numbers(fields.get(name))
        if numbers is not None:
            del fields[name]
            return Row(fields, numbers)
    return Row(fields)


def to_memory(row: Row, *, fallback: str, non_filterable: Collection[str], schema: Schema = OURS) -> Memory:
    """Return the memory of a row, keyed by `fallback` if it has no key; raise InvalidMemoryError if no index can hold it.

    For an index of other software it is the memory as it would be read from there.
    """
    memory = from_row(row.fields, fallback_key=fallback)
    metadata = to_metadata(memory, non_filterable=non_filterable, schema=schema)
    return memory if schema.is_ours else from_metadata(memory.key, metadata, schema)


def vector_of(row: Row, *, dimension: int) -> np.ndarray | None:
    """Return the row's vector as float32, None without one; raise InvalidMemoryError if the index cannot hold it."""
    numbers = row.vector
    if numbers is None:
        broken = [name for name in VECTOR_FIELDS if _items(row.fields.get(name)) is not None]
        if broken:
            raise InvalidMemoryError(
                f"The row's {broken[0]} is not all numbers: mend it, or leave out --use-vectors to embed the text again."
            )
        return None
    if len(numbers) != dimension:
        raise InvalidMemoryError(
            f"The row's vector has {len(numbers):,} numbers, the index {dimension:,}: "
            "leave out --use-vectors to embed the text again, or import into an index of that dimension."
        )
    try:
        with np.errstate(over="ignore"):
            vector = np.asarray(numbers, dtype=np.float32)
    except OverflowError:
        vector = np.zeros(0, dtype=np.float32)
    if not np.isfinite(vector).all() or not vector.any():
        raise InvalidMemoryError(
            "The row's vector is zero or beyond float32: leave out --use-vectors to embed the text again."
        )
    return vector


def row_digest(row: Row) -> bytes:
    """Return 16 bytes that are equal for rows with the same fields, in whatever order."""
    try:
        text = json.dumps(row.fields, sort_keys=True, separators=(",", ":"))
    except RecursionError:
        raise InvalidMemoryError("Not usable JSON: nested too deeply.") from None
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).digest()


def fallback_key(digest: bytes, *, occurrence: int) -> str:
    """Return the key of a row without one: the same file gives the same keys at every import, wherever it lies.

    Equal rows of one file are told apart by their `occurrence` (0, 1, …), so an exact repeat is kept.
    """
    return f"import-{digest.hex()}" + (f"-{occurrence}" if occurrence else "")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidMemoryError(
            f"Byte 0x{data[error.start]:02x} at position {error.start + 1:,} is not UTF-8: save the file as UTF-8."
        ) from error


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_float)
    except json.JSONDecodeError as error:
        hint = _ARRAY_HINT if text.lstrip().startswith("[") else ""
        raise InvalidMemoryError(f"Not JSON: {error.msg} at position {error.pos + 1:,}{hint}; write {_EXAMPLE}.") from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidMemoryError(f"Not usable JSON: {reason}.") from error
    if not isinstance(value, dict):
        kind = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")
        hint = _ARRAY_HINT if isinstance(value, list) else ""
        raise InvalidMemoryError(f"The line holds {kind}, not an object{hint}: write {_EXAMPLE}.")
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field {twice!r} appears twice in one object, and only one of them could be kept")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number; write null or leave the field out")


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:40]} is beyond a 64-bit float")
    return value


def _numbers(value: Any) -> list[Any] | None:
    """Return the numbers of a vector as rows write it, else None: `"embedding": "titan-v2"` is metadata."""
    items = _items(value)
    return items if items is not None and all(type(item) in (int, float) for item in items) else None


def _items(value: Any) -> list[Any] | None:
    """Return the items of what has the shape of a vector, whatever they are."""
    if isinstance(value, dict) and set(value) == {"float32"}:
        value = value["float32"]
    return value if isinstance(value, list) and len(value) >= _VECTOR_MIN else None
