"""The records of one index through the service's own calls, in pages and batches that it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, cast

import numpy as np

from core.access import Actor, Permission
from core.memory.record import Record
from core.vectors.client import Claiming, PutVector, Scrubbing, VectorsClient
from core.vectors.limits import (
    DELETE_VECTORS_MAX,
    GET_VECTORS_MAX,
    LIST_VECTORS_MAX,
    PUT_VECTORS_MAX,
    REQUEST_BYTES_MAX,
)
from core.vectors.validation import metadata_bytes

__all__ = ["Records", "vector_of"]

# A float32 as JSON text at its longest, and a metadata byte that JSON escapes.
_FLOAT_BYTES: Final = 26
_ESCAPED_BYTES: Final = 6


class Records:
    """Records as they are stored. What changes them is for the curation machine alone (core/curation): it journals first.

    `require` raises NotAllowedError where an actor lacks a permission on the index.
    """

    def __init__(
        self, client: VectorsClient, where: Mapping[str, str], require: Callable[[Permission, Actor], None]
    ) -> None:
        self._client = client
        self._where = where
        self._require = require

    def get(self, keys: Iterable[str], *, actor: Actor, vectors: bool = True) -> dict[str, Record]:
        """Return the records that exist, in the order of the keys."""
        self._require(Permission.READ, actor)
        return {
            key: Record(found.get("metadata") or {}, vector_of(found) if vectors else None)
            for key, found in self.fetch(keys, returnMetadata=True, returnData=vectors)
        }

    def put(self, records: Mapping[str, Record], *, actor: Actor) -> None:
        """Put records, vectors included, replacing what there is; as many calls as the service's limits take."""
        self._require(Permission.WRITE, actor)
        batch: list[PutVector] = []
        room = REQUEST_BYTES_MAX * 3 // 4
        for key, record in records.items():
            if record.vector is None:
                raise ValueError(f"the record {key!r} has no vector")
            size = record.vector.size * _FLOAT_BYTES + metadata_bytes(record.metadata) * _ESCAPED_BYTES
            if batch and (len(batch) == PUT_VECTORS_MAX or size > room):
                self.put_vectors(batch)
                batch, room = [], REQUEST_BYTES_MAX * 3 // 4
            batch.append({"key": key, "data": {"float32": cast("Any", record.vector)}, "metadata": record.metadata})
            room -= size
        if batch:
            self.put_vectors(batch)

    def delete(self, keys: Iterable[str], *, actor: Actor, permission: Permission = Permission.DELETE) -> None:
        """Delete records; keys that do not exist are no error."""
        self._require(permission, actor)
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), DELETE_VECTORS_MAX):
            self._client.delete_vectors(**self._where, keys=wanted[start : start + DELETE_VECTORS_MAX])

    def scrub(self) -> None:
        """Take what was deleted out of the index's files where these are ours; else it is the service's matter."""
        if isinstance(self._client, Scrubbing):
            self._client.scrub(vectorBucketName=self._where["vectorBucketName"], indexName=self._where["indexName"])

    def put_vectors(self, records: list[PutVector]) -> None:
        """Put records of the service's own shape in one call."""
        self._client.put_vectors(**self._where, vectors=records)

    def put_new(self, records: list[PutVector]) -> bool | None:
        """Put records of the service's own shape unless one of their keys exists; None where the service cannot tell."""
        return self._client.put_new(**self._where, vectors=records) if isinstance(self._client, Claiming) else None

    def fetch(self, keys: Iterable[str], **fields: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield key and record, in the service's own shape, of those that exist, in the order of the keys."""
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), GET_VECTORS_MAX):
            part = wanted[start : start + GET_VECTORS_MAX]
            answer = self._client.get_vectors(**self._where, keys=part, **fields)
            found = {record["key"]: record for record in answer["vectors"]}
            yield from ((key, found[key]) for key in part if key in found)

    def listed(self, *, token: str | None = None, **options: Any) -> Iterator[tuple[list[dict[str, Any]], str | None]]:
        """Yield pages of the listing, each with the token of the next one; `options` are ListVectors' own."""
        while True:
            page = {"nextToken": token} if token else {}
            answer = self._client.list_vectors(
                **self._where, **({"maxResults": LIST_VECTORS_MAX, "returnMetadata": True} | options), **page
            )
            token = answer.get("nextToken")
            yield answer["vectors"], token
            if not token:
                return

    def query(self, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield every hit of a query, a page at a time."""
        token: str | None = None
        while True:
            page = {"nextToken": token} if token else {}
            answer = self._client.query_vectors(**self._where, **arguments, **page)
            yield from answer["vectors"]
            token = answer.get("nextToken")
            if not token:
                return


def vector_of(record: Mapping[str, Any]) -> np.ndarray:
    """Return the vector of a record of the service, float32."""
    return np.asarray(record["data"]["float32"], dtype=np.float32)
