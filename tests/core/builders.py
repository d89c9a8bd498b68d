"""Builders: clients, indexes and records with sensible defaults, each overridable by keyword."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.vectors.embedded import EmbeddedClient

BUCKET = "memories"
INDEX = "agents"

Where = dict[str, str]


def make_client(directory: Path, **options: Any) -> EmbeddedClient:
    """Return a client over a directory that has the bucket BUCKET."""
    client = EmbeddedClient(directory, **options)
    if not client.list_vector_buckets(prefix=BUCKET)["vectorBuckets"]:
        client.create_vector_bucket(vectorBucketName=BUCKET)
    return client


def make_index(client: Any, name: str = INDEX, *, bucket: str = BUCKET, **overrides: Any) -> Where:
    """Create an index (2 dimensions, cosine) and return the keyword arguments that name it."""
    arguments = {"dataType": "float32", "dimension": 2, "distanceMetric": "cosine"} | overrides
    client.create_index(vectorBucketName=bucket, indexName=name, **arguments)
    return {"vectorBucketName": bucket, "indexName": name}


def make_record(key: str = "k", vector: Any = (1.0, 0.0), metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return one record of PutVectors."""
    record: dict[str, Any] = {"key": key, "data": {"float32": list(vector)}}
    return record if metadata is None else record | {"metadata": metadata}


def put(client: Any, where: Where, *records: dict[str, Any]) -> None:
    """Put records in as many calls as it takes."""
    for start in range(0, len(records), 500):
        client.put_vectors(**where, vectors=list(records[start : start + 500]))


def pages(call: Any, **arguments: Any) -> list[dict[str, Any]]:
    """Return every page of a listing or query."""
    found = [call(**arguments)]
    while token := found[-1].get("nextToken"):
        found.append(call(**(arguments | {"nextToken": token})))
    return found


def list_all(client: Any, where: Where, **options: Any) -> list[dict[str, Any]]:
    """Return every listed vector."""
    return [vector for page in pages(client.list_vectors, **where, **options) for vector in page["vectors"]]


def query_all(client: Any, where: Where, **options: Any) -> list[dict[str, Any]]:
    """Return every result of a query: by default the 10,000 nearest to (1, 0)."""
    arguments: dict[str, Any] = {"topK": 10_000} | options
    if "queryTexts" not in arguments:
        arguments.setdefault("queryVector", {"float32": [1.0, 0.0]})
    return [vector for page in pages(client.query_vectors, **where, **arguments) for vector in page["vectors"]]


def keys_of(vectors: list[dict[str, Any]]) -> list[str]:
    """Return the keys of listed, got or found vectors."""
    return [vector["key"] for vector in vectors]
