"""The application on uvicorn: in the foreground until a signal, or in a thread for a block of code."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import errno
import functools
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Final, Self

import uvicorn

from core.errors import ConfigError
from core.vectors.client import VectorsClient
from core.vectors.embedded.engine import DEFAULT_ACCOUNT, DEFAULT_REGION, EmbeddedClient
from core.vectors.server.app import Access, Application, create_app
from core.vectors.server.origin import is_loopback
from core.vectors.server.protocol import protocol_of
from core.vectors.server.tuning import Tuning

__all__ = ["RunningServer"]

_START_S: Final = 30.0
_TURNS: Final = 5  # of the event loop, until a socket that it took is a connection
_BACKLOG: Final = 128  # connections taken at once, before any of them can be refused


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it is up and leaves signals to its caller once it is down."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is idle, wait for what is not; a connection taken at the last moment is told as every other."""
        for server in self.servers:
            server.close()
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        await super().shutdown(sockets=sockets)
        for connection in [*self.server_state.connections]:  # longer than the grace
            connection.transport.abort()
        await asyncio.sleep(0)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def stopped_by(self) -> int | None:
        """The first signal that came."""
        return self._captured_signals[0] if self._captured_signals else None


class RunningServer:
    """A server over a directory, made if need be, or over a client, which stays open.

    As a context manager it runs in a thread for the block; `run` runs it in the foreground until SIGINT or SIGTERM and
    returns the signal's number. `port` 0 takes a free one. Raises ConfigError for an address that cannot be had, and
    for `insecure` on one that is not loopback. create_app says what the other arguments are.
    """

    def __init__(
        self,
        store: str | os.PathLike[str] | VectorsClient,
        *,
        access_keys: Mapping[str, str] | None = None,
        insecure: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        account: str = DEFAULT_ACCOUNT,
        region: str | None = None,
        read_only: bool = False,
        clock: Callable[[], float] = time.time,
        tuning: Tuning | None = None,
        on_request: Callable[[Access], None] | None = None,
    ) -> None:
        _check_host(host, insecure=insecure)
        self.tuning = _within_limits(tuning or Tuning())
        self.store = os.fspath(store) if isinstance(store, (str, os.PathLike)) else type(store).__name__
        with contextlib.ExitStack() as stack:
            self._socket = stack.enter_context(contextlib.closing(_bound(host, port)))
            client = store
            if isinstance(client, (str, os.PathLike)):
                opened = functools.partial(EmbeddedClient, arrays=True, read_only=read_only, account=account, clock=clock)
                made = opened(os.fspath(client), region=region or DEFAULT_REGION)
                client = stack.enter_context(contextlib.closing(made))
            self._app = create_app(
                client,
                access_keys=access_keys,
                insecure=insecure,
                region=region,
                clock=clock,
                tuning=self.tuning,
                on_request=on_request,
            )
            stack.callback(self._app.close)
            self._open = stack.pop_all()
        self.host, self.port = host, self._socket.getsockname()[1]
        self._server = _Server(_config(self._app, self.tuning))
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def pending(self) -> int:
        """How many requests are open."""
        return self._app.pending

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._server.server_state.connections)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), name="s3vectors-server", daemon=True
        )
        self._thread.start()
        if not self._server.up.wait(_START_S):
            raise ConfigError(f"The server did not start at {self.url} within {_START_S:.0f} seconds.")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Let open requests finish and close everything; more than once does no harm."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._open.close()

    def run(self) -> int | None:
        """Serve in the foreground until a signal, and return its number."""
        try:
            self._server.run([self._socket])
        finally:
            self._open.close()
        return self._server.stopped_by


def _within_limits(tuning: Tuning) -> Tuning:
    """Return the tuning with no more connections than leave room for the files of the store."""
    if sys.platform == "win32":
        return tuning
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return tuning
    return dataclasses.replace(tuning, connections=max(1, min(tuning.connections, most // 2)))


def _check_host(host: str, *, insecure: bool) -> None:
    if insecure and not is_loopback(host):
        raise ConfigError(
            f"Without signatures anybody who reaches {host} could write: use 127.0.0.1, or give an access key."
        )


def _config(app: Application, tuning: Tuning) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=protocol_of(tuning),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=tuning.keep_alive_s,
        timeout_graceful_shutdown=tuning.grace_s,
        h11_max_incomplete_event_size=tuning.head_bytes,
    )


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens at the address."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        number = getattr(error, "errno", None)
        if number == errno.EADDRINUSE:
            raise ConfigError(
                f"Port {port} of {host} is in use: choose another with --port, or stop what uses it."
            ) from error
        if number == errno.EACCES:
            raise ConfigError(
                f"Port {port} of {host} may not be used by you: choose one from 1024 on with --port."
            ) from error
        raise ConfigError(
            f"{host}:{port} is no address of this machine ({error}): choose another --host or --port."
        ) from error
