"""ARNs of a server that was told no region: each client finds the region that it signs for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from core.vectors.server import RunningServer
from tests.core.builders import BUCKET, Where, make_client, make_index, make_record, put
from tests.core.server.clients import KEY_ID, SECRET, make_boto3
from tests.core.server.raw import ask, send

ACCOUNT = "210987654321"


def bucket_arn(region: str, *, partition: str = "aws", account: str = ACCOUNT, bucket: str = BUCKET) -> str:
    return f"arn:{partition}:s3vectors:{region}:{account}:bucket/{bucket}"


@pytest.fixture(scope="module")
def regional(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory = tmp_path_factory.mktemp("store")
    engine = make_client(directory)
    where = make_index(engine)
    put(engine, where, make_record("k", metadata={"indexArn": bucket_arn("us-east-1")}))
    engine.close()
    with RunningServer(directory, access_keys={KEY_ID: SECRET}, account=ACCOUNT) as running:
        yield running


@pytest.fixture
def client(regional: RunningServer, request: pytest.FixtureRequest) -> Iterator[Any]:
    made = make_boto3(regional.url, region=request.param)
    yield made
    made.close()


REGIONS = [("us-east-1", "aws"), ("eu-central-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
IN_REGIONS = pytest.mark.parametrize(
    ("client", "arn"), [(region, bucket_arn(region, partition=part)) for region, part in REGIONS], indirect=["client"]
)


@IN_REGIONS
class TestOwnRegion:
    def test_answers_are_in_it(self, client: Any, arn: str) -> None:
        assert client.get_vector_bucket(vectorBucketName=BUCKET)["vectorBucket"]["vectorBucketArn"] == arn
        assert [bucket["vectorBucketArn"] for bucket in client.list_vector_buckets()["vectorBuckets"]] == [arn]
        where = {"vectorBucketName": BUCKET, "indexName": "agents"}
        assert client.get_index(**where)["index"]["indexArn"] == f"{arn}/index/agents"
        assert [index["indexArn"] for index in client.list_indexes(vectorBucketArn=arn)["indexes"]] == [
            f"{arn}/index/agents"
        ]
        made = client.create_index(
            vectorBucketArn=arn, indexName="made", dataType="float32", dimension=2, distanceMetric="cosine"
        )
        assert made["indexArn"] == f"{arn}/index/made"
        texts = {"textSearchConfigurations": [{"metadataKey": "content"}]}
        assert client.update_metadata_configuration(indexArn=made["indexArn"], add=texts)["indexArn"] == made["indexArn"]
        client.delete_index(indexArn=made["indexArn"])
        new = client.create_vector_bucket(vectorBucketName="made")["vectorBucketArn"]
        assert new == arn.replace(BUCKET, "made")
        client.delete_vector_bucket(vectorBucketArn=new)

    def test_a_clients_own_arns_are_understood(self, client: Any, arn: str) -> None:
        index = f"{arn}/index/agents"
        client.put_vectors(indexArn=index, vectors=[make_record("own")])
        assert client.get_vectors(indexArn=index, keys=["own"])["vectors"] == [{"key": "own"}]
        client.delete_vectors(indexArn=index, keys=["own"])
        client.put_vector_bucket_policy(vectorBucketArn=arn, policy="{}")
        client.delete_vector_bucket_policy(vectorBucketArn=arn)
        for resource in (arn, index):
            client.tag_resource(resourceArn=resource, tags={"vectorBucketArn": bucket_arn("us-east-1")})
            assert client.list_tags_for_resource(resourceArn=resource)["tags"] == {
                "vectorBucketArn": bucket_arn("us-east-1")
            }
            client.untag_resource(resourceArn=resource, tagKeys=["vectorBucketArn"])
            assert client.list_tags_for_resource(resourceArn=resource)["tags"] == {}

    def test_what_is_stored_is_not_touched(self, client: Any, arn: str) -> None:
        listed = client.list_vectors(indexArn=f"{arn}/index/agents", returnMetadata=True)["vectors"]
        assert [vector["metadata"] for vector in listed] == [{"indexArn": bucket_arn("us-east-1")}]


@pytest.mark.parametrize("client", ["eu-central-1"], indirect=True)
@pytest.mark.parametrize(
    "arn",
    [
        pytest.param(bucket_arn("us-east-1"), id="the-stores-own"),
        pytest.param(bucket_arn("eu-west-1"), id="a-third"),
        pytest.param(bucket_arn("eu-central-1", account="123456789012"), id="another-account"),
        pytest.param(bucket_arn("eu-central-1", partition="aws-cn"), id="another-partition"),
        pytest.param(bucket_arn("eu-central-1", bucket="nothing"), id="another-bucket"),
    ],
)
def test_other_arns_are_not_found(client: Any, arn: str) -> None:
    with pytest.raises(ClientError, match="The specified vector bucket could not be found"):
        client.get_vector_bucket(vectorBucketArn=arn)
    with pytest.raises(ClientError, match="The specified index could not be found"):
        client.get_index(indexArn=f"{arn}/index/agents")


@pytest.mark.parametrize("region", ["eu central", "EU", "a" * 65, "é"])
def test_a_region_that_no_arn_can_hold(tmp_path: Path, region: str) -> None:
    with RunningServer(tmp_path, insecure=True) as server:
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential=a/20261123/{region}/s3vectors/aws4_request, x"}
        headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        reply = send(server.url, "/CreateVectorBucket", b'{"vectorBucketName": "memories"}', headers)
        assert reply.json["vectorBucketArn"] == bucket_arn("us-east-1", account="123456789012")


@pytest.mark.parametrize(("store", "partition"), [*REGIONS[:1], ("eu-west-1", "aws"), *REGIONS[2:]])
def test_with_a_region_only_that_one(tmp_path: Path, store: str, partition: str) -> None:
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}, region=store) as server:
        made = ask(server.url, "CreateVectorBucket", {"vectorBucketName": BUCKET}, region=store)
        assert made.json["vectorBucketArn"] == bucket_arn(store, partition=partition, account="123456789012")
        other = bucket_arn("eu-central-1", account="123456789012")
        assert ask(server.url, "GetVectorBucket", {"vectorBucketArn": other}, region=store).status == 404
        assert ask(server.url, "GetVectorBucket", {"vectorBucketArn": other}, region="eu-central-1").status == 403


@pytest.fixture(scope="module")
def open_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RunningServer(tmp_path_factory.mktemp("open"), insecure=True) as server:
        assert send(server.url, "/CreateVectorBucket", b'{"vectorBucketName": "memories"}').status == 200
        yield server.url


@pytest.mark.parametrize("asked", ["us-east-1", "eu-central-1", "ap-southeast-2"])
def test_without_signatures_arns_of_every_region_are_understood(open_url: str, asked: str) -> None:
    body = {"vectorBucketArn": bucket_arn(asked, account="123456789012")}
    reply = send(open_url, "/GetVectorBucket", json.dumps(body).encode())
    assert reply.json["vectorBucket"]["vectorBucketArn"] == bucket_arn("us-east-1", account="123456789012")
    signed = ask(open_url, "GetVectorBucket", body, region="eu-north-1", key_id="any", secret="any")
    assert signed.json["vectorBucket"]["vectorBucketArn"] == bucket_arn("eu-north-1", account="123456789012")


def test_names_and_arns_mean_the_same_page(regional: RunningServer) -> None:
    made = make_boto3(regional.url, region="eu-central-1")
    where: Where = make_index(made, "paged")
    put(made, where, *(make_record(f"k{number}") for number in range(3)))
    page = made.list_vectors(indexArn=f"{bucket_arn('eu-central-1')}/index/paged", maxResults=2)
    rest = made.list_vectors(**where, nextToken=page["nextToken"])
    assert [vector["key"] for vector in page["vectors"] + rest["vectors"]] == ["k0", "k1", "k2"]
    made.delete_index(**where)
    made.close()
