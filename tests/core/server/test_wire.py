"""What goes over the wire: shapes of answers and errors, headers, and what a server tells of its store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from core.errors import (
    ConfigError,
    InternalError,
    MnemoscopeError,
    StorageCorruptError,
    StorageError,
    StorageFullError,
    StorageReadOnlyError,
    TooManyRequestsError,
    UnavailableError,
)
from core.vectors.server import Access, RunningServer, create_app
from core.vectors.server.wire import route
from tests.core.builders import BUCKET, INDEX, Where, keys_of, list_all, make_client, make_index, make_record, put
from tests.core.contract.model import operations
from tests.core.server.clients import KEY_ID, SECRET, make_boto3
from tests.core.server.raw import Reply, ask, head, open_socket, read_reply, send, signed

NAMES = {"vectorBucketName": BUCKET, "indexName": INDEX}
BUCKET_ARN = f"arn:aws:s3vectors:us-east-1:123456789012:bucket/{BUCKET}"

ERRORS: list[Any] = [
    pytest.param("POST", "/GetIndex", {"vectorBucketName": BUCKET}, 400, "ValidationException", id="validation"),
    pytest.param("POST", "/CreateVectorBucket", {"vectorBucketName": "ab"}, 400, "ValidationException", id="constraint"),
    pytest.param("POST", "/CreateVectorBucket", {"vectorBucketName": BUCKET}, 409, "ConflictException", id="conflict"),
    pytest.param("POST", "/GetIndex", NAMES | {"indexName": "nothing"}, 404, "NotFoundException", id="not-found"),
    pytest.param("POST", "/GetNothing", {}, 404, "UnknownOperationException", id="unknown-operation"),
    pytest.param("POST", "/getindex", {}, 404, "UnknownOperationException", id="case"),
    pytest.param("POST", "/GetIndex/", {}, 404, "UnknownOperationException", id="slash-behind"),
    pytest.param("POST", "/x/GetIndex", {}, 404, "UnknownOperationException", id="folder-before"),
    pytest.param("GET", "/tags/", {}, 404, "UnknownOperationException", id="no-resource"),
    pytest.param("GET", "/tags/%FF", {}, 400, "SerializationException", id="resource-not-utf8"),
    pytest.param("GET", "/tags/x", {}, 400, "ValidationException", id="no-arn"),
    pytest.param("GET", "/GetIndex", {}, 405, "MethodNotAllowedException", id="get"),
    pytest.param("OPTIONS", "/GetIndex", {}, 405, "MethodNotAllowedException", id="options"),
    pytest.param("PUT", f"/tags/{BUCKET_ARN}", {}, 405, "MethodNotAllowedException", id="put-tags"),
    pytest.param("POST", "/", {}, 405, "MethodNotAllowedException", id="post-root"),
]


@pytest.mark.parametrize(("method", "target", "body", "status", "code"), ERRORS)
def test_errors(url: str, method: str, target: str, body: dict[str, Any], status: int, code: str) -> None:
    data = json.dumps(body).encode()
    reply = send(url, target, data, signed(url, target, data, method=method), method)
    assert (reply.status, reply.code) == (status, code), reply
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert len(reply.headers["x-amzn-requestid"]) == 32
    assert reply.json.keys() == ({"message", "fieldList"} if "at '/" in reply.json["message"] else {"message"})
    assert not [name for name in reply.headers if name.startswith("access-control")]
    assert ("allow" in reply.headers) == (status == 405)


def test_a_field_that_is_wrong_is_named(url: str) -> None:
    reply = ask(url, "QueryVectors", NAMES | {"topK": 0, "queryVector": {"float32": [1, 0]}})
    rule = "Member must be between 1 and 10000, inclusive"
    assert reply.json["fieldList"] == [{"path": "/topK", "message": rule}]


def test_boto3_reads_the_error(client: Any, where: Where) -> None:
    with pytest.raises(client.exceptions.ValidationException) as caught:
        client.query_vectors(**where, topK=10_001, queryVector={"float32": [1.0, 0.0]})
    assert caught.value.response["fieldList"][0]["path"] == "/topK"
    assert caught.value.response["ResponseMetadata"]["RequestId"]


def test_times_are_seconds_since_1970(url: str) -> None:
    created = ask(url, "GetIndex", NAMES).json["index"]["creationTime"]
    assert isinstance(created, float)
    assert created == round(created, 3)


def test_what_an_operation_does_not_know_is_passed_over(url: str) -> None:
    assert ask(url, "GetIndex", NAMES | {"unknown": [1], "indexArn": None}).status == 200
    assert ask(url, "ListVectorBuckets", b"").status == 200


def test_every_operation_of_the_model_has_a_route_and_a_method() -> None:
    from core.vectors.embedded import EmbeddedClient

    assert len(operations()) == 22
    for method, model in operations().items():
        found = route(model.http["method"], model.http["requestUri"].replace("{resourceArn}", "a%2Fb").encode())
        assert (found.operation.name, found.operation.call) == (model.name, method)
        assert found.argument == ("a/b" if "{" in model.http["requestUri"] else None)
        assert callable(getattr(EmbeddedClient, method))


def test_the_root_says_what_this_is(url: str) -> None:
    reply = send(url, "/", method="GET")
    assert (reply.status, reply.json["service"]) == (200, "Mnemoscope")
    assert send(url, "/", method="HEAD").body == b""
    assert len(reply.body.splitlines()) == 1


def test_a_connection_serves_many_requests(url: str) -> None:
    with open_socket(url) as connection:
        for _ in range(5):
            headers = signed(url, "/ListVectorBuckets") | {"Content-Length": "0"}
            connection.sendall(head("/ListVectorBuckets", headers))
            reply = read_reply(connection)
            assert reply is not None
            assert reply.status == 200


def test_the_revision_is_the_engines(tmp_path: Path) -> None:
    engine = make_client(tmp_path)
    where = make_index(engine)
    with RunningServer(engine, access_keys={KEY_ID: SECRET}) as server:
        seen = []
        for number in range(2):
            put(engine, where, make_record(f"k{number}"))
            seen.append(ask(server.url, "GetIndex", where).headers["x-mnemoscope-revision"])
            assert seen[-1] == engine.revision(**where)
        assert seen[0] != seen[1]
        assert "x-mnemoscope-revision" not in ask(server.url, "ListVectors", where).headers
    engine.close()


ODD_TAGS = {"a b": "c+d", "é/漢": "=:@", "k%2F": None, "_.:/=+-@": "%"}


@pytest.mark.parametrize("key", [key for key in ODD_TAGS if ODD_TAGS[key] not in (None, "%")] + ["_.:/=+-@", "ü" * 128])
def test_tags_with_odd_characters(client: Any, where: Where, key: str) -> None:
    arn = client.get_index(**where)["index"]["indexArn"]
    client.tag_resource(resourceArn=arn, tags={key: key, "stays": "1"})
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {key: key, "stays": "1"}
    client.untag_resource(resourceArn=arn, tagKeys=[key, "never"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"stays": "1"}
    client.untag_resource(resourceArn=arn, tagKeys=["stays"])


def test_fifty_long_tag_keys_fit_into_one_request(client: Any, where: Where) -> None:
    arn = client.get_index(**where)["index"]["indexArn"]
    keys = [f"{number:02}" + "漢" * 126 for number in range(50)]
    client.tag_resource(resourceArn=arn, tags=dict.fromkeys(keys, "v"))
    client.untag_resource(resourceArn=arn, tagKeys=keys)
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {}


def test_an_arn_with_plain_slashes_is_understood(url: str) -> None:
    target = f"/tags/{BUCKET_ARN}/index/{INDEX}"
    assert send(url, target, b"", signed(url, target, method="GET"), "GET").json == {"tags": {}}


def test_eight_threads_write_and_query(url: str, client: Any) -> None:
    where = make_index(client, "crowd")

    def work(number: int) -> int:
        mine = make_boto3(url)
        for round_ in range(6):
            put(mine, where, *(make_record(f"{number}-{round_}-{place}", [1, place]) for place in range(5)))
            found = mine.query_vectors(**where, topK=100, queryVector={"float32": [1.0, 0.0]})["vectors"]
            assert {f"{number}-{round_}-{place}" for place in range(5)} <= {hit["key"] for hit in found} or len(found) == 100
        mine.close()
        return 30

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == len(set(keys_of(list_all(client, where)))) == 240


def test_the_same_directory_shows_a_write_at_once(tmp_path: Path) -> None:
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}) as server:
        over, beside = make_boto3(server.url), make_client(tmp_path)
        over.create_index(**NAMES, dataType="float32", dimension=2, distanceMetric="cosine")
        put(over, NAMES, make_record("http"))
        put(beside, NAMES, make_record("here"))
        assert set(keys_of(list_all(over, NAMES))) == set(keys_of(list_all(beside, NAMES))) == {"http", "here"}
        over.close()
        beside.close()


class _Failing:
    """A client whose every listing fails in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def list_vector_buckets(self, **arguments: Any) -> dict[str, Any]:
        raise self._error


