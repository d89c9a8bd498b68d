"""Vectors on their way through botocore: it checks and writes all of a request but their numbers, which orjson writes.

botocore walks every number of every vector twice, half a second for 500 x 384. The vectors that `prepared` has checked are
numpy arrays. An event before botocore's own check takes them out of the parameters, and one before it signs puts their
numbers into the body that it made. Without these events botocore refuses an array, so that nothing wrong could be sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson

__all__ = ["write_vectors_apart"]

_OPERATIONS: Final = ("PutVectors", "QueryVectors")
_KEPT: Final = "mnemoscope-vectors"
_Path = tuple[str | int, ...]


def write_vectors_apart(client: Any) -> None:
    """Make a boto3 client of S3 Vectors take one-dimensional numpy arrays of finite float64 as vectors."""
    for operation in _OPERATIONS:
        client.meta.events.register(f"provide-client-params.s3vectors.{operation}", _take_out)
        client.meta.events.register(f"before-call.s3vectors.{operation}", _put_in)


def _take_out(params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Return the parameters with empty vectors; the arrays stay in the context of the call, by their paths."""
    kept: dict[_Path, np.ndarray] = {}
    found = dict(params)
    if "queryVector" in found:
        found["queryVector"] = _emptied(found["queryVector"], ("queryVector",), kept)
    if isinstance(found.get("vectors"), list):
        found["vectors"] = [
            {**record, "data": _emptied(record["data"], ("vectors", place, "data"), kept)}
            if isinstance(record, dict) and "data" in record
            else record
            for place, record in enumerate(found["vectors"])
        ]
    context[_KEPT] = kept
    return found


def _emptied(data: Any, path: _Path, kept: dict[_Path, np.ndarray]) -> Any:
    numbers = data.get("float32") if isinstance(data, dict) else None
    if not isinstance(numbers, np.ndarray) or numbers.ndim != 1 or numbers.dtype != np.float64:
        return data
    kept[path] = np.ascontiguousarray(numbers)  # orjson takes no other
    return data | {"float32": []}


def _put_in(params: dict[str, Any], context: Mapping[str, Any], **_: Any) -> None:
    """Write the body anew, with the numbers in it."""
    kept: Mapping[_Path, np.ndarray] = context[_KEPT]
    if not kept:
        return
    body = json.loads(params["body"])
    for path, numbers in kept.items():
        data = body
        for step in path:
            data = data[step]
        data["float32"] = numbers
    params["body"] = _encoded(body)


def _encoded(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, or half a character, as botocore writes them
        return json.dumps(body, default=np.ndarray.tolist).encode()
