"""When a server that did not answer is asked again: later each time, so that a dead one costs next to nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Patience"]

_FIRST_S: Final = 1.0
_LONGEST_S: Final = 30.0


class Patience:
    """A second after the first failure, twice as long after each further try, half a minute at most. Thread-safe."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wait, self._until = 0.0, 0.0
        self._trying = False

    def ready(self) -> bool:
        """Say whether to ask now; of several who ask at the end of a wait, one is let through."""
        with self._lock:
            if not self._wait:
                return True
            if self._clock() < self._until:
                return False
            self._until, self._trying = self._clock() + self._wait, True
            return True

    def failed(self) -> None:
        """Learn that there was no answer; of several who ask at once, one counts."""
        with self._lock:
            if self._wait and not self._trying:
                return
            self._wait, self._trying = min(max(_FIRST_S, 2 * self._wait), _LONGEST_S), False
            self._until = self._clock() + self._wait

    def worked(self) -> None:
        """Learn that there was one."""
        if self._wait:
            with self._lock:
                self._wait, self._trying = 0.0, False
