"""Opaque page tokens: where a listing or a query goes on, bound to the request that they belong to."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import Any

import orjson

from core.errors import ValidationError

__all__ = ["fingerprint", "open_token", "place_of", "seal_token"]

_PLACE_MAX = 2**63 - 1  # of a SQLite integer


def fingerprint(*parts: Any) -> str:
    """Return a short digest of a request's parameters (JSON values or bytes)."""
    digest = hashlib.blake2b(digest_size=9)
    for part in parts:
        data = part if isinstance(part, bytes) else _json(part)
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()


def _json(part: Any) -> bytes:
    try:
        return orjson.dumps(part, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # integers beyond 64 bits and lone surrogates, which a filter may hold
        return json.dumps(part, sort_keys=True).encode()


def seal_token(request: str, **state: Any) -> str:
    """Return a token that carries the state to the next page of the same request."""
    return base64.urlsafe_b64encode(orjson.dumps([request, state, fingerprint(request, state)])).decode()


def open_token(token: object, request: str) -> dict[str, Any]:
    """Return a token's state; one that was altered or belongs to another request raises ValidationError."""
    try:
        if not isinstance(token, str):
            raise TypeError
        owner, state, seal = orjson.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, TypeError):
        raise ValidationError("Invalid nextToken") from None
    if not isinstance(state, dict) or seal != fingerprint(owner, state):
        raise ValidationError("Invalid nextToken")
    if owner != request:
        raise ValidationError("Invalid nextToken: it belongs to another request")
    return state


def place_of(state: dict[str, Any], name: str) -> int:
    """Return where a page starts; the seal has no secret, so a client can make a token that says anything."""
    place = state.get(name)
    if not isinstance(place, int) or not 0 <= place <= _PLACE_MAX:
        raise ValidationError("Invalid nextToken")
    return place
