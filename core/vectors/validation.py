"""The request checks of S3 Vectors, with its own words."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import ValidationError
from core.vectors import limits
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN, PutVector

__all__ = [
    "check_choice",
    "check_key",
    "check_metadata",
    "check_range",
    "matrix_of",
    "metadata_bytes",
    "query_vector",
]

_NO_NUMBERS = "vector must be a list of numbers under float32"
_NO_FINITE = "vector contains NaNs or Infs"
_NO_NORM = "cosine distance does not support vectors with zero norm"
_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}  # as boto3 sends them


def constraint(path: str, what: str, rule: str) -> ValidationError:
    """Return the service's error for a broken constraint, as "Value with length 2 at '/indexName' failed to …"."""
    named = f"{what} at" if what else "at"
    return ValidationError(
        f"1 validation error detected. Value {named} '{path}' failed to satisfy constraint: {rule}",
        field_list=[(path, rule)],
    )


def check_length(path: str, value: Sequence[object], low: int, high: int) -> None:
    """Raise unless the length of a string or list is within [low, high]."""
    if not low <= len(value) <= high:
        raise constraint(path, f"with length {len(value)}", f"Member must have length between {low} and {high}, inclusive")


def check_list(path: str, value: object) -> Sequence[Any]:
    """Return the list, or raise unless it is one."""
    if not isinstance(value, (list, tuple)):
        raise constraint(path, f"of type {type(value).__name__}", "Member must be a list")
    return value


def check_object(path: str, value: object) -> Mapping[str, Any]:
    """Return the object, or raise unless it is one."""
    if not isinstance(value, Mapping):
        raise constraint(path, f"of type {type(value).__name__}", "Member must be an object")
    return value


def check_range(path: str, value: object, low: int, high: int) -> int:
    """Return the integer, or raise unless it is one within [low, high]."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise constraint(path, f"'{value}'", "Member must be an integer")
    if not low <= value <= high:
        raise constraint(path, "", f"Member must be between {low} and {high}, inclusive")
    return value


def check_choice(path: str, value: object, choices: Sequence[str]) -> str:
    """Return the string, or raise unless it is one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise constraint(path, "", f"Member must satisfy enum value set: [{', '.join(choices)}]")
    return value


def check_text(path: str, value: object) -> str:
    """Return the string, or raise unless it is one that UTF-8 can carry."""
    if not isinstance(value, str):
        raise constraint(path, f"of type {type(value).__name__}", "Member must be a string")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise constraint(path, "with a lone surrogate", "Member must be valid UTF-8") from None
    return value


def check_keys(path: str, keys: object, high: int) -> list[str]:
    """Return the keys of a get or delete."""
    found = check_list(path, keys)
    check_length(path, found, 1, high)
    return [check_key(f"{path}/{position}", key) for position, key in enumerate(found)]


def check_key(path: str, key: object) -> str:
    """Return the key of a vector, or raise unless it has 1–1024 characters and at most 1024 UTF-8 bytes."""
    text = check_text(path, key)
    check_length(path, text, 1, limits.KEY_CHARS_MAX)
    if not text.isascii() and len(text.encode()) > limits.KEY_BYTES_MAX:
        message = "Record key length exceeds the maximum allowed"
        raise ValidationError(message, field_list=[(path, message)])
    return text


def _value_bytes(value: object) -> int:
    if isinstance(value, bool):
        return 0
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, (int, float)):
        return 4
    if isinstance(value, (list, tuple)):
        return sum(4 + _value_bytes(item) for item in value)
    return 0


def metadata_bytes(metadata: Mapping[str, Any], *, leave_out: Collection[str] = ()) -> int:
    """Return the size by AWS's measure: 4 + Σ (8 + key + value); string UTF-8 bytes, number 4, bool 0, list Σ (4 + item)."""
    return 4 + sum(8 + len(key.encode()) + _value_bytes(value) for key, value in metadata.items() if key not in leave_out)


