"""Whatever is sent: an answer in the service's form, never a 500, a traceback or a hang; and nothing done for nobody."""

from __future__ import annotations

import json
import random
import socket
from typing import Any
from urllib.parse import quote

import pytest
from botocore.model import Shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.vectors.server import RunningServer
from tests.core.builders import BUCKET, INDEX, Where, list_all
from tests.core.contract.model import operations
from tests.core.server.raw import ask, is_closed, open_socket, read_reply, send, signed

ALLOWED = {200, 400, 402, 403, 404, 405, 409}
FUZZ = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
METHODS = sorted(name for name, model in operations().items() if not model.http["requestUri"].startswith("/tags/"))

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "\x00", "NaN", "Infinity", "k", BUCKET, INDEX, "$and", "../..", "\ud7ff\uffff", "a" * 2_000])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12) | st.just("float32"), inner, max_size=4)
    ),
    max_leaves=12,
)


def plausible(shape: Shape, bucket: str) -> st.SearchStrategy[Any]:
    """Return values of a shape: right ones, and now and then any JSON at all in their place."""
    return st.one_of(_right(shape, bucket), _right(shape, bucket), _right(shape, bucket), JSON)


def _right(shape: Shape, bucket: str) -> st.SearchStrategy[Any]:
    if getattr(shape, "is_document_type", False):
        return st.dictionaries(st.sampled_from(["a", "content", "$and", "$or", "$not"]), JSON, max_size=3)
    match shape.type_name:
        case "structure":
            members = {name: plausible(member, bucket) for name, member in shape.members.items()}
            return st.fixed_dictionaries({}, optional=members | {"unknown": JSON})
        case "list":
            return st.lists(plausible(shape.member, bucket), max_size=3)
        case "map":
            return st.dictionaries(st.text(max_size=8), plausible(shape.value, bucket), max_size=3)
        case "integer":
            return st.sampled_from([0, 1, 2, 3, 10_000, -1, 2**63])
        case "float":
            return st.floats(-2, 2)
        case "boolean":
            return st.booleans()
        case _:
            return st.sampled_from([*shape.enum, bucket, INDEX, "k", "content", "fuzzed", ""])


