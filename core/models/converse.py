"""Converse of Amazon Bedrock, for one tool that the model must call: connected late, retried within bounds, counted.

To answer by a tool with a schema is how every model there writes JSON; what it wrote is checked by who asked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from core.errors import MnemoscopeError, ModelError
from core.models.runtime import Invocations, failure_of
from core.vectors.client import Call, Tracer
from core.vectors.session import SERVICE_FAULTS, AwsOptions, connect

__all__ = ["Converse", "Tool", "Turn"]

_OPERATION: Final = "Converse"
_INTERRUPTED: Final = "Interrupted"
_AGAIN: Final = frozenset({"ModelTimeoutException", "ModelErrorException", "ModelNotReadyException"})
_TRIES: Final = 3
_PAUSE_S: Final = 0.5
_REFUSED: Final = frozenset({"guardrail_intervened", "content_filtered"})
_TOO_LONG: Final = "model_context_window_exceeded"
# One turn of a conversation, in the form of the service.
Turn = Mapping[str, Any]


@dataclass(frozen=True)
class Tool:
    """What the model must call: its name, what it is for, and the JSON schema of its input."""

    name: str
    description: str
    schema: Mapping[str, Any]

    def config(self) -> dict[str, Any]:
        """Return it as the service takes it."""
        spec = {"name": self.name, "description": self.description, "inputSchema": {"json": dict(self.schema)}}
        return {"tools": [{"toolSpec": spec}], "toolChoice": {"tool": {"name": self.name}}}


class Converse:
    """The models of one region that answer in turns; threads may share it."""

    def __init__(
        self,
        options: AwsOptions,
        *,
        tracer: Tracer | None = None,
        connections: int = 4,
        max_attempts: int = 4,
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

    def ask(self, model_id: str, *, system: str, turns: list[Turn], tool: Tool, most_tokens: int, items: int) -> Any:
        """Return the input with which the model called the tool, unchecked; None where it did not call it."""
        sent = {
            "modelId": model_id,
            "system": [{"text": system}],
            "messages": [dict(turn) for turn in turns],
            "inferenceConfig": {"maxTokens": most_tokens, "temperature": 0.0},
            "toolConfig": tool.config(),
        }
        self._call.attempts = self._call.throttled = 0
        start, tokens = time.perf_counter(), None
        error: str | None = _INTERRUPTED  # by Ctrl-C, which no clause below names
        try:
            answer = self._persist(model_id, sent)
            tokens = _tokens(answer)
            found = _called(answer, tool.name, model_id)
            error = None
            return found
        except MnemoscopeError as failure:
            error = getattr(failure, "service_code", type(failure).__name__)
            raise
        finally:
            seen = self._call
            seconds, retries = time.perf_counter() - start, max(0, seen.attempts - 1)
            about = {"modelId": model_id, "texts": items}
            self._count(
                Call(
                    _OPERATION, about, seconds, items, error=error, retries=retries, throttled=seen.throttled, tokens=tokens
                )
            )

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

    def _persist(self, model_id: str, sent: Mapping[str, Any]) -> Any:
        """Ask again where botocore does not: after a model's time-out or failure."""
        client = self._connected()
        for attempt in range(1, _TRIES + 1):
            try:
                return client.converse(**sent)
            except SERVICE_FAULTS as fault:
                if attempt == _TRIES or _code(fault) not in _AGAIN:
                    raise _failure(fault, model_id, str(client.meta.region_name)) from fault
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


def _called(answer: Any, tool: str, model_id: str) -> Any:
    """Return the input of the call that an answer has."""
    stopped = answer.get("stopReason")
    if stopped in _REFUSED:
        raise ModelError(f"{model_id} or its guardrail refused the texts ({stopped}): leave some out, or go without it.")
    if stopped == _TOO_LONG:
        raise ModelError(f"The texts are longer than {model_id} reads: choose fewer, or another model.")
    blocks = ((answer.get("output") or {}).get("message") or {}).get("content") or ()
    for block in blocks:
        used = block.get("toolUse")
        if used is not None and used.get("name") == tool:
            return used.get("input")
    return None


def _tokens(answer: Any) -> int | None:
    used = answer.get("usage") or {}
    count = used.get("totalTokens")
    return count if isinstance(count, int) else None


def _code(fault: Exception) -> str:
    return str(fault.response["Error"]["Code"]) if isinstance(fault, ClientError) else ""


def _failure(fault: Exception, model_id: str, region: str) -> MnemoscopeError:
    """Return our error for a failed call; what speaks of embedders elsewhere speaks of models here."""
    said = fault.response["Error"].get("Message", "") if isinstance(fault, ClientError) else ""
    if _code(fault) == "ResourceNotFoundException":
        return ModelError(f"Region {region} does not serve {model_id} ({said}): choose another region or model.")
    if _code(fault) == "ValidationException" and "on-demand throughput" in said.lower():
        profiles = ", ".join(f"{place}.{model_id}" for place in ("us", "eu", "global"))
        return ModelError(
            f"Region {region} serves {model_id} through an inference profile only: name that instead, as {profiles}."
        )
    return failure_of(fault, model_id=model_id, region=region)
