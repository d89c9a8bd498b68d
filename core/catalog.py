"""The indexes of one store: which there are, who sees them, and how they are made, opened and removed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from core.access import Actor, Permission, tenant_of_index
from core.errors import ConfigError, ConflictError, NotFoundError, StorageError
from core.memory import NON_FILTERABLE, TEXT_KEY
from core.models.embedding import Embedder, embedder_tag
from core.store import IndexInfo, MemoryStore
from core.vectors.client import VectorsClient

__all__ = ["Catalog", "IndexInfo", "UnreadableIndex"]

_EMBEDDER_TAG: Final = "mnemoscope:embedder"
_TENANT_TAG: Final = "mnemoscope:tenant"
# The embedding model reads English, and so does the stemmer of the text search.
_LANGUAGE: Final = "en"


@dataclass(frozen=True)
class UnreadableIndex:
    """An index whose files cannot be read: damaged, lost, or written by a newer version."""

    name: str
    tenant: str | None
    reason: str


class Catalog:
    """The indexes of one vector bucket of a client."""

    def __init__(self, client: VectorsClient, *, bucket: str, uri: str, embedder_factory: Callable[[], Embedder]) -> None:
        self.bucket = bucket
        self.uri = uri
        self._client = client
        self._factory = embedder_factory
        self._embedder: Embedder | None = None
        self._lock = threading.Lock()

    def embedder(self) -> Embedder:
        """Return the embedder that new indexes are tagged with, made at the first call."""
        with self._lock:
            if self._embedder is None:
                self._embedder = self._factory()
            return self._embedder

    def indexes(self, *, actor: Actor) -> list[IndexInfo]:
        """Return the indexes that the actor may read, by name, less those whose files cannot be read."""
        return self.survey(actor=actor)[0]

    def unreadable(self, *, actor: Actor) -> list[UnreadableIndex]:
        """Return the indexes that the actor may read but whose files cannot be, by name, each with the reason."""
        return self.survey(actor=actor)[1]

    def survey(self, *, actor: Actor) -> tuple[list[IndexInfo], list[UnreadableIndex]]:
        """Return `indexes` and `unreadable` of one moment; an error of the store itself is raised."""
        readable: list[IndexInfo] = []
        unreadable: list[UnreadableIndex] = []
        for name, tenant in self._owned(actor):
            try:
                if info := self._info(name):
                    readable.append(info)
            except StorageError as error:
                unreadable.append(UnreadableIndex(name, tenant, str(error)))
        return readable, unreadable

    def names(self, *, actor: Actor) -> list[str]:
        """Return the names of all indexes that the actor may read, whatever state their files are in."""
        return [name for name, _ in self._owned(actor)]

    def create(
        self,
        name: str,
        *,
        actor: Actor,
        tenant: str | None = None,
        metric: str = "cosine",
        embedder: Embedder | None = None,
    ) -> MemoryStore:
        """Create an index for memories, tagged with its embedder and tenant; needs the role admin."""
        owner = self._tenant(name, tenant)
        actor.require(Permission.ADMINISTER, what=f"index {name!r}", tenant=owner)
        chosen = embedder or self.embedder()
        tags = {_EMBEDDER_TAG: embedder_tag(chosen)} | ({_TENANT_TAG: owner} if owner else {})
        self._ensure_bucket()
        self._client.create_index(
            vectorBucketName=self.bucket,
            indexName=name,
            dataType="float32",
            dimension=chosen.dimension,
            distanceMetric=metric,
            metadataConfiguration={
                "nonFilterableMetadataKeys": list(NON_FILTERABLE),
                "textSearchConfigurations": [{"metadataKey": TEXT_KEY, "language": _LANGUAGE}],
            },
            tags=tags,
        )
        return self._store(self._existing(name), embedder)

    def open(self, name: str, *, actor: Actor, embedder: Embedder | None = None) -> MemoryStore:
        """Return the store of an index; raise NotFoundError where there is none."""
        info = self._existing(name)
        actor.require(Permission.READ, what=f"index {name!r}", tenant=info.tenant)
        return self._store(info, embedder)

    def open_or_create(
        self, name: str, *, actor: Actor, tenant: str | None = None, embedder: Embedder | None = None
    ) -> MemoryStore:
        """Return the store of an index, created where there is none; raise ConfigError if it is another tenant's."""
        info = self._info(name)
        if info is None:
            try:
                return self.create(name, actor=actor, tenant=tenant, embedder=embedder)
            except ConflictError:
                info = self._existing(name)  # another process was faster
        actor.require(Permission.READ, what=f"index {name!r}", tenant=info.tenant)
        if tenant is not None and tenant != info.tenant:
            belongs = f"belongs to tenant {info.tenant!r}" if info.tenant else "is shared by every tenant"
            raise ConfigError(
                f"Index {name!r} {belongs}: choose another one for tenant {tenant!r}, or leave the tenant out."
            )
        return self._store(info, embedder)

    def delete(self, name: str, *, actor: Actor) -> None:
        """Delete an index with every memory in it; needs the role admin."""
        entry = next((entry for entry in self._entries(prefix=name) if entry["indexName"] == name), None)
        if entry is None:
            raise self._missing(name)
        # The tags say whose it is, also of an index whose files are damaged.
        actor.require(Permission.ADMINISTER, what=f"index {name!r}", tenant=self._tenant_of(entry))
        self._client.delete_index(vectorBucketName=self.bucket, indexName=name)

    def close(self) -> None:
        """Release the client's files and threads."""
        self._client.close()

    def _store(self, info: IndexInfo, embedder: Embedder | None) -> MemoryStore:
        factory = self.embedder if embedder is None else lambda: embedder
        return MemoryStore(self._client, bucket=self.bucket, info=info, uri=self.uri, embedder_factory=factory)

    def _tenant(self, name: str, tenant: str | None) -> str | None:
        named = tenant_of_index(name)
        if tenant and named and tenant != named:
            raise ConfigError(f"The name {name!r} is reserved for tenant {named!r}, not {tenant!r}: choose another name.")
        return tenant or named

    def _entries(self, **prefix: str) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            page = {"nextToken": token} if token else {}
            try:
                answer = self._client.list_indexes(vectorBucketName=self.bucket, **prefix, **page)
            except NotFoundError:
                return  # the bucket is made with the first index
            yield from answer["indexes"]
            token = answer.get("nextToken")
            if not token:
                return

    def _owned(self, actor: Actor) -> list[tuple[str, str | None]]:
        """Return name and tenant of the indexes that the actor may read, by name; no index's own file is opened."""
        owned: list[tuple[str, str | None]] = []
        for entry in self._entries():
            with suppress(NotFoundError):  # deleted in this moment
                tenant = self._tenant_of(entry)
                if actor.may(Permission.READ, tenant=tenant):
                    owned.append((entry["indexName"], tenant))
        return sorted(owned, key=lambda pair: pair[0])

    def _tenant_of(self, entry: dict[str, Any]) -> str | None:
        tags = self._client.list_tags_for_resource(resourceArn=entry["indexArn"])["tags"]
        return _tenant_of(entry["indexName"], tags)

    def _info(self, name: str) -> IndexInfo | None:
        try:
            index = self._client.get_index(vectorBucketName=self.bucket, indexName=name)["index"]
            tags = self._client.list_tags_for_resource(resourceArn=index["indexArn"])["tags"]
        except NotFoundError:
            return None
        return _read_info(index, tags)

    def _existing(self, name: str) -> IndexInfo:
        info = self._info(name)
        if info is None:
            raise self._missing(name)
        return info

    def _missing(self, name: str) -> NotFoundError:
        return NotFoundError(f"There is no index {name!r} in {self.uri}: check the name, or import into it.")

    def _ensure_bucket(self) -> None:
        try:
            self._client.get_vector_bucket(vectorBucketName=self.bucket)
        except NotFoundError:
            try:
                self._client.create_vector_bucket(vectorBucketName=self.bucket)
            except ConflictError:
                return  # another process was faster


def _tenant_of(name: str, tags: dict[str, str]) -> str | None:
    return tenant_of_index(name, tag=tags.get(_TENANT_TAG))


def _read_info(index: dict[str, Any], tags: dict[str, str]) -> IndexInfo:
    configuration = index.get("metadataConfiguration") or {}
    searchable = configuration.get("textSearchConfigurations") or ()
    return IndexInfo(
        name=index["indexName"],
        dimension=index["dimension"],
        metric=index["distanceMetric"],
        embedder=tags.get(_EMBEDDER_TAG),
        tenant=_tenant_of(index["indexName"], tags),
        non_filterable=tuple(configuration.get("nonFilterableMetadataKeys") or ()),
        text_keys=tuple(text["metadataKey"] for text in searchable if text.get("status", "ACTIVE") == "ACTIVE"),
        created_at=index["creationTime"],
        arn=index["indexArn"],
    )
