"""The indexes of one store: which there are, who sees them, and how they are made, opened and removed."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from core.access import Actor, Permission, tenant_of_index
from core.archive import Archive
from core.detecting import Detections
from core.errors import AccessDeniedError, ConfigError, ConflictError, NotFoundError, StorageError
from core.inventory import EMBEDDER_TAG, SCOPE_TAG, TENANT_TAG, BucketInfo, Inventory, UnreadableIndex
from core.memory import NON_FILTERABLE, TEXT_KEY, Schema
from core.memory.fields import preview
from core.memory.schema_tags import is_schema_tag, schema_tags
from core.models.embedding import Embedder, embedder_tag
from core.store import IndexInfo, MemoryStore
from core.vectors.client import VectorsClient
from core.vectors.limits import LIST_VECTORS_MAX

__all__ = ["BucketInfo", "Catalog", "IndexInfo", "UnreadableIndex"]

# The embedding model reads English, and so does the stemmer of the text search.
_LANGUAGE: Final = "en"
# What the value of a tag may have.
_SCOPE: Final = re.compile(r"[\w.:/=+@-]([\w .:/=+@-]{0,254}[\w.:/=+@-])?")


class Catalog:
    """The indexes of one vector bucket of a client."""

    def __init__(
        self,
        client: VectorsClient,
        *,
        bucket: str,
        uri: str,
        embedder_factory: Callable[[], Embedder],
        embedder_by_tag: Callable[[str], Embedder | None] = lambda _: None,
        remote: bool = False,
        cache_dir: Path | None = None,
        archive: Archive | None = None,
    ) -> None:
        """Take over the client; `remote` is a service, not a directory, and `cache_dir` may be filled and emptied freely.

        The archive has the journal, without which nothing can be curated, and the log of recalls.

        An index is opened with the embedder that `embedder_by_tag` has for its tag, else with the factory's.
        """
        self.bucket = bucket
        self.uri = uri
        self.remote = remote
        self.cache_dir = cache_dir
        self.archive = archive
        self._client = client
        self._factory = embedder_factory
        self._by_tag = embedder_by_tag
        self._embedder: Embedder | None = None
        self._lock = threading.Lock()
        self._detections = Detections()
        self._inventory = Inventory(client, bucket=bucket, uri=uri, remote=remote)

    def embedder(self) -> Embedder:
        """Return the embedder that new indexes are tagged with, made at the first call."""
        with self._lock:
            if self._embedder is None:
                self._embedder = self._factory()
            return self._embedder

    def buckets(self, *, actor: Actor) -> list[BucketInfo]:
        """Return the vector buckets of the account and region, by name; whose their indexes are, each index says."""
        actor.require(Permission.READ, what="the list of buckets")
        return self._inventory.buckets()

    def in_bucket(self, name: str) -> Catalog:
        """Return the catalog of another bucket, with the same client and embedder: to close this one closes both."""
        uri = _with_bucket(self.uri, name) if self.remote else self.uri
        return Catalog(
            self._client,
            bucket=name,
            uri=uri,
            embedder_factory=self.embedder,
            embedder_by_tag=self._by_tag,
            remote=self.remote,
            cache_dir=self.cache_dir,
            archive=self.archive,
        )

    def indexes(self, *, actor: Actor) -> list[IndexInfo]:
        """Return the indexes that the actor may read, by name, less those that cannot be read."""
        return self.survey(actor=actor)[0]

    def unreadable(self, *, actor: Actor) -> list[UnreadableIndex]:
        """Return the indexes that the actor may read but that cannot be read, by name, each with the reason."""
        return self.survey(actor=actor)[1]

    def survey(self, *, actor: Actor) -> tuple[list[IndexInfo], list[UnreadableIndex]]:
        """Return `indexes` and `unreadable` of one moment; an error of the store itself is raised."""
        return self._inventory.survey(actor)

    def names(self, *, actor: Actor) -> list[str]:
        """Return the names of all indexes that the actor may read, whatever state they are in."""
        return self._inventory.names(actor)

    def create(
        self,
        name: str,
        *,
        actor: Actor,
        tenant: str | None = None,
        scope: str | None = None,
        metric: str = "cosine",
        embedder: Embedder | None = None,
    ) -> MemoryStore:
        """Create an index for memories, tagged with its embedder, tenant and scope; needs the role admin.

        `scope` is a word for what it is to hold, as "short-term" or "long-term".
        """
        owner = self._tenant(name, tenant)
        actor.require(Permission.ADMINISTER, what=f"index {name!r}", tenant=owner)
        self._require_same_tenant(name, owner)
        chosen = embedder or self.embedder()
        tags = {EMBEDDER_TAG: embedder_tag(chosen)} | ({TENANT_TAG: owner} if owner else {})
        tags |= {} if scope is None else {SCOPE_TAG: _checked_scope(scope)}
        self._make_index(
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
        return self.attach(self._existing(name), actor=actor, embedder=embedder)

    def attach(self, info: IndexInfo, *, actor: Actor, embedder: Embedder | None = None) -> MemoryStore:
        """Return the store of an index that a survey found, without asking the service again."""
        actor.require(Permission.READ, what=f"index {info.name!r}", tenant=info.tenant, known=info.tags_known)
        return self._store(info, embedder)

    def open_or_create(
        self, name: str, *, actor: Actor, tenant: str | None = None, embedder: Embedder | None = None
    ) -> MemoryStore:
        """Return the store of an index, created where there is none; raise ConfigError if it is another tenant's."""
        info = self._inventory.info(name)
        if info is None:
            try:
                return self.create(name, actor=actor, tenant=tenant, embedder=embedder)
            except ConflictError:
                info = self._existing(name)  # another process was faster
        store = self.attach(info, actor=actor, embedder=embedder)
        if tenant is not None and tenant != info.tenant:
            belongs = f"belongs to tenant {info.tenant!r}" if info.tenant else "is shared by every tenant"
            raise ConfigError(
                f"Index {name!r} {belongs}: choose another one for tenant {tenant!r}, or leave the tenant out."
            )
        return store

    def delete(self, name: str, *, actor: Actor) -> None:
        """Delete an index that holds no memory; needs the role admin. One that holds some is refused with ConfigError.

        An index whose files cannot be read any more goes with what is in them, and so do its maps.
        """
        arn = self._inventory.require(Permission.ADMINISTER, name, actor=actor)
        if held := self._held(name):
            raise ConfigError(
                f"Index {name!r} holds {held}: export what is to stay and delete them (`python -m core forget`). "
                "Only an empty index can be deleted, for nothing could bring the memories back."
            )
        self._client.delete_index(vectorBucketName=self.bucket, indexName=name)
        self._forget_maps(arn)

    def save_schema(self, name: str, schema: Schema | None, *, actor: Actor) -> None:
        """Save in the index's tags which keys hold which fields; None forgets it, so that a sample decides again."""
        info = self._existing(name)
        self._inventory.require(Permission.ADMINISTER, name, actor=actor)
        tags = schema_tags(schema) if schema else {}
        if stale := [tag for tag in info.tags if is_schema_tag(tag) and tag not in tags]:
            self._client.untag_resource(resourceArn=info.arn, tagKeys=stale)
        if tags:
            self._client.tag_resource(resourceArn=info.arn, tags=tags)

    def close(self) -> None:
        """Release files and threads: the client's, and those of what is kept beside the store."""
        if self.archive:
            self.archive.close()
        self._client.close()

    def _store(self, info: IndexInfo, embedder: Embedder | None) -> MemoryStore:
        factory = (lambda: self._embedder_of(info)) if embedder is None else lambda: embedder
        return MemoryStore(
            self._client,
            bucket=self.bucket,
            info=info,
            uri=self.uri,
            embedder_factory=factory,
            detections=self._detections,
            archive=self.archive,
        )

    def _embedder_of(self, info: IndexInfo) -> Embedder:
        chosen = self.embedder()
        if info.embedder in (None, embedder_tag(chosen)):
            return chosen
        return self._by_tag(info.embedder) or chosen

    def _tenant(self, name: str, tenant: str | None) -> str | None:
        named = tenant_of_index(name)
        if tenant and named and tenant != named:
            raise ConfigError(f"The name {name!r} is reserved for tenant {named!r}, not {tenant!r}: choose another name.")
        return tenant or named

    def _require_same_tenant(self, name: str, owner: str | None) -> None:
        """Raise ConfigError where an index of this name was another tenant's: who reads its history would read theirs."""
        entries = self.archive.ledger.journal.entries(f"{self.bucket}/{name}") if self.archive else ()
        if any(entry.body.get("tenant") not in (None, owner) for entry in entries):
            raise ConfigError(
                f"An index {name!r} was another tenant's, and the journal still has what was in it: choose another name."
            )

    def _existing(self, name: str) -> IndexInfo:
        info = self._inventory.info(name)
        if info is None:
            raise self._inventory.missing(name)
        return info

    def _held(self, name: str) -> str:
        """Return how many memories an index holds, in words; empty where there are none, or where nobody can read them."""

        def listed(most: int) -> tuple[int, bool]:
            answer = self._client.list_vectors(vectorBucketName=self.bucket, indexName=name, maxResults=most)
            return len(answer["vectors"]), bool(answer.get("nextToken"))

        try:
            count, more = listed(1)
            if count or more:
                count, more = listed(LIST_VECTORS_MAX)
        except StorageError:
            return ""
        if not count and not more:
            return ""
        noun = "memory" if count == 1 and not more else "memories"
        return f"more than {count:,} {noun}" if more else f"{count:,} {noun}"

    def _forget_maps(self, arn: str) -> None:
        from core.maps.forgetting import forget_maps  # what only needs a catalog need not wait for it

        if self.archive and self.archive.cache_dir:
            forget_maps(self.archive.cache_dir / "maps", arn)

    def _make_index(self, **arguments: Any) -> None:
        """Create an index, and its bucket where there is none yet."""
        try:
            try:
                self._client.create_index(**arguments)
            except NotFoundError:
                self._make_bucket()
                self._client.create_index(**arguments)
        except AccessDeniedError as error:
            raise AccessDeniedError(
                f"{error}. To create an index of memories takes the rights s3vectors:CreateIndex and s3vectors:TagResource, "
                "and s3vectors:CreateVectorBucket where the bucket does not exist yet."
            ) from error

    def _make_bucket(self) -> None:
        try:
            self._client.create_vector_bucket(vectorBucketName=self.bucket)
        except ConflictError:
            return  # another process was faster


def _with_bucket(uri: str, name: str) -> str:
    """Return a store URI with another bucket, which is all between the scheme and the first `/`, `?` or `#`."""
    scheme, _, rest = uri.partition("://")
    old = re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}://{name}{rest.removeprefix(old)}"


def _checked_scope(scope: str) -> str:
    if not _SCOPE.fullmatch(scope):
        raise ConfigError(
            f"{preview(scope)} is no scope: a word such as short-term, of letters, digits, spaces and _.:/=+@-, 256 at most."
        )
    return scope
