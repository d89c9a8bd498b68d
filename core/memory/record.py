"""A record as the service stores it: the unit that is compared, kept for undo and put back."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.errors import ConfigError

__all__ = ["Record", "fingerprint", "vector_from_text", "vector_to_text"]

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)


@dataclass(frozen=True, eq=False)
class Record:
    """Metadata as the service has it, and the vector, (dimension,) float32; None where the vector was not read or stays."""

    metadata: Mapping[str, Any]
    vector: npt.NDArray[np.float32] | None = None

    def __eq__(self, other: object) -> bool:
        """Compare metadata by value and vectors by their bytes."""
        if not isinstance(other, Record):
            return NotImplemented
        return _canonical(self.metadata, exact=True) == _canonical(other.metadata, exact=True) and _bytes(self) == _bytes(
            other
        )

    def __hash__(self) -> int:
        return hash(fingerprint(self.metadata))

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values; the vector is base64 of its little-endian float32."""
        plain: dict[str, Any] = {"metadata": dict(self.metadata)}
        return plain if self.vector is None else plain | {"vector": vector_to_text(self.vector)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Record:
        """Return the record that `to_json` wrote; raise ConfigError for anything else."""
        metadata, vector = value.get("metadata"), value.get("vector")
        if not isinstance(metadata, Mapping) or not isinstance(vector, str | None):
            raise ConfigError(f"This is no record: it needs an object 'metadata', it has {sorted(value)}.")
        return cls(dict(metadata), None if vector is None else vector_from_text(vector))


def fingerprint(metadata: Mapping[str, Any]) -> str:
    """Return 32 hex digits that tell one metadata from another, numbers as far as a service that keeps float32 can."""
    return hashlib.blake2b(_canonical(metadata, exact=False), digest_size=16).hexdigest()


def vector_to_text(vector: npt.NDArray[np.float32]) -> str:
    """Return a vector as base64 of its little-endian float32."""
    return base64.b64encode(np.ascontiguousarray(vector, dtype="<f4").tobytes()).decode("ascii")


def vector_from_text(text: str) -> npt.NDArray[np.float32]:
    """Return the vector that `vector_to_text` wrote; raise ConfigError for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ConfigError(f"This is no vector in base64: {error}.") from None
    if not raw or len(raw) % 4:
        raise ConfigError(f"A vector of float32 has a multiple of 4 bytes, this one has {len(raw):,}.")
    return np.frombuffer(raw, dtype="<f4").astype(np.float32)


def _bytes(record: Record) -> bytes | None:
    return None if record.vector is None else np.ascontiguousarray(record.vector, dtype="<f4").tobytes()


def _canonical(metadata: Mapping[str, Any], *, exact: bool) -> bytes:
    value = metadata if exact else {name: item if type(item) is str else _rounded(item) for name, item in metadata.items()}
    return _ENCODER.encode(value).encode("ascii")


def _rounded(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        number: float = struct.unpack("f", struct.pack("f", value))[0]
    except (OverflowError, struct.error):  # beyond float32
        return float(value)
    return 0.0 if number == 0 else number if math.isfinite(number) else repr(number)
