"""Requests whose vectors botocore does not write: the same on the wire as its own, signed, and refused as it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.exceptions import ParamValidationError
from hypothesis import given
from hypothesis import strategies as st

from core.errors import CredentialsError, ValidationError
from core.vectors.aws import AwsClient
from core.vectors.bodies import write_vectors_apart
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from core.vectors.outgoing import prepared
from core.vectors.server import RunningServer
from tests.core.builders import BUCKET, Where, list_all, make_index
from tests.core.endpoints import KEY_ID, SECRET, as_somebody

_TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
_FLOATS = st.floats(-3e38, 3e38) | st.floats(-1, 1, width=32) | st.integers(-(2**70), 2**70)
_SCALARS = _TEXT | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**80), 2**80)
_METADATA = st.dictionaries(_TEXT, _SCALARS | st.lists(_TEXT, min_size=1, max_size=3), max_size=4)
_RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "key": st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
            "data": st.fixed_dictionaries({"float32": st.lists(_FLOATS, min_size=3, max_size=3)}),
        },
        optional={"metadata": _METADATA},
    ),
    min_size=1,
    max_size=5,
)


class Wire:
    """A client and the bodies that it sent."""

    def __init__(self, url: str, *, apart: bool) -> None:
        self.client = boto3.client("s3vectors", endpoint_url=url)
        self.bodies: list[bytes] = []
        if apart:
            write_vectors_apart(self.client)
        self.client.meta.events.register("before-send.s3vectors", self._keep)

    def _keep(self, request: Any, **_: Any) -> None:
        self.bodies.append(bytes(request.body))

    def send(self, operation: str, arguments: dict[str, Any]) -> Any:
        """Return what came of the request: the service's answer, or its refusal."""
        try:
            answer = getattr(self.client, operation)(**arguments)
        except self.client.exceptions.ValidationException as refusal:
            return refusal.response["message"]
        answer.pop("ResponseMetadata")
        return answer


@pytest.fixture(scope="module")
def url(engine: EmbeddedClient) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch, RunningServer(engine, access_keys={KEY_ID: SECRET}) as server:
        as_somebody(patch)
        yield server.url


@pytest.fixture(scope="module")
def where(engine: EmbeddedClient) -> Where:
    return make_index(engine, "bodies", dimension=3, distanceMetric="euclidean")


@pytest.fixture(scope="module")
def wires(url: str) -> Iterator[tuple[Wire, Wire]]:
    """Return our way and botocore's own."""
    pair = Wire(url, apart=True), Wire(url, apart=False)
    yield pair
    for wire in pair:
        wire.client.close()


@given(records=_RECORDS)
def test_a_put_is_the_one_that_botocore_sends(wires: tuple[Wire, Wire], where: Where, records: list[dict[str, Any]]) -> None:
    ours, theirs = wires
    arguments = prepared("PutVectors", {**where, "vectors": records})
    listed = [{**record, "data": {"float32": list(record["data"]["float32"])}} for record in arguments["vectors"]]
    # The answer says that the signature was good: the server checks it before all else.
    assert ours.send("put_vectors", arguments) == theirs.send("put_vectors", arguments | {"vectors": listed})
    sent, expected = json.loads(ours.bodies[-1]), json.loads(theirs.bodies[-1])
    assert sent == expected
    assert repr(_sorted(sent)) == repr(_sorted(expected))  # and of the same types: 1 is not 1.0, True is not 1
    for record, numbers in zip(records, sent["vectors"], strict=True):
        assert [float(number) for number in numbers["data"]["float32"]] == [
            float(number) for number in record["data"]["float32"]
        ]


@given(vector=st.lists(_FLOATS, min_size=3, max_size=3), limit=st.integers(1, 100), text=_TEXT)
def test_a_query_is_the_one_that_botocore_sends(
    wires: tuple[Wire, Wire], where: Where, vector: list[float], limit: int, text: str
) -> None:
    ours, theirs = wires
    arguments = {**where, "queryVector": {"float32": vector}, "topK": limit, "filter": {"a": {"$ne": text}}}
    plain = arguments | {"queryVector": {"float32": [float(number) for number in vector]}}
    assert ours.send("query_vectors", prepared("QueryVectors", arguments)) == theirs.send("query_vectors", plain)
    # A whole number goes out as one here, which is the same number.
    sent, expected = (json.loads(wire.bodies[-1], parse_int=float) for wire in wires)
    assert sent == expected


