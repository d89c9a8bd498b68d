"""One connection: uvicorn's HTTP/1.1 protocol, with bounds on slow clients and on what is read after an early answer."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from core.errors import ValidationError
from core.vectors.server.tuning import Tuning
from core.vectors.server.wire import refuse

__all__ = ["protocol_of"]


class _Protocol(H11Protocol):
    """Closes a connection whose headers do not come, whose refused body does not end, or whose answer nobody reads."""

    tuning: ClassVar[Tuning]
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _dropped = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.tuning.connections:
            transport.abort()
            return
        # asyncio does so only for sockets that it made itself; without it each answer waits 40 ms for the client's ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        answered = self.cycle is not None and self.cycle.response_complete
        if self.conn.their_state is h11.SEND_BODY and answered:  # what uvicorn now reads only to drop it
            self._dropped += len(data)
            if self._dropped > self.tuning.drained_bytes:
                self.transport.abort()
            self._arm()
        elif self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self._dropped = 0
            self._arm()
        else:
            self._disarm()

    def _arm(self) -> None:
        """Let the connection wait no longer than this; parts that come meanwhile give it no more time."""
        if self._timer is None:
            self._timer = self.loop.call_later(self.tuning.head_s, self.transport.abort)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(0)

    def resume_writing(self) -> None:
        self._unwatch()
        super().resume_writing()

    def _watch(self, before: int) -> None:
        """Look in a while whether any of the answer was read, and give it up if not."""
        waiting = self.transport.get_write_buffer_size()
        if waiting == before:
            self.transport.abort()
        else:
            self._stalled = self.loop.call_later(self.tuning.idle_s, self._watch, waiting)

    def _unwatch(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY:
            self._arm()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP in the form of every other error, if nothing was answered yet."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            answer = refuse(ValidationError(msg, code="SerializationException"))
            headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode()), (b"connection", b"close")]
            events: list[Any] = [
                h11.Response(status_code=answer.status, headers=headers, reason=b"Bad Request"),
                h11.Data(data=answer.body),
                h11.EndOfMessage(),
            ]
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def protocol_of(tuning: Tuning) -> type[asyncio.Protocol]:
    """Return the protocol with these bounds."""
    return type("Protocol", (_Protocol,), {"tuning": tuning})
