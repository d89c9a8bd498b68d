"""What the embedded client offers beyond boto3: tracing, numpy vectors, a clock and an account of its own."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.errors import MnemoscopeError, NotFoundError, ValidationError
from core.vectors.client import Call
from tests.core.builders import BUCKET, list_all, make_client, make_index, make_record, put, query_all


def test_a_tracer_sees_every_call_in_order(tmp_path: Path) -> None:
    calls: list[Call] = []
    client = make_client(tmp_path, tracer=calls.append)
    where = make_index(client)
    put(client, where, make_record("a"), make_record("b"))
    query_all(client, where)
    client.scan(**where)
    with pytest.raises(NotFoundError):
        client.list_vectors(vectorBucketName=BUCKET, indexName="nothing")
    client.close()
    assert [(call.operation, call.items, call.error) for call in calls] == [
        ("ListVectorBuckets", 0, None),
        ("CreateVectorBucket", 0, None),
        ("CreateIndex", 0, None),
        ("PutVectors", 0, None),
        ("QueryVectors", 2, None),
        ("Scan", 2, None),
        ("ListVectors", 0, "NotFoundException"),
    ]
    assert all(call.seconds >= 0 for call in calls)
    assert calls[3].arguments["vectors"][0]["key"] == "a"
    assert calls[5].response_bytes > 0


VECTORS = [
    pytest.param(np.array([1, 2, 3], np.float32), id="float32"),
    pytest.param(np.array([1, 2, 3], np.float64), id="float64"),
    pytest.param(np.array([1, 2, 3], np.int64), id="integers"),
    pytest.param(np.arange(6, dtype=np.float32)[1::2] - [0, 1, 2], id="strided"),
    pytest.param((1.0, 2.0, 3.0), id="tuple"),
    pytest.param([np.float32(1), np.float64(2), 3], id="scalars"),
]


@pytest.mark.parametrize("vector", VECTORS)
def test_a_vector_may_be_any_sequence_of_numbers(tmp_path: Path, vector: Any) -> None:
    client = make_client(tmp_path)
    where = make_index(client, dimension=3, distanceMetric="euclidean")
    client.put_vectors(**where, vectors=[{"key": "k", "data": {"float32": vector}}])
    assert list_all(client, where, returnData=True) == [{"key": "k", "data": {"float32": [1.0, 2.0, 3.0]}}]
    assert query_all(client, where, queryVector={"float32": vector}, returnDistance=True) == [{"key": "k", "distance": 0.0}]
    client.close()


@pytest.mark.parametrize(
    "vector",
    [
        np.ones((1, 3)),
        np.ones(2),
        np.array(["1", "2", "3"]),
        np.array([1j, 2, 3]),
        np.array([True] * 3),
        "123",
        {1.0, 2.0, 3.0},
    ],
    ids=["matrix", "short", "strings", "complex", "bools", "text", "set"],
)
def test_other_vectors_are_refused(tmp_path: Path, vector: Any) -> None:
    client = make_client(tmp_path)
    where = make_index(client, dimension=3)
    with pytest.raises(ValidationError, match="Invalid record for key 'k': vector must"):
        client.put_vectors(**where, vectors=[{"key": "k", "data": {"float32": vector}}])
    with pytest.raises(ValidationError, match="Query vector contains invalid values"):
        client.query_vectors(**where, topK=1, queryVector={"float32": vector})
    client.close()


def test_a_record_is_kept_as_it_was_when_it_was_put(tmp_path: Path) -> None:
    client = make_client(tmp_path)
    where = make_index(client)
    vector, metadata = np.array([1, 0], np.float32), {"tags": ["a"]}
    client.put_vectors(**where, vectors=[{"key": "k", "data": {"float32": vector}, "metadata": metadata}])
    query_all(client, where)
    vector[:] = 7
    metadata["tags"].append("b")
    client.query_vectors(**where, topK=1, queryVector={"float32": [1, 0]}, returnMetadata=True)["vectors"][0]["metadata"][
        "tags"
    ] = 5
    found = client.get_vectors(**where, keys=["k"], returnData=True, returnMetadata=True)["vectors"][0]
    assert found == {"key": "k", "data": {"float32": [1.0, 0.0]}, "metadata": {"tags": ["a"]}}
    client.close()


def test_clock_and_account_are_given(tmp_path: Path) -> None:
    client = make_client(tmp_path, clock=lambda: 0.0, account="000000000042")
    arn = make_index(client) and client.get_index(vectorBucketName=BUCKET, indexName="agents")["index"]["indexArn"]
    assert arn == f"arn:aws:s3vectors:us-east-1:000000000042:bucket/{BUCKET}/index/agents"
    assert client.get_vector_bucket(vectorBucketName=BUCKET)["vectorBucket"]["creationTime"] == datetime(
        1970, 1, 1, tzinfo=UTC
    )
    client.close()


def test_opening_and_searching_do_not_import_pandas(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.core.builders import *;"
        "client = make_client(Path(sys.argv[1])); where = make_index(client); put(client, where, make_record());"
        "assert query_all(client, where); client.close(); assert 'pandas' not in sys.modules, 'half a second'"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_error_of_the_engine_is_outside_our_tree(tmp_path: Path) -> None:
    client = make_client(tmp_path)
    with pytest.raises(MnemoscopeError):
        client.create_index()
    with pytest.raises(MnemoscopeError):
        client.scan(vectorBucketName="x", indexName="y")
    client.close()
