"""PutVectors, GetVectors and DeleteVectors: keys, vectors, batches and what a write means."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.core.builders import Where, keys_of, list_all, make_record, put, query_all
from tests.core.contract.model import Checked
from tests.core.contract.refusal import length, refused

NewIndex = Callable[..., Where]


def got(client: Checked, where: Where, *keys: str) -> dict[str, dict[str, Any]]:
    response = client.get_vectors(**where, keys=list(keys), returnData=True, returnMetadata=True)
    return {vector["key"]: vector for vector in response["vectors"]}


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("k", id="1-character"),
        pytest.param("k" * 1024, id="1024-characters"),
        pytest.param("é" * 512, id="1024-bytes"),
        pytest.param("𝄞" * 256, id="1024-bytes-of-4"),
        pytest.param("agent/2026-11-23T00:00:00Z#1 ü", id="readable"),
        pytest.param(" ", id="space"),
        pytest.param("a\x00b", id="zero"),
        pytest.param("'; DROP TABLE rec; --", id="sql"),
        pytest.param("\n\t\x1b[31m", id="controls"),
    ],
)
def test_a_good_key_is_taken(client: Checked, index: Where, key: str) -> None:
    put(client, index, make_record(key, metadata={"a": 1}))
    assert got(client, index, key)[key]["metadata"] == {"a": 1}
    assert keys_of(list_all(client, index)) == [key]
    client.delete_vectors(**index, keys=[key])
    assert list_all(client, index) == []


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        pytest.param("", "Member must have length between 1 and 1024, inclusive", id="empty"),
        pytest.param("k" * 1025, "Member must have length between 1 and 1024, inclusive", id="1025-characters"),
        pytest.param("é" * 512 + "k", "Record key length exceeds the maximum allowed", id="1025-bytes"),
        pytest.param("\ud800", "Member must be valid UTF-8", id="lone-surrogate"),
    ],
)
@pytest.mark.parametrize("method", ["put_vectors", "get_vectors", "delete_vectors"])
def test_a_bad_key_is_refused(client: Checked, index: Where, method: str, key: str, rule: str) -> None:
    what: dict[str, Any] = (
        {"vectors": [make_record("good"), make_record(key)]} if method == "put_vectors" else {"keys": ["good", key]}
    )
    with refused(message=rule):
        getattr(client, method)(**index, **what)
    assert list_all(client, index) == []


@pytest.mark.parametrize(("method", "most"), [("put_vectors", 500), ("get_vectors", 100), ("delete_vectors", 500)])
class TestBatches:
    def what(self, method: str, count: int) -> dict[str, Any]:
        keys = [f"k{number}" for number in range(count)]
        return {"vectors": [make_record(key) for key in keys]} if method == "put_vectors" else {"keys": keys}

    def test_a_full_batch_is_taken(self, client: Checked, index: Where, method: str, most: int) -> None:
        getattr(client, method)(**index, **self.what(method, most))
        assert len(list_all(client, index)) == (most if method == "put_vectors" else 0)

    @pytest.mark.parametrize("over", [False, True], ids=["empty", "one-too-many"])
    def test_a_wrong_batch_is_refused(self, client: Checked, index: Where, method: str, most: int, over: bool) -> None:
        count = most + 1 if over else 0
        path = "/vectors" if method == "put_vectors" else "/keys"
        with refused(message=length(path, count, 1, most)):
            getattr(client, method)(**index, **self.what(method, count))
        assert list_all(client, index) == []


GOOD_VECTORS = [
    pytest.param([1, 0], [1.0, 0.0], id="integers"),
    pytest.param([0.1, -0.2], [0.10000000149011612, -0.20000000298023224], id="rounded-to-float32"),
    pytest.param([3.4028234663852886e38, 1.0], [3.4028234663852886e38, 1.0], id="largest"),
    pytest.param([1e-45, 0.0], [1.401298464324817e-45, 0.0], id="smallest"),
    pytest.param([1e-30, 1e-30], [1.0000000031710769e-30] * 2, id="tiny"),
]


@pytest.mark.parametrize(("given", "kept"), GOOD_VECTORS)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_vector_comes_back_as_float32(client: Checked, new_index: NewIndex, metric: str, given: Any, kept: Any) -> None:
    where = new_index(distanceMetric=metric)
    put(client, where, make_record("k", given))
    assert got(client, where, "k")["k"]["data"]["float32"] == kept
    assert list_all(client, where, returnData=True)[0]["data"]["float32"] == kept


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        pytest.param([1.0], "Invalid record for key 'bad': vector must have length 2, but has length 1", id="short"),
        pytest.param([1.0] * 3, "Invalid record for key 'bad': vector must have length 2, but has length 3", id="long"),
        pytest.param([], "Invalid record for key 'bad': vector must have length 2, but has length 0", id="empty"),
        pytest.param([math.nan, 1.0], "Invalid record for key 'bad': vector contains NaNs or Infs", id="nan"),
        pytest.param([1.0, -math.inf], "Invalid record for key 'bad': vector contains NaNs or Infs", id="inf"),
        pytest.param([1e39, 0.0], "Invalid record for key 'bad': vector contains NaNs or Infs", id="over-float32"),
    ],
)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_bad_vector_fails_the_whole_put(
    client: Checked, new_index: NewIndex, metric: str, vector: list[float], message: str
) -> None:
    where = new_index(distanceMetric=metric)
    with refused(message=message):
        put(client, where, make_record("good"), make_record("bad", vector), make_record("also good"))
    assert list_all(client, where) == []


@pytest.mark.parametrize("vector", [[0.0, 0.0], [-0.0, 0], [1e-46, 0.0]], ids=["zero", "minus-zero", "rounds-to-zero"])
def test_a_zero_vector_has_no_cosine(client: Checked, new_index: NewIndex, vector: list[float]) -> None:
    with refused(message="Invalid record for key 'z': cosine distance does not support vectors with zero norm"):
        put(client, new_index(), make_record("z", vector))
    where = new_index(distanceMetric="euclidean")
    put(client, where, make_record("z", vector))
    assert query_all(client, where, returnDistance=True)[0]["distance"] == pytest.approx(1)


def test_put_replaces_data_and_metadata(client: Checked, index: Where) -> None:
    put(client, index, make_record("k", [1, 0], {"a": 1, "b": "old"}))
    put(client, index, make_record("k", [0, 1], {"c": True}))
    assert got(client, index, "k")["k"] == {"key": "k", "data": {"float32": [0.0, 1.0]}, "metadata": {"c": True}}
    assert len(list_all(client, index)) == 1
    put(client, index, make_record("k", [0, 1]))
    assert got(client, index, "k")["k"]["metadata"] == {}
    assert query_all(client, index, filter={"c": {"$exists": True}}) == []


def test_a_key_twice_in_one_put_is_one_record(client: Checked, index: Where) -> None:
    put(client, index, make_record("k", [1, 0], {"n": 1}), make_record("other"), make_record("k", [0, 1], {"n": 2}))
    assert sorted(keys_of(list_all(client, index))) == ["k", "other"]
    assert got(client, index, "k")["k"]["metadata"] == {"n": 2}


def test_deleting_is_idempotent(client: Checked, index: Where) -> None:
    put(client, index, make_record("a"), make_record("b"))
    client.delete_vectors(**index, keys=["a", "a", "never"])
    client.delete_vectors(**index, keys=["a"])
    assert keys_of(list_all(client, index)) == ["b"]
    assert keys_of(query_all(client, index)) == ["b"]


def test_get_leaves_absent_out_and_collapses_repeats(client: Checked, index: Where) -> None:
    put(client, index, make_record("a"), make_record("b"))
    found = client.get_vectors(**index, keys=["b", "never", "a", "b", "b"])["vectors"]
    assert sorted(keys_of(found)) == ["a", "b"]
    assert client.get_vectors(**index, keys=["never"])["vectors"] == []


@pytest.mark.parametrize(
    ("asked", "members"),
    [
        pytest.param({}, {"key"}, id="key-only"),
        pytest.param({"returnData": True}, {"key", "data"}, id="data"),
        pytest.param({"returnMetadata": True}, {"key", "metadata"}, id="metadata"),
        pytest.param({"returnData": True, "returnMetadata": True}, {"key", "data", "metadata"}, id="both"),
        pytest.param({"returnData": False, "returnMetadata": False}, {"key"}, id="neither"),
    ],
)
def test_only_what_is_asked_comes_back(client: Checked, index: Where, asked: dict[str, bool], members: set[str]) -> None:
    put(client, index, make_record(metadata={"a": 1}))
    assert set(client.get_vectors(**index, keys=["k"], **asked)["vectors"][0]) == members
    assert set(client.list_vectors(**index, **asked)["vectors"][0]) == members


def test_a_write_is_seen_by_everything_at_once(client: Checked, index: Where) -> None:
    for number in range(30):
        key = f"k{number}"
        put(client, index, make_record(key, [1, number], {"n": number}))
        assert got(client, index, key)[key]["metadata"] == {"n": number}
        assert len(list_all(client, index)) == number + 1
        assert keys_of(query_all(client, index, topK=1, filter={"n": number})) == [key]


def test_the_size_of_a_request(client: Checked, new_index: NewIndex) -> None:
    where = new_index(dimension=64, metadataConfiguration={"nonFilterableMetadataKeys": ["content"]})
    vector = [0.123456 + number for number in range(64)]

    def batch(padding: int) -> list[dict[str, Any]]:
        metadata = {"content": "x" * 40_900}
        return [make_record(f"k{number}" + "y" * padding, vector, metadata) for number in range(500)]

    assert 0.99 < len(json.dumps(batch(0))) / 20_971_520 < 1 < len(json.dumps(batch(900))) / 20_971_520 < 1.02
    put(client, where, *batch(0))
    with refused(message="Request body exceeds max allowed size"):
        put(client, where, *batch(900))
    assert len(list_all(client, where)) == 500


@pytest.mark.parametrize("record", [{"key": "k"}, {"data": {"float32": [1.0, 0.0]}}, {"key": "k", "data": {}}], ids=str)
def test_a_record_needs_key_and_data(client: Checked, index: Where, record: dict[str, Any]) -> None:
    with refused():
        client.put_vectors(**index, vectors=[record])
