"""How fast the machine writes: below the rates that S3 Vectors takes for one index, so that agents' writes pass too."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from core.vectors.limits import WRITE_REQUESTS_PER_S, WRITE_VECTORS_PER_S

__all__ = ["NO_PACE", "Pace", "TokenBucket", "pace_of"]


class TokenBucket:
    """Lets `rate` things a second through, and at most as many at once as one second holds."""

    def __init__(self, rate: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = rate
        self._at = clock()

    def take(self, count: float) -> float:
        """Take tokens, on credit where there are not enough, and return the seconds to wait before going on."""
        now = self._clock()
        self._tokens = min(self._rate, self._tokens + (now - self._at) * self._rate) - count
        self._at = now
        return max(0.0, -self._tokens / self._rate)


class Pace:
    """Waits before a write where it would be more than the service's share for us; None waits never."""

    def __init__(
        self,
        *,
        requests_per_s: float | None = WRITE_REQUESTS_PER_S,
        vectors_per_s: float | None = WRITE_VECTORS_PER_S,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._requests = TokenBucket(requests_per_s, clock=clock) if requests_per_s else None
        self._vectors = TokenBucket(vectors_per_s, clock=clock) if vectors_per_s else None
        self._sleep = sleep

    def before(self, vectors: int) -> None:
        """Wait until one request with so many vectors may be sent."""
        waits = (
            self._requests.take(1) if self._requests else 0.0,
            self._vectors.take(vectors) if self._vectors else 0.0,
        )
        if max(waits) > 0:
            self._sleep(max(waits))


NO_PACE: Final = Pace(requests_per_s=None, vectors_per_s=None)


def pace_of(uri: str) -> Pace:
    """Return the pace for a store: a directory takes what comes."""
    return Pace() if uri.startswith("s3vectors:") else NO_PACE
