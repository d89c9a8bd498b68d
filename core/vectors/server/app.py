"""The ASGI application: reads a request within bounds, verifies who sent it, runs its operation, answers."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from core.errors import (
    AccessDeniedError,
    ConfigError,
    ConflictError,
    InternalError,
    MnemoscopeError,
    ServiceError,
    StorageError,
    StorageFullError,
    StorageReadOnlyError,
    UnavailableError,
)
from core.vectors.client import Claiming, VectorsClient
from core.vectors.embedded.engine import EmbeddedClient
from core.vectors.server.body import Disconnected, Memory, Receive, decoded, framing_fault, read_body
from core.vectors.server.keys import is_access_key_id
from core.vectors.server.origin import check_local
from core.vectors.server.regions import Regions
from core.vectors.server.sigv4 import Request, check_head, verify
from core.vectors.server.tuning import Tuning
from core.vectors.server.wire import (
    Answer,
    MethodNotAllowedError,
    Route,
    arguments_of,
    encode,
    refuse,
    route,
    unserializable,
)
from core.vectors.server.workers import Workers

__all__ = ["NEW_ONLY_HEADER", "REVISION_HEADER", "Access", "Application", "create_app"]

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

REVISION_HEADER: Final = b"x-mnemoscope-revision"
# Of a PutVectors: put only where none of the keys exists. The answer repeats it, so that a client knows that it was heeded.
NEW_ONLY_HEADER: Final = b"x-mnemoscope-new-only"
_ABOUT: Final = {"service": "Mnemoscope", "speaks": "Amazon S3 Vectors (rest-json, SigV4)"}
_FAILED: Final = "The server failed on this request: its log says why."
_LOG: Final = logging.getLogger("mnemoscope.server")


@dataclass(frozen=True)
class Access:
    """One request as the access log has it: no secret, no vector, no metadata."""

    request_id: str
    operation: str
    status: int
    error: str | None
    seconds: float
    request_bytes: int
    response_bytes: int
    access_key: str | None


def create_app(
    client: VectorsClient,
    *,
    access_keys: Mapping[str, str] | None = None,
    insecure: bool = False,
    region: str | None = None,
    clock: Callable[[], float] = time.time,
    tuning: Tuning | None = None,
    on_request: Callable[[Access], None] | None = None,
) -> Application:
    """Return the application over a client.

    `access_keys` are secrets by access key id. `region` is the one that requests must be signed for; if None, any, and each
    client finds the region it signs for in its ARNs. With `insecure` nothing is verified, and only requests to this
    machine's own name that no web page sent are answered. Neither keys nor `insecure`, or both, raises ConfigError.
    """
    keys = dict(access_keys or {})
    if insecure and keys:
        raise ConfigError("Access keys and the insecure mode were both asked for: choose one.")
    if not insecure and not keys:
        raise ConfigError("A server needs at least one access key: give one, or ask for the insecure mode on loopback.")
    for access_key, secret in keys.items():
        if not secret or not is_access_key_id(access_key):
            raise ConfigError(
                "An access key needs an id of ASCII characters without ',', '/', ':' and spaces, and a secret."
            )
    return Application(client, keys, insecure, region, clock, tuning or Tuning(), on_request)


class Application:
    """An ASGI application; `close` ends its threads."""

    def __init__(
        self,
        client: VectorsClient,
        keys: Mapping[str, str],
        insecure: bool,
        region: str | None,
        clock: Callable[[], float],
        tuning: Tuning,
        on_request: Callable[[Access], None] | None,
    ) -> None:
        self._client, self._keys, self._insecure, self._region = client, keys, insecure, region
        self._clock, self._tuning, self._on_request = clock, tuning, on_request
        home = client.region if region is None and isinstance(client, EmbeddedClient) else None
        self._regions = Regions(home, any_arn=insecure)
        self._memory = Memory(tuning.held_bytes)
        self._workers = Workers(tuning)
        self._pending = 0

    @property
    def pending(self) -> int:
        """How many requests are being read, worked on or wait to be."""
        return self._pending

    def close(self) -> None:
        """Wait for the operations that run and end the threads."""
        self._workers.close()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request = Request(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"])
        exchange = _Exchange(request, uuid.uuid4().hex)
        start = time.perf_counter()
        self._pending += 1
        try:
            answer = await self._answer(exchange, receive)
        except Disconnected:
            return
        except Exception:
            # The server logs what is raised here; the client is told no more than that it was not its fault.
            await self._reply(send, refuse(InternalError(_FAILED)), exchange, start)
            raise
        finally:
            self._pending -= 1
        await self._reply(send, answer, exchange, start)

    async def _reply(self, send: Send, answer: Answer, exchange: _Exchange, start: float) -> None:
        await _send(send, answer, exchange)
        if self._on_request is not None:
            self._on_request(exchange.access(answer, time.perf_counter() - start))

    async def _answer(self, exchange: _Exchange, receive: Receive) -> Answer:
        request = exchange.request
        if request.path == b"/" and request.method in ("GET", "HEAD"):
            return Answer(200, orjson.dumps(_ABOUT) + b"\n", ((b"content-type", b"application/json"),))
        try:
            if fault := framing_fault(request, self._tuning):
                exchange.closing = True
                raise unserializable(fault)
            exchange.route = _route(request)
            if self._pending > self._tuning.pending:
                raise UnavailableError("Currently unable to handle the request: too many are open, try again.")
            if self._insecure:
                check_local(request)
            else:
                check_head(request, now=self._clock(), region=self._region)
            with self._memory.room() as take:
                body = await read_body(request, receive, take, self._tuning)
                exchange.size = len(body)
                name, packed = exchange.route.operation.name, request.header("content-encoding") is not None
                size = self._tuning.body_bytes if packed else exchange.size  # how much it is unpacked is not known yet
                return await self._workers.run(name, size, self._run, exchange, exchange.route, body)
        except ServiceError as error:
            return refuse(error)

    def _run(self, exchange: _Exchange, found: Route, body: bytearray) -> Answer:
        """Verify, read, do and answer, in a thread of its own."""
        request = exchange.request
        if not self._insecure:
            exchange.access_key = verify(request, body, keys=self._keys, now=self._clock(), region=self._region)
        try:
            arguments = arguments_of(found, request.query, decoded(request, body, self._tuning))
            new_only = request.header(NEW_ONLY_HEADER.decode()) is not None
            return self._perform(found, arguments, self._regions.of(request), new_only=new_only)
        except RecursionError:  # before any effect: what is put is checked before it is written
            raise unserializable("The body is nested too deeply.") from None
        except UnavailableError as error:
            _LOG.warning("%s", error)
            raise UnavailableError("The store is busy with another write: try again in a moment.") from error
        except ServiceError:
            raise
        except MnemoscopeError as error:
            _LOG.warning("%s", error)
            raise _of_storage(error) from error

    def _perform(self, found: Route, arguments: dict[str, Any], region: str | None, *, new_only: bool) -> Answer:
        if new_only and found.operation.call == "put_vectors" and isinstance(self._client, Claiming):
            put = self._client.put_new(**self._regions.asked(arguments, region))
            if not put:
                raise ConflictError("A record with this key already exists")
            return encode({}, (NEW_ONLY_HEADER, b"1"))
        response: Mapping[str, Any] = getattr(self._client, found.operation.call)(**self._regions.asked(arguments, region))
        response = self._regions.told(response, region)
        if found.operation.call != "get_index":
            return encode(response)
        index = response["index"]
        revision = self._client.revision(vectorBucketName=index["vectorBucketName"], indexName=index["indexName"])
        return encode(response, *([(REVISION_HEADER, revision.encode())] if revision is not None else []))


@dataclass
class _Exchange:
    """What is known of a request while it is answered."""

    request: Request
    request_id: str
    route: Route | None = None
    access_key: str | None = None
    size: int = 0
    closing: bool = False

    def access(self, answer: Answer, seconds: float) -> Access:
        operation = self.route.operation.name if self.route else self.request.method[:20]
        return Access(
            self.request_id, operation, answer.status, answer.error, seconds, self.size, len(answer.body), self.access_key
        )


def _route(request: Request) -> Route:
    if request.path == b"/":
        raise MethodNotAllowedError(request.method, "GET, HEAD")
    return route(request.method, request.path)


def _of_storage(error: MnemoscopeError) -> ServiceError:
    """Return what a client may know of trouble with the disk: neither paths nor names of files."""
    if isinstance(error, StorageReadOnlyError):
        return AccessDeniedError("This server may only read its store: nothing was changed.")
    if isinstance(error, StorageFullError):
        return UnavailableError("The server has no space left: nothing was changed. Ask who runs it to free some.")
    if isinstance(error, StorageError):
        return InternalError("The server cannot use its store: ask who runs it to look at its log.")
    return InternalError(_FAILED)


async def _send(send: Send, answer: Answer, exchange: _Exchange) -> None:
    headers = [
        *answer.headers,
        (b"content-length", str(len(answer.body)).encode()),
        (b"x-amzn-requestid", exchange.request_id.encode()),
    ]
    if answer.status == 408 or exchange.closing:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if exchange.request.method == "HEAD" else answer.body})
