"""A proxy that stands between a client and an endpoint and does what networks do: real sockets, faults by a script."""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit


class Fault(StrEnum):
    """What becomes of one request."""

    NONE = "none"
    # The endpoint never sees it:
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    BAD_GATEWAY = "bad-gateway"
    RESET_BEFORE = "reset-before"
    # The endpoint does it, and the answer suffers:
    UNAVAILABLE_AFTER = "unavailable-after"
    RESET_AFTER = "reset-after"
    SLOW = "slow"
    TRUNCATED = "truncated"
    CUT_OFF = "cut-off"
    PORTAL = "portal"
    # The endpoint does it two times:
    TWICE = "twice"
    TWICE_SECOND_ANSWER = "twice-second-answer"

    @property
    def retried(self) -> bool:
        """Whether a client has to send again."""
        return self not in (Fault.NONE, Fault.TWICE, Fault.TWICE_SECOND_ANSWER)


class FaultyProxy:
    """Forwards requests to an endpoint; `next_fault` is asked for each one, with its operation."""

    def __init__(self, endpoint: str, next_fault: Callable[[str], Fault]) -> None:
        self.next_fault = next_fault
        self.connections: set[socket.socket] = set()
        self._endpoint = urlsplit(endpoint)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="faulty-proxy"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop, and hang up on whoever is still connected."""
        self._server.shutdown()
        self._thread.join()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def forward(self, request: bytes) -> tuple[bytes, bytes]:
        """Return head and body of the endpoint's answer."""
        with socket.create_connection((self._endpoint.hostname or "", self._endpoint.port or 80)) as upstream:
            upstream.sendall(request)
            with HTTPResponse(upstream) as answer:
                answer.begin()
                body = answer.read()
        head = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        head += [
            f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in ("connection", "content-length")
        ]
        return "\r\n".join(head).encode(), body


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    proxy: FaultyProxy


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.proxy.connections.add(self.request)
        with suppress(ConnectionError):
            for operation, request in self._requests():
                if not self._answer(request, self.server.proxy.next_fault(operation)):
                    return

    def finish(self) -> None:
        self.server.proxy.connections.discard(self.request)
        with suppress(ConnectionError):
            super().finish()

    def _requests(self) -> Iterator[tuple[str, bytes]]:
        while line := self.rfile.readline():
            lines = [line]
            while lines[-1] not in (b"\r\n", b""):
                lines.append(self.rfile.readline())
            headers = dict(part.lower().split(b":", 1) for part in lines[1:-1])
            body = self.rfile.read(int(headers.get(b"content-length", 0)))
            yield line.split()[1].decode().strip("/").split("/")[0].split("?")[0], b"".join(lines) + body

    def _answer(self, request: bytes, fault: Fault) -> bool:
        """Answer as the fault says; say whether the connection lives on."""
        early = {Fault.THROTTLED: 429, Fault.UNAVAILABLE: 503, Fault.BAD_GATEWAY: 502}
        if fault in early:
            return self._refuse(early[fault])
        if fault is Fault.RESET_BEFORE:
            return self._reset()
        head, body = self.server.proxy.forward(request)
        if fault in (Fault.TWICE, Fault.TWICE_SECOND_ANSWER):
            second = self.server.proxy.forward(request)
            head, body = second if fault is Fault.TWICE_SECOND_ANSWER else (head, body)
        if fault is Fault.RESET_AFTER:
            return self._reset()
        if fault is Fault.UNAVAILABLE_AFTER:
            return self._refuse(503)
        return self._deliver(head, body, fault)

    def _deliver(self, head: bytes, body: bytes, fault: Fault) -> bool:
        half = body[: len(body) // 2]
        if fault is Fault.SLOW:
            self._send(head, half, announced=len(body) + 1)
            self.rfile.read(1)  # until the client has given up
            return False
        if fault is Fault.CUT_OFF:
            self._send(head, half, announced=len(body) + 1)
            return False
        if fault is Fault.PORTAL:
            head, body = b"HTTP/1.1 200 OK\r\ncontent-type: text/html", b"<html>Please log in</html>"
        self._send(head, half if fault is Fault.TRUNCATED else body)
        return True

    def _refuse(self, status: int) -> bool:
        code = {429: "TooManyRequestsException", 503: "ServiceUnavailableException"}.get(status)
        if code is None:
            self._send(f"HTTP/1.1 {status} Refused\r\ncontent-type: text/html".encode(), b"<html>Bad gateway</html>")
        else:
            head = f"HTTP/1.1 {status} Refused\r\ncontent-type: application/json\r\nx-amzn-errortype: {code}"
            self._send(head.encode(), json.dumps({"message": "Slow down"}).encode())
        return True

    def _send(self, head: bytes, body: bytes, *, announced: int | None = None) -> None:
        length = len(body) if announced is None else announced
        self.wfile.write(head + f"\r\ncontent-length: {length}\r\n\r\n".encode() + body)

    def _reset(self) -> bool:
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def scripted(*faults: Fault, always: Fault = Fault.NONE) -> Callable[[str], Fault]:
    """Return a script of these faults, one a request, and of `always` after them."""
    waiting = list(faults)
    return lambda _: waiting.pop(0) if waiting else always


def calm(_: Any) -> Fault:
    """Let everything through."""
    return Fault.NONE
