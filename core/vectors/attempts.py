"""Calls of S3 Vectors through boto3: sent again where that may help, within bounds, every one counted.

botocore sends once and, in its mode "adaptive", holds back after a 429; whether to send again is decided here, because
botocore does not do so for answers that break off, and because a create or delete that was sent twice needs a second look.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from botocore import xform_name
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError

from core.errors import (
    CancelledError,
    InternalError,
    MnemoscopeError,
    RequestTimeoutError,
    ServiceError,
    TooManyRequestsError,
    UnavailableError,
    UnreachableError,
)
from core.vectors.answers import read_answer
from core.vectors.bodies import write_vectors_apart
from core.vectors.client import Call, Tracer
from core.vectors.failures import BOTO_FAULTS, translated
from core.vectors.settling import settled

__all__ = ["Caller"]

_AGAIN: Final = (InternalError, RequestTimeoutError, TooManyRequestsError, UnavailableError, UnreachableError)
_NEVER_SENT: Final = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
_CONNECT_ATTEMPTS: Final = 3  # a wrong address does not get better, and a person is waiting
_FIRST_WAIT: Final = 0.2  # seconds; doubled for each attempt
_LOOK_SECONDS: Final = 0.1  # how often a wait looks whether to go on
_INTERRUPTED: Final = "Interrupted"


@dataclass(frozen=True)
class _Failure:
    error: MnemoscopeError
    fault: Exception

    @property
    def again(self) -> bool:
        """Whether to send again may help."""
        return isinstance(self.error, _AGAIN) and not isinstance(self.fault, SSLError)

    @property
    def doubtful(self) -> bool:
        """Whether the service may have done what was asked, and only its answer was lost."""
        return self.again and not isinstance(self.error, TooManyRequestsError) and not isinstance(self.fault, _NEVER_SENT)

    @property
    def asked_wait(self) -> float:
        """Seconds that the service asks to wait."""
        headers = (
            self.fault.response["ResponseMetadata"].get("HTTPHeaders", {}) if isinstance(self.fault, ClientError) else {}
        )
        seconds = headers.get("retry-after", "")
        return float(seconds) if seconds.isdecimal() else 0.0


@dataclass
class _Tally:
    """What one call took: bytes of all its attempts, and how many there were beyond the first."""

    request_bytes: int = 0
    response_bytes: int = 0
    retries: int = 0
    throttled: int = 0


class Caller:
    """Sends operations by their name in the service's model; threads may share it."""

    def __init__(self, connect: Callable[[], Any], *, tracer: Tracer | None, max_attempts: int, longest_wait: float) -> None:
        """Connect at the first call; `longest_wait` is in seconds, and the tracer is told from the thread that called."""
        self._connect = connect
        self._tracer = tracer
        self._max_attempts, self._longest_wait = max_attempts, longest_wait
        self._client: Any = None
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._current = threading.local()

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any],
        *,
        stop: threading.Event | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return the answer with botocore's `ResponseMetadata`; once `stop` is set, nothing is sent again.

        `headers` are sent and signed with the request.
        """
        client = self._connected()
        self._current.headers = headers or {}
        start, items, tally = time.perf_counter(), 0, _Tally()
        error: str | None = _INTERRUPTED  # by Ctrl-C, which no clause below names
        try:
            answer = self._persist(client, operation, arguments, tally, stop)
            items, error = next((len(value) for value in answer.values() if isinstance(value, list)), 0), None
            return answer
        except MnemoscopeError as failure:
            error = failure.service_code if isinstance(failure, ServiceError) else type(failure).__name__
            raise
        finally:
            if self._tracer is not None:
                self._tracer(Call(operation, arguments, time.perf_counter() - start, items, error=error, **vars(tally)))

    def close(self) -> None:
        """Close the connections; calls that wait to be sent again stop waiting."""
        self._closed.set()
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _connected(self) -> Any:
        with self._lock:
            if self._closed.is_set():
                raise UnreachableError("The connection to S3 Vectors was closed: open the store again.")
            if self._client is None:
                client = self._connect()
                write_vectors_apart(client)
                client.meta.events.register("before-call.s3vectors", self._on_call)
                client.meta.events.register("before-send.s3vectors", self._on_request)
                client.meta.events.register("before-parse.s3vectors", self._on_answer)
                self._client = client
            return self._client

    def _persist(
        self, client: Any, operation: str, arguments: Mapping[str, Any], tally: _Tally, stop: threading.Event | None
    ) -> dict[str, Any]:
        doubt = False
        while True:
            outcome = self._attempt(client, operation, arguments, tally)
            if isinstance(outcome, dict):
                return outcome
            tally.throttled += isinstance(outcome.error, TooManyRequestsError)
            if doubt and (answer := self._settled(client, operation, arguments, outcome, tally)) is not None:
                return answer
            attempts = (
                min(self._max_attempts, _CONNECT_ATTEMPTS) if isinstance(outcome.fault, _NEVER_SENT) else self._max_attempts
            )
            if not outcome.again or tally.retries + 1 >= attempts:
                raise outcome.error from outcome.fault
            doubt = doubt or outcome.doubtful
            if self._stopped(stop, self._pause(tally.retries, outcome)):
                raise CancelledError(f"{operation} was stopped before it could be sent again.") from outcome.error
            tally.retries += 1

    def _stopped(self, stop: threading.Event | None, seconds: float) -> bool:
        """Wait; return True as soon as the caller's own `stop` is set, or the connection closed."""
        end = time.monotonic() + seconds
        while not self._closed.is_set() and not (stop and stop.is_set()):
            left = end - time.monotonic()
            if left <= 0:
                return False
            self._closed.wait(min(left, _LOOK_SECONDS) if stop else left)
        return True

    def _attempt(
        self, client: Any, operation: str, arguments: Mapping[str, Any], tally: _Tally
    ) -> dict[str, Any] | _Failure:
        self._current.tally = tally
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**arguments)
            return answer
        except BOTO_FAULTS as fault:
            service = f"S3 Vectors at {client.meta.endpoint_url}"
            return _Failure(translated(fault, service=service, operation=f"s3vectors:{operation}"), fault)

    def _settled(
        self, client: Any, operation: str, arguments: Mapping[str, Any], failure: _Failure, tally: _Tally
    ) -> dict[str, Any] | None:
        """Return the answer where an earlier attempt did it all; if that cannot be found out, the failure stands."""

        def ask(other: str, about: dict[str, Any]) -> dict[str, Any]:
            found = self._attempt(client, other, about, tally)
            if isinstance(found, _Failure):
                raise found.error from found.fault
            return found

        with suppress(MnemoscopeError):
            return settled(operation, arguments, failure.error, ask)
        return None

    def _pause(self, retries: int, failure: _Failure) -> float:
        # Half of it by chance, so that many clients that were refused together do not come back together.
        wait: float = _FIRST_WAIT * 2**retries * random.uniform(0.5, 1.0)
        return min(max(wait, failure.asked_wait), self._longest_wait)

    def _on_call(self, params: dict[str, Any], **_: Any) -> None:
        params["headers"].update(self._current.headers)

    def _on_request(self, request: Any, **_: Any) -> None:
        self._current.tally.request_bytes += len(request.body or b"")

    def _on_answer(
        self, operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
    ) -> None:
        self._current.tally.response_bytes += len(response_dict["body"])
        if response_dict["status_code"] < 300:
            read_answer(operation_model, response_dict, customized_response_dict)
