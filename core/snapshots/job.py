"""Work that goes on while a page is drawn: how far it is, the way to stop it, and what went wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from core.errors import CancelledError, MnemoscopeError

__all__ = ["Job", "Progress"]

_UNEXPECTED = "Reading index {!r} ended unexpectedly: the log of this program says why; try again."


@dataclass(frozen=True)
class Progress:
    """How far a job is: `done` of `total` in the unit of its stage, a record or a vector; `total` is None if unknown."""

    stage: str
    done: int
    total: int | None
    started_at: datetime


class Job:
    """One piece of work on one index, in a thread of its own; made and started by Snapshots."""

    def __init__(self, index: str, *, clock: Callable[[], datetime]) -> None:
        self.index = index
        self.error: MnemoscopeError | None = None
        self._clock = clock
        self._done = threading.Event()
        self._cancelled = threading.Event()
        self._progress = Progress("waiting", 0, None, clock())

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._progress

    @property
    def started_at(self) -> datetime:
        """When it was asked for."""
        return self._progress.started_at

    @property
    def done(self) -> bool:
        """Say whether it has ended, well or not."""
        return self._done.is_set()

    @property
    def cancelled(self) -> bool:
        """Say whether somebody stopped it."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Stop at the next page of the service; what was shown before stays."""
        self._cancelled.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end and say whether it came."""
        return self._done.wait(seconds)

    def at(self, stage: str, done: int = 0, total: int | None = None) -> None:
        """Note how far the job is."""
        self._progress = Progress(stage, done, total, self.started_at)

    def stop_if_cancelled(self) -> None:
        """Raise CancelledError if somebody stopped the job."""
        if self.cancelled:
            done = self._progress.done
            raise CancelledError(f"Reading index {self.index!r} was stopped after {done:,}: start it again to go on.")

    def pause(self, seconds: float) -> None:
        """Wait a moment, less if somebody stops the job."""
        self._cancelled.wait(seconds)
        self.stop_if_cancelled()

    def start(
        self,
        work: Callable[[], None],
        *,
        slots: threading.Semaphore,
        ended: Callable[[MnemoscopeError | None], None] | None = None,
    ) -> None:
        """Run `work` in a thread once a slot is free; `ended` is told the error of ours that it met, before `done`."""
        # A daemon: the end of the program waits for nobody's listing, and half a listing has written nothing.
        thread = threading.Thread(target=self._run, args=(work, slots, ended), name=f"snapshot-{self.index}", daemon=True)
        thread.start()

    def _run(
        self, work: Callable[[], None], slots: threading.Semaphore, ended: Callable[[MnemoscopeError | None], None] | None
    ) -> None:
        error: MnemoscopeError | None = MnemoscopeError(_UNEXPECTED.format(self.index))
        try:
            with slots:
                self.stop_if_cancelled()
                work()
            error = None
        except MnemoscopeError as met:
            error = met
        finally:  # also of an error that is not ours, which the thread's end prints
            self.error = error
            if ended:
                ended(error)
            self._done.set()
