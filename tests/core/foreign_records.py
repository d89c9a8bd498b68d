"""Records as other software writes them, and strategies for any metadata and any schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.memory import OURS, Schema
from core.memory.fields import FIELDS
from core.memory.schema import NOWHERE
from core.memory.schema_tags import schema_tags
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore
from core.vectors.embedded import EmbeddedClient
from tests.core.memory_builders import make_catalog

TEXT = "The quarterly report goes out on Friday, after the numbers of the third quarter are in."


def strands(n: int = 0, **more: Any) -> dict[str, Any]:
    """Return what strands-s3-vectors-memory 0.3.0 writes."""
    stored_at = f"20261123_0215{n:02}"
    return {"user_id": "u7", "agent_name": "planner", "content": f"{TEXT} {n}", "stored_at": stored_at} | more


def summary(n: int = 0) -> dict[str, Any]:
    """Return the summary of a conversation as strands-s3-vectors-memory 0.3.0 writes it."""
    texts = {"content": f"Summary {n}: {TEXT}", "conversation_id": "c1", "type": "summary"}
    return {"user_id": "u7", "agent_name": "planner"} | texts


def sample(n: int = 0, **more: Any) -> dict[str, Any]:
    """Return what the well-known sample writes."""
    names = {"agent_id": "planner", "team_id": "alpha", "task_id": f"t{n}", "memory_type": "semantic"}
    return names | {"created_at": f"2026-02-{n % 28 + 1:02}T09:30:00.123456", "content": f"{TEXT} {n}"} | more


def langchain(n: int = 0, **more: Any) -> dict[str, Any]:
    """Return what langchain-aws 1.9.1 writes."""
    return {"_page_content": f"{TEXT} {n}", "source": "s3://docs/report.pdf", "page": n} | more


def llamaindex(n: int = 0, **more: Any) -> dict[str, Any]:
    """Return what llama-index-vector-stores-s3 0.4.0 writes."""
    metadata = {"file_path": "/data/report.txt", "author": "planner", **more}
    node = {
        "id_": f"node-{n}",
        "embedding": None,
        "metadata": metadata,
        "excluded_embed_metadata_keys": ["file_path"],
        "relationships": {
            "1": {"node_id": "doc", "node_type": "4", "metadata": {}, "hash": "ab12", "class_name": "RelatedNodeInfo"}
        },
        "text": f"{TEXT} {n} naïve",
        "start_char_idx": 0,
        "end_char_idx": 1.5,
        "class_name": "TextNode",
    }
    content = json.dumps(node, ensure_ascii=False)
    return {**metadata, "_node_content": content, "_node_type": "TextNode", "ref_doc_id": "doc"}


def bedrock(n: int = 0, **more: Any) -> dict[str, Any]:
    """Return what a Bedrock knowledge base writes."""
    about = {"source": "s3://docs/report.pdf", "parentText": TEXT * 2}
    return {
        "AMAZON_BEDROCK_TEXT": f"{TEXT} {n}",
        "AMAZON_BEDROCK_METADATA": json.dumps(about),
        "x-amz-bedrock-kb-source-uri": "s3://docs/report.pdf",
        "x-amz-bedrock-kb-data-source-id": "DS1",
        "x-amz-bedrock-kb-chunk-id": f"1%3A0%3A{n}",
    } | more


def notes(n: int = 0, **more: Any) -> dict[str, Any]:
    """Return a record of software that nobody knows."""
    return {
        "body": f"{TEXT} {n}",
        "title": "Report",
        "speaker": "planner",
        "thread_id": "t1",
        "ts": 1_772_357_400 + n,
    } | more


RECORDS = {
    "strands": strands,
    "sample": sample,
    "langchain": langchain,
    "llamaindex": llamaindex,
    "bedrock-kb": bedrock,
    "custom": notes,
}
SCHEMAS = {
    "mnemoscope": OURS,
    "strands": Schema(
        "strands",
        {
            "content": "content",
            "agent_id": "agent_name",
            "created_at": "stored_at",
            "session_id": "conversation_id",
            "memory_type": "type",
        },
    ),
    "sample": Schema(
        "sample", {name: name for name in ("content", "agent_id", "team_id", "task_id", "memory_type", "created_at")}
    ),
    "langchain": Schema("langchain", {"content": "_page_content", "agent_id": "author", "created_at": "date"}),
    "llamaindex": Schema("llamaindex", {"content": "_node_content$.text", "agent_id": "author", "source": "file_path"}),
    "bedrock-kb": Schema("bedrock-kb", {"content": "AMAZON_BEDROCK_TEXT", "source": "x-amz-bedrock-kb-source-uri"}),
    "custom": Schema(
        "custom",
        {
            "content": "body",
            "agent_id": "speaker",
            "created_at": "ts",
            "created_at_epoch": "ts",
            "tags": "labels",
            "notes": "text",
        },
    ),
    "sparse": Schema("custom", {"content": "content", "confidence": NOWHERE, "agent_id": NOWHERE, "created_at": NOWHERE}),
    "twisted": Schema("custom", {"content": "notes", "notes": "content", "agent_id": "source", "confidence": "score"}),
}

# What the service stores: text, numbers that a float64 holds, booleans, lists of texts or of numbers.
_texts = st.text(st.characters(codec="utf-8"), max_size=20)
_numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
_times = st.sampled_from(
    ["2026-03-01", "20261123_021500", "Tue, 3 Mar 2026 08:30:00 GMT", "yesterday", "1772357400", 1_772_357_400]
)
_json_texts = st.sampled_from(
    ['{"text": "inside"}', '{"text": 5}', "[1]", "{", '{"metadata": {"author": "a"}, "text": ""}', "{}"]
)
values = (
    _texts
    | _numbers
    | st.booleans()
    | st.lists(_texts, min_size=1, max_size=3)
    | st.lists(_numbers, min_size=1, max_size=3)
    | _times
    | _json_texts
)
_places = sorted({place.split("$.")[0] for schema in SCHEMAS.values() for place in schema.fields.values()} | set(FIELDS))
names = st.sampled_from([*_places, "extra_json", "text", "expires_at_epoch", "created_at_epoch"]) | _texts.filter(
    lambda name: name not in ("$key", "$vector")
)
metadata = st.dictionaries(names, values, max_size=8)
schemas = st.sampled_from(list(SCHEMAS.values()))


def make_foreign_store(
    directory: Path,
    records: Mapping[str, Mapping[str, Any]],
    *,
    hidden: Sequence[str] = (),
    searchable: str | None = None,
    schema: Schema | None = None,
    metric: str = "cosine",
) -> MemoryStore:
    """Return an index as other software makes it, untagged; each record's vector is that of its longest text."""
    catalog = make_catalog(directory)
    client = EmbeddedClient(directory)
    if not client.list_vector_buckets(prefix=catalog.bucket)["vectorBuckets"]:
        client.create_vector_bucket(vectorBucketName=catalog.bucket)
    configuration: dict[str, Any] = {"nonFilterableMetadataKeys": list(hidden)} if hidden else {}
    if searchable:
        configuration["textSearchConfigurations"] = [{"metadataKey": searchable, "language": "en"}]
    where = {"vectorBucketName": catalog.bucket, "indexName": "foreign"}
    shape = {"dataType": "float32", "dimension": HashingEmbedder().dimension, "distanceMetric": metric}
    client.create_index(
        **where,
        **shape,
        **({"metadataConfiguration": configuration} if configuration else {}),
        tags=schema_tags(schema) if schema else {},
    )
    texts = [
        max((value for value in record.values() if isinstance(value, str)), key=len, default="-")
        for record in records.values()
    ]
    vectors = HashingEmbedder().embed(texts)
    for start in range(0, len(records), 500):
        some = list(zip(records.items(), vectors, strict=True))[start : start + 500]
        client.put_vectors(
            **where,
            vectors=[{"key": key, "data": {"float32": vector}, "metadata": dict(record)} for (key, record), vector in some],
        )
    client.close()
    return catalog.open("foreign", actor=LOCAL_ADMIN)
