"""InvokeModel of Amazon Bedrock: connected late, retried within bounds, counted, every failure in our own tree."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError, IncompleteReadError, ResponseStreamingError

from core.errors import (
    AccessDeniedError,
    InternalError,
    MnemoscopeError,
    ModelError,
    QuotaExceededError,
    ServiceError,
    TooManyRequestsError,
    UnavailableError,
    ValidationError,
)
from core.vectors.client import Call, Tracer
from core.vectors.session import SERVICE_FAULTS, AwsOptions, connect, translated

__all__ = ["Answer", "Invocations", "Runtime", "TooLongError", "failure_of"]

_OPERATION: Final = "InvokeModel"
# What botocore's adaptive mode does not try again: the model took too long or failed, or the answer broke off.
_AGAIN: Final = frozenset({"ModelTimeoutException", "ModelErrorException"})
_INTERRUPTED: Final = "Interrupted"
_TRIES: Final = 3
_PAUSE_S: Final = 0.5
_BY_CODE: Final[Mapping[str, type[ServiceError]]] = {
    "AccessDeniedException": AccessDeniedError,
    "ThrottlingException": TooManyRequestsError,
    "ServiceQuotaExceededException": QuotaExceededError,
    "ModelTimeoutException": UnavailableError,
    "ModelErrorException": UnavailableError,
    "ModelNotReadyException": UnavailableError,
    "ServiceUnavailableException": UnavailableError,
    "InternalServerException": InternalError,
    "ValidationException": ValidationError,
}
_TOO_LONG: Final = ("too many input tokens", "too long", "expected maxlength", "maximum context length")


class TooLongError(ModelError):
    """A text is longer than the model reads; shorter windows may fit."""


@dataclass(frozen=True)
class Answer:
    """The body of an answer as JSON, and its headers by lower-case name."""

    body: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Invocations:
    """What was asked so far: `untold` requests did not tell their tokens, so that `tokens` is a lower bound."""

    requests: int = 0
    errors: int = 0
    retries: int = 0
    throttled: int = 0
    tokens: int = 0
    untold: int = 0
    seconds: float = 0.0


class Runtime:
    """The models of one region; threads may share it, up to `connections` at a time."""

    def __init__(
        self,
        options: AwsOptions,
        *,
        tracer: Tracer | None = None,
        connections: int = 8,
        max_attempts: int = 6,
        read_timeout: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._tracer = tracer
        self._connections = connections
        self._max_attempts = max_attempts
        self._read_timeout = read_timeout
        self._sleep = sleep
        self._lock = threading.Lock()
        self._client: Any = None
        self._counted = Invocations()
        self._call = threading.local()

    def invoke(
        self, model_id: str, body: Mapping[str, Any], *, items: int, tokens: Callable[[Any, Mapping[str, str]], int | None]
    ) -> Answer:
        """Return the answer of one call; raise TooLongError, or the error that says what to do."""
        sent = json.dumps(body).encode()
        self._call.attempts = self._call.throttled = 0
        start, read, received = time.perf_counter(), None, 0
        error: str | None = _INTERRUPTED  # by Ctrl-C, which no clause below names
        try:
            answer, received = self._persist(model_id, sent)
            read = tokens(answer.body, answer.headers) if isinstance(answer.body, Mapping) else None
            error = None
            return answer
        except MnemoscopeError as failure:
            error = getattr(failure, "service_code", type(failure).__name__)
            raise
        finally:
            seen = self._call
            call = Call(
                _OPERATION,
                {"modelId": model_id, "texts": items},
                time.perf_counter() - start,
                items,
                request_bytes=len(sent),
                response_bytes=received,
                error=error,
                retries=max(0, seen.attempts - 1),
                throttled=seen.throttled,
                tokens=read,
            )
            self._count(call)

    def counted(self) -> Invocations:
        """Return what was asked so far."""
        with self._lock:
            return self._counted

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _persist(self, model_id: str, sent: bytes) -> tuple[Answer, int]:
        """Ask again where botocore does not: after a model's time-out or failure, and when the answer breaks off."""
        client = self._connected()
        for attempt in range(1, _TRIES + 1):
            try:
                return _once(client, model_id, sent)
            except SERVICE_FAULTS as fault:
                if attempt == _TRIES or not (_code(fault) in _AGAIN or _broke_off(fault)):
                    raise failure_of(fault, model_id=model_id, region=str(client.meta.region_name)) from fault
            self._sleep(_PAUSE_S * 2 ** (attempt - 1))
        raise AssertionError("the last try returns or raises")

    def _connected(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = connect(
                    "bedrock-runtime",
                    self._options,
                    connections=self._connections,
                    max_attempts=self._max_attempts,
                    read_timeout=self._read_timeout,
                )
                self._client.meta.events.register(f"response-received.bedrock-runtime.{_OPERATION}", self._see)
            return self._client

    def _see(self, response_dict: Mapping[str, Any] | None = None, **_: Any) -> None:
        """Note one attempt; botocore tells of each in the thread that made the call."""
        self._call.attempts += 1
        self._call.throttled += (response_dict or {}).get("status_code") == 429

    def _count(self, call: Call) -> None:
        with self._lock:
            old = self._counted
            self._counted = replace(
                old,
                requests=old.requests + 1,
                errors=old.errors + (call.error is not None),
                retries=old.retries + call.retries,
                throttled=old.throttled + call.throttled,
                tokens=old.tokens + (call.tokens or 0),
                untold=old.untold + (call.error is None and call.tokens is None),
                seconds=old.seconds + call.seconds,
            )
        if self._tracer:
            self._tracer(call)


def _once(client: Any, model_id: str, sent: bytes) -> tuple[Answer, int]:
    response = client.invoke_model(modelId=model_id, body=sent, contentType="application/json", accept="application/json")
    with closing(response["body"]) as stream:  # as its own context it would give the raw stream, with errors of urllib3
        raw = stream.read()
    headers = {name.lower(): value for name, value in response["ResponseMetadata"]["HTTPHeaders"].items()}
    try:
        return Answer(json.loads(raw), headers), len(raw)
    except ValueError:
        raise ModelError(
            f"{model_id} answered {len(raw):,} bytes that are not JSON: check the endpoint that it is served by."
        ) from None


def _broke_off(fault: Exception) -> bool:
    return isinstance(fault, IncompleteReadError | ResponseStreamingError)


def _code(fault: Exception) -> str:
    """Return the code that the service gave; a general mapping would lose which of a model's failures it was."""
    return str(fault.response["Error"]["Code"]) if isinstance(fault, ClientError) else ""


def failure_of(fault: Exception, *, model_id: str, region: str) -> MnemoscopeError:
    """Return our error for a failed call of a model, with what to do about it."""
    failure, code = translated(fault, service="Amazon Bedrock"), _code(fault)
    if not isinstance(failure, ServiceError):
        return failure
    said = failure.message
    if code == "ResourceNotFoundException":
        return ModelError(f"Region {region} does not serve {model_id} ({said}): choose another region or embedder.")
    if code == "ValidationException":
        if "on-demand throughput" in said.lower():
            return ModelError(
                f"Region {region} serves {model_id} through an inference profile only: set MNEMOSCOPE_EMBEDDER to "
                f"us.{model_id}, eu.{model_id} or global.{model_id}; the vectors are the same."
            )
        kind = TooLongError if any(words in said.lower() for words in _TOO_LONG) else ModelError
        return kind(f"{model_id} refused the request: {said}")
    if code == "AccessDeniedException":
        said = (
            f"No access to {model_id} in {region}: allow bedrock:InvokeModel on it, and enable it on the page "
            f"'Model access' of the Amazon Bedrock console. The service says: {said}"
        )
    elif code == "ThrottlingException":
        said = f"Amazon Bedrock is still throttling {model_id} in {region} after every retry: try later, or raise the quota."
    return _BY_CODE[code](said, code=code) if code in _BY_CODE else failure