def _sorted(value: Any) -> Any:
    """Return JSON with its members in order: that of members says nothing."""
    if isinstance(value, dict):
        return [(name, _sorted(value[name])) for name in sorted(value)]
    return [_sorted(item) for item in value] if isinstance(value, list) else value


_GOOD = {"key": "k", "data": {"float32": [1.0, 0.0, 0.0]}}


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        pytest.param("put_vectors", {"vectors": []}, id="no-records"),
        pytest.param("put_vectors", {"vectors": "many"}, id="records-are-text"),
        pytest.param("put_vectors", {"vectors": [_GOOD, "one"]}, id="a-record-is-text"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"key": ""}]}, id="empty-key"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"key": 7}]}, id="key-is-a-number"),
        pytest.param("put_vectors", {"vectors": [{"data": _GOOD["data"]}]}, id="no-key"),
        pytest.param("put_vectors", {"vectors": [{"key": "k"}]}, id="no-data"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": {}}]}, id="empty-data"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": [1.0, 0.0, 0.0]}]}, id="data-is-a-list"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": {"float64": [1.0]}}]}, id="another-type"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": _GOOD["data"] | {"int8": [1]}}]}, id="two-types"),  # type: ignore[operator]
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": {"float32": "1,0,0"}}]}, id="vector-is-text"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": {"float32": ["1", "0"]}}]}, id="vector-of-texts"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": {"float32": [[1.0], [0.0]]}}]}, id="nested-vector"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": {"float32": np.zeros((1, 3))}}]}, id="a-matrix"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"data": {"float32": [1.0, None]}}]}, id="a-hole"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"metadata": {"a": object()}}]}, id="metadata-is-an-object"),
        pytest.param("put_vectors", {"vectors": [_GOOD | {"colour": "red"}]}, id="unknown-member"),
        pytest.param("put_vectors", {"vectors": [_GOOD], "colour": "red"}, id="unknown-argument"),
        pytest.param("query_vectors", {"queryVector": {"float32": ["x"]}, "topK": 1}, id="query-of-texts"),
        pytest.param("query_vectors", {"queryVector": {"float32": [1.0]}, "topK": "ten"}, id="top-is-text"),
        pytest.param("query_vectors", {"queryVector": [1.0], "topK": 1}, id="query-is-a-list"),
    ],
)
def test_what_botocore_refuses_is_refused(
    url: str, wires: tuple[Wire, Wire], method: str, arguments: dict[str, Any]
) -> None:
    where = {"vectorBucketName": BUCKET, "indexName": "bodies"}
    with pytest.raises(ParamValidationError) as theirs:
        getattr(wires[1].client, method)(**where, **arguments)
    calls: list[Call] = []
    client = AwsClient(endpoint_url=url, tracer=calls.append)
    with pytest.raises(ValidationError) as ours:
        getattr(client, method)(**where, **arguments)
    client.close()
    assert sum(call.request_bytes for call in calls) == 0
    assert ours.value.message.split(":")[0] == str(theirs.value).split(":")[0]


def test_an_array_is_refused_where_the_events_are_not(wires: tuple[Wire, Wire], where: Where) -> None:
    record = {"key": "k", "data": {"float32": np.ones(3)}}
    with pytest.raises(ParamValidationError, match="float32"):
        wires[1].client.put_vectors(**where, vectors=[record])


def test_a_forged_body_is_not_taken(url: str, engine: EmbeddedClient, where: Where) -> None:
    wire = Wire(url, apart=True)
    wire.client.meta.events.register_last("before-send.s3vectors", _forge)
    before = list_all(engine, where)
    with pytest.raises(wire.client.exceptions.ClientError, match=r"Signature|signature|payload"):
        wire.client.put_vectors(**where, vectors=[{"key": "forged", "data": {"float32": np.ones(3)}}])
    wire.client.close()
    assert list_all(engine, where) == before


def _forge(request: Any, **_: Any) -> None:
    request.body = request.body.replace(b"1.0", b"2.0")


def test_a_wrong_secret_is_refused(url: str, monkeypatch: pytest.MonkeyPatch, where: Where) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    client = AwsClient(endpoint_url=url)
    with pytest.raises(CredentialsError):
        client.put_vectors(**where, vectors=[_GOOD])
    client.close()
