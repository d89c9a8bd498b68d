"""Requests byte by byte: signed by botocore's own signer, sent by http.client or over a bare socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.core.server.clients import KEY_ID, REGION, SECRET

PATIENCE_S = 30.0


class Reply(NamedTuple):
    """An answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The error's code."""
        return self.headers.get("x-amzn-errortype")


def signed(
    url: str,
    target: str,
    body: bytes = b"",
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    key_id: str = KEY_ID,
    secret: str = SECRET,
    service: str = "s3vectors",
    region: str = REGION,
    token: str | None = None,
) -> dict[str, str]:
    """Return the headers of a request as botocore signs it."""
    request = AWSRequest(method, url + target, headers=dict(headers or {}), data=body)
    SigV4Auth(Credentials(key_id, secret, token), service, region).add_auth(request)
    return {"Host": urlsplit(url).netloc, **dict(request.headers.items())}


def send(url: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None, method: str = "POST") -> Reply:
    """Send exactly this and return the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE_S)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": urlsplit(url).netloc, "Content-Length": str(len(body)), **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def ask(url: str, operation: str, body: bytes | dict[str, Any] = b"{}", **options: Any) -> Reply:
    """Send a signed operation."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return send(url, f"/{operation}", data, signed(url, f"/{operation}", data, **options))


def open_socket(url: str) -> socket.socket:
    """Return a connection."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_S)


def head(target: str, headers: Mapping[str, str], method: str = "POST") -> bytes:
    """Return the head of a request."""
    return f"{method} {target} HTTP/1.1\r\n{''.join(f'{k}: {v}{chr(13)}{chr(10)}' for k, v in headers.items())}\r\n".encode()


def read_reply(connection: socket.socket) -> Reply | None:
    """Return the answer on a connection, or None if it was closed without one."""
    response = http.client.HTTPResponse(connection)
    try:
        response.begin()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    except (http.client.HTTPException, ConnectionError):
        return None
    finally:
        response.close()


def is_closed(connection: socket.socket) -> bool:
    """Wait until the server closes the connection."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True