def request_of(method: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return bodies of an operation: mostly of the index that exists, with members that are right, wrong or missing."""
    bucket = "elsewhere" if method.startswith("delete_") else BUCKET  # what is deleted would be missed by the next body
    shape = operations()[method].input_shape
    chosen = {name: value for name, value in (("vectorBucketName", bucket), ("indexName", INDEX)) if name in shape.members}
    arns = ("indexArn", "vectorBucketArn")
    members = {
        name: plausible(member, bucket) for name, member in shape.members.items() if name not in chosen and name not in arns
    }
    good = st.fixed_dictionaries({name: st.just(value) for name, value in chosen.items()}, optional=members)
    return good | good | _right(shape, bucket)


def check(reply: Any) -> None:
    assert reply.status in ALLOWED, reply
    assert b"Traceback" not in reply.body
    assert b".py" not in reply.body
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-amzn-requestid"]
    assert isinstance(reply.json, dict)
    if reply.status != 200:
        assert reply.code
        assert isinstance(reply.json["message"], str)
        assert len(reply.body) < 20_000


@pytest.mark.parametrize("method", METHODS)
@FUZZ
@given(data=st.data())
def test_any_body_of_any_operation(url: str, method: str, data: st.DataObject) -> None:
    body = json.dumps(data.draw(request_of(method)), ensure_ascii=data.draw(st.booleans()))
    check(ask(url, operations()[method].name, body.encode("utf-8", "surrogatepass")))


@settings(FUZZ, max_examples=60)
@given(
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    arn=st.binary(max_size=60) | st.just(f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{BUCKET}".encode()),
    keys=st.lists(st.text(max_size=10), max_size=3),
    body=JSON.map(lambda value: json.dumps({"tags": value}).encode()),
)
def test_any_resource(url: str, method: str, arn: bytes, keys: list[str], body: bytes) -> None:
    query = "&".join(f"tagKeys={quote(key, safe='')}" for key in keys)
    target = f"/tags/{quote(arn, safe='')}" + (f"?{query}" if query else "")
    reply = send(url, target, body, signed(url, target, body, method=method), method)
    check(reply)


@settings(FUZZ, max_examples=60)
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_as_a_body(url: str, body: bytes) -> None:
    check(ask(url, "QueryVectors", body))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'{"filter":' + b'{"$and":[' * 900 + b"1" + b"]}" * 900 + b"}", id="deep-filter"),
        pytest.param(b'{"topK":' + b"[" * 900 + b"]" * 900 + b"}", id="deep-number"),
        pytest.param(b'{"filter":' + b"[" * 200_000, id="bottomless"),
        pytest.param(b'{"topK":' + b"9" * 100_000 + b"}", id="long-number"),
        pytest.param(b'{"topK":1e999}', id="beyond-doubles"),
        pytest.param(b'{"topK":NaN}', id="nan"),
        pytest.param(b'{"queryTexts":[{"metadataKey":"content","text":"\\ud800"}],"topK":1}', id="lone-surrogate"),
        pytest.param(b'{"topK":1,"topK":"x"}', id="twice"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="utf-16"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte-order-mark"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{} {}", id="two"),
        pytest.param(b'{"topK":1', id="half"),
        pytest.param(b'{"topK":"' + b"x" * 1_000_000 + b'"}', id="long-text-in-a-message"),
    ],
)
def test_a_body_that_makes_no_sense(url: str, body: bytes) -> None:
    names = json.dumps({"vectorBucketName": BUCKET, "indexName": INDEX}).encode()[1:-1]
    reply = ask(url, "QueryVectors", body.replace(b"{", b"{" + names + b",", 1) if body[:2] == b'{"' else body)
    check(reply)
    assert reply.status == 400, reply


@settings(FUZZ, max_examples=80)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"]),
    path=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#?"), max_size=30)
    | st.sampled_from(
        ["", "PutVectors", "tags", "tags/", "tags/%FF", "..", "%2e%2e/PutVectors", "PutVectors/", "putvectors"]
    ),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
    headers=st.dictionaries(
        st.sampled_from(["Authorization", "X-Amz-Date", "Content-Encoding", "Accept", "Expect-CT", "X-Amz-Content-Sha256"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80).map(str.strip),
    ),
)
def test_nobody_gets_anything(
    url: str, client: Any, where: Where, method: str, path: str, query: str, headers: dict[str, str]
) -> None:
    reply = send(url, f"/{path}" + (f"?{query}" if query else ""), b"{}", headers, method)
    assert reply.status in {403, 404, 405, 400} or (path == "" and method in ("GET", "HEAD"))
    assert b"Traceback" not in reply.body


@pytest.mark.parametrize("method", sorted(operations()))
def test_no_operation_without_a_signature(url: str, client: Any, where: Where, method: str) -> None:
    model = operations()[method]
    target = model.http["requestUri"].replace("{resourceArn}", f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{BUCKET}")
    body = {
        "vectorBucketName": BUCKET,
        "indexName": INDEX,
        "keys": ["k"],
        "vectors": [{"key": "new", "data": {"float32": [1, 0]}}],
        "tags": {"a": "b"},
        "policy": "{}",
    }
    reply = send(url, target, json.dumps(body).encode(), method=model.http["method"])
    assert (reply.status, reply.code) == (403, "MissingAuthenticationTokenException")
    assert "k" in [vector["key"] for vector in list_all(client, where)]
    assert client.list_tags_for_resource(resourceArn=client.get_index(**where)["index"]["indexArn"])["tags"] == {}


@pytest.mark.parametrize("seed", range(12))
def test_bytes_that_are_no_http(server: RunningServer, seed: int) -> None:
    rng = random.Random(seed)
    with open_socket(server.url) as connection:
        connection.sendall(rng.randbytes(rng.randrange(1, 4_000)) + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        reply = read_reply(connection)
        assert reply is None or (reply.status, reply.code) == (400, "SerializationException")
        assert is_closed(connection)
