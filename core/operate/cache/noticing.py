"""Writes are noticed: after each one of our clients to a service, the generation of its index changes on the cache's server.

It changes before the write returns to whoever made it: a recall that begins after a write finds nothing of before it. A
write whose answer was lost counts as one. What a client that is not ours writes shows after the time to live.
"""

from __future__ import annotations

from typing import Final

from core.operate.cache.settings import cache_settings, open_shelf
from core.operate.cache.shelf import Shelf, place_of
from core.vectors.client import Call, Tracer

__all__ = ["WRITES", "noticing", "writes_noticed"]

WRITES: Final = frozenset(
    {
        "PutVectors",
        "DeleteVectors",
        "CreateIndex",
        "DeleteIndex",
        "UpdateMetadataConfiguration",
        "TagResource",
        "UntagResource",
    }
)


def writes_noticed() -> Tracer | None:
    """Return what tells the server that $MNEMOSCOPE_CACHE names of each write; None where it names none."""
    settings = cache_settings()
    return None if settings is None or settings.url is None else noticing(open_shelf(settings))


def noticing(shelf: Shelf) -> Tracer:
    """Return a tracer that changes the generation of each index that is written to."""

    def notice(call: Call) -> None:
        stream = _stream(call)
        if call.operation in WRITES and stream is not None:
            shelf.renew(place_of(stream))

    return notice


def _stream(call: Call) -> str | None:
    """Return "bucket/index" of a call by name or by ARN (arn:…:bucket/BUCKET/index/INDEX); None of one of a bucket."""
    said = call.arguments
    bucket, index = said.get("vectorBucketName"), said.get("indexName")
    if bucket and index:
        return f"{bucket}/{index}"
    arn = said.get("indexArn") or said.get("resourceArn") or ""
    parts = str(arn).partition(":bucket/")[2].split("/")
    return f"{parts[0]}/{parts[2]}" if len(parts) == 3 and parts[1] == "index" else None
