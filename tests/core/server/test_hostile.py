"""Requests that can be read in two ways, crowds that would stop the server, and a store that is taken away under it."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from core.errors import StorageError
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer, Tuning
from core.vectors.server.keys import is_access_key_id
from tests.core.builders import BUCKET, INDEX, Where, keys_of, list_all, make_client, make_index, make_record, put
from tests.core.server.clients import KEY_ID, SECRET
from tests.core.server.raw import ask, head, is_closed, open_socket, read_reply, send, signed

NAMES = {"vectorBucketName": BUCKET, "indexName": INDEX}
BODY = json.dumps(NAMES | {"vectors": [make_record("never")]}).encode()


# What is added to a request that is signed rightly, and the answer.
ADDED: list[Any] = [
    pytest.param("Authorization: {Authorization}", 403, id="second-authorization"),
    pytest.param("X-Amz-Date: {X-Amz-Date}", 403, id="second-date"),
    pytest.param("Host: localhost", 400, id="second-host"),
    pytest.param("Content-Length: 3", 400, id="second-length"),
    pytest.param("Transfer-Encoding: chunked", 400, id="length-and-chunks"),
    pytest.param("Transfer-Encoding: gzip, chunked", 400, id="another-transfer-encoding"),
    pytest.param("Content-Encoding: gzip", 403, id="encoding-that-is-not-signed"),
    pytest.param("X-Amz-Security-Token: x", 403, id="token-that-is-not-signed"),
    pytest.param("X-Zero: a\x00b", 400, id="zero-byte"),
    pytest.param("X-Long: " + "x" * 140_000, 400, id="long"),
]


@pytest.mark.parametrize(("line", "status"), ADDED)
def test_what_is_added_to_a_signed_request(url: str, client: Any, where: Where, line: str, status: int) -> None:
    headers = signed(url, "/PutVectors", BODY) | {"Content-Length": str(len(BODY))}
    request = head("/PutVectors", headers)[:-2] + line.format(**headers).encode() + b"\r\n\r\n" + BODY
    with open_socket(url) as connection:
        connection.sendall(request)
        reply = read_reply(connection)
        assert reply is None or reply.status == status, reply
        if status == 400:
            assert is_closed(connection)
    assert keys_of(list_all(client, where)) == ["k"]


@pytest.mark.parametrize(
    "target",
    ["//PutVectors", "/./PutVectors", "/x/../PutVectors", "/tags/../PutVectors", "/tags//PutVectors", "/PutVectors/"],
)
def test_a_path_is_what_was_signed_or_nothing(url: str, client: Any, where: Where, target: str) -> None:
    """A signature covers the path without dots and double slashes: such a path reaches no operation."""
    for signed_for in ("/PutVectors", target):
        reply = send(url, target, BODY, signed(url, signed_for, BODY))
        assert (reply.status, reply.code) == (404, "UnknownOperationException")
    assert keys_of(list_all(client, where)) == ["k"]


@pytest.mark.parametrize("target", ["{url}/PutVectors", "*", "/PutVectors#x", "/PutVectors%00", "/%50utVectors"])
def test_odd_targets(url: str, client: Any, where: Where, target: str) -> None:
    target = target.format(url=url)
    reply = send(url, target, BODY, signed(url, "/PutVectors", BODY))
    assert (reply.status, reply.code) == (404, "UnknownOperationException")
    assert keys_of(list_all(client, where)) == ["k"]


def test_an_old_client(url: str) -> None:
    headers = signed(url, "/ListVectorBuckets") | {"Content-Length": "0"}
    for sent, status in ((headers, 200), ({k: v for k, v in headers.items() if k != "Host"}, 403)):
        with open_socket(url) as connection:
            connection.sendall(head("/ListVectorBuckets", sent).replace(b"HTTP/1.1", b"HTTP/1.0"))
            reply = read_reply(connection)
            assert reply is not None
            assert reply.status == status
            assert is_closed(connection)


def test_requests_that_do_not_wait_for_answers(url: str) -> None:
    headers = signed(url, "/ListVectorBuckets", b"{}") | {"Content-Length": "2"}
    with open_socket(url) as connection, connection.makefile("rb") as answers:
        connection.sendall((head("/ListVectorBuckets", headers) + b"{}") * 200)
        lines = iter(answers.readline, b"")
        assert sum(1 for _ in islice((line for line in lines if b"HTTP/1.1 200 OK" in line), 200)) == 200


def test_what_can_be_in_an_access_key_can_be_in_a_log() -> None:
    assert not any(is_access_key_id(f"a{chr(code)}b") for code in [*range(33), *range(127, 0x300), 0x2028])


class _Held:
    """A client whose writes wait to be let go."""

    def __init__(self) -> None:
        self.let_go, self.entered = threading.Event(), threading.Semaphore(0)
        self.inside = self.most = 0
        self._lock = threading.Lock()

    def list_vector_buckets(self, **arguments: Any) -> dict[str, Any]:
        return {"vectorBuckets": []}

    def put_vectors(self, **arguments: Any) -> dict[str, Any]:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.release()
        assert self.let_go.wait(30)
        with self._lock:
            self.inside -= 1
        return {}


def putting(url: str, count: int, body: bytes, statuses: list[int], headers: Any = None) -> list[threading.Thread]:
    def work() -> None:
        statuses.append(ask(url, "PutVectors", body, headers=headers).status)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def test_writes_that_wait_leave_room_for_reads() -> None:
    held, statuses = _Held(), list[int]()
    with RunningServer(held, access_keys={KEY_ID: SECRET}, tuning=Tuning(threads=2, pending=8)) as server:  # type: ignore[arg-type]
        threads = putting(server.url, 8, BODY, statuses)
        for _ in range(2):
            assert held.entered.acquire(timeout=30)
        while server.pending > 6 or len(statuses) < 2:  # three quarters of what may be pending are writes, no more
            threading.Event().wait(0.005)
        assert ask(server.url, "ListVectorBuckets").status == 200
        held.let_go.set()
        for thread in threads:
            thread.join()
    assert sorted(statuses) == [200] * 6 + [503] * 2


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        pytest.param(BODY + b" " * 1_000, {}, id="as-it-is"),
        pytest.param(gzip.compress(BODY + b" " * 9_000), {"Content-Encoding": "gzip"}, id="compressed"),
    ],
)
def test_large_bodies_take_turns(body: bytes, headers: dict[str, str]) -> None:
    held, statuses = _Held(), list[int]()
    tuning = Tuning(large_bytes=1_000, large_at_once=2)
    with RunningServer(held, access_keys={KEY_ID: SECRET}, tuning=tuning) as server:  # type: ignore[arg-type]
        threads = putting(server.url, 5, body, statuses, headers)
        for _ in range(2):
            assert held.entered.acquire(timeout=30)
        while server.pending < 5:
            threading.Event().wait(0.005)
        small = putting(server.url, 1, BODY, statuses)
        assert held.entered.acquire(timeout=30), "a small one had to wait for the large ones"
        held.let_go.set()
        for thread in threads + small:
            thread.join()
    assert statuses == [200] * 6
    assert held.most == 3


def test_more_connections_than_are_taken(tmp_path: Path) -> None:
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}, tuning=Tuning(connections=5)) as server, ExitStack() as stack:
        kept = [stack.enter_context(open_socket(server.url)) for _ in range(5)]
        headers = signed(server.url, "/ListVectorBuckets") | {"Content-Length": "0"}
        for connection in kept:  # an answer shows that the server has taken the connection
            connection.sendall(head("/ListVectorBuckets", headers))
            assert read_reply(connection) is not None
        assert is_closed(stack.enter_context(open_socket(server.url)))
        kept[0].close()
        while True:  # the server sees in its own time that one has left
            with open_socket(server.url) as connection:
                try:
                    connection.sendall(head("/ListVectorBuckets", headers))
                    reply = read_reply(connection)
                except ConnectionError:
                    continue
                if reply is not None:
                    break
        assert reply.status == 200


class _Large:
    """A client with an answer of 32 MB."""

    def list_vector_buckets(self, **arguments: Any) -> dict[str, Any]:
        return {"vectorBuckets": [], "nextToken": "x" * 32_000_000}


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    with RunningServer(_Large(), access_keys={KEY_ID: SECRET}, tuning=Tuning(idle_s=0.2)) as server:  # type: ignore[arg-type]
        headers = signed(server.url, "/ListVectorBuckets") | {"Content-Length": "0"}
        with open_socket(server.url) as connection:
            connection.sendall(head("/ListVectorBuckets", headers))
            assert connection.recv(8) == b"HTTP/1.1"
            while server.connections:
                threading.Event().wait(0.02)
            assert len(b"".join(iter(lambda: read_some(connection), b""))) < 32_000_000
        assert len(ask(server.url, "ListVectorBuckets").body) > 32_000_000, "one that is read comes whole"


def read_some(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1_000_000)
    except ConnectionError:
        return b""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedClient]:
    client = make_client(tmp_path / "store")
    put(client, make_index(client), make_record())
    yield client
    client.close()


CALLS: dict[str, dict[str, Any]] = {
    "put_vectors": NAMES | {"vectors": [make_record("lost")]},
    "get_vectors": NAMES | {"keys": ["k"]},
    "list_vectors": NAMES,
    "query_vectors": NAMES | {"topK": 1, "queryVector": {"float32": [1.0, 0.0]}},
    "create_vector_bucket": {"vectorBucketName": "lost"},
    "list_vector_buckets": {},
    "delete_index": NAMES,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("replaced", [False, True])
def test_a_store_that_was_taken_away_takes_no_write(engine: EmbeddedClient, call: str, replaced: bool) -> None:
    """SQLite would go on with the deleted files, and what it acknowledges would be lost."""
    shutil.rmtree(engine.directory)
    if replaced:
        make_client(engine.directory).close()
    with pytest.raises(StorageError, match="deleted or replaced while it was in use"):
        getattr(engine, call)(**CALLS[call])
    with RunningServer(engine, access_keys={KEY_ID: SECRET}) as server:
        operation = "".join(part.capitalize() for part in call.split("_"))
        reply = ask(server.url, operation, CALLS[call])
        assert (reply.status, reply.code) == (500, "InternalServerException")
        assert str(engine.directory) not in reply.body.decode()


def test_an_index_that_was_taken_away_takes_no_write(engine: EmbeddedClient) -> None:
    (folder,) = engine.directory.glob("indexes/*")
    copy = folder.with_name("copy")
    shutil.copytree(folder, copy)
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)
    with pytest.raises(StorageError, match="deleted or replaced while it was in use"):
        put(engine, NAMES, make_record("lost"))
    engine.close()
    again = EmbeddedClient(engine.directory)
    assert keys_of(list_all(again, NAMES)) == ["k"]
    again.close()


def test_arrays_are_the_same_numbers(tmp_path: Path) -> None:
    plain = make_client(tmp_path)
    where = make_index(plain, dimension=3)
    put(plain, where, make_record("k", [0.1, 1e-45, -3.4e38]))
    arrays = EmbeddedClient(tmp_path, arrays=True)
    (expected,) = list_all(plain, where, returnData=True)
    for found in (
        list_all(arrays, where, returnData=True),
        arrays.get_vectors(**where, keys=["k"], returnData=True)["vectors"],
    ):
        assert found[0]["data"]["float32"].tolist() == expected["data"]["float32"]
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}) as server:
        told = ask(server.url, "GetVectors", where | {"keys": ["k"], "returnData": True}).json["vectors"]
    assert told == [expected]
    plain.close()
    arrays.close()
