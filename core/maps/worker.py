"""The worker process of a server: `python -m core.maps.worker`, which computes maps one after the other.

It reads orders from its standard input and writes events to its standard output, a line of JSON each. It ends when its input
does, and so whenever its server does, however that ended; what it is in the middle of is lost then, and was of no use.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from queue import SimpleQueue
from typing import Any, Final

from core.errors import MnemoscopeError
from core.maps.order import Order
from core.maps.state import Stage

__all__ = ["main"]

_LOOK_S: Final = 0.2
_SAY_S: Final = 0.1
# The server's own work comes first.
_NICE: Final = 2


class _Events:
    """The lines that the server reads; one for each stage, and a few a second within it."""

    def __init__(self, handle: int) -> None:
        self._handle, self._lock = handle, threading.Lock()
        self._said: tuple[Stage | None, float] = (None, 0.0)
        self.number = 0

    def send(self, **values: Any) -> None:
        """Write one event whole; without a reader there is nobody to work for."""
        line = json.dumps({"order": self.number} | values).encode() + b"\n"
        try:
            with self._lock:
                while line:
                    line = line[os.write(self._handle, line) :]
        except OSError:
            os._exit(0)

    def stage(self, stage: Stage, part: float) -> None:
        """Say how far a stage is, not more often than somebody would look."""
        now = time.monotonic()
        if stage != self._said[0] or part >= 1 or now - self._said[1] >= _SAY_S:
            self._said = (stage, now)
            self.send(stage=stage, part=round(part, 4))


def main() -> int:
    """Work until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the server, whose end is ours
    events = _Events(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no event
    limit, warm = int(sys.argv[1]), sys.argv[2] == "warm"
    orders: SimpleQueue[Order] = SimpleQueue()
    threading.Thread(target=_read, args=(orders,), daemon=True).start()
    if limit:
        threading.Thread(target=_watch, args=(events, limit), daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    if warm:
        _warm()
    events.send(ready=True)
    while True:
        _work(orders.get(), events)


def _read(orders: SimpleQueue[Order]) -> None:
    for line in sys.stdin.buffer:
        orders.put(Order.of_line(line))
    os._exit(0)


def _watch(events: _Events, limit: int) -> None:
    """End the process when it takes more memory than it may, before the machine has none left for the server."""
    while (taken := _taken()) <= limit:
        time.sleep(_LOOK_S)
    events.send(failed="memory", said=f"{taken / 1e6:,.0f} MB of {limit / 1e6:,.0f} MB")
    os._exit(1)


def _taken() -> int:
    """Return the bytes of memory that are this process's alone; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            _, resident, shared, *_ = map(int, file.read().split())
        return (resident - shared) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _warm() -> None:
    from core.maps.work import warm_up

    # An order that meets the same says so to whom it concerns.
    with contextlib.suppress(MnemoscopeError, ImportError):
        warm_up()


def _work(order: Order, events: _Events) -> None:
    events.number = order.number
    try:
        from core.maps.work import carry_out

        carry_out(order, events.stage)
    except MnemoscopeError as error:
        events.send(failed="refused", said=str(error))
    except MemoryError:
        events.send(failed="memory", said="none was left")
    except Exception as error:  # noqa: BLE001  (the log has it, the server goes on, and the next order may be better)
        traceback.print_exc()
        events.send(failed="unexpected", said=type(error).__name__)
    else:
        events.send(done=True)


if __name__ == "__main__":
    sys.exit(main())
