"""Metadata values as Arrow arrays: typed where all values agree, JSON text where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

__all__ = ["Typed", "joined", "nulls", "typed", "undecided", "vector_array"]

_STRING, _BOOL, _INT, _FLOAT = "string", "bool", "int", "float"
_TYPES = {
    frozenset[str](): pa.string(),
    frozenset({_STRING}): pa.string(),
    frozenset({_BOOL}): pa.bool_(),
    frozenset({_INT}): pa.int64(),
    frozenset({_FLOAT}): pa.float64(),
    frozenset({_INT, _FLOAT}): pa.float64(),
    frozenset({"list of string"}): pa.list_(pa.string()),
    frozenset({"list of number"}): pa.list_(pa.float64()),
}
_DOUBLES = (pa.float64(), pa.list_(pa.float64()))
_SCALARS = {str: _STRING, bool: _BOOL, int: _INT, float: _FLOAT}


@dataclass(frozen=True)
class Typed:
    """An array and whether it is JSON text that stands for values of several types."""

    array: pa.Array
    json: bool = False

    def take(self, rows: npt.NDArray[Any]) -> Typed:
        """Return the values at these rows, null where the row is −1."""
        indices = pa.array(rows, mask=rows < 0) if (rows < 0).any() else pa.array(rows)
        return Typed(self.array.take(indices), self.json)

    def values(self) -> list[Any]:
        """Return the values as Python objects, None where absent."""
        plain = self.array.to_pylist()
        return [None if value is None else orjson.loads(value) for value in plain] if self.json else plain

    def settled(self) -> Typed:
        """Return the values typed anew if they may agree since some were left out."""
        return typed(self.values()) if self.json else self

    @property
    def field_metadata(self) -> dict[bytes, bytes] | None:
        """What the field says of its encoding."""
        return {b"encoding": b"json"} if self.json else None


def _kind(value: Any) -> str:
    scalar = _SCALARS.get(type(value))
    if scalar == _INT and not -(2**63) <= value < 2**63:
        return _FLOAT
    return scalar or _list_kind(value)


def _list_kind(value: Any) -> str:
    """Return the kind of what is no scalar; what the service itself would not store stays JSON."""
    if isinstance(value, list) and value:
        if all(isinstance(item, str) for item in value):
            return "list of string"
        if all(type(item) in (int, float) for item in value):
            return "list of number"
    return "other"


def typed(values: Sequence[Any]) -> Typed:
    """Return the values as one array; None is null."""
    kinds = frozenset(_kind(value) for value in values if value is not None)
    kind = _TYPES.get(kinds)
    if kind is None:
        texts = [None if value is None else orjson.dumps(value).decode() for value in values]
        return Typed(pa.array(texts, pa.string()), json=True)
    if kind == pa.float64():
        return Typed(pa.array([None if value is None else float(value) for value in values], kind))
    if kind == pa.list_(pa.float64()):  # Arrow itself refuses integers beyond 2⁵³
        return Typed(pa.array([None if value is None else [float(item) for item in value] for value in values], kind))
    return Typed(pa.array(values, kind))


def undecided(values: Sequence[Any]) -> Typed:
    """Return a part of a column as `typed` does, but integers among doubles as JSON: other parts may yet hold text."""
    found = typed(values)
    if not found.json and found.array.type in _DOUBLES and any(_has_int(value) for value in values):
        texts = [None if value is None else orjson.dumps(value).decode() for value in values]
        return Typed(pa.array(texts, pa.string()), json=True)
    return found


def _has_int(value: Any) -> bool:
    return any(isinstance(item, int) for item in value) if isinstance(value, list) else isinstance(value, int)


def nulls(length: int) -> Typed:
    """Return an array of absent values."""
    return Typed(pa.nulls(length, pa.string()))


def joined(parts: Sequence[Typed]) -> Typed:
    """Return the parts as one array, re-typed where they do not agree."""
    telling = [part for part in parts if part.array.null_count < len(part.array)]
    if not telling:
        return nulls(sum(len(part.array) for part in parts))
    kind, json = telling[0].array.type, telling[0].json
    if any(part.array.type != kind or part.json != json for part in telling):
        return typed([value for part in parts for value in part.values()])
    arrays = [part.array if part.array.type == kind else pa.nulls(len(part.array), kind) for part in parts]
    return Typed(arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays), json)


def vector_array(matrix: npt.NDArray[np.float32]) -> pa.Array:
    """Return an (n, dimension) matrix as fixed-size lists, without a copy."""
    flat = pa.Array.from_buffers(pa.float32(), matrix.size, [None, pa.py_buffer(np.ascontiguousarray(matrix))])
    return pa.FixedSizeListArray.from_arrays(flat, matrix.shape[1])
