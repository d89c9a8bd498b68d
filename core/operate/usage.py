"""What was called since when: a tracer that sums up calls, bytes, retries and an estimate of their cost."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, TypeVar

from core.operate.prices import Prices, call_cost
from core.vectors.client import Call, Tracer

__all__ = ["Failure", "Usage", "UsageMeter", "UsageRow", "fan_out"]

_RECENT: Final = 50
_TOTAL: Final = "total"
_Number = TypeVar("_Number", int, float)


@dataclass(frozen=True)
class UsageRow:
    """One operation, or the total of all: bytes, tokens and dollars are None where nobody told them."""

    operation: str
    calls: int = 0
    errors: int = 0
    retries: int = 0
    throttled: int = 0
    items: int = 0
    seconds: float = 0.0
    request_bytes: int | None = None
    response_bytes: int | None = None
    tokens: int | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Failure:
    """A call that failed: when, which operation, and the code; nothing of what it was about."""

    at: datetime
    operation: str
    code: str


@dataclass(frozen=True)
class Usage:
    """Rows by operation name; `at_least` says that the cost lacks a part, as the bytes that queries go through."""

    since: datetime
    rows: tuple[UsageRow, ...]
    total: UsageRow
    at_least: bool
    failures: tuple[Failure, ...] = field(default=(), repr=False)


def fan_out(*tracers: Tracer | None) -> Tracer:
    """Return a tracer that tells each of these, in order."""
    told = [tracer for tracer in tracers if tracer is not None]

    def tell(call: Call) -> None:
        for tracer in told:
            tracer(call)

    return tell


class UsageMeter:
    """A tracer for any number of threads. Without prices, as for a local store, nothing has a cost."""

    def __init__(self, *, prices: Prices | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._prices = prices
        self._clock = clock
        self._lock = threading.Lock()
        self._start()

    def __call__(self, call: Call) -> None:
        """Count one call."""
        failure = None if call.error is None else Failure(self._clock(), call.operation, call.error)
        cost = None
        if self._prices is not None and call.error is None:
            cost = call_cost(call, prices=self._prices)
        with self._lock:
            row = self._rows.get(call.operation) or UsageRow(call.operation)
            self._rows[call.operation] = _with(row, call, cost)
            if failure is not None:
                self._failures.append(failure)
            elif self._prices is not None:
                self._at_least |= cost is None or call.operation == "QueryVectors"

    def snapshot(self) -> Usage:
        """Return what was counted so far."""
        with self._lock:
            rows = tuple(sorted(self._rows.values(), key=lambda row: row.operation))
            return Usage(self._since, rows, _total(rows), self._at_least, tuple(self._failures))

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._start()

    def _start(self) -> None:
        self._since = self._clock()
        self._rows: dict[str, UsageRow] = {}
        self._failures: deque[Failure] = deque(maxlen=_RECENT)
        self._at_least = False


def _with(row: UsageRow, call: Call, cost: float | None) -> UsageRow:
    # The embedded engine moves no bytes over a wire: 0 is "not told".
    return replace(
        row,
        calls=row.calls + 1,
        errors=row.errors + (call.error is not None),
        retries=row.retries + call.retries,
        throttled=row.throttled + call.throttled,
        items=row.items + call.items,
        seconds=row.seconds + call.seconds,
        request_bytes=_sum(row.request_bytes, call.request_bytes or None),
        response_bytes=_sum(row.response_bytes, call.response_bytes or None),
        tokens=_sum(row.tokens, call.tokens),
        cost=_sum(row.cost, cost),
    )


def _total(rows: tuple[UsageRow, ...]) -> UsageRow:
    total = UsageRow(_TOTAL)
    for row in rows:
        total = replace(
            total,
            calls=total.calls + row.calls,
            errors=total.errors + row.errors,
            retries=total.retries + row.retries,
            throttled=total.throttled + row.throttled,
            items=total.items + row.items,
            seconds=total.seconds + row.seconds,
            request_bytes=_sum(total.request_bytes, row.request_bytes),
            response_bytes=_sum(total.response_bytes, row.response_bytes),
            tokens=_sum(total.tokens, row.tokens),
            cost=_sum(total.cost, row.cost),
        )
    return total


def _sum(one: _Number | None, other: _Number | None) -> _Number | None:
    if one is None or other is None:
        return one if other is None else other
    return one + other
