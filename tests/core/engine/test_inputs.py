"""Whatever is passed, an operation answers or refuses in the service's words: no other exception ever comes out."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ServiceError
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import BUCKET, Where, list_all, make_client, make_index, make_record, put

TEXTS = {"textSearchConfigurations": [{"metadataKey": "t", "language": "en"}]}
DELETED = {"textSearchConfigurations": [{"metadataKey": "t"}]}
WHERE = {"vectorBucketName": BUCKET, "indexName": "agents"}
ARN = f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{BUCKET}"
CALLS: dict[str, dict[str, Any]] = {
    "create_vector_bucket": {
        "vectorBucketName": "other", "encryptionConfiguration": {"sseType": "AES256"}, "tags": {"a": "b"},
    },
    "get_vector_bucket": {"vectorBucketName": BUCKET},
    "list_vector_buckets": {"maxResults": 5, "prefix": "a", "nextToken": "x"},
    "delete_vector_bucket": {"vectorBucketArn": ARN},
    "create_index": {
        "vectorBucketName": BUCKET, "indexName": "other", "dataType": "float32", "dimension": 2, "distanceMetric": "cosine",
        "metadataConfiguration": {"nonFilterableMetadataKeys": ["a"], **TEXTS}, "tags": {"a": "b"},
        "encryptionConfiguration": {"sseType": "AES256"},
    },
    "get_index": {"indexArn": f"{ARN}/index/agents"},
    "list_indexes": {"vectorBucketName": BUCKET, "maxResults": 5, "prefix": "a", "nextToken": "x"},
    "delete_index": WHERE | {"indexName": "nothing"},
    "update_metadata_configuration": WHERE | {"add": TEXTS, "delete": DELETED},
    "tag_resource": {"resourceArn": ARN, "tags": {"a": "b"}},
    "untag_resource": {"resourceArn": ARN, "tagKeys": ["a"]},
    "list_tags_for_resource": {"resourceArn": ARN},
    "put_vectors": WHERE | {"vectors": [make_record("new", metadata={"a": [1]})]},
    "get_vectors": WHERE | {"keys": ["k"], "returnData": True, "returnMetadata": True},
    "list_vectors": WHERE | {"maxResults": 5, "segmentCount": 2, "segmentIndex": 1, "nextToken": "x", "returnData": True},
    "delete_vectors": WHERE | {"keys": ["never"]},
    "query_vectors": WHERE | {
        "topK": 3, "queryVector": {"float32": [1.0, 0.0]}, "filter": {"$and": [{"a": {"$in": [1]}}]},
        "queryTexts": [{"metadataKey": "t", "text": "x"}], "nextToken": "x", "returnScores": True, "queryMode": "ENHANCED",
    },
}  # fmt: skip
ODD: list[Any] = [
    None, True, 0, -1, 2.5, 10**400, float("nan"), "", "x", "é" * 2000, "\ud800", b"x", [], [None], ["x", 1], [[]], [{}], {},
    {"a": None}, {1: 2}, {"a": {"b": []}}, object(), ("x",), {"x"},
]  # fmt: skip


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every part of an argument."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from paths_of(part, (*path, key))


def replaced(arguments: dict[str, Any], path: tuple[Any, ...], odd: Any) -> dict[str, Any]:
    """Return the arguments with the part at a path replaced; a wrong token is left out elsewhere."""
    changed = copy.deepcopy(arguments)
    if path != ("nextToken",):
        changed.pop("nextToken", None)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = odd
    return changed


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param(method, path, id=f"{method}-{'.'.join(map(str, path))}")
        for method, call in CALLS.items()
        for path in paths_of(call)
    ],
)
def test_odd_arguments_are_refused_or_answered(tmp_path: Path, method: str, path: tuple[Any, ...]) -> None:
    client = make_client(tmp_path)
    make_index(client, metadataConfiguration=TEXTS)
    put(client, WHERE, make_record())
    outcomes = []
    for odd in ODD:
        try:
            getattr(client, method)(**replaced(CALLS[method], path, odd))
        except ServiceError as refusal:
            outcomes.append(str(refusal))
    assert all(outcomes)
    assert outcomes or path[-1] in UNREAD, "nothing at all was refused"
    client.close()


# What is read as true or false, or not at all.
UNREAD = {"returnData", "returnMetadata", "returnScores", "queryMode", "sseType", "tagKeys", "encryptionConfiguration", 0}


@pytest.mark.parametrize("method", list(CALLS))
def test_no_arguments_at_all(tmp_path: Path, method: str) -> None:
    client = make_client(tmp_path)
    if method == "list_vector_buckets":
        assert client.list_vector_buckets()["vectorBuckets"]
    else:
        with pytest.raises(ServiceError):
            getattr(client, method)()
    client.close()


class Word(str):
    """A subclass of str, as an enumeration's members are."""

    __slots__ = ()


def test_subclasses_of_plain_types_are_taken(tmp_path: Path) -> None:
    client: EmbeddedClient = make_client(tmp_path)
    where: Where = make_index(client)
    client.put_vectors(
        **where, vectors=[make_record(Word("k"), metadata={Word("a"): Word("x"), "b": [Word("y")], "c": True})]
    )
    assert list_all(client, where, returnMetadata=True) == [{"key": "k", "metadata": {"a": "x", "b": ["y"], "c": True}}]
    client.close()
