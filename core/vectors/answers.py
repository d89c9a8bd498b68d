"""Answers of S3 Vectors as they come over the wire: read whole, or known to be damaged.

botocore takes JSON that breaks off for an empty answer: a listing cut short by a proxy would read as the end of the index.
It also walks every number of every vector; orjson reads a page of 1,000 vectors in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from botocore.parsers import ResponseParserError

__all__ = ["read_answer"]

# Their answers hold vectors and metadata and no timestamps: orjson's objects are what botocore would make of them.
_RECORDS: Final = frozenset({"GetVectors", "ListVectors", "QueryVectors"})


def read_answer(model: Any, response: dict[str, Any], parsed: dict[str, Any]) -> None:
    """Check a successful answer of the operation `model`; put what it holds into `parsed` where botocore need not read it.

    Raise ResponseParserError where it is not JSON or has not the list or structure that it must have.
    """
    body, shape = response["body"], model.output_shape
    needed = _needed(shape)
    if not body and not needed:
        return
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        kind = response["headers"].get("content-type", "no type")
        raise ResponseParserError(f"{model.name}: {len(body):,} bytes of {kind} that are no JSON: {fault}") from None
    if not isinstance(answer, dict) or any(not isinstance(answer.get(name), type_) for name, type_ in needed.items()):
        raise ResponseParserError(f"{model.name}: an answer without {' and '.join(needed) or 'an object'}")
    if model.name in _RECORDS:
        parsed.update((name, value) for name, value in answer.items() if name in shape.members and value is not None)
        response["body"] = b"{}"


def _needed(shape: Any) -> Mapping[str, type]:
    """Return the lists and structures that an answer must have, with their types; a missing ARN can be lived with."""
    if shape is None:
        return {}
    kinds = {"list": list, "structure": dict, "map": dict}
    members = {name: shape.members[name].type_name for name in shape.required_members}
    return {name: kinds[kind] for name, kind in members.items() if kind in kinds}
