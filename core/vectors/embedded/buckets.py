"""Operations on buckets, indexes and tags of the embedded engine."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import apsw

from core.errors import ConflictError, NotFoundError, ValidationError
from core.vectors import limits
from core.vectors.embedded import text
from core.vectors.embedded.encryption import DEFAULT, encryption_of
from core.vectors.embedded.index import IndexFile, IndexSettings, add_text_key
from core.vectors.embedded.modes import ENHANCED, default_mode, mode_of, need_enhanced
from core.vectors.embedded.registry import BucketRow, IndexRow, Registry
from core.vectors.embedded.tokens import fingerprint, open_token, seal_token
from core.vectors.names import IndexRef, account_arn, bucket_name, index_name, index_ref
from core.vectors.tags import check_count, check_tags
from core.vectors.validation import (
    check_choice,
    check_length,
    check_list,
    check_object,
    check_range,
    check_text,
    constraint,
)

__all__ = ["Buckets"]

_HIDDEN = frozenset({"policy"})  # kept among the settings, shown by an operation of its own


class Buckets:
    """Bucket and index operations; `open_index` gives the records of one index."""

    def __init__(
        self,
        registry: Registry,
        *,
        region: str,
        account: str,
        clock: Callable[[], float],
        open_index: Callable[[IndexRow], IndexFile],
        make_index: Callable[[IndexRow], IndexFile],
        drop_index: Callable[[IndexRow], None],
    ) -> None:
        self._registry, self._clock = registry, clock
        self._arn = account_arn(region, account)
        self._open, self._make, self._drop = open_index, make_index, drop_index

    def bucket_arn(self, bucket: str) -> str:
        """Return a bucket's ARN."""
        return f"{self._arn}:bucket/{bucket}"

    def index_arn(self, bucket: str, index: str) -> str:
        """Return an index's ARN."""
        return f"{self.bucket_arn(bucket)}/index/{index}"

    def bucket_of(self, arguments: Mapping[str, Any]) -> str:
        """Return the bucket that a request names."""
        return bucket_name(arguments, owner=self.bucket_arn(""))

    def index_of(self, arguments: Mapping[str, Any]) -> IndexRef:
        """Return the index that a request names."""
        return index_ref(arguments, owner=self.bucket_arn(""))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def create_vector_bucket(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """CreateVectorBucket."""
        name = bucket_name({"vectorBucketName": arguments.get("vectorBucketName")})
        settings = {"encryptionConfiguration": encryption_of(arguments) or DEFAULT, "defaultIndexMode": ENHANCED}
        self._registry.add_bucket(BucketRow(name, self._now(), settings, check_tags("/tags", arguments.get("tags") or {})))
        return {"vectorBucketArn": self.bucket_arn(name)}

    def get_vector_bucket(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """GetVectorBucket."""
        row = self._registry.bucket(self.bucket_of(arguments))
        return {"vectorBucket": self._bucket_summary(row) | {"defaultIndexMode": default_mode(row)} | _shown(row.settings)}

    def _bucket_summary(self, row: BucketRow) -> dict[str, Any]:
        return {"vectorBucketName": row.name, "vectorBucketArn": self.bucket_arn(row.name), "creationTime": row.created}

    def list_vector_buckets(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """ListVectorBuckets."""
        prefix, limit, after, request = _listing(arguments, limits.LIST_BUCKETS_MAX)
        rows = self._registry.buckets(prefix=prefix, after=after, limit=limit + 1)
        page: dict[str, Any] = {"vectorBuckets": [self._bucket_summary(row) for row in rows[:limit]]}
        if len(rows) > limit:
            page["nextToken"] = seal_token(request, after=rows[limit - 1].name)
        return page

    def delete_vector_bucket(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteVectorBucket."""
        self._registry.remove_bucket(self.bucket_of(arguments))
        return {}

    def create_index(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """CreateIndex."""
        bucket = self.bucket_of(arguments)
        name = index_name(arguments.get("indexName"))
        check_choice("/dataType", arguments.get("dataType"), ("float32",))
        dimension = check_range("/dimension", arguments.get("dimension"), limits.DIMENSION_MIN, limits.DIMENSION_MAX)
        metric = check_choice("/distanceMetric", arguments.get("distanceMetric"), ("euclidean", "cosine"))
        configuration = _member(arguments, "metadataConfiguration")
        hidden = _non_filterable(configuration.get("nonFilterableMetadataKeys") or [])
        searchable = _text_keys("/metadataConfiguration", configuration)
        tags = check_tags("/tags", arguments.get("tags") or {})
        encryption = encryption_of(arguments)
        owner = self._registry.bucket(bucket)
        mode = default_mode(owner)
        encryption = encryption or owner.settings.get("encryptionConfiguration", DEFAULT)
        if searchable:
            need_enhanced(mode, "Text search")
        row = IndexRow(
            bucket=bucket,
            name=name,
            created=self._now(),
            fixed=IndexSettings(uuid.uuid4().hex, dimension, metric, tuple(hidden)),
            settings={"encryptionConfiguration": encryption, "indexMode": mode},
            tags=tags,
        )
        self._registry.add_index(row, prepare=lambda: self._prepare(row, searchable))
        return {"indexArn": self.index_arn(bucket, name)}

    def _prepare(self, row: IndexRow, searchable: dict[str, str]) -> None:
        """Make the file of an index before anybody can see it."""
        file = self._make(row)
        with file.writing() as connection:
            for key, language in searchable.items():
                text.add(connection, key, language)

    def get_index(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """GetIndex."""
        row = self._registry.index(*self.index_of(arguments))
        with self._open(row).reading() as reading:
            searchable = text.tables(reading.connection)
        configuration: dict[str, Any] = {}
        if row.fixed.non_filterable:
            configuration["nonFilterableMetadataKeys"] = list(row.fixed.non_filterable)
        if searchable:
            configuration["textSearchConfigurations"] = [
                {"metadataKey": table.key, "language": table.language, "status": "ACTIVE"} for table in searchable
            ]
        index = self._index_summary(row) | {"indexMode": mode_of(row)} | _shown(row.settings)
        index |= {"dataType": "float32", "dimension": row.fixed.dimension, "distanceMetric": row.fixed.metric}
        if configuration:
            index["metadataConfiguration"] = configuration
        return {"index": index}

    def _index_summary(self, row: IndexRow) -> dict[str, Any]:
        return {
            "vectorBucketName": row.bucket,
            "indexName": row.name,
            "indexArn": self.index_arn(row.bucket, row.name),
            "creationTime": row.created,
        }

    def list_indexes(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """ListIndexes."""
        bucket = self._registry.bucket(self.bucket_of(arguments)).name
        prefix, limit, after, request = _listing(arguments, limits.LIST_INDEXES_MAX, bucket)
        rows = self._registry.indexes(bucket, prefix=prefix, after=after, limit=limit + 1)
        page: dict[str, Any] = {"indexes": [self._index_summary(row) for row in rows[:limit]]}
        if len(rows) > limit:
            page["nextToken"] = seal_token(request, after=rows[limit - 1].name)
        return page

    def delete_index(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """DeleteIndex."""
        self._drop(self._registry.remove_index(*self.index_of(arguments)))
        return {}

    def update_metadata_configuration(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """UpdateMetadataConfiguration: done when it returns, so a key is ACTIVE at once."""
        row = self._registry.index(*self.index_of(arguments))
        added = _text_keys("/add", _member(arguments, "add"))
        dropped = _text_keys("/delete", _member(arguments, "delete"))
        if bool(added) == bool(dropped):
            raise ValidationError("Must specify text search configurations either to add or to delete")
        need_enhanced(mode_of(row), "UpdateMetadataConfiguration")
        with self._open(row).writing() as connection:
            _change_text_keys(connection, added, dropped)
        return {"indexArn": self.index_arn(row.bucket, row.name)}

    def list_tags_for_resource(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """ListTagsForResource."""
        return {"tags": self._resource(arguments)[2]}

    def tag_resource(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """TagResource: adds tags, replaces those of the same key."""
        bucket, index, _ = self._resource(arguments)
        added = check_tags("/tags", arguments.get("tags"))
        self._registry.change_tags(bucket, index, lambda tags: check_count("/tags", tags | added))
        return {}

    def untag_resource(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """UntagResource."""
        bucket, index, _ = self._resource(arguments)
        gone = [check_text("/tagKeys", key) for key in check_list("/tagKeys", arguments.get("tagKeys"))]
        self._registry.change_tags(
            bucket, index, lambda tags: {key: value for key, value in tags.items() if key not in gone}
        )
        return {}

    def _resource(self, arguments: Mapping[str, Any]) -> tuple[str, str | None, dict[str, str]]:
        arn = check_text("/resourceArn", arguments.get("resourceArn"))
        if "/index/" in arn:
            index = self._registry.index(*self.index_of({"indexArn": arn}))
            return index.bucket, index.name, index.tags
        bucket = self._registry.bucket(self.bucket_of({"vectorBucketArn": arn}))
        return bucket.name, None, bucket.tags


def _shown(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in _HIDDEN}


def _member(arguments: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a structure among the arguments, empty where it is not given."""
    value = arguments.get(name)
    return {} if value is None else check_object(f"/{name}", value)


def _listing(arguments: Mapping[str, Any], most: int, *scope: str) -> tuple[str, int, str, str]:
    """Return prefix, page size, where to go on and the request's fingerprint."""
    prefix = check_text("/prefix", arguments.get("prefix") or "")
    limit = check_range("/maxResults", arguments.get("maxResults", most), 1, most)
    request = fingerprint("list", scope, prefix)
    token = arguments.get("nextToken")
    after = str(open_token(token, request).get("after", "")) if token is not None else ""
    return prefix, limit, after, request


def _non_filterable(keys: Any) -> list[str]:
    path = "/metadataConfiguration/nonFilterableMetadataKeys"
    check_length(path, check_list(path, keys), 0, limits.NON_FILTERABLE_KEYS_MAX)
    for key in keys:
        check_length(path, check_text(path, key), 1, limits.METADATA_KEY_CHARS_MAX)
    if len(set(keys)) < len(keys):
        raise constraint(path, f"'{keys}'", "Member must not contain duplicate keys")
    return list(keys)


def _text_keys(path: str, configuration: Mapping[str, Any]) -> dict[str, str]:
    """Return language by searchable metadata key."""
    path = f"{path}/textSearchConfigurations"
    entries = check_list(path, configuration.get("textSearchConfigurations") or [])
    check_length(path, entries, 0, limits.TEXT_SEARCH_KEYS_MAX)
    found: dict[str, str] = {}
    for entry in entries:
        key, language = check_text(path, check_object(path, entry).get("metadataKey")), entry.get("language", "en")
        check_length(f"{path}/metadataKey", key, 1, limits.METADATA_KEY_CHARS_MAX)
        check_choice(f"{path}/language", language, limits.TEXT_SEARCH_LANGUAGES)
        if key in found:
            raise constraint(path, f"'{key}'", "Member must not contain duplicate keys")
        found[key] = language
    return found


def _change_text_keys(connection: apsw.Connection, added: dict[str, str], dropped: Iterable[str]) -> None:
    known = {table.key: table for table in text.tables(connection)}
    for key in dropped:
        if key not in known:
            raise NotFoundError(f"Metadata key '{key}' is not configured for text search on this index")
        text.drop(connection, known.pop(key))
    for key, language in added.items():
        if key in known:
            raise ConflictError(f"Metadata key '{key}' is already configured for text search on this index")
        add_text_key(connection, key, language)
    if len(known) + len(added) > limits.TEXT_SEARCH_KEYS_MAX:
        raise constraint(
            "/add", f"with length {len(added)}", f"An index has at most {limits.TEXT_SEARCH_KEYS_MAX} searchable keys"
        )
