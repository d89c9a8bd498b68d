"""Tags of buckets and indexes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import NotFoundError
from tests.core.builders import BUCKET, Where
from tests.core.contract.model import Checked
from tests.core.contract.refusal import refused

NewIndex = Callable[..., Where]


@pytest.fixture(params=["bucket", "index"])
def arn(request: pytest.FixtureRequest, client: Checked, new_bucket: Callable[..., str], new_index: NewIndex) -> str:
    """Return the ARN of a resource with the tag tenant=a."""
    tags = {"tenant": "a"}
    if request.param == "bucket":
        return str(client.get_vector_bucket(vectorBucketName=new_bucket(tags=tags))["vectorBucket"]["vectorBucketArn"])
    return str(client.get_index(**new_index(tags=tags))["index"]["indexArn"])


def tags_of(client: Checked, arn: str) -> dict[str, str]:
    tags: dict[str, str] = client.list_tags_for_resource(resourceArn=arn)["tags"]
    return tags


def test_tags_are_added_replaced_and_removed(client: Checked, arn: str) -> None:
    assert tags_of(client, arn) == {"tenant": "a"}
    client.tag_resource(resourceArn=arn, tags={"tenant": "b", "team": "x"})
    assert tags_of(client, arn) == {"tenant": "b", "team": "x"}
    client.untag_resource(resourceArn=arn, tagKeys=["tenant", "never"])
    assert tags_of(client, arn) == {"team": "x"}


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({"k" * 128: "v" * 256}, id="longest"),
        pytest.param({"k": ""}, id="empty-value"),
        pytest.param({" k": "aws:v"}, id="space-first"),
        pytest.param({"k𝒜": "v𝒜"}, id="letters-of-4-bytes"),
        pytest.param({"a.b:c/d=e+f-g@h_i": "_.:/=+-@ é 漢"}, id="every-mark"),
        pytest.param({f"k{number}": "v" for number in range(49)}, id="50-with-the-first"),
    ],
)
def test_good_tags_are_taken(client: Checked, arn: str, tags: dict[str, str]) -> None:
    client.tag_resource(resourceArn=arn, tags=tags)
    assert tags_of(client, arn) == {"tenant": "a"} | tags


PATTERN = r"failed to satisfy constraint: Member must satisfy regular expression pattern: ^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        pytest.param({"": "v"}, None, id="empty-key"),
        pytest.param({"k" * 129: "v"}, None, id="129-characters"),
        pytest.param({"k": "v" * 257}, None, id="257-characters"),
        pytest.param({"k": "<b>"}, f"Value at '/tags/k' {PATTERN}", id="markup"),
        pytest.param({"k": "a\nb"}, f"Value at '/tags/k' {PATTERN}", id="newline"),
        pytest.param({"k\t": "a"}, f"Value at '/tags' {PATTERN}", id="tab"),
        pytest.param({f"k{number}": "v" for number in range(50)}, "Too many tags specified", id="51-with-the-first"),
    ],
)
def test_bad_tags_are_refused(client: Checked, arn: str, tags: dict[str, str], message: str | None) -> None:
    with refused(message=message):
        client.tag_resource(resourceArn=arn, tags=tags)
    assert tags_of(client, arn) == {"tenant": "a"}


@pytest.mark.parametrize("method", ["create_vector_bucket", "create_index"])
def test_bad_tags_are_refused_at_creation(client: Checked, new_index: NewIndex, method: str) -> None:
    with refused():
        if method == "create_index":
            new_index(tags={"k": "\n"})
        else:
            client.create_vector_bucket(vectorBucketName="never", tags={"k": "\n"})


def test_tags_stay_when_the_index_is_used(client: Checked, new_index: NewIndex) -> None:
    where = new_index(tags={"model": "minilm/384/1"})
    arn = client.get_index(**where)["index"]["indexArn"]
    client.update_metadata_configuration(**where, add={"textSearchConfigurations": [{"metadataKey": "content"}]})
    assert tags_of(client, arn) == {"model": "minilm/384/1"}


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{BUCKET}/index/nothing",
        "arn:aws:s3vectors:us-east-1:123456789012:bucket/nowhere",
        "arn:aws:s3vectors:us-east-1:999999999999:bucket/memories",
    ],
)
@pytest.mark.parametrize("method", ["list_tags_for_resource", "tag_resource", "untag_resource"])
def test_a_missing_resource_is_not_found(client: Checked, method: str, arn: str) -> None:
    more = {"tag_resource": {"tags": {"a": "b"}}, "untag_resource": {"tagKeys": ["a"]}}.get(method, {})
    with refused(NotFoundError):
        getattr(client, method)(resourceArn=arn, **more)
