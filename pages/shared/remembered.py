"""What a service was asked for a moment ago: asked again in the background, so that no run waits for a slow answer twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from core.analysis.snapshot import Job
from core.errors import CredentialsError, MnemoscopeError, ServiceError, UnreachableError

__all__ = ["Remembered", "to_minute"]

_T = TypeVar("_T")
_THREADS: Final = 4


@dataclass(frozen=True)
class _Answer:
    value: Any
    at: float
    error: MnemoscopeError | None = None


class Remembered:
    """Answers by key, thread-safe; each is good for `max_age_s` and stays while the service cannot be reached."""

    def __init__(self, *, max_age_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_age, self._clock = max_age_s, clock
        self._answers: dict[Hashable, _Answer] = {}
        self._jobs: dict[Hashable, Job] = {}
        self._slots = threading.BoundedSemaphore(_THREADS)
        self._lock = threading.Lock()

    def get(self, key: Hashable, ask: Callable[[], _T], *, wait_s: float) -> tuple[_T, MnemoscopeError | None]:
        """Return the answer, and why it could not be had anew; a first one is waited for, and its error raised.

        The one of before is given if a newer one takes longer than `wait_s`.
        """
        with self._lock:
            known = self._answers.get(key)
            if known and self._clock() - known.at < self._max_age:
                return known.value, known.error
            job = self._jobs.get(key) or self._start(key, ask)
        job.wait(wait_s if known else None)
        with self._lock:
            found = self._answers.get(key)
        if found is None:
            raise job.error or UnreachableError("The service gave no answer: try again.")
        return found.value, found.error

    def forget(self) -> None:
        """Ask for everything anew at the next time; answers stay as what to fall back on."""
        with self._lock:
            self._answers = {
                key: _Answer(answer.value, float("-inf"), answer.error) for key, answer in self._answers.items()
            }

    def _start(self, key: Hashable, ask: Callable[[], Any]) -> Job:
        job = self._jobs[key] = Job("", clock=lambda: datetime.now(UTC))
        got: list[Any] = []

        def ended(error: MnemoscopeError | None) -> None:
            with self._lock:
                self._jobs.pop(key, None)
                former = self._answers.get(key)
                if error is None:
                    self._answers[key] = _Answer(got[0], self._clock())
                elif former and _passes(error):
                    self._answers[key] = _Answer(former.value, self._clock(), error)
                else:
                    self._answers.pop(key, None)

        job.start(lambda: got.append(ask()), slots=self._slots, ended=ended)
        return job


def _passes(error: MnemoscopeError) -> bool:
    """Say whether an error tells of the service, not of what was asked: what was known before is still worth showing."""
    return isinstance(error, UnreachableError | CredentialsError) or (
        isinstance(error, ServiceError) and error.status in (408, 429, 500, 503)
    )


def to_minute(at: datetime) -> datetime:
    """Return a moment less its seconds: what moves with the clock is worked out once a minute."""
    return at.replace(second=0, microsecond=0)
