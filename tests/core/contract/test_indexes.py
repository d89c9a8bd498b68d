"""Indexes: names, dimension, metric, configuration, addressing, listing, deletion and their errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import ConflictError, NotFoundError
from tests.core.builders import BUCKET, Where, keys_of, list_all, make_index, make_record, pages, put
from tests.core.contract.model import Checked
from tests.core.contract.refusal import BUCKET_MISSING, INDEX_MISSING, constraint, length, refused

NewIndex = Callable[..., Where]
EITHER = "Must specify either indexArn or both vectorBucketName and indexName"

# Every operation on an index, with what it needs besides the index.
ON_AN_INDEX: list[Any] = [
    pytest.param("get_index", {}, id="get_index"),
    pytest.param("delete_index", {}, id="delete_index"),
    pytest.param(
        "update_metadata_configuration", {"add": {"textSearchConfigurations": [{"metadataKey": "x"}]}}, id="update"
    ),
    pytest.param("update_index_mode", {"indexMode": "ENHANCED"}, id="update_index_mode"),
    pytest.param("put_vectors", {"vectors": [make_record()]}, id="put_vectors"),
    pytest.param("get_vectors", {"keys": ["k"]}, id="get_vectors"),
    pytest.param("list_vectors", {}, id="list_vectors"),
    pytest.param("delete_vectors", {"keys": ["k"]}, id="delete_vectors"),
    pytest.param("query_vectors", {"topK": 1, "queryVector": {"float32": [1.0, 0.0]}}, id="query_vectors"),
]


def described(client: Checked, where: Where) -> dict[str, Any]:
    return client.get_index(**where)["index"]


@pytest.mark.parametrize("name", ["abc", "a" * 63, "a.b", "a..b", "1.-2", "a-b"])
def test_a_good_name_is_taken(client: Checked, name: str) -> None:
    where = make_index(client, name)
    assert described(client, where)["indexArn"].endswith(f":bucket/{BUCKET}/index/{name}")
    client.delete_index(**where)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("ab", length("/indexName", 2, 3, 63), id="2-characters"),
        pytest.param("a" * 64, length("/indexName", 64, 3, 63), id="64-characters"),
        pytest.param(".ab", "Invalid index name", id="dot-first"),
        pytest.param("ab.", "Invalid index name", id="dot-last"),
        pytest.param("ab-", "Invalid index name", id="hyphen-last"),
        pytest.param("aB1", "Invalid index name", id="capital"),
        pytest.param("a_b", "Invalid index name", id="underscore"),
        pytest.param("a b", "Invalid index name", id="space"),
    ],
)
def test_a_bad_name_is_refused(client: Checked, name: str, message: str) -> None:
    with refused(message=message):
        make_index(client, name)


@pytest.mark.parametrize("dimension", [1, 4096])
def test_the_dimension_at_its_edges(client: Checked, new_index: NewIndex, dimension: int) -> None:
    where = new_index(dimension=dimension)
    put(client, where, make_record(vector=[0.5] * dimension))
    assert described(client, where)["dimension"] == dimension
    assert len(list_all(client, where, returnData=True)[0]["data"]["float32"]) == dimension


@pytest.mark.parametrize(
    ("dimension", "rule"),
    [(0, "be between 1 and 4096, inclusive"), (-1, "be between 1 and 4096"), (4097, "be between 1 and 4096")],
)
def test_the_dimension_past_its_edges(client: Checked, dimension: int, rule: str) -> None:
    with refused(message=constraint("/dimension", "", rule)):
        make_index(client, "never", dimension=dimension)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        pytest.param({"dataType": "float16"}, "Member must satisfy enum value set: [float32]", id="type"),
        pytest.param({"distanceMetric": "dotproduct"}, "Member must satisfy enum value set", id="no-dot-product"),
        pytest.param({"distanceMetric": "Cosine"}, "Member must satisfy enum value set", id="case"),
        pytest.param({"dimension": 2.5}, "/dimension", id="half-a-dimension"),
    ],
)
def test_a_wrong_setting_is_refused(client: Checked, wrong: dict[str, Any], message: str) -> None:
    with refused(message=message):
        make_index(client, "never", **wrong)


@pytest.mark.parametrize("missing", ["dataType", "dimension", "distanceMetric", "indexName", "vectorBucketName"])
def test_a_missing_setting_is_refused(client: Checked, missing: str) -> None:
    whole = {
        "vectorBucketName": BUCKET,
        "indexName": "never",
        "dataType": "float32",
        "dimension": 2,
        "distanceMetric": "cosine",
    }
    with refused():
        client.create_index(**{key: value for key, value in whole.items() if key != missing})


def test_an_index_says_what_it_is(client: Checked, new_index: NewIndex) -> None:
    where = new_index(
        dimension=3, distanceMetric="euclidean", metadataConfiguration={"nonFilterableMetadataKeys": ["content", "notes"]}
    )
    found = described(client, where)
    assert (found["dimension"], found["distanceMetric"], found["dataType"]) == (3, "euclidean", "float32")
    assert found["metadataConfiguration"] == {"nonFilterableMetadataKeys": ["content", "notes"]}
    assert found["indexMode"] == "ENHANCED"
    assert "metadataConfiguration" not in described(client, new_index())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        pytest.param([f"k{n}" for n in range(10)], None, id="10"),
        pytest.param([f"k{n}" for n in range(11)], "/metadataConfiguration/nonFilterableMetadataKeys", id="11"),
        pytest.param(["k" * 63], None, id="63-characters"),
        pytest.param(["k" * 64], "Member must have length between 1 and 63, inclusive", id="64-characters"),
        pytest.param([""], "Member must have length between 1 and 63, inclusive", id="empty-key"),
        pytest.param(["a", "a"], "duplicate", id="twice"),
        pytest.param([], None, id="none"),
        pytest.param(["a.b", "ключ", "$x"], None, id="odd-but-legal"),
    ],
)
def test_non_filterable_keys(client: Checked, new_index: NewIndex, keys: list[str], message: str | None) -> None:
    if message is None:
        where = new_index(metadataConfiguration={"nonFilterableMetadataKeys": keys})
        assert described(client, where).get("metadataConfiguration", {}).get("nonFilterableMetadataKeys", []) == keys
    else:
        with refused(message=message):
            new_index(metadataConfiguration={"nonFilterableMetadataKeys": keys})


def test_a_name_is_taken_once_per_bucket(client: Checked, index: Where) -> None:
    with refused(ConflictError, "An index with the specified name already exists"):
        make_index(client, index["indexName"])
    client.create_vector_bucket(vectorBucketName="another")
    other = make_index(client, index["indexName"], bucket="another")
    put(client, other, make_record("only-here"))
    assert list_all(client, index) == []


def test_an_index_needs_its_bucket(client: Checked) -> None:
    with refused(NotFoundError, BUCKET_MISSING):
        make_index(client, bucket="nowhere")


@pytest.mark.parametrize(("method", "arguments"), ON_AN_INDEX)
class TestAddressing:
    def test_by_arn(self, client: Checked, index: Where, method: str, arguments: dict[str, Any]) -> None:
        getattr(client, method)(indexArn=described(client, index)["indexArn"], **arguments)

    def test_a_missing_index_is_not_found(self, client: Checked, method: str, arguments: dict[str, Any]) -> None:
        with refused(NotFoundError, INDEX_MISSING):
            getattr(client, method)(vectorBucketName=BUCKET, indexName="nothing", **arguments)

    def test_a_missing_bucket_is_not_found(self, client: Checked, method: str, arguments: dict[str, Any]) -> None:
        with refused(NotFoundError, INDEX_MISSING):
            getattr(client, method)(vectorBucketName="nowhere", indexName="nothing", **arguments)

    @pytest.mark.parametrize(
        "given", [[], ["indexName"], ["vectorBucketName"], ["indexName", "vectorBucketName", "indexArn"]]
    )
    def test_either_arn_or_both_names(
        self, client: Checked, index: Where, method: str, arguments: dict[str, Any], given: list[str]
    ) -> None:
        names = index | {"indexArn": described(client, index)["indexArn"]}
        with refused(message=EITHER):
            getattr(client, method)(**{key: names[key] for key in given}, **arguments)

    @pytest.mark.parametrize("arn", ["x", "arn:aws:s3vectors:us-east-1:123456789012:bucket/memories"])
    def test_a_bad_arn_is_refused(self, client: Checked, method: str, arguments: dict[str, Any], arn: str) -> None:
        with refused():
            getattr(client, method)(indexArn=arn, **arguments)


def test_an_arn_of_another_account_is_not_this_index(client: Checked, index: Where) -> None:
    arn = described(client, index)["indexArn"].replace("123456789012", "210987654321")
    with refused(NotFoundError):
        client.list_vectors(indexArn=arn)


def test_a_deleted_index_is_gone_and_its_name_free(client: Checked, index: Where) -> None:
    put(client, index, make_record("old"))
    client.delete_index(**index)
    with refused(NotFoundError, INDEX_MISSING):
        client.get_index(**index)
    make_index(client, index["indexName"], dimension=3)
    assert list_all(client, index) == []
    put(client, index, make_record("new", [1, 2, 3]))
    assert keys_of(list_all(client, index)) == ["new"]


@pytest.fixture(scope="module")
def bucket(client: Checked) -> str:
    """Return a bucket with seven indexes."""
    client.create_vector_bucket(vectorBucketName="library")
    for number in range(6):
        make_index(client, f"team-{number}", bucket="library")
    make_index(client, "user.memory", bucket="library")
    return "library"


class TestListing:
    @pytest.mark.parametrize("size", [1, 4, 500])
    def test_pages_hold_each_index_once(self, client: Checked, bucket: str, size: int) -> None:
        found = pages(client.list_indexes, vectorBucketName=bucket, maxResults=size)
        names = [index["indexName"] for page in found for index in page["indexes"]]
        assert names == [f"team-{number}" for number in range(6)] + ["user.memory"]

    def test_by_prefix_and_by_arn(self, client: Checked, bucket: str) -> None:
        arn = client.get_vector_bucket(vectorBucketName=bucket)["vectorBucket"]["vectorBucketArn"]
        assert [index["indexName"] for index in client.list_indexes(vectorBucketArn=arn, prefix="user.")["indexes"]] == [
            "user.memory"
        ]

    def test_a_token_belongs_to_its_bucket(self, client: Checked, bucket: str) -> None:
        token = client.list_indexes(vectorBucketName=bucket, maxResults=1)["nextToken"]
        with refused(message="Invalid nextToken"):
            client.list_indexes(vectorBucketName=BUCKET, maxResults=1, nextToken=token)

    @pytest.mark.parametrize("size", [0, 501])
    def test_a_wrong_page_size_is_refused(self, client: Checked, bucket: str, size: int) -> None:
        with refused(message="at '/maxResults' failed to satisfy constraint"):
            client.list_indexes(vectorBucketName=bucket, maxResults=size)
