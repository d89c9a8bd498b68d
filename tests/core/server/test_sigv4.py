"""Signature Version 4: AWS's own published cases, botocore's signer, and everything that must not pass."""

from __future__ import annotations

import hashlib
import json
import string
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AccessDeniedError
from core.vectors.server import RunningServer
from core.vectors.server.sigv4 import SKEW_S, Request, canonical, sign, verify
from tests.core.builders import BUCKET, INDEX, Where, keys_of, list_all
from tests.core.server.clients import KEY_ID, SECRET, make_boto3
from tests.core.server.raw import Reply, ask, send, signed

EMPTY = hashlib.sha256(b"").hexdigest()
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
SCOPE = "20150830/us-east-1/service/aws4_request"
HOST, DATE = (b"host", b"example.amazonaws.com"), (b"x-amz-date", b"20150830T123600Z")
URL = "http://127.0.0.1:8333"

UNRESERVED = f"/-._~{string.digits}{string.ascii_uppercase}{string.ascii_lowercase}".encode()
VANILLA = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
# From AWS's aws-sig-v4-test-suite: method, path, query, headers beside host and date, signature.
PUBLISHED: list[Any] = [
    pytest.param("GET", b"/", b"", [], VANILLA, id="vanilla"),
    pytest.param("POST", b"/", b"", [], "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", id="post"),
    pytest.param("GET", b"/./", b"", [], VANILLA, id="slash-dot-slash"),
    pytest.param("GET", b"//", b"", [], VANILLA, id="slash"),
    pytest.param("GET", b"/example/..", b"", [], VANILLA, id="relative"),
    pytest.param("GET", b"/example1/example2/../..", b"", [], VANILLA, id="relative-relative"),
    pytest.param(
        "GET", b"/./example", b"", [], "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5", id="pointless-dot"
    ),
    pytest.param(
        "GET", b"//example//", b"", [], "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84", id="slashes"
    ),
    pytest.param(
        "GET", b"/example space/", b"", [], "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", id="space"
    ),
    pytest.param(
        "GET", "/\u1234".encode(), b"", [], "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85", id="utf8"
    ),
    pytest.param(
        "GET", UNRESERVED, b"", [], "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f", id="unreserved"
    ),
    pytest.param(
        "GET",
        b"/",
        b"Param2=value2&Param1=value1",
        [],
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        id="query-order",
    ),
    pytest.param(
        "GET", b"/", b"Param1=value1", [], "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb", id="query"
    ),
    pytest.param(
        "GET",
        b"/",
        b"",
        [(b"my-header1", b"value2"), (b"my-header1", b"value2"), (b"my-header1", b"value1")],
        "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        id="header-twice",
    ),
    pytest.param(
        "GET",
        b"/",
        b"",
        [(b"my-header1", b" value1"), (b"my-header2", b' "a   b   c"')],
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        id="header-trim",
    ),
]


@pytest.mark.parametrize(("method", "path", "query", "more", "signature"), PUBLISHED)
def test_published_cases(method: str, path: bytes, query: bytes, more: list[tuple[bytes, bytes]], signature: str) -> None:
    request = Request(method, path, query, [HOST, *more, DATE])
    names = sorted({name.decode() for name, _ in request.headers})
    assert sign(SECRET, SCOPE, "20150830T123600Z", canonical(request, names, EMPTY)) == signature


def request_of(target: str, headers: dict[str, str], method: str = "POST") -> Request:
    path, _, query = target.partition("?")
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return Request(method, path.encode(), query.encode(), pairs)


TEXT = st.text(max_size=12)


@given(
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    arn=TEXT,
    keys=st.lists(st.tuples(TEXT, TEXT), max_size=4),
    body=st.binary(max_size=50),
    headers=st.dictionaries(
        st.text(string.ascii_lowercase + "-", min_size=1, max_size=9).map("x-a-".__add__),
        st.text(string.ascii_letters + " ,;=", max_size=12),
        max_size=3,
    ),
    token=st.none() | st.just("session"),
)
def test_what_botocore_signs_is_taken(
    method: str, arn: str, keys: list[tuple[str, str]], body: bytes, headers: dict[str, str], token: str | None
) -> None:
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in keys)
    target = f"/tags/{quote(arn, safe='-_.~')}" + (f"?{query}" if query else "")
    sent = request_of(target, signed(URL, target, body, method=method, headers=headers, token=token), method)
    assert verify(sent, body, keys={"other": "x", KEY_ID: SECRET}, now=time.time(), region="us-east-1") == KEY_ID
    for place in range(len(body)):
        with pytest.raises(AccessDeniedError):
            verify(sent, body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :], keys={KEY_ID: SECRET}, now=time.time())


