"""MemoryStore: the memories of one index. Only this file and catalog.py call the vector service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from core.access import Actor, Permission
from core.analysis.frame import to_frame
from core.candidates import Candidate, Mode, clip_text, merge
from core.errors import ConfigError, EmbedderMismatchError, NotFoundError
from core.memory import TEXT_KEY, Memory, from_metadata, to_metadata
from core.memory.fields import preview
from core.models.embedding import Embedder, embedder_tag
from core.scope import Scope
from core.vectors.client import PutVector, VectorsClient
from core.vectors.limits import DELETE_VECTORS_MAX, GET_VECTORS_MAX, LIST_VECTORS_MAX, TOP_K_MAX
from core.writer import WriteFailure, WriteReport, write_all

__all__ = ["Candidate", "IndexInfo", "MemoryStore", "Mode", "WriteFailure", "WriteReport"]

_EVERYTHING: Final = Scope()


@dataclass(frozen=True)
class IndexInfo:
    """What an index is: `embedder` as "model/dimension/version" and `tenant` are None where its tags do not say."""

    name: str
    dimension: int
    metric: str
    embedder: str | None
    tenant: str | None
    non_filterable: tuple[str, ...]
    text_keys: tuple[str, ...]
    created_at: datetime
    arn: str


class MemoryStore:
    """The memories of one index; each call says on whose behalf, and raises NotAllowedError where they may not."""

    def __init__(
        self, client: VectorsClient, *, bucket: str, info: IndexInfo, uri: str, embedder_factory: Callable[[], Embedder]
    ) -> None:
        self.info = info
        self.uri = uri
        self.bucket = bucket
        self._client = client
        self._factory = embedder_factory
        self._where = {"vectorBucketName": bucket, "indexName": info.name}

    @property
    def has_text(self) -> bool:
        """Say whether the index can be searched by words."""
        return TEXT_KEY in self.info.text_keys

    def embedder(self) -> Embedder:
        """Return the embedder; raise EmbedderMismatchError if the index was written with another."""
        embedder = self._factory()
        tag, name = embedder_tag(embedder), self.info.name
        way_out = "open the index with that embedder, or export it and import the file into a new index."
        if self.info.embedder not in (None, tag):
            raise EmbedderMismatchError(f"Index {name!r} was written with {self.info.embedder}, not with {tag}: {way_out}")
        if embedder.dimension != self.info.dimension:
            raise EmbedderMismatchError(
                f"Index {name!r} has dimension {self.info.dimension}, {tag} has {embedder.dimension}: {way_out}"
            )
        return embedder

    def embed(self, text: str, *, actor: Actor) -> np.ndarray:
        """Return the vector of a query, (dimension,) float32 of length 1."""
        self._require(Permission.READ, actor)
        vector: np.ndarray = self.embedder().embed([text])[0]
        return vector

    def write(
        self, memories: Iterable[Memory], *, actor: Actor, progress: Callable[[int], None] | None = None
    ) -> WriteReport:
        """Embed and store memories, replacing those of the same key; bad ones are reported, the others are written."""
        self._require(Permission.WRITE, actor)
        hidden = frozenset(self.info.non_filterable)
        return write_all(
            memories,
            to_metadata=lambda memory: to_metadata(memory, non_filterable=hidden),
            embed=self.embedder().embed,
            put=self._put,
            progress=progress,
        )

    def get(self, keys: Iterable[str], *, actor: Actor) -> dict[str, Memory]:
        """Return the memories that exist, in the order of the keys."""
        self._require(Permission.READ, actor)
        return {
            key: from_metadata(key, record.get("metadata") or {}) for key, record in self._get(keys, returnMetadata=True)
        }

    def vectors(self, keys: Iterable[str], *, actor: Actor) -> dict[str, np.ndarray]:
        """Return the vectors of the memories that exist, float32, in the order of the keys."""
        self._require(Permission.READ, actor)
        return {key: _array(record) for key, record in self._get(keys, returnData=True)}

    def delete(self, keys: Iterable[str], *, actor: Actor) -> int:
        """Delete memories and return how many of them existed."""
        self._require(Permission.DELETE, actor)
        existing = [key for key, _ in self._get(keys)]
        for start in range(0, len(existing), DELETE_VECTORS_MAX):
            self._client.delete_vectors(**self._where, keys=existing[start : start + DELETE_VECTORS_MAX])
        return len(existing)

    def memories(self, *, actor: Actor) -> Iterator[Memory]:
        """Yield every memory, a page of the service at a time and in its order: any size fits."""
        self._require(Permission.READ, actor)
        return self._pages()

    def scan(
        self,
        *,
        actor: Actor,
        columns: Sequence[str] | None = None,
        vectors: bool = False,
        progress: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> pa.Table:
        """Return every record as one Arrow table (see VectorsClient.scan)."""
        self._require(Permission.READ, actor)
        return self._client.scan(**self._where, columns=columns, vectors=vectors, progress=progress, cancelled=cancelled)

    def frame(self, *, actor: Actor) -> pd.DataFrame:
        """Return every memory as a row of a snapshot frame (see analysis.frame.COLUMNS)."""
        return to_frame(self.scan(actor=actor), info=self.info)

    def count(self, actor: Actor) -> int:
        """Return how many memories there are."""
        return int(self.scan(actor=actor, columns=[]).num_rows)

    def revision(self) -> str | None:
        """Return what changes whenever the index's content does; it tells nothing of the content."""
        return self._client.revision(**self._where)

    def query(
        self,
        *,
        text: str | None = None,
        vector: np.ndarray | None = None,
        mode: Mode,
        k: int,
        scope: Scope = _EVERYTHING,
        now: datetime,
        actor: Actor,
    ) -> list[Candidate]:
        """Return the best k by vector, by text, or the best k of each merged, the vector list first.

        A text without a vector is embedded. In hybrid mode each candidate has its exact cosine; in an index without text
        search it is the vector half alone.
        """
        self._require(Permission.READ, actor)
        if not 1 <= k <= TOP_K_MAX:
            raise ConfigError(f"k is {k}: choose from 1 to {TOP_K_MAX:,}.")
        common: dict[str, Any] = {"topK": k, "returnMetadata": True}
        if condition := scope.to_filter(now=now):
            common["filter"] = condition
        if mode is Mode.TEXT:
            return self._by_text(text, common)
        if vector is None:
            vector = self.embed(_asked(text), actor=actor)
        by_vector = self._by_vector(vector, common)
        if mode is Mode.VECTOR or not self.has_text:
            return by_vector
        by_text = self._by_text(text, common)
        return merge(by_vector, by_text, self._cosines(vector, by_vector, by_text))

    def candidates(self, keys: Iterable[str], *, vector: np.ndarray | None, actor: Actor) -> list[Candidate]:
        """Return the memories that exist as candidates, with their exact cosines where there is a vector."""
        self._require(Permission.READ, actor)
        found = self._get(keys, returnMetadata=True, returnData=vector is not None)
        return [
            Candidate(_memory(record), cosine=None if vector is None else _exact_cosine(vector, _array(record)))
            for _, record in found
        ]

    def neighbours(self, key: str, *, k: int, actor: Actor) -> list[tuple[Memory, float]]:
        """Return the k memories nearest to one by meaning, expired ones too, each with its cosine."""
        vector = self.vectors([key], actor=actor).get(key)
        if vector is None:
            raise NotFoundError(f"There is no memory {preview(key)} in index {self.info.name!r}: it may have been deleted.")
        found = self._by_vector(vector, {"topK": min(k + 1, TOP_K_MAX), "returnMetadata": True})
        others = [(hit.memory, hit.cosine) for hit in found if hit.memory.key != key and hit.cosine is not None]
        return others[:k]

    def _require(self, permission: Permission, actor: Actor) -> None:
        actor.require(permission, what=f"index {self.info.name!r}", tenant=self.info.tenant)

    def _put(self, records: list[PutVector]) -> None:
        self._client.put_vectors(**self._where, vectors=records)

    def _get(self, keys: Iterable[str], **fields: bool) -> Iterator[tuple[str, dict[str, Any]]]:
        wanted = list(dict.fromkeys(keys))
        for start in range(0, len(wanted), GET_VECTORS_MAX):
            part = wanted[start : start + GET_VECTORS_MAX]
            answer = self._client.get_vectors(**self._where, keys=part, **fields)
            found = {record["key"]: record for record in answer["vectors"]}
            yield from ((key, found[key]) for key in part if key in found)

    def _pages(self) -> Iterator[Memory]:
        token: str | None = None
        while True:
            page = {"nextToken": token} if token else {}
            answer = self._client.list_vectors(**self._where, maxResults=LIST_VECTORS_MAX, returnMetadata=True, **page)
            yield from (from_metadata(record["key"], record.get("metadata") or {}) for record in answer["vectors"])
            token = answer.get("nextToken")
            if not token:
                return

    def _query(self, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            page = {"nextToken": token} if token else {}
            answer = self._client.query_vectors(**self._where, **arguments, **page)
            yield from answer["vectors"]
            token = answer.get("nextToken")
            if not token:
                return

    def _by_vector(self, vector: np.ndarray, common: dict[str, Any]) -> list[Candidate]:
        hits = self._query({"queryVector": {"float32": vector}, "returnDistance": True, **common})
        return [
            Candidate(_memory(hit), cosine=self._cosine(hit["distance"]), vector_rank=rank)
            for rank, hit in enumerate(hits, start=1)
        ]

    def _by_text(self, text: str | None, common: dict[str, Any]) -> list[Candidate]:
        if not self.has_text:
            raise ConfigError(f"Index {self.info.name!r} has no text search on {TEXT_KEY!r}: use the mode vector.")
        texts = [{"metadataKey": TEXT_KEY, "text": clip_text(_asked(text))}]
        hits = self._query({"queryTexts": texts, "returnScores": True, **common})
        return [
            Candidate(_memory(hit), bm25=hit["scores"]["bm25Scores"][0]["score"], text_rank=rank)
            for rank, hit in enumerate(hits, start=1)
        ]

    def _cosines(self, vector: np.ndarray, by_vector: Sequence[Candidate], by_text: Sequence[Candidate]) -> dict[str, float]:
        known = {candidate.memory.key for candidate in by_vector}
        missing = [candidate.memory.key for candidate in by_text if candidate.memory.key not in known]
        return {key: _exact_cosine(vector, _array(record)) for key, record in self._get(missing, returnData=True)}

    def _cosine(self, distance: float) -> float:
        # Between vectors of length 1, as every embedder of ours makes them, d² = 2 - 2 cos.
        return 1 - distance if self.info.metric == "cosine" else 1 - distance * distance / 2


def _memory(hit: dict[str, Any]) -> Memory:
    return from_metadata(hit["key"], hit.get("metadata") or {})


def _array(record: dict[str, Any]) -> np.ndarray:
    return np.asarray(record["data"]["float32"], dtype=np.float32)


def _exact_cosine(one: np.ndarray, other: np.ndarray) -> float:
    # In float64, for the squares of what others stored may be beyond float32; a vector of length 0 is like nothing.
    first, second = one.astype(np.float64), other.astype(np.float64)
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / lengths if lengths else 0.0


def _asked(text: str | None) -> str:
    if not text or not text.strip():
        raise ConfigError("The query is empty: write what to look for.")
    return text
