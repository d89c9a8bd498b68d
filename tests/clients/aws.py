"""Two neighbours of S3 Vectors on a local port: a Bedrock that embeds words, and an STS that hands out our access key."""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

SESSION_TOKEN = "session/token+of=a-tenant"


def embed(text: str, dimension: int) -> list[float]:
    """Return a bag of hashed words of length 1: texts that share words are near each other."""
    vector = [0.0] * dimension
    for word in re.findall(r"\w+", text.lower()):
        vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % dimension] += 1.0
    norm = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / norm for value in vector]


class _Handler(BaseHTTPRequestHandler):
    server: Neighbours
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/model/"):
            self._answer("application/json", json.dumps(self._embedding(json.loads(body))))
        else:
            self._answer("text/xml", self._role(parse_qs(body.decode())))

    def _embedding(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer as Nova Multimodal Embeddings does."""
        parameters = request["singleEmbeddingParams"]
        self.server.purposes.append(parameters["embeddingPurpose"])
        return {"embeddings": [{"embedding": embed(parameters["text"]["value"], parameters["embeddingDimension"])}]}

    def _role(self, request: dict[str, list[str]]) -> str:
        """Answer AssumeRole."""
        self.server.tenants.append(request["Tags.member.1.Value"][0])
        key, secret = self.server.credentials
        return (
            '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
            f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
            f"<SessionToken>{SESSION_TOKEN}</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )

    def _answer(self, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Neighbours(ThreadingHTTPServer):
    """A context that serves on 127.0.0.1; `purposes` and `tenants` tell what was asked for."""

    daemon_threads = True

    def __init__(self, access_key: str, secret: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.credentials = (access_key, secret)
        self.purposes: list[str] = []
        self.tenants: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> Neighbours:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
