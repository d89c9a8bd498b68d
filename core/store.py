"""MemoryStore: the memories of one index."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from core.access import Actor, Permission
from core.analysis.columns import records
from core.analysis.frame import to_frame
from core.archive import Archive
from core.candidates import Candidate, Mode
from core.detecting import SAMPLE_ROWS, Detections
from core.errors import ConfigError, EmbedderMismatchError, NotFoundError
from core.exact import Found, Seen, exact_cosine
from core.index import IndexInfo
from core.memory import Memory, Schema, from_metadata, to_metadata
from core.memory.detection import Detection
from core.memory.fields import preview
from core.models.embedding import Embedder, embed_query, embedder_tag
from core.operate.recalls import Usage
from core.records import Records, vector_of
from core.scope import Scope
from core.search import Search, asked
from core.vectors.client import VectorsClient
from core.vectors.limits import TOP_K_MAX
from core.writer import Screen, WriteFailure, WriteReport, put_vector, write_all

__all__ = ["Candidate", "IndexInfo", "MemoryStore", "Mode", "WriteFailure", "WriteReport"]

_EVERYTHING: Final = Scope()


class MemoryStore:
    """The memories of one index; each call says on whose behalf, and raises NotAllowedError where they may not."""

    def __init__(
        self,
        client: VectorsClient,
        *,
        bucket: str,
        info: IndexInfo,
        uri: str,
        embedder_factory: Callable[[], Embedder],
        detections: Detections | None = None,
        archive: Archive | None = None,
    ) -> None:
        self.archive = archive
        self.info = info
        self.uri = uri
        self.bucket = bucket
        self._client = client
        self._factory = embedder_factory
        self._detections = detections or Detections()
        self._where = {"vectorBucketName": bucket, "indexName": info.name}
        self.records = Records(client, self._where, self._require)

    @property
    def stream(self) -> str:
        """Return what the journal and the log of recalls call the index."""
        return f"{self.bucket}/{self.info.name}"

    @property
    def schema(self) -> Schema:
        """Return which metadata keys hold which fields of a memory."""
        return self.detection().schema

    def detection(self) -> Detection:
        """Return the schema with how sure it is and why; of an index that others made a sample is listed, once."""
        return self._detections.of(self.info, self._sample)

    def learn(self, table: pa.Table) -> None:
        """Let the detection have what was read of the index: one of a few records may have been told from fewer."""
        self._detections.learn(
            self.info, table.num_rows, lambda: [metadata for _, metadata in records(table, limit=SAMPLE_ROWS)]
        )

    @property
    def text_key(self) -> str:
        """Return the metadata key with the text, as a query by words names it."""
        return self._search().text_key

    @property
    def has_text(self) -> bool:
        """Say whether the index can be searched by words."""
        return self._search().has_text

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
        return embed_query(self.embedder(), text)

    def write(
        self,
        memories: Iterable[Memory],
        *,
        actor: Actor,
        guard: Screen | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> WriteReport:
        """Embed and store memories, replacing those of the same key; bad ones are reported, the others are written.

        What a `guard` refuses is among the bad ones (see core.guard.guard_of).
        """
        self._require(Permission.WRITE, actor)
        return write_all(
            memories,
            to_metadata=self.metadata_of(),
            embed=self.embedder().embed,
            put=self.records.put_vectors,
            guard=guard,
            progress=progress,
        )

    def write_new(self, memory: Memory, *, actor: Actor) -> bool | None:
        """Embed and store a memory unless its key exists: True where it did not, False where it did.

        None, and nothing is written, where the service has no such put, as Amazon S3 Vectors has none.
        """
        self._require(Permission.WRITE, actor)
        metadata, vector = self.metadata_of()(memory), self.embedder().embed([memory.content])[0]
        return self.records.put_new([put_vector(memory.key, vector, metadata)])

    def metadata_of(self) -> Callable[[Memory], dict[str, Any]]:
        """Return what turns a memory into the metadata of this index; it raises InvalidMemoryError where that cannot be."""
        hidden, schema = frozenset(self.info.non_filterable), self.schema
        return lambda memory: dict(to_metadata(memory, non_filterable=hidden, schema=schema))

    def memory_of(self, key: str, metadata: Mapping[str, Any]) -> Memory:
        """Return the memory that a record of this index holds; never raises."""
        return from_metadata(key, metadata, self.schema)

    def get(self, keys: Iterable[str], *, actor: Actor) -> dict[str, Memory]:
        """Return the memories that exist, in the order of the keys."""
        self._require(Permission.READ, actor)
        memory = self._search().memory
        return {key: memory(record) for key, record in self.records.fetch(keys, returnMetadata=True)}

    def vectors(self, keys: Iterable[str], *, actor: Actor) -> dict[str, np.ndarray]:
        """Return the vectors of the memories that exist, float32, in the order of the keys."""
        self._require(Permission.READ, actor)
        return {key: vector_of(record) for key, record in self.records.fetch(keys, returnData=True)}

    def memories(self, *, actor: Actor) -> Iterator[Memory]:
        """Yield every memory, a page of the service at a time and in its order: any size fits."""
        self._require(Permission.READ, actor)
        memory = self._search().memory
        return (memory(record) for page, _ in self.records.listed() for record in page)

    def scan(
        self,
        *,
        actor: Actor,
        columns: Sequence[str] | None = None,
        vectors: bool = False,
        progress: Callable[[int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        limit: int | None = None,
    ) -> pa.Table:
        """Return every record as one Arrow table, or a sample of about `limit` (see VectorsClient.scan)."""
        self._require(Permission.READ, actor)
        return self._client.scan(
            **self._where, columns=columns, vectors=vectors, progress=progress, cancelled=cancelled, limit=limit
        )

    def frame(self, *, actor: Actor) -> pd.DataFrame:
        """Return every memory as a row of a snapshot frame (see analysis.frame.COLUMNS)."""
        return to_frame(self.scan(actor=actor), info=self.info, schema=self.schema)

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
        return self.search(text=text, vector=vector, mode=mode, k=k, scope=scope, now=now, actor=actor).candidates

    def search(
        self,
        *,
        text: str | None = None,
        vector: np.ndarray | None = None,
        mode: Mode,
        k: int,
        scope: Scope = _EVERYTHING,
        now: datetime,
        actor: Actor,
        snapshot: Seen | None = None,
    ) -> Found:
        """Return what `query` returns, with notes on how it was found.

        What the service cannot filter is filtered here: for the vectors exactly, over the snapshot's vectors or a scan where
        there are none; for the words over the service's list, which ends after 10,000.
        """
        self._require(Permission.READ, actor)
        if not 1 <= k <= TOP_K_MAX:
            raise ConfigError(f"k is {k}: choose from 1 to {TOP_K_MAX:,}.")
        if mode is Mode.TEXT:
            vector = None
        elif vector is None:
            vector = self.embed(asked(text), actor=actor)
        return self._search().find(text, vector, mode=mode, k=k, scope=scope, now=now, snapshot=snapshot)

    def candidates(self, keys: Iterable[str], *, vector: np.ndarray | None, actor: Actor) -> list[Candidate]:
        """Return the memories that exist as candidates, with their exact cosines where there is a vector."""
        self._require(Permission.READ, actor)
        found, memory = self.records.fetch(keys, returnMetadata=True, returnData=vector is not None), self._search().memory
        return [
            Candidate(memory(record), cosine=None if vector is None else exact_cosine(vector, vector_of(record)))
            for _, record in found
        ]

    def neighbours(self, key: str, *, k: int, actor: Actor) -> list[tuple[Memory, float]]:
        """Return the k memories nearest to one by meaning, expired ones too, each with its cosine."""
        vector = self.vectors([key], actor=actor).get(key)
        if vector is None:
            raise NotFoundError(f"There is no memory {preview(key)} in index {self.info.name!r}: it may have been deleted.")
        found = self._search().near(vector, min(k + 1, TOP_K_MAX))
        others = [(hit.memory, hit.cosine) for hit in found if hit.memory.key != key and hit.cosine is not None]
        return others[:k]

    def used(self, keys: Collection[str] | None = None, *, actor: Actor) -> Mapping[str, Usage]:
        """Return how often memories were recalled by those who use them, by key: those that were, as far as is logged."""
        self._require(Permission.READ, actor)
        return self.archive.recalls.used(self.stream, keys) if self.archive else {}

    def _require(self, permission: Permission, actor: Actor) -> None:
        info = self.info
        actor.require(permission, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)

    def _search(self) -> Search:
        return Search(self.info, self.schema, self.records.query, self.records.fetch, self._everything)

    def _everything(self) -> pa.Table:
        where = self._where
        return self._client.scan(
            vectorBucketName=where["vectorBucketName"], indexName=where["indexName"], columns=None, vectors=True
        )

    def sample(self, *, actor: Actor) -> list[dict[str, Any]]:
        """Return the metadata of some records, as they are stored."""
        self._require(Permission.READ, actor)
        return self._sample()

    def _sample(self) -> list[dict[str, Any]]:
        answer = self._client.list_vectors(**self._where, maxResults=SAMPLE_ROWS, returnMetadata=True)
        return [record.get("metadata") or {} for record in answer["vectors"]]