BODY = json.dumps(
    {"vectorBucketName": BUCKET, "indexName": INDEX, "vectors": [{"key": "new", "data": {"float32": [1, 0]}}]}
).encode()
Change = Callable[[dict[str, str]], dict[str, str]]


def without(name: str) -> Change:
    return lambda headers: {key: value for key, value in headers.items() if key.lower() != name}


def authorization(old: str, new: str) -> Change:
    return lambda headers: headers | {"Authorization": headers["Authorization"].replace(old, new)}


INVALID, INCOMPLETE = "InvalidSignatureException", "IncompleteSignatureException"
REFUSED: list[Any] = [
    pytest.param(without("authorization"), "MissingAuthenticationTokenException", id="unsigned"),
    pytest.param(lambda headers: headers | {"Authorization": "Bearer x"}, INCOMPLETE, id="bearer"),
    pytest.param(lambda headers: headers | {"Authorization": ""}, INCOMPLETE, id="empty"),
    pytest.param(authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), INCOMPLETE, id="sigv4a"),
    pytest.param(authorization("aws4_request", "aws4"), INCOMPLETE, id="scope"),
    pytest.param(authorization("SignedHeaders=host;", "SignedHeaders="), INCOMPLETE, id="host-not-signed"),
    pytest.param(authorization(";x-amz-date", ""), INCOMPLETE, id="date-not-signed"),
    pytest.param(without("x-amz-date"), INCOMPLETE, id="no-date"),
    pytest.param(lambda headers: headers | {"X-Amz-Date": "yesterday"}, INCOMPLETE, id="no-time"),
    pytest.param(lambda headers: headers | {"X-Amz-Date": "20150830T123600Z"}, "RequestTimeTooSkewed", id="old"),
    pytest.param(lambda headers: headers | {"X-Amz-Security-Token": "x"}, INCOMPLETE, id="token-not-signed"),
    pytest.param(lambda headers: headers | {"X-Amz-Content-Sha256": EMPTY}, INVALID, id="another-payload"),
    pytest.param(lambda headers: headers | {"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}, INVALID, id="unsigned-payload"),
    pytest.param(lambda headers: headers | {"X-Signed": "changed"}, INVALID, id="changed-header"),
    pytest.param(without("x-signed"), INVALID, id="dropped-header"),
    pytest.param(lambda headers: headers | {"Host": "localhost:1"}, INVALID, id="another-host"),
    pytest.param(authorization(KEY_ID, "AKIDNOBODY"), INVALID, id="another-key-id"),
    pytest.param(authorization("Signature=", "Signature=0"), INVALID, id="longer-signature"),
    pytest.param(authorization("/us-east-1/", "/eu-west-1/"), INVALID, id="another-region"),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
def test_what_is_not_right_has_no_effect(url: str, client: Any, where: Where, change: Change, code: str) -> None:
    headers = change(signed(url, "/PutVectors", BODY, headers={"X-Signed": "as sent"}))
    reply = send(url, "/PutVectors", BODY, headers)
    assert (reply.status, reply.code) == (403, code), reply
    assert SECRET not in reply.body.decode()
    assert keys_of(list_all(client, where)) == ["k"]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"secret": SECRET[:-1]}, id="wrong-secret"),
        pytest.param({"secret": ""}, id="no-secret"),
        pytest.param({"key_id": "AKIDNOBODY"}, id="unknown-key"),
        pytest.param({"service": "s3"}, id="another-service"),
    ],
)
def test_a_wrong_key_has_no_effect(url: str, client: Any, where: Where, options: dict[str, str]) -> None:
    reply = ask(url, "PutVectors", BODY, **options)
    assert (reply.status, reply.code) == (403, INVALID)
    assert keys_of(list_all(client, where)) == ["k"]