FAILURES: list[Any] = [
    pytest.param(StorageReadOnlyError("'/srv/x' cannot be written"), 403, "AccessDeniedException", id="read-only"),
    pytest.param(StorageFullError("No space for '/srv/x'"), 503, "ServiceUnavailableException", id="full"),
    pytest.param(StorageCorruptError("'/srv/x' is damaged"), 500, "InternalServerException", id="corrupt"),
    pytest.param(StorageError("'/srv/x' failed"), 500, "InternalServerException", id="disk"),
    pytest.param(UnavailableError("'/srv/x' is busy"), 503, "ServiceUnavailableException", id="busy"),
    pytest.param(TooManyRequestsError("slower"), 429, "TooManyRequestsException", id="throttled"),
    pytest.param(InternalError("failed"), 500, "InternalServerException", id="internal"),
    pytest.param(MnemoscopeError("'/srv/x'"), 500, "InternalServerException", id="other"),
    pytest.param(RuntimeError("'/srv/x' broke"), 500, "InternalServerException", id="unforeseen"),
]


@pytest.mark.parametrize(("error", "status", "code"), FAILURES)
def test_failures_tell_no_path_and_no_traceback(
    error: Exception, status: int, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Access] = []
    with RunningServer(_Failing(error), access_keys={KEY_ID: SECRET}, on_request=seen.append) as server:  # type: ignore[arg-type]
        reply: Reply = ask(server.url, "ListVectorBuckets")
    assert (reply.status, reply.code) == (status, code)
    assert "/srv" not in reply.body.decode()
    assert "Traceback" not in reply.body.decode()
    assert [(access.operation, access.status, access.error) for access in seen] == [("ListVectorBuckets", status, code)]
    if "/srv" in str(error):
        assert "/srv/x" in caplog.text, "what happened is not in the log"


