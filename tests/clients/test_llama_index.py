"""llama-index-vector-stores-s3: nodes written, found, filtered and deleted."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)
from llama_index.vector_stores.s3 import S3VectorStore

DIMENSION = 16


def along(axis: int, *, tilt: float = 0.0) -> list[float]:
    """Return a vector along an axis, leaning towards the others."""
    return [1.0 if place == axis else tilt for place in range(DIMENSION)]


def node(number: int, *, document: str = "report", **metadata: object) -> TextNode:
    return TextNode(
        id_=f"node-{number}",
        text=f"Passage {number}: crème brûlée, “quoted”, \\ and 日本.",
        metadata={"number": number, **metadata},
        embedding=along(number % DIMENSION, tilt=0.01 * number),
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document)},
    )


NODES = [
    node(0, kind="fact", tags=["a", "b"]),
    node(1, kind="fact", weight=0.5),
    node(2, kind="plan", document="letter"),
    node(3, kind="plan", document="letter", weight=2.5),
]


@pytest.fixture(params=["cosine", "euclidean"])
def store(request: pytest.FixtureRequest, bucket: str, index_name: str) -> Iterator[S3VectorStore]:
    """Return a store with four nodes, in an index that the class made."""
    made = S3VectorStore.create_index_from_bucket(
        bucket_name_or_arn=bucket, index_name=index_name, dimension=DIMENSION, distance_metric=request.param
    )
    assert made.add(NODES) == [each.id_ for each in NODES]
    return made


def ask(axis: int, *, top_k: int = 4, filters: MetadataFilters | None = None) -> VectorStoreQuery:
    return VectorStoreQuery(query_embedding=along(axis), similarity_top_k=top_k, filters=filters)


def where(*rows: tuple[str, FilterOperator, object], condition: FilterCondition = FilterCondition.AND) -> MetadataFilters:
    filters = [MetadataFilter(key=key, operator=operator, value=value) for key, operator, value in rows]
    return MetadataFilters(filters=filters, condition=condition)


def test_nodes_come_back_whole(store):
    found = {each.id_: each for each in store.get_nodes(["node-3", "node-0", "absent"])}
    assert set(found) == {"node-0", "node-3"}
    for wanted in (NODES[0], NODES[3]):
        back = found[wanted.id_]
        assert (back.text, back.metadata, back.ref_doc_id) == (wanted.text, wanted.metadata, wanted.ref_doc_id)


def test_the_nearest_come_first(store):
    answer = store.query(ask(2))
    assert answer.ids[0] == "node-2"
    assert len(answer.nodes) == 4
    assert answer.similarities == sorted(answer.similarities, reverse=True)
    assert answer.similarities[0] > 0.9


async def test_asynchronously(store):
    await store.async_add([node(4, kind="late")])
    (found,) = await store.aget_nodes(["node-4"])
    assert found.metadata == {"number": 4, "kind": "late"}
    assert (await store.aquery(ask(4, top_k=1))).ids == ["node-4"]
    await store.adelete_nodes(["node-4"])
    assert await store.aget_nodes(["node-4"]) == []


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        pytest.param(where(("kind", FilterOperator.EQ, "plan")), {2, 3}, id="equal"),
        pytest.param(where(("kind", FilterOperator.NE, "plan")), {0, 1}, id="not equal"),
        pytest.param(where(("number", FilterOperator.GT, 0), ("number", FilterOperator.LTE, 2)), {1, 2}, id="and, range"),
        pytest.param(where(("number", FilterOperator.LT, 1), ("weight", FilterOperator.GTE, 2.5)), set(), id="and, none"),
        pytest.param(
            where(("number", FilterOperator.EQ, 0), ("weight", FilterOperator.EQ, 2.5), condition=FilterCondition.OR),
            {0, 3},
            id="or",
        ),
        pytest.param(where(("number", FilterOperator.IN, [1, 3])), {1, 3}, id="in"),
        pytest.param(where(("kind", FilterOperator.NIN, ["fact"])), {2, 3}, id="not in"),
        pytest.param(where(("weight", FilterOperator.IS_EMPTY, None)), {0, 2}, id="is empty"),
        pytest.param(where(("ref_doc_id", FilterOperator.EQ, "letter")), {2, 3}, id="document"),
        pytest.param(
            MetadataFilters(
                filters=[
                    where(("kind", FilterOperator.EQ, "fact"), ("weight", FilterOperator.GT, 0)),
                    where(("number", FilterOperator.EQ, 2)),
                ],
                condition=FilterCondition.OR,
            ),
            {1, 2},
            id="nested",
        ),
    ],
)
def test_filters(store, filters, numbers):
    assert {each.metadata["number"] for each in store.query(ask(0, filters=filters)).nodes} == numbers


def test_the_content_is_not_filterable(store):
    """The class keeps `_node_content` out of the 2,048 bytes, and the service refuses to filter by it."""
    with pytest.raises(ClientError, match="Invalid use of non-filterable metadata in filter"):
        store.query(ask(0, filters=where(("_node_content", FilterOperator.EQ, "x"))))


def test_deleting_by_document_and_by_node(store):
    store.delete("letter")
    assert {each.id_ for each in store.get_nodes([each.id_ for each in NODES])} == {"node-0", "node-1"}
    store.delete_nodes(["node-0", "absent"])
    assert [each.id_ for each in store.get_nodes([each.id_ for each in NODES])] == ["node-1"]
    store.clear()
    with pytest.raises(store.client.exceptions.NotFoundException):
        store.query(ask(0))


def test_a_batch_larger_than_one_call_carries(bucket, index_name):
    store = S3VectorStore.create_index_from_bucket(bucket, index_name, DIMENSION)
    assert len(store.add([node(number) for number in range(1_100)])) == 1_100
    assert len(store.get_nodes([f"node-{number}" for number in range(1_000, 1_100)])) == 100
    assert len(store.query(ask(3, top_k=100)).nodes) == 100


def test_a_text_field_of_somebody_elses_index(bucket, index_name):
    client = boto3.client("s3vectors")
    client.create_index(
        vectorBucketName=bucket, indexName=index_name, dataType="float32", dimension=DIMENSION, distanceMetric="cosine"
    )
    vectors = [
        {"key": each.id_, "data": {"float32": each.embedding}, "metadata": {"my_text": each.text, **each.metadata}}
        for each in NODES
    ]
    client.put_vectors(vectorBucketName=bucket, indexName=index_name, vectors=vectors)
    store = S3VectorStore(index_name_or_arn=index_name, bucket_name_or_arn=bucket, text_field="my_text")
    assert sorted(each.text for each in store.query(ask(0)).nodes) == sorted(each.text for each in NODES)


def test_an_index_of_the_framework(bucket, index_name):
    """What an application does: embed through the framework, then retrieve."""
    store = S3VectorStore.create_index_from_bucket(bucket, index_name, DIMENSION)
    embedding = MockEmbedding(embed_dim=DIMENSION)
    plain = [TextNode(id_=each.id_, text=each.text, metadata=each.metadata) for each in NODES]
    VectorStoreIndex(plain, storage_context=StorageContext.from_defaults(vector_store=store), embed_model=embedding)
    opened = VectorStoreIndex.from_vector_store(
        S3VectorStore(index_name_or_arn=index_name, bucket_name_or_arn=bucket), embed_model=embedding
    )
    found = opened.as_retriever(similarity_top_k=2, filters=where(("kind", FilterOperator.EQ, "plan"))).retrieve("plans?")
    assert {hit.node.text for hit in found} == {NODES[2].text, NODES[3].text}
