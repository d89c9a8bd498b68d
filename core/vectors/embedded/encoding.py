"""How keys and metadata are kept in SQLite."""

from __future__ import annotations

import zlib
from typing import Any

import orjson

__all__ = ["segment_hash", "to_json"]


def segment_hash(key: str) -> int:
    """Return what places a key in its segment of ListVectors, the same after every rewrite."""
    return zlib.crc32(key.encode())


def to_json(values: dict[str, Any]) -> bytes:
    """Return metadata that has been checked as JSON."""
    try:
        return orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError:  # an integer beyond 64 bits, which the service keeps as a double, or a key of a class of its own
        return orjson.dumps({str(key): _doubles(value) for key, value in values.items()})


def _doubles(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_doubles(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63 else value
