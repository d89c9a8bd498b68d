"""The one worker of a server and the queue before it: one map at a time, and a worker that died is started again."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from core.errors import MnemoscopeError
from core.maps.memory import MEMORY_VARIABLE
from core.maps.order import Order
from core.maps.process import Process

__all__ = ["Engine", "Outcome", "Task"]

# A worker that died while it had nothing to do, or could not read what it had compiled, costs nobody a map.
_TRIES: Final = 2


@dataclass(frozen=True)
class Outcome:
    """How a task ended: done, cancelled, or why not."""

    done: bool = False
    cancelled: bool = False
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Task:
    """One order and who hears of it. `begin` makes it when its turn comes, None where it is not needed any more.

    It may be asked to begin again. All three are called in the engine's thread.
    """

    begin: Callable[[int], Order | None]
    heard: Callable[[dict[str, Any]], None]
    ended: Callable[[Outcome], None]


class Engine:
    """Starts, feeds and ends the worker; every method may be called from any thread and returns at once."""

    def __init__(self, start: Callable[[], Process]) -> None:
        """Take what starts a worker."""
        self._start = start
        self._changed = threading.Condition()
        self._waiting: deque[Task] = deque()
        self._running: Task | None = None
        self._stopped: set[Task] = set()
        self._process: Process | None = None
        self._thread: threading.Thread | None = None
        self._wanted = self._closed = False
        self._refused = ""
        self._number = 0

    @property
    def pid(self) -> int | None:
        """The number of the worker's process, None while there is none."""
        with self._changed:
            return self._process.pid if self._process is not None and self._process.alive else None

    @property
    def orders(self) -> int:
        """How many tasks were begun so far."""
        return self._number

    def warm(self) -> None:
        """Start the worker, so that it is there for the first task."""
        self._wake(lambda: setattr(self, "_wanted", True))

    def submit(self, task: Task) -> None:
        """Put a task into the queue; after `close` nothing becomes of it."""
        self._wake(lambda: self._waiting.append(task))

    def cancel(self, task: Task) -> None:
        """Take a task out of the queue, or kill the worker that is at it; its `ended` is called in the engine's thread."""
        with self._changed:
            if task in self._waiting or task is self._running:
                self._stopped.add(task)
                if task is self._running and self._process is not None:
                    self._process.kill()
            self._changed.notify_all()

    def withdraw(self, task: Task) -> None:
        """Take a task out of the queue; one that is being worked on goes on."""
        with self._changed:
            if task in self._waiting:
                self._stopped.add(task)

    def close(self, *, wait: bool = True) -> None:
        """End the worker and the thread, and wait for that; what waits is cancelled."""
        with self._changed:
            self._closed = True
            self._stopped |= set(self._waiting)
            if self._running is not None:
                self._stopped.add(self._running)
            if self._process is not None:
                self._process.kill()
            self._changed.notify_all()
            thread = self._thread
        if wait and thread is not None and thread is not threading.current_thread():
            thread.join()

    def _wake(self, change: Callable[[], object]) -> None:
        with self._changed:
            if self._closed:
                return
            change()
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="maps", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _serve(self) -> None:
        """Run one task after the other; the engine's thread."""
        while self._turn():
            pass
        self._end()

    def _turn(self) -> bool:
        """Wait for a task and run it, or start the worker; return False at the end. It holds no task while it waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting or (self._wanted and self._process is None))
            task = self._running = self._waiting.popleft() if self._waiting else None
            if task is None:
                if self._closed:
                    return False
                self._wanted = False
        if task is not None:
            self._one(task)
        elif self._live() is not None:
            with self._changed:
                self._wanted = True
        return True

    def _one(self, task: Task) -> None:
        """Run a task and say how it ended; what goes wrong here goes to the log, and the next task is run all the same."""
        outcome = Outcome(problem=_problem("unexpected", "an error of this program"))
        try:
            outcome = self._carried_out(task)
        except Exception:  # noqa: BLE001  (the log has it, the outcome says that it went wrong, and the thread must live)
            traceback.print_exc()
            self._end()
        with self._changed:
            self._running = None
            self._stopped.discard(task)
        try:
            task.ended(outcome)
        except Exception:  # noqa: BLE001  (as above: the next task is of another map)
            traceback.print_exc()

    def _carried_out(self, task: Task) -> Outcome:
        for _ in range(_TRIES):
            with self._changed:
                if task in self._stopped:
                    return Outcome(cancelled=True)
            self._number += 1
            try:
                order = task.begin(self._number)
            except MnemoscopeError as error:
                return Outcome(problem=str(error))
            except OSError as error:
                return Outcome(problem=_problem("folder", error.strerror or str(error)))
            if order is None:
                return Outcome(done=True)
            again, outcome = self._heard(task, order)
            if not again:
                break
        return outcome

    def _heard(self, task: Task, order: Order) -> tuple[bool, Outcome]:
        """Give an order to the worker and listen to the end; return whether it is worth another try, and how it ended."""
        process = self._live()
        with self._changed:
            if task in self._stopped or self._closed:
                return False, Outcome(cancelled=True)
        if process is None:
            return False, Outcome(problem=self._refused)
        heard = False
        process.send(order)
        for event in process.events():
            number = event.get("order")
            if number != order.number and (number or "failed" not in event):  # 0 is of a worker that had no order yet
                continue
            heard = True
            if event.get("done"):
                return False, Outcome(done=True)
            if "failed" in event:
                if event["failed"] == "memory":
                    self._end()
                return event["failed"] == "compiled", Outcome(problem=_problem(event["failed"], event["said"]))
            task.heard(event)
        how = self._end()
        with self._changed:
            if task in self._stopped or self._closed:
                return False, Outcome(cancelled=True)
        return not heard, Outcome(problem=_problem("ended", how))

    def _live(self) -> Process | None:
        """Return a worker that runs, started now if there is none; None where none can be started, `_refused` says why."""
        with self._changed:
            if self._closed:
                return None
            process = self._process
        if process is not None and process.alive:
            return process
        self._end()
        try:
            process = self._start()
        except Exception as error:  # noqa: BLE001  (settings, rights, no room for a process: the thread must live)
            self._refused = _problem("start", str(error))
            if not isinstance(error, MnemoscopeError | OSError):
                traceback.print_exc()
            return None
        with self._changed:
            self._process = process
        return process

    def _end(self) -> str:
        """Kill what is left of the worker and return how it ended."""
        with self._changed:
            process, self._process = self._process, None
        if process is None:
            return ""
        process.kill()
        return process.ended()


def _problem(kind: str, said: str) -> str:
    if kind == "memory":
        return f"The map took more memory than it may ({said}): allow more with {MEMORY_VARIABLE}, or show fewer memories."
    if kind == "ended":
        return (
            f"The process that computes maps was ended {said}, perhaps for want of memory: start it again, or show fewer "
            "memories."
        )
    if kind == "start":
        return f"The process that computes maps cannot be started: {said}"
    if kind == "folder":
        return (
            f"What the map is made of could not be written or read ({said}): look whether the disk is full, and start again."
        )
    if kind == "refused":
        return said
    return f"The map could not be computed ({said}): the log of this program says why; start it again."
