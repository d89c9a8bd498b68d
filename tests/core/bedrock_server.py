"""A small bedrock-runtime over real HTTP: deterministic vectors, and faults as a script tells."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import numpy as np

Fault = Callable[["_Handler", dict[str, Any]], None]


def vector_of(text: str, dimension: int, kind: str = "") -> np.ndarray:
    """Return the vector that the server answers for a text: any seeded direction, not of length 1."""
    seed = int.from_bytes(hashlib.sha256(f"{kind}|{text}".encode()).digest()[:8], "big")
    return np.random.default_rng(seed).normal(size=dimension)


def refusal(status: int, code: str, message: str = "no") -> Fault:
    """Return a fault: an error of the service."""

    def answer(handler: _Handler, body: dict[str, Any]) -> None:
        handler.send(status, json.dumps({"message": message}).encode(), {"x-amzn-ErrorType": code})

    return answer


def body(raw: bytes, *, length: int | None = None) -> Fault:
    """Return a fault: a 200 with this body, cut off where `length` promises more."""

    def answer(handler: _Handler, _: dict[str, Any]) -> None:
        handler.send(200, raw, {"Content-Type": "application/json"}, length=length)

    return answer


def hang_up(handler: _Handler, _: dict[str, Any]) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True


@dataclass
class BedrockServer:
    """`faults` are answered first, one a request; `asked` has the model and body of every request."""

    faults: deque[Fault] = field(default_factory=deque)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    tells_tokens: bool = True
    max_titan_tokens: int = 8_192
    barrier: threading.Barrier | None = None
    busiest: int = 0
    url: str = ""
    open: list[socket.socket] = field(default_factory=list)
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> BedrockServer:
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = False
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.01))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        for connection in self.open:  # an idle one would keep its thread waiting
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()

    def take(self, model: str, asked: dict[str, Any]) -> Fault | None:
        with self._lock:
            self.asked.append((model, asked))
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            return self.faults.popleft() if self.faults else None

    def done(self) -> None:
        with self._lock:
            self._busy -= 1


class _Handler(BaseHTTPRequestHandler):
    owner: BedrockServer
    protocol_version = "HTTP/1.1"
    timeout = 5

    def setup(self) -> None:
        super().setup()
        self.owner.open.append(self.connection)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model = unquote(self.path).removeprefix("/model/").removesuffix("/invoke")
        fault = self.owner.take(model, asked)
        try:
            if self.owner.barrier is not None:
                self.owner.barrier.wait(timeout=10)
            fault(self, asked) if fault else self.answer(model, asked)
        except threading.BrokenBarrierError:
            self.close_connection = True
        finally:
            self.owner.done()

    def answer(self, model: str, asked: dict[str, Any]) -> None:
        titan = "inputText" in asked
        texts = [asked["inputText"]] if titan else asked["texts"]
        if any(not text for text in texts):
            return refusal(400, "ValidationException", "expected minLength: 1, actual: 0")(self, asked)
        tokens = sum(-(-len(text) // 4) for text in texts)
        if titan and tokens > self.owner.max_titan_tokens:
            most = self.owner.max_titan_tokens
            said = f"Too many input tokens. Max input tokens: {most}, request input token count: {tokens}"
            return refusal(400, "ValidationException", said)(self, asked)
        if model.endswith("-v3") and any(len(text) > 2_048 for text in texts):
            return refusal(400, "ValidationException", "#/texts/0: expected maxLength: 2048")(self, asked)
        dimension = asked.get("dimensions") or asked.get("output_dimension") or 1024
        rows = [vector_of(text, dimension, asked.get("input_type", "")).tolist() for text in texts]
        if titan:
            told: dict[str, Any] = {"embedding": rows[0]}
            if self.owner.tells_tokens:
                told["inputTextTokenCount"] = tokens
            return self.send(200, json.dumps(told).encode(), {})
        headers = {"X-Amzn-Bedrock-Input-Token-Count": str(tokens)} if self.owner.tells_tokens else {}
        return self.send(200, json.dumps({"embeddings": {"float": rows}, "id": "1"}).encode(), headers)

    def send(self, status: int, raw: bytes, headers: dict[str, str], *, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw) if length is None else length))
        self.end_headers()
        self.wfile.write(raw)
        if length is not None:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