def test_a_server_that_may_only_read(tmp_path: Path) -> None:
    engine = make_client(tmp_path)
    make_index(engine)
    engine.close()
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}, read_only=True) as server:
        made = make_boto3(server.url)
        assert list_all(made, NAMES) == []
        with pytest.raises(ClientError, match="may only read"):
            put(made, NAMES, make_record())
        assert list_all(made, NAMES) == []
        made.close()


@pytest.fixture(scope="module")
def open_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RunningServer(tmp_path_factory.mktemp("open"), insecure=True) as running:
        yield running.url


class TestInsecure:
    def test_unsigned_requests_are_answered(self, open_url: str) -> None:
        assert send(open_url, "/CreateVectorBucket", b'{"vectorBucketName": "fine"}').status == 200
        assert ask(open_url, "ListVectorBuckets", key_id="any", secret="any").status == 200

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({"Origin": "http://localhost"}, id="page"),
            pytest.param({"Origin": "null"}, id="sandboxed-page"),
            pytest.param({"Sec-Fetch-Site": "cross-site"}, id="browser"),
            pytest.param({"Host": "attacker.example:8333"}, id="rebound-name"),
            pytest.param({"Host": "["}, id="broken-host"),
        ],
    )
    def test_web_pages_are_not(self, open_url: str, headers: dict[str, str]) -> None:
        reply = send(open_url, "/CreateVectorBucket", b'{"vectorBucketName": "never"}', headers)
        assert (reply.status, reply.code) == (403, "AccessDeniedException")
        assert b"never" not in send(open_url, "/ListVectorBuckets", b"{}").body

    @pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.org"])
    def test_only_on_loopback(self, tmp_path: Path, host: str) -> None:
        with pytest.raises(ConfigError, match="Without signatures"):
            RunningServer(tmp_path, insecure=True, host=host)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param({}, "at least one access key", id="nothing"),
        pytest.param({"access_keys": {"a": "b"}, "insecure": True}, "choose one", id="both"),
        pytest.param({"access_keys": {"a/b": "c"}}, "without ','", id="slash"),
        pytest.param({"access_keys": {"a": ""}}, "secret", id="no-secret"),
    ],
)
def test_keys_that_make_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        create_app(_Failing(RuntimeError()), **options)  # type: ignore[arg-type]


def test_a_port_in_use_is_named(server: RunningServer, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"Port {server.port} of 127.0.0.1 is in use"):
        RunningServer(tmp_path, access_keys={KEY_ID: SECRET}, port=server.port)
