"""Which indexes a bucket has, whose they are and what they are, as far as the rights of the credentials go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from core.access import Actor, Permission, tenant_of_index
from core.errors import AccessDeniedError, NotFoundError, StorageError
from core.store import IndexInfo
from core.vectors.client import VectorsClient

__all__ = ["EMBEDDER_TAG", "SCOPE_TAG", "TENANT_TAG", "BucketInfo", "Inventory", "UnreadableIndex"]

EMBEDDER_TAG: Final = "mnemoscope:embedder"
SCOPE_TAG: Final = "mnemoscope:scope"
TENANT_TAG: Final = "mnemoscope:tenant"
# A service answers in tens of milliseconds: a survey of a hundred indexes would take seconds one by one.
_THREADS: Final = 8

_From = TypeVar("_From")
_To = TypeVar("_To")


@dataclass(frozen=True)
class BucketInfo:
    """A vector bucket of the account."""

    name: str
    arn: str
    created_at: datetime


@dataclass(frozen=True)
class UnreadableIndex:
    """An index that cannot be read: damaged, lost, written by a newer version, or not allowed to these credentials."""

    name: str
    tenant: str | None
    reason: str


@dataclass(frozen=True)
class _Owned:
    """An index's summary and tags; None are tags that the credentials may not read."""

    entry: Mapping[str, Any]
    tags: Mapping[str, str] | None

    @property
    def name(self) -> str:
        return str(self.entry["indexName"])

    @property
    def tenant(self) -> str | None:
        return _tenant_of(self.name, self.tags or {})


class Inventory:
    """Reads the indexes of one vector bucket; with a service (`remote`) several at a time."""

    def __init__(self, client: VectorsClient, *, bucket: str, uri: str, remote: bool) -> None:
        self._client, self._bucket, self._uri, self._remote = client, bucket, uri, remote

    def names(self, actor: Actor) -> list[str]:
        """Return the names of the indexes that the actor may read; whose they are is not asked for who sees every tenant."""
        if actor.tenants is None and actor.may(Permission.READ):
            return sorted(entry["indexName"] for entry in self._entries())
        return sorted(owned.name for owned in self._owned(actor))

    def survey(self, actor: Actor) -> tuple[list[IndexInfo], list[UnreadableIndex]]:
        """Return the indexes that the actor may read, by name: those that can be read, and those that cannot."""
        found = [each for each in self._map(self._look, self._owned(actor)) if each is not None]
        found.sort(key=lambda each: each.name)
        readable = [each for each in found if isinstance(each, IndexInfo)]
        return readable, [each for each in found if isinstance(each, UnreadableIndex)]

    def info(self, name: str) -> IndexInfo | None:
        """Return what an index is; None where there is none."""
        try:
            index = self._client.get_index(vectorBucketName=self._bucket, indexName=name)["index"]
            tags = self._tags(index["indexArn"])
        except NotFoundError:
            return None
        return _read_info(index, tags)

    def require(self, permission: Permission, name: str, *, actor: Actor) -> str:
        """Raise unless the actor may, or NotFoundError, and return the ARN; no file of the index, which may be damaged."""
        entry = next((entry for entry in self._entries(prefix=name) if entry["indexName"] == name), None)
        if entry is None:
            raise self.missing(name)
        tags = self._tags(entry["indexArn"])
        actor.require(permission, what=f"index {name!r}", tenant=_tenant_of(name, tags or {}), known=tags is not None)
        return str(entry["indexArn"])

    def missing(self, name: str) -> NotFoundError:
        """Return the error for an index that is not there."""
        return NotFoundError(f"There is no index {name!r} in {self._uri}: check the name, or import into it.")

    def buckets(self) -> list[BucketInfo]:
        """Return every vector bucket of the account and region."""
        entries = _pages(self._client.list_vector_buckets, "vectorBuckets")
        found = [BucketInfo(entry["vectorBucketName"], entry["vectorBucketArn"], entry["creationTime"]) for entry in entries]
        return sorted(found, key=lambda bucket: bucket.name)

    def _entries(self, **prefix: str) -> list[dict[str, Any]]:
        try:
            return list(_pages(self._client.list_indexes, "indexes", vectorBucketName=self._bucket, **prefix))
        except NotFoundError as error:
            if not self._remote:
                return []  # the bucket of a directory is made with the first index
            raise NotFoundError(
                f"There is no vector bucket {self._bucket!r} at {self._uri}: check its name and the region, or create an "
                "index there, which makes the bucket too."
            ) from error

    def _owned(self, actor: Actor) -> list[_Owned]:
        """Return the indexes that the actor may read; no index's own file is opened."""
        owned = [each for each in self._map(self._own, self._entries()) if each is not None]
        return [each for each in owned if actor.may(Permission.READ, tenant=each.tenant, known=each.tags is not None)]

    def _own(self, entry: dict[str, Any]) -> _Owned | None:
        with suppress(NotFoundError):  # deleted in this moment
            return _Owned(entry, self._tags(entry["indexArn"]))
        return None

    def _look(self, owned: _Owned) -> IndexInfo | UnreadableIndex | None:
        try:
            index = self._client.get_index(vectorBucketName=self._bucket, indexName=owned.name)["index"]
        except NotFoundError:
            return None
        except (StorageError, AccessDeniedError) as error:
            return UnreadableIndex(owned.name, owned.tenant, str(error))
        return _read_info(index, owned.tags)

    def _tags(self, arn: str) -> dict[str, str] | None:
        """Return the tags of an index; None where the credentials may not read them."""
        try:
            tags: dict[str, str] = self._client.list_tags_for_resource(resourceArn=arn)["tags"]
        except AccessDeniedError:
            return None
        return tags

    def _map(self, act: Callable[[_From], _To], things: list[_From]) -> Iterable[_To]:
        if not self._remote or len(things) < 2:
            return [act(thing) for thing in things]
        with ThreadPoolExecutor(min(_THREADS, len(things)), thread_name_prefix="survey") as pool:
            return list(pool.map(act, things))


def _pages(call: Callable[..., dict[str, Any]], member: str, **arguments: Any) -> Iterator[dict[str, Any]]:
    token: str | None = None
    while True:
        answer = call(**arguments, **({"nextToken": token} if token else {}))
        yield from answer[member]
        token = answer.get("nextToken")
        if not token:
            return


def _tenant_of(name: str, tags: Mapping[str, str]) -> str | None:
    return tenant_of_index(name, tag=tags.get(TENANT_TAG))


def _read_info(index: Mapping[str, Any], tags: Mapping[str, str] | None) -> IndexInfo:
    configuration = index.get("metadataConfiguration") or {}
    entries = configuration.get("textSearchConfigurations") or ()
    searchable = {text["metadataKey"]: text.get("language") for text in entries if text.get("status", "ACTIVE") == "ACTIVE"}
    known = tags or {}
    return IndexInfo(
        name=index["indexName"],
        dimension=index["dimension"],
        metric=index["distanceMetric"],
        embedder=known.get(EMBEDDER_TAG),
        tenant=_tenant_of(index["indexName"], known),
        non_filterable=tuple(configuration.get("nonFilterableMetadataKeys") or ()),
        text_keys=tuple(searchable),
        created_at=index["creationTime"],
        arn=index["indexArn"],
        mode=index.get("indexMode"),
        encryption=(index.get("encryptionConfiguration") or {}).get("sseType"),
        tags=dict(known),
        tags_known=tags is not None,
        scope=known.get(SCOPE_TAG) or None,
        text_languages=tuple(language or "en" for language in searchable.values()),
    )
