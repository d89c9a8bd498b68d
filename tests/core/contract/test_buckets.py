"""Buckets: names, creation, listing, deletion and their errors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.errors import ConflictError, NotFoundError, ValidationError
from tests.core.builders import BUCKET, make_index, pages
from tests.core.contract.model import Checked
from tests.core.contract.refusal import BUCKET_MISSING, constraint, length, refused

NewBucket = Callable[..., str]

GOOD_NAMES = [
    pytest.param("abc", id="3-characters"),
    pytest.param("a" * 63, id="63-characters"),
    pytest.param("1-2", id="digits-and-hyphen"),
    pytest.param("a--b", id="two-hyphens"),
]
BAD_NAMES = [
    pytest.param("ab", length("/vectorBucketName", 2, 3, 63), id="2-characters"),
    pytest.param("a" * 64, length("/vectorBucketName", 64, 3, 63), id="64-characters"),
    pytest.param("", length("/vectorBucketName", 0, 3, 63), id="empty"),
    pytest.param("Abc", "Invalid vector bucket name", id="capital"),
    pytest.param("-abc", "Invalid vector bucket name", id="hyphen-first"),
    pytest.param("abc-", "Invalid vector bucket name", id="hyphen-last"),
    pytest.param("a_b", "Invalid vector bucket name", id="underscore"),
    pytest.param("a.b", "Invalid vector bucket name", id="dot"),
    pytest.param("abc\n", "Invalid vector bucket name", id="newline"),
    pytest.param("äbc", "Invalid vector bucket name", id="not-ascii"),
    pytest.param("a/b", "Invalid vector bucket name", id="slash"),
]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_good_name_is_taken(client: Checked, name: str) -> None:
    arn = client.create_vector_bucket(vectorBucketName=name)["vectorBucketArn"]
    assert arn.endswith(f":bucket/{name}")
    assert client.get_vector_bucket(vectorBucketArn=arn)["vectorBucket"]["vectorBucketName"] == name
    client.delete_vector_bucket(vectorBucketName=name)


@pytest.mark.parametrize(("name", "message"), BAD_NAMES)
def test_a_bad_name_is_refused(client: Checked, name: str, message: str) -> None:
    with refused(message=message):
        client.create_vector_bucket(vectorBucketName=name)


def test_a_bucket_says_what_it_is(client: Checked, new_bucket: NewBucket) -> None:
    name = new_bucket(encryptionConfiguration={"sseType": "AES256"})
    bucket = client.get_vector_bucket(vectorBucketName=name)["vectorBucket"]
    assert bucket["vectorBucketName"] == name
    assert bucket["encryptionConfiguration"]["sseType"] == "AES256"
    assert abs(datetime.now(UTC) - bucket["creationTime"]) < timedelta(minutes=5)


def test_a_name_is_taken_once(client: Checked) -> None:
    with refused(ConflictError, "A vector bucket with the specified name already exists"):
        client.create_vector_bucket(vectorBucketName=BUCKET)


# Every operation on a bucket, with what it needs besides the bucket.
ON_A_BUCKET: list[Any] = [
    pytest.param("get_vector_bucket", {}, id="get_vector_bucket"),
    pytest.param("delete_vector_bucket", {}, id="delete_vector_bucket"),
    pytest.param("list_indexes", {}, id="list_indexes"),
    pytest.param("put_vector_bucket_policy", {"policy": "{}"}, id="put_vector_bucket_policy"),
    pytest.param("get_vector_bucket_policy", {}, id="get_vector_bucket_policy"),
    pytest.param("delete_vector_bucket_policy", {}, id="delete_vector_bucket_policy"),
    pytest.param("put_vector_bucket_default_index_mode", {"defaultIndexMode": "ENHANCED"}, id="put_default_mode"),
]


@pytest.mark.parametrize(("method", "more"), ON_A_BUCKET)
class TestNaming:
    def test_a_missing_bucket_is_not_found(self, client: Checked, method: str, more: dict[str, str]) -> None:
        with refused(NotFoundError, BUCKET_MISSING):
            getattr(client, method)(vectorBucketName="nowhere", **more)

    def test_one_of_name_and_arn_is_needed(self, client: Checked, method: str, more: dict[str, str]) -> None:
        with refused(message="Must specify either vectorBucketName or vectorBucketArn but not both"):
            getattr(client, method)(**more)

    def test_not_both(self, client: Checked, method: str, more: dict[str, str]) -> None:
        arn = client.get_vector_bucket(vectorBucketName=BUCKET)["vectorBucket"]["vectorBucketArn"]
        with refused(message="Must specify either vectorBucketName or vectorBucketArn but not both"):
            getattr(client, method)(vectorBucketName=BUCKET, vectorBucketArn=arn, **more)

    @pytest.mark.parametrize("arn", ["x", "arn:aws:s3:::memories", "arn:aws:s3vectors:us-east-1:123456789012:bucket/"])
    def test_a_bad_arn_is_refused(self, client: Checked, method: str, more: dict[str, str], arn: str) -> None:
        with refused(ValidationError):
            getattr(client, method)(vectorBucketArn=arn, **more)

    def test_a_bad_name_is_refused(self, client: Checked, method: str, more: dict[str, str]) -> None:
        with refused(message=length("/vectorBucketName", 2, 3, 63)):
            getattr(client, method)(vectorBucketName="ab", **more)


def test_a_bucket_with_an_index_stays(client: Checked, new_bucket: NewBucket) -> None:
    name = new_bucket()
    where = make_index(client, bucket=name)
    with refused(ConflictError, "The specified vector bucket is not empty"):
        client.delete_vector_bucket(vectorBucketName=name)
    client.delete_index(**where)
    assert client.delete_vector_bucket(vectorBucketName=name).get("vectorBucket") is None
    with refused(NotFoundError, BUCKET_MISSING):
        client.get_vector_bucket(vectorBucketName=name)


@pytest.fixture(scope="module")
def names(client: Checked) -> list[str]:
    """Return the names of seven buckets."""
    names = [f"listed-{number:02}" for number in range(7)]
    for name in reversed(names):
        client.create_vector_bucket(vectorBucketName=name)
    return names


class TestListing:
    @pytest.mark.parametrize("size", [1, 3, 7, 500])
    def test_pages_hold_each_bucket_once(self, client: Checked, names: list[str], size: int) -> None:
        found = pages(client.list_vector_buckets, prefix="listed-", maxResults=size)
        assert [bucket["vectorBucketName"] for page in found for bucket in page["vectorBuckets"]] == names
        assert all(len(page["vectorBuckets"]) <= size for page in found)

    def test_a_prefix_is_literal(self, client: Checked, names: list[str]) -> None:
        assert client.list_vector_buckets(prefix="listed_")["vectorBuckets"] == []
        assert len(client.list_vector_buckets(prefix="listed-0")["vectorBuckets"]) == 7

    def test_a_token_belongs_to_its_request(self, client: Checked, names: list[str]) -> None:
        token = client.list_vector_buckets(prefix="listed-", maxResults=2)["nextToken"]
        with refused(message="Invalid nextToken"):
            client.list_vector_buckets(prefix="listed", maxResults=2, nextToken=token)

    @pytest.mark.parametrize("size", [0, 501, -1])
    def test_a_wrong_page_size_is_refused(self, client: Checked, size: int) -> None:
        rule = "be between 1 and 500, inclusive"
        with refused(message=constraint("/maxResults", "", rule)):
            client.list_vector_buckets(maxResults=size)
