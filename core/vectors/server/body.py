"""Reading the body of a request within bounds: of size, of time, and of what all requests hold together."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from core.errors import RequestTimeoutError, UnavailableError, ValidationError
from core.vectors.server.sigv4 import Request
from core.vectors.server.tuning import Tuning
from core.vectors.server.wire import unserializable

__all__ = ["Disconnected", "Memory", "Receive", "decoded", "framing_fault", "read_body"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Disconnected(Exception):
    """The client went away before its request was whole."""


class Memory:
    """Counts the bytes of all bodies that are held, on the event loop's thread."""

    def __init__(self, limit: int) -> None:
        self._limit, self._held = limit, 0

    @contextmanager
    def room(self) -> Iterator[Callable[[int], None]]:
        """Yield what takes room for more bytes, or raises UnavailableError; the block gives all of it back at its end."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if self._held + size > self._limit:
                raise UnavailableError("Currently unable to handle the request: too much is being sent at once, try again.")
            self._held += size
            taken += size

        try:
            yield take
        finally:
            self._held -= taken


def framing_fault(request: Request, tuning: Tuning) -> str | None:
    """Return what is wrong with the form of a request, after which its connection is not to be trusted."""
    if request.header("content-length") is not None and request.header("transfer-encoding") is not None:
        # A proxy before this server may take the one for the end of the body where this server takes the other.
        return "A request has either a Content-Length or a Transfer-Encoding, not both."
    size = len(request.path) + len(request.query) + sum(len(name) + len(value) for name, value in request.headers)
    return f"The target and the headers must have at most {tuning.head_bytes:,} bytes." if size > tuning.head_bytes else None


async def read_body(request: Request, receive: Receive, take: Callable[[int], None], tuning: Tuning) -> bytearray:
    """Return the whole body as it was sent.

    Raises ValidationError as soon as it is known to be too large, RequestTimeoutError when it comes too slowly, Disconnected
    when it ends early.
    """
    length = request.header("content-length")
    if length is not None and length.isdecimal() and int(length[:20]) > tuning.body_bytes:
        raise too_large()
    body = bytearray()
    deadline = asyncio.get_running_loop().time() + tuning.body_s
    more = True
    while more:
        message = await _part(receive, deadline, tuning)
        part = message.get("body", b"")
        if len(body) + len(part) > tuning.body_bytes:
            raise too_large()
        take(len(part))
        body += part
        more = message.get("more_body", False)
    return body


async def _part(receive: Receive, deadline: float, tuning: Tuning) -> MutableMapping[str, Any]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout_at(min(deadline, loop.time() + tuning.idle_s)):
            message = await receive()
    except TimeoutError:
        raise RequestTimeoutError(
            "The request timed out before its body was there. Retry your request. Nothing was changed."
        ) from None
    if message["type"] == "http.disconnect":
        raise Disconnected
    return message


def decoded(request: Request, body: bytearray, tuning: Tuning) -> bytes | bytearray:
    """Return the body without its content encoding: none or gzip, within the same bound of size."""
    encoding = (request.header("content-encoding") or "identity").lower()
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise unserializable("The body's Content-Encoding must be gzip or none.")
    inflater = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(body, tuning.body_bytes + 1)
    except zlib.error:
        raise unserializable("The body is not gzip, though its Content-Encoding says so.") from None
    if len(plain) > tuning.body_bytes:
        raise too_large()
    if not inflater.eof or inflater.unused_data:
        raise unserializable("The body's gzip stream is cut short, or something follows it.")
    return plain


def too_large() -> ValidationError:
    """Return the service's error for a body over the limit."""
    return ValidationError("Request body exceeds max allowed size")
