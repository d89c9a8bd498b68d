"""What each library wrote, opened and changed by our core, and read again by the library."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from langchain_aws.vectorstores import AmazonS3Vectors
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.vector_stores.s3 import S3VectorStore
from s3vectorm.api import Index, Vector
from strands_s3_vectors_memory import S3VectorMemory

from tests.clients.aws import Neighbours
from tests.clients.conftest import ACCESS_KEY, LABEL, REGION, SECRET

DIMENSION = 8
TEXT = "Die Lieferung “kommt” am Donnerstag: 日本 🍵 \\ and a\nsecond line."


def stored(bucket: str, index: str) -> dict[str, dict[str, Any]]:
    """Return the metadata of every record."""
    listed = boto3.client("s3vectors").list_vectors(vectorBucketName=bucket, indexName=index, returnMetadata=True)
    return {record["key"]: record["metadata"] for record in listed["vectors"]}


def changed(endpoint: Any, bucket: str, index: str, *, dimension: int = DIMENSION) -> tuple[Any, dict[str, list[str]]]:
    """Let our core add a tag to each memory; return what it saw, and the metadata keys of each that have another value."""
    before = stored(bucket, index)
    seen = endpoint.opened(bucket, index, dimension=dimension)
    assert seen["failed"] == []
    assert set(seen["memories"]) == set(before)
    after = stored(bucket, index)
    missing = {key: set(before[key]) - set(after[key]) for key in before}
    assert not any(missing.values()), missing
    return seen, {key: [name for name in after[key] if after[key][name] != before[key].get(name)] for key in before}


def test_langchain(endpoint, bucket, index_name):
    where = {"vector_bucket_name": bucket, "index_name": index_name}
    store = AmazonS3Vectors(**where, embedding=DeterministicFakeEmbedding(size=DIMENSION))
    documents = [
        Document(TEXT, id="one", metadata={"source": "mail/7", "page": 3, "score": 0.25, "draft": True}),
        Document("Short.", id="two", metadata={"author": "ana", "sizes": [1, 2.5]}),
    ]
    store.add_documents(documents)
    seen, differing = changed(endpoint, bucket, index_name)
    assert (seen["schema"], seen["sure"]) == ("langchain", True)
    assert {key: memory["content"] for key, memory in seen["memories"].items()} == {"one": TEXT, "two": "Short."}
    assert differing == {"one": ["tags"], "two": ["tags"]}
    for document, back in zip(documents, store.get_by_ids(["one", "two"]), strict=True):
        assert back == Document(document.page_content, id=document.id, metadata=document.metadata | {"tags": [LABEL]})


def test_llama_index(endpoint, bucket, index_name):
    store = S3VectorStore.create_index_from_bucket(bucket, index_name, DIMENSION)
    source = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id="report")}
    nodes = [
        TextNode(id_="one", text=TEXT, metadata={"page": 3}, embedding=[1.0] * DIMENSION, relationships=source),
        TextNode(id_="two", text="Short.", metadata={"tags": ["a", "b"]}, embedding=[0.5] * DIMENSION, relationships=source),
    ]
    store.add(nodes)
    seen, _ = changed(endpoint, bucket, index_name)
    assert (seen["schema"], seen["sure"]) == ("llamaindex", True)
    assert {key: memory["content"] for key, memory in seen["memories"].items()} == {"one": TEXT, "two": "Short."}
    assert seen["memories"]["two"]["tags"] == ["a", "b"]
    back = {node.id_: node for node in store.get_nodes(["one", "two"])}
    for node in nodes:
        assert (back[node.id_].text, back[node.id_].ref_doc_id) == (node.text, "report")
        assert {name: back[node.id_].metadata[name] for name in node.metadata if name != "tags"} == {
            name: value for name, value in node.metadata.items() if name != "tags"
        }
    assert stored(bucket, index_name)["two"]["tags"] == ["a", "b", LABEL]


def test_strands(endpoint, new_bucket):
    bucket = new_bucket()
    boto3.client("s3vectors").create_index(
        vectorBucketName=bucket,
        indexName="memory",
        dataType="float32",
        dimension=1024,
        distanceMetric="cosine",
        metadataConfiguration={"nonFilterableMetadataKeys": ["content", "stored_at", "conversation_id", "type"]},
    )
    with Neighbours(ACCESS_KEY, SECRET) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", server.url)
        memory = S3VectorMemory(bucket_name=bucket, region_name=REGION)
        key = memory.store_memory("ana", TEXT, agent_name="barista")["key"]
        seen, differing = changed(endpoint, bucket, "memory", dimension=1024)
        (found,) = memory.retrieve_memories("ana", "Donnerstag", agent_name="barista")
    assert (seen["schema"], seen["sure"]) == ("strands", True)
    (shown,) = seen["memories"].values()
    assert (shown["content"], shown["agent_id"]) == (TEXT, "barista")
    # Its times have no separators: 20261123_024400.
    assert shown["created_at"].replace("-", "").replace(":", "").replace("T", "_").startswith(found["stored_at"])
    assert differing == {key: ["tags"]}
    assert (found["key"], found["content"]) == (key, TEXT)


class Chunk(Vector):
    """A record in words of its own."""

    passage: str
    owner: str
    sequence: int


def test_s3vectorm_with_names_of_its_own(endpoint, bucket, index_name):
    client = boto3.client("s3vectors")
    where = {"bucket_name": bucket, "index_name": index_name}
    index = Index(**where, data_type="float32", dimension=DIMENSION, distance_metric="euclidean")
    index.create(client)
    chunks = [
        Chunk(key=f"k{number}", data=[0.5] * DIMENSION, passage=f"{TEXT} {number}", owner="ana", sequence=number)
        for number in range(5)
    ]
    index.put_vectors(client, chunks)
    seen, differing = changed(endpoint, bucket, index_name)
    assert seen["schema"] == "custom"
    assert [seen["memories"][each.key]["content"] for each in chunks] == [each.passage for each in chunks]
    assert set(map(tuple, differing.values())) == {("tags",)}
    (page,) = index.list_vectors(client, return_metadata=True)
    back = {each.key: each for each in page.as_vector_objects(Chunk)}
    assert {key: each.to_metadata_dict() for key, each in back.items()} == {
        each.key: each.to_metadata_dict() for each in chunks
    }
