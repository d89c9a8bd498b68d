"""Requests that are too large, too slow, cut short or too many, on bare sockets."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer, Tuning
from tests.core.builders import BUCKET, INDEX, keys_of, list_all, make_client, make_index
from tests.core.server.clients import KEY_ID, SECRET
from tests.core.server.raw import ask, head, is_closed, open_socket, read_reply, send, signed

WHERE = {"vectorBucketName": BUCKET, "indexName": INDEX}
SMALL = Tuning(body_bytes=4_000, held_bytes=9_000, drained_bytes=16_000, head_s=0.3, body_s=0.6, idle_s=0.3)
LIMIT = "Request body exceeds max allowed size"


def put_of(size: int = 0) -> bytes:
    """Return the body of a put, at least this many bytes."""
    body = json.dumps(WHERE | {"vectors": [{"key": "new", "data": {"float32": [1, 0]}}]}).encode()
    return body + b" " * max(0, size - len(body))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClient]:
    client = make_client(tmp_path_factory.mktemp("store"))
    make_index(client)
    yield client
    client.close()


@pytest.fixture(scope="module")
def small(engine: EmbeddedClient) -> Iterator[RunningServer]:
    with RunningServer(engine, access_keys={KEY_ID: SECRET}, tuning=SMALL) as server:
        yield server


@pytest.fixture
def untouched(engine: EmbeddedClient) -> Iterator[None]:
    yield
    assert list_all(engine, WHERE) == []


def chunked(body: bytes, size: int = 1_000) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def chunked_head(url: str, body: bytes) -> bytes:
    headers = signed(url, "/PutVectors", body) | {"Transfer-Encoding": "chunked"}
    headers.pop("Content-Length", None)
    return head("/PutVectors", headers)


def send_for_ever(connection: socket.socket, part: bytes) -> None:
    for _ in range(100_000):
        connection.sendall(part)


class TestSize:
    def test_a_body_of_the_very_limit_is_read(self, engine: EmbeddedClient, small: RunningServer) -> None:
        assert ask(small.url, "PutVectors", put_of(SMALL.body_bytes)).status == 200
        assert keys_of(list_all(engine, WHERE)) == ["new"]
        engine.delete_vectors(**WHERE, keys=["new"])

    @pytest.mark.parametrize("size", [SMALL.body_bytes + 1, 3 * SMALL.body_bytes])
    def test_a_body_over_the_limit(self, small: RunningServer, untouched: None, size: int) -> None:
        reply = ask(small.url, "PutVectors", put_of(size))
        assert (reply.status, reply.code, reply.json["message"]) == (400, "ValidationException", LIMIT)

    def test_it_is_refused_before_it_is_sent(self, small: RunningServer, untouched: None) -> None:
        headers = signed(small.url, "/PutVectors", put_of()) | {"Content-Length": "1" + "0" * 17}
        with open_socket(small.url) as connection:
            connection.sendall(head("/PutVectors", headers))
            reply = read_reply(connection)
            assert reply is not None
            assert (reply.status, reply.json["message"]) == (400, LIMIT)

    def test_one_that_waits_for_a_yes_gets_a_no(self, small: RunningServer, untouched: None) -> None:
        headers = signed(small.url, "/PutVectors", put_of()) | {"Content-Length": "9999999", "Expect": "100-continue"}
        with open_socket(small.url) as connection:
            connection.sendall(head("/PutVectors", headers))
            reply = read_reply(connection)
            assert reply is not None
            assert reply.status == 400

    def test_chunks_over_the_limit(self, small: RunningServer, untouched: None) -> None:
        body = put_of(3 * SMALL.body_bytes)
        with open_socket(small.url) as connection:
            connection.sendall(chunked_head(small.url, body) + chunked(body))
            reply = read_reply(connection)
            assert reply is not None
            assert (reply.status, reply.json["message"]) == (400, LIMIT)

    def test_chunks_within_it(self, engine: EmbeddedClient, small: RunningServer) -> None:
        body = put_of(2_500)
        with open_socket(small.url) as connection:
            connection.sendall(chunked_head(small.url, body) + chunked(body))
            reply = read_reply(connection)
            assert reply is not None
            assert reply.status == 200
        engine.delete_vectors(**WHERE, keys=["new"])

    def test_a_body_without_end_is_read_no_further(self, small: RunningServer, untouched: None) -> None:
        with open_socket(small.url) as connection:
            connection.sendall(chunked_head(small.url, b""))
            with pytest.raises(ConnectionError):
                send_for_ever(connection, b"3e8\r\n" + b" " * 1_000 + b"\r\n")

    def test_the_connection_lives_on_after_a_refusal(self, small: RunningServer, untouched: None) -> None:
        body, fine = put_of(3 * SMALL.body_bytes), b"{}"
        with open_socket(small.url) as connection:
            for target, sent, status in (("/PutVectors", body, 400), ("/ListVectorBuckets", fine, 200)):
                headers = signed(small.url, target, sent) | {"Content-Length": str(len(sent))}
                connection.sendall(head(target, headers) + sent)
                reply = read_reply(connection)
                assert reply is not None
                assert reply.status == status

    def test_long_headers(self, small: RunningServer, untouched: None) -> None:
        with open_socket(small.url) as connection:
            connection.sendall(b"POST /PutVectors HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 200_000 + b"\r\n\r\n")
            reply = read_reply(connection)
            assert reply is None or (reply.status, reply.code) == (400, "SerializationException")

    def test_bodies_share_the_memory(self, small: RunningServer, untouched: None) -> None:
        body = put_of(SMALL.body_bytes)
        headers = signed(small.url, "/PutVectors", body) | {"Content-Length": str(len(body))}
        sockets = [open_socket(small.url) for _ in range(2)]
        try:
            for connection in sockets:
                connection.sendall(head("/PutVectors", headers) + body[:-1])
            replies = [ask(small.url, "PutVectors", body, secret="wrong") for _ in range(3)]
            assert {reply.status for reply in replies} <= {403, 503}
        finally:
            for connection in sockets:
                connection.close()
        assert ask(small.url, "ListVectorBuckets").status == 200


class TestGzip:
    def gzipped(self, url: str, body: bytes) -> Any:
        return send(url, "/PutVectors", body, signed(url, "/PutVectors", body, headers={"Content-Encoding": "gzip"}))

    def test_a_compressed_body(self, engine: EmbeddedClient, small: RunningServer) -> None:
        assert self.gzipped(small.url, gzip.compress(put_of())).status == 200
        assert keys_of(list_all(engine, WHERE)) == ["new"]
        engine.delete_vectors(**WHERE, keys=["new"])

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            pytest.param(gzip.compress(put_of(100_000)), "ValidationException", id="bomb"),
            pytest.param(gzip.compress(put_of())[:-9], "SerializationException", id="cut"),
            pytest.param(gzip.compress(put_of()) + b"x", "SerializationException", id="followed"),
            pytest.param(put_of(), "SerializationException", id="not-compressed"),
            pytest.param(b"", "SerializationException", id="empty"),
        ],
    )
    def test_one_that_is_wrong(self, small: RunningServer, untouched: None, body: bytes, code: str) -> None:
        reply = self.gzipped(small.url, body)
        assert (reply.status, reply.code) == (400, code)

    def test_another_encoding(self, small: RunningServer, untouched: None) -> None:
        body = put_of()
        reply = send(
            small.url, "/PutVectors", body, signed(small.url, "/PutVectors", body, headers={"Content-Encoding": "br"})
        )
        assert (reply.status, reply.code) == (400, "SerializationException")


class TestTime:
    def test_a_body_that_does_not_come(self, small: RunningServer, untouched: None) -> None:
        body = put_of()
        headers = signed(small.url, "/PutVectors", body) | {"Content-Length": str(len(body))}
        with open_socket(small.url) as connection:
            connection.sendall(head("/PutVectors", headers) + body[:-1])
            reply = read_reply(connection)
            assert reply is not None
            assert (reply.status, reply.code) == (408, "RequestTimeoutException")
            assert is_closed(connection)

    def test_a_body_that_drips(self, small: RunningServer, untouched: None) -> None:
        body = put_of(4_000)
        headers = signed(small.url, "/PutVectors", body) | {"Content-Length": str(len(body))}
        stop = threading.Event()
        with open_socket(small.url) as connection:
            connection.sendall(head("/PutVectors", headers))

            def drip() -> None:
                with contextlib.suppress(OSError):  # the server hangs up when it has answered
                    while not stop.wait(0.05):
                        connection.sendall(b" ")

            thread = threading.Thread(target=drip)
            thread.start()
            reply = read_reply(connection)
            stop.set()
            thread.join()
        assert reply is not None
        assert reply.status == 408

    @pytest.mark.parametrize("sent", [b"", b"POST /PutVectors HTT", b"POST /PutVectors HTTP/1.1\r\nHost: x\r\n"])
    def test_headers_that_do_not_come(self, small: RunningServer, untouched: None, sent: bytes) -> None:
        with open_socket(small.url) as connection:
            connection.sendall(sent)
            assert is_closed(connection)

    def test_a_second_request_that_does_not_come(self, small: RunningServer) -> None:
        headers = signed(small.url, "/ListVectorBuckets") | {"Content-Length": "0"}
        with open_socket(small.url) as connection:
            connection.sendall(head("/ListVectorBuckets", headers))
            reply = read_reply(connection)
            assert reply is not None
            assert reply.status == 200
            connection.sendall(b"POST ")
            assert is_closed(connection)


class TestCut:
    @pytest.mark.parametrize("kept", [0, 10, len(put_of()) - 1])
    def test_a_body_that_ends_early_does_nothing(self, small: RunningServer, untouched: None, kept: int) -> None:
        body = put_of()
        headers = signed(small.url, "/PutVectors", body) | {"Content-Length": str(len(body))}
        with open_socket(small.url) as connection:
            connection.sendall(head("/PutVectors", headers) + body[:kept])
        assert ask(small.url, "ListVectorBuckets").status == 200

    def test_chunks_that_end_early_do_nothing(self, small: RunningServer, untouched: None) -> None:
        body = put_of()
        for tail in (b"", b"zz\r\n"):
            with open_socket(small.url) as connection:
                connection.sendall(chunked_head(small.url, body) + chunked(body)[: -len(b"0\r\n\r\n")] + tail)
        assert ask(small.url, "ListVectorBuckets").status == 200

    def test_a_length_that_is_too_short(self, small: RunningServer, untouched: None) -> None:
        body = put_of()
        headers = signed(small.url, "/PutVectors", body) | {"Content-Length": str(len(body) - 1)}
        with open_socket(small.url) as connection:
            connection.sendall(head("/PutVectors", headers) + body)
            reply = read_reply(connection)
            assert reply is not None
            assert (reply.status, reply.code) == (403, "InvalidSignatureException")


class _Held:
    """A client whose listing of buckets waits to be let go."""

    def __init__(self) -> None:
        self.entered, self.let_go = threading.Semaphore(0), threading.Event()

    def list_vector_buckets(self, **arguments: Any) -> dict[str, Any]:
        self.entered.release()
        assert self.let_go.wait(30)
        return {"vectorBuckets": []}


class TestCrowds:
    def test_more_than_may_wait(self) -> None:
        held = _Held()
        with RunningServer(held, access_keys={KEY_ID: SECRET}, tuning=Tuning(threads=2, pending=3)) as server:  # type: ignore[arg-type]
            replies: list[int] = []
            threads = [
                threading.Thread(target=lambda: replies.append(ask(server.url, "ListVectorBuckets").status))
                for _ in range(3)
            ]
            for thread in threads:
                thread.start()
            for _ in range(2):
                assert held.entered.acquire(timeout=30)
            while server.pending < 3:  # the third waits for a thread
                threading.Event().wait(0.005)
            reply = ask(server.url, "ListVectorBuckets")
            assert (reply.status, reply.code) == (503, "ServiceUnavailableException")
            held.let_go.set()
            for thread in threads:
                thread.join()
            assert replies == [200, 200, 200]
            assert ask(server.url, "ListVectorBuckets").status == 200

    def test_open_requests_finish_when_the_server_stops(self) -> None:
        held = _Held()
        replies: list[int] = []
        with RunningServer(held, access_keys={KEY_ID: SECRET}) as server:  # type: ignore[arg-type]
            thread = threading.Thread(target=lambda: replies.append(ask(server.url, "ListVectorBuckets").status))
            thread.start()
            assert held.entered.acquire(timeout=30)
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            held.let_go.set()
            stopping.join()
            thread.join()
        assert replies == [200]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="no /proc on this system")
def test_nothing_stays_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with RunningServer(tmp_path, access_keys={KEY_ID: SECRET}) as server:
        assert ask(server.url, "CreateVectorBucket", {"vectorBucketName": BUCKET}).status == 200
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_no_connection_outlives_a_server_that_stops(tmp_path: Path) -> None:
    """One that comes at the last moment and says nothing is closed like every other."""
    for round_ in range(8):
        with contextlib.ExitStack() as clients:
            with RunningServer(tmp_path / str(round_), insecure=True, tuning=Tuning(grace_s=1)) as server:
                server._server.should_exit = True
                with contextlib.suppress(OSError):
                    while True:
                        clients.enter_context(socket.create_connection((server.host, server.port), timeout=0.2))
            assert server.connections == 0
