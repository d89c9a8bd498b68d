"""The judge itself: it must find faults where there are some, and know every operation that we offer."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from core.vectors.client import VectorsClient
from tests.core.contract.model import faults_of_request, faults_of_response, operations

ARN = "arn:aws:s3vectors:us-east-1:123456789012:bucket/memories/index/agents"
SUMMARY = {
    "vectorBucketName": "memories",
    "indexName": "agents",
    "indexArn": ARN,
    "creationTime": datetime(2026, 1, 1, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("method", "response", "fault"),
    [
        pytest.param("create_index", {}, "indexArn: missing", id="required"),
        pytest.param("create_index", {"indexArn": ARN, "more": 1}, "more: unknown", id="unknown"),
        pytest.param("create_index", {"indexArn": 5}, "is no string", id="type"),
        pytest.param("create_index", {"indexArn": "arn:aws:s3:::x"}, "does not match", id="pattern"),
        pytest.param("list_indexes", {"indexes": [SUMMARY | {"creationTime": "now"}]}, "is no timestamp", id="timestamp"),
        pytest.param("list_indexes", {"indexes": [SUMMARY | {"indexName": "a"}]}, "1 is below 3", id="min"),
        pytest.param("list_indexes", {"indexes": [], "nextToken": "x" * 513}, "513 is above 512", id="max"),
        pytest.param("query_vectors", {"vectors": [], "distanceMetric": "dot"}, "is none of", id="enum"),
        pytest.param("query_vectors", {"vectors": [{"key": "k", "distance": True}]}, "is no float", id="bool"),
        pytest.param("get_vectors", {"vectors": [{"key": "k", "metadata": []}]}, "is no document", id="document"),
        pytest.param("list_tags_for_resource", {"tags": {"a\n": "b"}}, "does not match", id="tag-pattern"),
    ],
)  # fmt: skip
def test_faults_are_found(method: str, response: dict[str, Any], fault: str) -> None:
    assert any(fault in found for found in faults_of_response(method, response)), faults_of_response(method, response)


def test_a_right_response_has_no_faults() -> None:
    assert faults_of_response("list_indexes", {"indexes": [SUMMARY], "nextToken": "x"}) == []
    assert faults_of_response("put_vectors", {"ResponseMetadata": {}}) == []


def test_boto3s_own_checks_are_used() -> None:
    assert faults_of_request("query_vectors", {"queryVector": {"float32": ["1"]}})
    assert faults_of_request("query_vectors", {"topK": 1, "queryVector": {"float32": [1.0]}}) == []


def test_every_operation_of_the_seam_is_one_of_boto3s() -> None:
    ours = {name for name in vars(VectorsClient) if not name.startswith("_")} - {"scan", "revision", "close"}
    assert ours <= operations().keys()
    assert len(ours) == 17


def test_boto3_is_new_enough() -> None:
    assert tuple(int(part) for part in re.findall(r"\d+", boto3.__version__)[:3]) >= (1, 44, 5)
    assert {"update_metadata_configuration", "update_index_mode"} <= operations().keys()