@pytest.mark.parametrize(
    ("target", "body", "method"),
    [
        pytest.param("/PutVectors", BODY.replace(b"new", b"odd"), "POST", id="changed-body"),
        pytest.param("/PutVectors", BODY + b" ", "POST", id="longer-body"),
        pytest.param("/PutVectors", b"", "POST", id="no-body"),
        pytest.param("/PutVectors?x=1", BODY, "POST", id="added-query"),
        pytest.param("/DeleteVectors", BODY, "POST", id="another-operation"),
    ],
)
def test_a_changed_request_has_no_effect(url: str, client: Any, where: Where, target: str, body: bytes, method: str) -> None:
    headers = without("content-length")(signed(url, "/PutVectors", BODY))
    reply = send(url, target, body, headers, method)
    assert (reply.status, reply.code) == (403, INVALID)
    assert keys_of(list_all(client, where)) == ["k"]


def test_an_unknown_key_and_a_wrong_secret_look_alike(url: str) -> None:
    replies = [ask(url, "ListVectorBuckets", secret="wrong"), ask(url, "ListVectorBuckets", key_id="AKIDNOBODY")]
    assert len({(reply.status, reply.body, reply.code) for reply in replies}) == 1


def test_a_presigned_url_is_refused_with_the_way_out(url: str) -> None:
    reply: Reply = send(url, "/ListVectorBuckets?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0", b"{}")
    assert (reply.status, reply.code) == (403, "AccessDeniedException")
    assert "Presigned URLs" in reply.json["message"]


@pytest.mark.parametrize("offset", [-SKEW_S - 30, SKEW_S + 30])
def test_a_clock_that_is_off(tmp_path: Path, offset: float) -> None:
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}, clock=lambda: time.time() + offset) as server:
        reply = ask(server.url, "CreateVectorBucket", {"vectorBucketName": BUCKET})
    assert (reply.status, reply.code) == (403, "RequestTimeTooSkewed")
    assert "clock" in reply.json["message"]


@pytest.mark.parametrize("offset", [-SKEW_S + 30, SKEW_S - 30])
def test_a_clock_that_is_nearly_right(offset: float) -> None:
    sent = request_of("/PutVectors", signed(URL, "/PutVectors", BODY))
    assert verify(sent, BODY, keys={KEY_ID: SECRET}, now=time.time() + offset) == KEY_ID


def test_a_date_header_stands_in_for_amazons(url: str) -> None:
    stamp = datetime.now(UTC)
    names = ["date", "host"]
    headers = {"Host": urlsplit(url).netloc, "Date": f"{stamp:%a, %d %b %Y %H:%M:%S} GMT"}
    scope = f"{stamp:%Y%m%d}/us-east-1/s3vectors/aws4_request"
    request = request_of("/ListVectorBuckets", headers)
    signature = sign(SECRET, scope, f"{stamp:%Y%m%dT%H%M%SZ}", canonical(request, names, EMPTY))
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={KEY_ID}/{scope},SignedHeaders=date;host,Signature={signature}"
    assert send(url, "/ListVectorBuckets", b"", headers).status == 200


def test_a_session_token_is_taken_when_it_is_signed(url: str) -> None:
    assert ask(url, "ListVectorBuckets", token="session").status == 200


@pytest.mark.parametrize(("region", "status"), [("eu-west-1", 200), ("us-east-1", 403)])
def test_a_region_that_was_asked_for(tmp_path: Path, region: str, status: int) -> None:
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}, region="eu-west-1") as server:
        reply = ask(server.url, "CreateVectorBucket", {"vectorBucketName": BUCKET}, region=region)
        assert reply.status == status
        if status == 200:
            assert reply.json["vectorBucketArn"].startswith("arn:aws:s3vectors:eu-west-1:")


def test_any_region_where_none_was_asked_for(url: str) -> None:
    made = make_boto3(url, region="ap-southeast-2")
    assert made.list_vector_buckets()["vectorBuckets"]
    made.close()


def test_several_keys(tmp_path: Path) -> None:
    with RunningServer(tmp_path, access_keys={"one": "a", "two": "b"}) as server:
        assert ask(server.url, "ListVectorBuckets", key_id="one", secret="a").status == 200
        assert ask(server.url, "ListVectorBuckets", key_id="two", secret="b").status == 200
        assert ask(server.url, "ListVectorBuckets", key_id="one", secret="b").status == 403
