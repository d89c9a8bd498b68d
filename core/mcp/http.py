"""The server over streamable HTTP, for clients of this machine: no web page gets in, nor, with a token, who has none.

It knows one agent, whoever asks: what may ask is settled here, and over a network only with a token.
"""

from __future__ import annotations

import hmac
import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from core.agents import AgentMemory
from core.errors import ConfigError
from core.mcp.server import require_sdk, server_of
from core.vectors.server.origin import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["PATH", "Door", "require_safe", "serve_http"]

PATH: Final = "/mcp"
_TOKEN_MIN: Final = 16


def require_safe(host: str, *, token: str | None, remote: bool) -> None:
    """Raise ConfigError for a token that can be guessed, and for an address that others reach unless that is wanted."""
    if token is not None and len(token) < _TOKEN_MIN:
        raise ConfigError(f"The token has {len(token)} characters: give at least {_TOKEN_MIN}.")
    if is_loopback(host):
        return
    if not remote:
        raise ConfigError(f"{host!r} can be reached from other machines: use 127.0.0.1, or say --allow-remote.")
    if token is None:
        raise ConfigError(f"{host!r} can be reached from other machines: set a token in $MNEMOSCOPE_MCP_TOKEN for it.")


def serve_http(
    agent: AgentMemory,
    *,
    host: str,
    port: int,
    token: str | None = None,
    remote: bool = False,
    started: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until a signal comes; `started` hears the address."""
    require_safe(host, token=token, remote=remote)
    require_sdk()
    import uvicorn
    from mcp.server.transport_security import TransportSecuritySettings

    here = is_loopback(host)
    listening = _listening(host, port)
    named = f"[{host}]" if ":" in host else host
    url = f"http://{named}:{listening.getsockname()[1]}{PATH}"
    security = TransportSecuritySettings(
        enable_dns_rebinding_protection=here,
        allowed_hosts=[f"{each}:*" for each in (named, "127.0.0.1", "localhost", "[::1]")],
        allowed_origins=[],
    )
    app = server_of(agent).streamable_http_app(
        streamable_http_path=PATH, host=host, transport_security=security, stateless_http=True
    )
    config = uvicorn.Config(Door(app, token), log_level="warning", access_log=False, server_header=False)
    with listening:
        started(url)
        uvicorn.Server(config).run(sockets=[listening])


class Door:
    """Lets no request of a web page in, and with a token only those that bring it."""

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        self._app, self._expected = app, None if token is None else f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 or 403, or let the application answer."""
        if scope["type"] == "http" and (refused := self._refused(dict(scope["headers"]))) is not None:
            await _answer(send, *refused)
            return
        await self._app(scope, receive, send)

    def _refused(self, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        if b"origin" in headers or b"sec-fetch-site" in headers:
            return 403, "Web pages are not served."
        if self._expected is not None and not hmac.compare_digest(headers.get(b"authorization", b""), self._expected):
            return 401, "Send the token as Authorization: Bearer …"
        return None


async def _answer(send: Callable[[Any], Awaitable[None]], status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")] + (
        [(b"www-authenticate", b"Bearer")] if status == 401 else []
    )
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family)
    except OSError as error:
        raise ConfigError(
            f"Nothing can listen at {host}, port {port}: {error.strerror or error}. Choose another."
        ) from error
