"""The AWS command line (v1), which brings a botocore of its own: what an operator types."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest


def aws(*words: str) -> Any:
    """Run `aws s3vectors WORDS` and return its JSON; None if it printed none."""
    done = run(*words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) if done.stdout.strip() else None


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "awscli", "s3vectors", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def index(bucket: str) -> list[str]:
    """Return the options that name an index of three vectors."""
    where = ["--vector-bucket-name", bucket, "--index-name", "notes"]
    shape = ["--data-type", "float32", "--dimension", "2", "--distance-metric", "cosine"]
    aws("create-index", *where, *shape, "--metadata-configuration", "nonFilterableMetadataKeys=text", "--tags", "team=blue")
    rows = [(1.0, "the launch moved to Thursday"), (0.5, "the invoice is unpaid"), (0.0, "green tea in the morning")]
    vectors = [
        {"key": f"k{place}", "data": {"float32": [x, 1.0 - x]}, "metadata": {"place": place, "text": text}}
        for place, (x, text) in enumerate(rows)
    ]
    aws("put-vectors", *where, "--vectors", json.dumps(vectors))
    return where


def test_an_index_is_described(index):
    described = aws("get-index", *index)["index"]
    assert (described["dimension"], described["distanceMetric"]) == (2, "cosine")
    assert described["metadataConfiguration"]["nonFilterableMetadataKeys"] == ["text"]
    assert aws("list-tags-for-resource", "--resource-arn", described["indexArn"]) == {"tags": {"team": "blue"}}
    assert [each["indexName"] for each in aws("list-indexes", *index[:2])["indexes"]] == ["notes"]


def test_lists_are_paged_by_the_client(index):
    everything = aws("list-vectors", *index, "--page-size", "2", "--return-metadata")["vectors"]
    assert sorted(each["metadata"]["place"] for each in everything) == [0, 1, 2]
    assert len(aws("list-vectors", *index, "--max-items", "1")["vectors"]) == 1


def test_a_query_with_a_condition(index):
    vector = ["--query-vector", "float32=0.0,1.0", "--top-k", "3", "--return-distance", "--return-metadata"]
    first, second = aws("query-vectors", *index, *vector, "--filter", '{"place": {"$gte": 1}}')["vectors"]
    assert (first["key"], second["key"]) == ("k2", "k1")
    assert first["distance"] == pytest.approx(0, abs=1e-5)
    assert first["metadata"] == {"place": 2, "text": "green tea in the morning"}


def test_a_refusal_ends_the_command_with_the_services_words(index):
    done = run("get-vectors", *index[:2], "--index-name", "absent", "--keys", "a")
    assert done.returncode != 0
    assert "(NotFoundException) when calling the GetVectors operation: The specified index could not be found" in done.stderr


def test_deleting(index):
    aws("delete-vectors", *index, "--keys", "k0", "k1")
    assert [each["key"] for each in aws("list-vectors", *index)["vectors"]] == ["k2"]
    aws("delete-index", *index)
    aws("delete-vector-bucket", *index[:2])
    assert run("get-vector-bucket", *index[:2]).returncode != 0
