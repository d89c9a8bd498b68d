"""Answers in the very words of Amazon S3 Vectors, as raw requests to the service got them (us-east-1, September 2026)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.core.builders import BUCKET, Where, list_all, make_index, make_record
from tests.core.server.clients import Served, served

KEY = "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000"
LONG_KEY = "中" * 342
ZERO = "cosine distance does not support vectors with zero norm"
BAD_QUERY = "Query vector contains invalid values or is invalid for this index"
PATTERN = r"Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = served(tmp_path_factory.mktemp("store"))
    made.create_vector_bucket(vectorBucketName=BUCKET)
    yield made
    made.close()


@pytest.fixture(scope="module")
def where(client: Served) -> Where:
    return make_index(client, metadataConfiguration={"nonFilterableMetadataKeys": ["nf"]})


def record(key: str, **more: Any) -> dict[str, Any]:
    return {"vectors": [make_record("good"), make_record(key) | more]}


def query(**more: Any) -> dict[str, Any]:
    return {"topK": 1, "queryVector": {"float32": [1.0, 0.0]}} | more


REFUSED: list[Any] = [
    pytest.param("put_vectors", record("k", data={"float32": [0.0, 0.0]}), "vectors[1]", ZERO, id="zero"),
    pytest.param(
        "put_vectors",
        record("k", data={"float32": [3.40282357e38, 1]}),
        "vectors[1]",
        "vector contains NaNs or Infs",
        id="inf",
    ),
    pytest.param(
        "put_vectors",
        record("k", data={"float32": [1.0]}),
        "vectors[1]",
        "vector must have length 2, but has length 1",
        id="length",
    ),
    pytest.param(
        "put_vectors",
        record("k", metadata={"o": {"a": 1}}),
        "vectors[1].metadata",
        "Metadata values must be strings, numbers, booleans, or arrays",
        id="nested",
    ),
    pytest.param(
        "put_vectors",
        record("k", metadata={"nf": [{"a": 1}]}),
        "vectors[1].metadata",
        "Metadata array values must be strings or numbers",
        id="nested-in-an-array",
    ),
    pytest.param(
        "put_vectors",
        record("k", metadata={"f": "x" * 2036}),
        "vectors[1].metadata",
        "Filterable metadata must have at most 2048 bytes",
        id="too-much",
    ),
]


@pytest.mark.parametrize(("method", "arguments", "path", "reason"), REFUSED)
def test_a_bad_record_is_pointed_at(
    client: Served, where: Where, method: str, arguments: dict[str, Any], path: str, reason: str
) -> None:
    answer = refusal(client, method, **where, **arguments)
    assert answer["Error"] == {"Code": "ValidationException", "Message": f"Invalid record for key 'k': {reason}"}
    assert answer["fieldList"] == [{"path": path, "message": reason}]
    assert list_all(client, where) == []


@pytest.mark.parametrize(
    ("arguments", "message", "field"),
    [
        pytest.param(query(filter={}), "Invalid filter", ("filter", "Invalid filter"), id="empty-filter"),
        pytest.param(query(filter={"g": {"$eg": 1}}), "Invalid filter", ("filter", "Invalid filter"), id="operator"),
        pytest.param(
            query(queryVector={"float32": [0.0, 0.0]}), BAD_QUERY, ("vector", f"Invalid input: {ZERO}"), id="zero-vector"
        ),
    ],
)
def test_a_bad_query_is_pointed_at(
    client: Served, where: Where, arguments: dict[str, Any], message: str, field: tuple[str, str]
) -> None:
    answer = refusal(client, "query_vectors", **where, **arguments)
    assert answer["Error"] == {"Code": "ValidationException", "Message": message}
    assert answer["fieldList"] == [{"path": field[0], "message": field[1]}]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("put_vectors", record(LONG_KEY)), ("get_vectors", {"keys": [LONG_KEY]}), ("delete_vectors", {"keys": [LONG_KEY]})],
)
def test_a_key_of_too_many_bytes(client: Served, where: Where, method: str, arguments: dict[str, Any]) -> None:
    error = refusal(client, method, **where, **arguments)["Error"]
    assert error == {"Code": "ValidationException", "Message": "Record key length exceeds the maximum allowed"}


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        pytest.param({f"k{number}": "v" for number in range(51)}, "Too many tags specified", id="51"),
        pytest.param({"aws:owner": "x"}, "System tags cannot be added/updated by requester", id="system"),
        pytest.param(
            {"AWS:owner": "x"},
            'Invalid System Tag: AWS:owner must be prefixed with "aws:" in lowercase.',
            id="system-in-capitals",
        ),
        *(
            pytest.param({"team": f"a{mark}"}, f"'/tags/team' failed to satisfy constraint: {PATTERN}", id=repr(mark))
            for mark in "!\"#$%&'()*,;<>?[\\]^`{|}~\t\n😀"
        ),
        pytest.param({"cost#center": "v"}, f"'/tags' failed to satisfy constraint: {PATTERN}", id="key"),
    ],
)
def test_tags_that_are_refused(client: Served, where: Where, tags: dict[str, str], message: str) -> None:
    error = refusal(client, "create_index", **settings("never"), tags=tags)["Error"]
    assert (error["Code"], error["Message"].endswith(message)) == ("ValidationException", True), error
    arn = client.get_index(**where)["index"]["indexArn"]
    assert refusal(client, "tag_resource", resourceArn=arn, tags=tags)["Error"] == error
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {}


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({f"k{number}": "v" for number in range(50)}, id="50"),
        pytest.param({"Ünï cödé_.:/=+-@9": "välue 1_.:/=+-@", "k𝒜": "v𝒜"}, id="every-class"),
        pytest.param({" team": "aws:x", "empty": ""}, id="odd-but-taken"),
    ],
)
def test_tags_that_are_taken(client: Served, tags: dict[str, str]) -> None:
    arn = client.create_index(**settings("tagged"), tags=tags)["indexArn"]
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == tags
    client.delete_index(indexArn=arn)


NOT_GIVEN = "kmsKeyArn must be specified when sseType is set to aws:kms"
GIVEN = "kmsKeyArn must not be specified when sseType is AES256."


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        pytest.param({"sseType": "AES256", "kmsKeyArn": KEY}, GIVEN, id="key-with-aes256"),
        pytest.param({"kmsKeyArn": KEY}, GIVEN, id="key-alone"),
        pytest.param({"sseType": "aws:kms"}, NOT_GIVEN, id="no-key"),
    ],
)
def test_a_key_goes_with_kms_and_only_with_it(client: Served, asked: dict[str, str], message: str) -> None:
    for method, names in (("create_index", settings("never")), ("create_vector_bucket", {"vectorBucketName": "never"})):
        answer = refusal(client, method, **names, encryptionConfiguration=asked)
        assert answer["Error"] == {"Code": "ValidationException", "Message": message}
        assert answer["fieldList"] == [{"path": "EncryptionConfiguration", "message": message}]


def test_a_key_that_is_no_key(client: Served) -> None:
    for key in ("x", "arn:aws:kms:us-east-1:1:key/a", KEY + "x" * 2_048):
        asked = {"sseType": "aws:kms", "kmsKeyArn": key}
        answer = refusal(client, "create_index", **settings("never"), encryptionConfiguration=asked)
        assert answer["fieldList"][0]["path"] == "/encryptionConfiguration/kmsKeyArn"


def test_an_index_is_encrypted_as_its_bucket_unless_it_says_otherwise(client: Served) -> None:
    asked = {"sseType": "aws:kms", "kmsKeyArn": KEY}
    client.create_vector_bucket(vectorBucketName="encrypted", encryptionConfiguration=asked)
    found = []
    for name, more in (("as-bucket", {}), ("other", {"encryptionConfiguration": {"sseType": "AES256"}})):
        where = make_index(client, name, bucket="encrypted", **more)
        found.append(client.get_index(**where)["index"]["encryptionConfiguration"])
    assert found == [asked, {"sseType": "AES256"}]


@pytest.mark.parametrize("data", [b'"\\ud800"', b'"x\\udc00"'])
def test_half_a_surrogate_fails_the_request(client: Served, where: Where, data: bytes) -> None:
    with pytest.raises(ClientError) as caught:
        client.get_vectors(**where, keys=[data[1:-1].decode("unicode-escape")])
    assert caught.value.response["Error"]["Code"] == "SerializationException"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def settings(name: str) -> dict[str, Any]:
    names = {"vectorBucketName": BUCKET, "indexName": name}
    return names | {"dataType": "float32", "dimension": 2, "distanceMetric": "cosine"}


def refusal(client: Served, method: str, **arguments: Any) -> dict[str, Any]:
    """Return the answer to a request that must be refused with 400."""
    with pytest.raises(ClientError) as caught:
        getattr(client, method)(**arguments)
    answer: dict[str, Any] = dict(caught.value.response)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400
    return answer