def is_number(value: object) -> bool:
    """Return whether the value is a finite number that a double can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer above 1.8e308
        return False


def _check_value(value: object) -> str | None:
    if isinstance(value, str):
        return None if value.isascii() or _encodes(value) else "Metadata strings must be valid UTF-8"
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return None if is_number(value) else "Metadata numbers must be finite"
    if isinstance(value, (list, tuple)):
        if not value:
            return "Empty arrays are not allowed in metadata"
        if all(isinstance(item, str) for item in value):
            return None if all(_encodes(item) for item in value) else "Metadata strings must be valid UTF-8"
        return None if all(is_number(item) for item in value) else "Metadata array values must be strings or numbers"
    return "Metadata values must be strings, numbers, booleans, or arrays"


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad_record(key: str, path: str, reason: str) -> ValidationError:
    return ValidationError(f"Invalid record for key '{key}': {reason}", field_list=[(path, reason)])


def check_metadata(key: str, metadata: object, *, non_filterable: Collection[str], place: int = 0) -> int:
    """Return the metadata's size, or raise "Invalid record for key 'K': …" unless the service would take it.

    `place` is that of the record in its put.
    """

    def refuse(reason: str) -> ValidationError:
        return _bad_record(key, f"vectors[{place}].metadata", reason)

    if not isinstance(metadata, Mapping):
        raise refuse("Metadata must be an object")
    if len(metadata) > limits.METADATA_KEYS_MAX:
        raise refuse(f"Metadata object must have at most {limits.METADATA_KEYS_MAX} keys")
    for name, value in metadata.items():
        if not isinstance(name, str) or not _encodes(name):
            raise refuse("Metadata keys must be strings")
        if name in (KEY_COLUMN, VECTOR_COLUMN):
            raise refuse(f"Metadata key '{name}' is reserved")
        reason = _check_value(value)
        if reason:
            raise refuse(reason)
    size = metadata_bytes(metadata)
    if size > limits.METADATA_BYTES_MAX:
        raise refuse(f"Metadata object must have at most {limits.METADATA_BYTES_MAX} bytes")
    most = limits.FILTERABLE_BYTES_MAX
    if size > most and metadata_bytes(metadata, leave_out=non_filterable) > most:
        raise refuse(f"Filterable metadata must have at most {most} bytes")
    return size


def _floats(data: object) -> np.ndarray | None:
    """Return the numbers as a 1-D float32 array, overflow as Inf, or None if they are not numbers."""
    values = data.get("float32") if isinstance(data, Mapping) else None
    if not isinstance(values, (list, tuple, np.ndarray)):
        return None
    try:
        array = np.asarray(values)
        if array.dtype.kind == "U":
            array = np.asarray([_NOT_FINITE.get(value, value) for value in values])
    except (ValueError, TypeError, OverflowError):
        return None
    if array.ndim != 1 or (array.dtype.kind not in "fiu" and array.size):
        return None
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def matrix_of(vectors: Sequence[PutVector], *, dimension: int, cosine: bool) -> np.ndarray:
    """Return the vectors of a put as an (n, dimension) float32 matrix, or raise for the first bad record."""
    rows = [_floats(record.get("data")) for record in vectors]

    def refuse(place: int, reason: str) -> ValidationError:
        return _bad_record(vectors[place]["key"], f"vectors[{place}]", reason)

    for place, row in enumerate(rows):
        if row is None:
            raise refuse(place, _NO_NUMBERS)
        if len(row) != dimension:
            raise refuse(place, f"vector must have length {dimension}, but has length {len(row)}")
    matrix = np.stack([row for row in rows if row is not None])
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        raise refuse(int(finite.argmin()), _NO_FINITE)
    if cosine:
        nonzero = matrix.any(axis=1)
        if not nonzero.all():
            raise refuse(int(nonzero.argmin()), _NO_NORM)
    return matrix


def query_vector(data: object, *, dimension: int, cosine: bool) -> np.ndarray:
    """Return a query's vector as float32, or raise the service's one message for every fault."""
    row = _floats(data)
    if row is None:
        reason = _NO_NUMBERS
    elif len(row) != dimension:
        reason = f"vector must have length {dimension}, but has length {len(row)}"
    elif not np.isfinite(row).all():
        reason = _NO_FINITE
    elif cosine and not row.any():
        reason = _NO_NORM
    else:
        return row
    raise ValidationError(
        "Query vector contains invalid values or is invalid for this index",
        field_list=[("vector", f"Invalid input: {reason}")],
    )
