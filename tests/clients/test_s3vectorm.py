"""s3vectorm: buckets, indexes, vectors as models, conditions as expressions, pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from pydantic import Field
from s3vectorm.api import BaseMetadata, Bucket, Index, MetaKey, Vector

DIMENSION = 4


class Chunk(Vector):
    """A passage with its metadata."""

    document: str
    sequence: int
    owner: str
    weight: float = 0.5
    labels: list[str] = Field(default=["all"])
    draft: bool = False


class Meta(BaseMetadata):
    """The same names, for conditions."""

    document = MetaKey()
    sequence = MetaKey()
    owner = MetaKey()
    weight = MetaKey()
    labels = MetaKey()
    draft = MetaKey()
    absent = MetaKey()


def chunk(number: int, **overrides: Any) -> Chunk:
    fields: dict[str, Any] = {
        "key": f"doc/{number}#ü",
        "data": [1.0, number / 10, 0.0, 0.25],
        "document": f"doc-{number // 2}",
        "sequence": number,
        "owner": "ana" if number % 2 else "ben",
    }
    return Chunk(**fields | overrides)


CHUNKS = [chunk(0, labels=["a", "b"]), chunk(1, weight=1.25), chunk(2, draft=True), chunk(3)]


def new_index(bucket: str, name: str) -> Index:
    return Index(bucket_name=bucket, index_name=name, data_type="float32", dimension=DIMENSION, distance_metric="cosine")


@pytest.fixture(scope="module")
def client() -> Any:
    return boto3.client("s3vectors")


@pytest.fixture
def index(client, bucket, index_name) -> Iterator[Index]:
    made = new_index(bucket, index_name)
    assert made.create(client)["indexArn"].endswith(f":bucket/{bucket}/index/{index_name}")
    made.put_vectors(client, CHUNKS)
    return made


def keys(index: Index, client: Any, **options: Any) -> list[str]:
    return [vector.key for page in index.list_vectors(client, **options) for vector in page.as_vector_objects(Vector)]


def test_a_bucket_is_made_once_and_deleted_when_empty(client):
    bucket = Bucket(name=f"bucket-{uuid4().hex[:8]}")
    assert bucket.create(client)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert bucket.create(client) is None
    new_index(bucket.name, "one").create(client)
    with pytest.raises(ClientError, match="The specified vector bucket is not empty"):
        bucket.delete(client)
    for page in bucket.list_index(client):
        for found in Index.new_for_delete_from_list_index_response(page):
            found.delete(client)
    bucket.delete(client)
    with pytest.raises(ClientError, match="The specified vector bucket could not be found"):
        bucket.delete(client)


def test_indexes_are_listed_in_pages_by_prefix(client, new_bucket):
    bucket = Bucket(name=new_bucket())
    for number in range(7):
        new_index(bucket.name, f"{'docs' if number % 2 else 'mail'}-{number}").create(client)
    pages = list(bucket.list_index(client, page_size=2))
    assert [len(page.boto3_raw_data["indexes"]) for page in pages] == [2, 2, 2, 1]
    assert len({found.indexName for page in pages for found in page.indexes}) == 7
    prefixed = [found.indexName for page in bucket.list_index(client, prefix="docs-") for found in page.indexes]
    assert sorted(prefixed) == ["docs-1", "docs-3", "docs-5"]


def test_an_index_is_read_back(client, index):
    assert Index.get(client, index.bucket_name, index.index_name) == index
    assert Index.get(client, index.bucket_name, "no-such-index") is None
    assert index.create(client) is None


def test_vectors_come_back_as_models(client, index):
    (page,) = index.list_vectors(client, return_data=True, return_metadata=True)
    found = {vector.key: vector for vector in page.as_vector_objects(Chunk)}
    assert set(found) == {each.key for each in CHUNKS}
    for each in CHUNKS:
        assert found[each.key].to_metadata_dict() == each.to_metadata_dict()
        assert found[each.key].data == pytest.approx(each.data)


def test_a_query_gives_models_with_distances(client, index):
    answer = index.query_vectors(client, CHUNKS[2].data, top_k=3, return_metadata=True, return_distance=True)
    found = answer.as_vector_objects(Chunk)
    assert found[0].key == CHUNKS[2].key
    assert [each.distance for each in found] == sorted(each.distance for each in found)
    assert found[0].distance == pytest.approx(0, abs=1e-3)
    bare = index.query_vectors(client, CHUNKS[2].data, top_k=1).boto3_raw_data["vectors"]
    assert bare == [{"key": CHUNKS[2].key}]


@pytest.mark.parametrize(
    ("condition", "numbers"),
    [
        pytest.param(Meta.owner.eq("ana"), [1, 3], id="eq"),
        pytest.param(Meta.owner.ne("ana"), [0, 2], id="ne"),
        pytest.param(Meta.sequence.gt(1), [2, 3], id="gt"),
        pytest.param(Meta.sequence.gte(1), [1, 2, 3], id="gte"),
        pytest.param(Meta.weight.lt(1.25), [0, 2, 3], id="lt"),
        pytest.param(Meta.weight.lte(1.25), [0, 1, 2, 3], id="lte"),
        pytest.param(Meta.document.in_(["doc-1", "doc-9"]), [2, 3], id="in"),
        pytest.param(Meta.sequence.nin([0, 3]), [1, 2], id="nin"),
        pytest.param(Meta.absent.exists(False), [0, 1, 2, 3], id="exists not"),
        pytest.param(Meta.labels.eq("b"), [0], id="element of a list"),
        pytest.param(Meta.draft.eq(True), [2], id="bool"),
        pytest.param(Meta.owner.eq("ben") & Meta.draft.eq(False), [0], id="and"),
        pytest.param(Meta.sequence.eq(0) | Meta.weight.gt(1), [0, 1], id="or"),
        pytest.param((Meta.owner.eq("ana") | Meta.draft.eq(True)) & Meta.document.eq("doc-1"), [2, 3], id="nested"),
        pytest.param(Meta.sequence.eq("0"), [], id="another type"),
    ],
)
def test_conditions(client, index, condition, numbers):
    answer = index.query_vectors(client, [1.0, 0, 0, 0], filter=condition, return_metadata=True)
    assert sorted(each.sequence for each in answer.as_vector_objects(Chunk)) == numbers


def test_pages_and_segments_cover_everything_once(client, index):
    index.put_vectors(client, [chunk(number) for number in range(4, 250)])
    everything = sorted(chunk(number).key for number in range(250))
    assert sorted(keys(index, client, page_size=7)) == everything
    assert len(keys(index, client, page_size=100, max_items=30)) == 30
    segments = [keys(index, client, segment_count=5, segment_index=each, page_size=20) for each in range(5)]
    assert sorted(key for segment in segments for key in segment) == everything


def test_deleting_some_and_all(client, index):
    index.delete_vectors(client, keys=[CHUNKS[0].key, "never there"])
    assert sorted(keys(index, client)) == sorted(each.key for each in CHUNKS[1:])
    assert index.delete_all_vectors(client, page_size=2) == 3
    assert keys(index, client) == []
    index.delete(client)
    with pytest.raises(ClientError, match="The specified index could not be found"):
        keys(index, client)


def test_a_vector_of_the_wrong_length_is_refused(client, index):
    with pytest.raises(ClientError, match="must have length 4, but has length 1"):
        index.put_vectors(client, [chunk(9, data=[1.0])])
