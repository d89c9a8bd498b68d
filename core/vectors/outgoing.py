"""Requests before boto3 gets them: numbers plain, and what the service could never keep refused before it is sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import ValidationError
from core.vectors.validation import check_text

__all__ = ["prepared"]

_FLOAT32_MAX = float(np.finfo(np.float32).max)
_DEPTH_MAX = 100  # what the service refuses anyway would be too deep for botocore and for Python
_QUERY = "Query vector contains invalid values or is invalid for this index"


def prepared(operation: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of an operation with plain numbers; refuse NaN and Inf in the service's words.

    A vector is what a record or a query holds under `float32`: any sequence of numbers or a numpy array of any type. It
    becomes an array of float64 (bodies.py sends it). What is none stays as it is: boto3 says what is wrong with it.
    """
    found = dict(arguments)
    if operation == "PutVectors" and isinstance(found.get("vectors"), Sequence):
        found["vectors"] = [_record(position, record) for position, record in enumerate(found["vectors"])]
    if operation == "QueryVectors":
        if "queryVector" in found:
            found["queryVector"] = _vector(found["queryVector"], _QUERY)
        if "filter" in found:
            found["filter"] = _plain(found["filter"], lambda _: ValidationError("Invalid filter"))
    for position, key in enumerate(found["keys"] if isinstance(found.get("keys"), (list, tuple)) else ()):
        _check_key(f"/keys/{position}", key)
    return found


def _check_key(path: str, key: Any) -> None:
    if isinstance(key, str):
        check_text(path, key)


def _record(position: int, record: Any) -> Any:
    if not isinstance(record, Mapping):
        return record
    found = dict(record)
    _check_key(f"/vectors/{position}/key", found.get("key"))
    refused = f"Invalid record for key '{found.get('key')}': "
    if "data" in found:
        found["data"] = _vector(found["data"], refused + "vector contains NaNs or Infs")
    if "metadata" in found:
        found["metadata"] = _plain(found["metadata"], lambda fault: ValidationError(refused + fault))
    return found


def _vector(data: Any, refused: str) -> Any:
    values = data.get("float32") if isinstance(data, Mapping) else None
    if not isinstance(values, (list, tuple, np.ndarray)):
        return data
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError):
        return data  # ragged, or no numbers
    if array.ndim != 1 or array.dtype.kind not in "fiu":
        return data
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = array.astype(np.float64)
    # The service keeps float32: what is beyond that becomes Inf there.
    if not (np.abs(numbers) <= _FLOAT32_MAX).all():
        raise ValidationError(refused)
    return {**data, "float32": numbers}


def _plain(value: Any, refuse: Callable[[str], ValidationError], depth: int = 0) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if fault := _fault(value, depth):
        raise refuse(fault)
    if isinstance(value, Mapping):
        return {key: _plain(item, refuse, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, refuse, depth + 1) for item in value]
    return value


def _fault(value: Any, depth: int) -> str | None:
    """Return why a value cannot be sent: JSON has no NaN, UTF-8 no half characters."""
    if depth > _DEPTH_MAX:
        return "Metadata values must be strings, numbers, booleans, or arrays"
    try:
        if isinstance(value, str):
            value.encode()
        elif isinstance(value, (int, float)) and not math.isfinite(value):
            return "Metadata numbers must be finite"
    except UnicodeEncodeError:
        return "Metadata strings must be valid UTF-8"
    except OverflowError:  # an integer above 1.8e308
        return "Metadata numbers must be finite"
    return None
