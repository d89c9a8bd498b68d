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
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from core.errors import MnemoscopeError
from core.maps.order import Order
from core.maps.state import Stage

__all__ = ["main"]

_LOOK_S: Final = 0.2
_SAY_S: Final = 0.1
_INPUT: Final = 0
_CHUNK: Final = 65_536
# The server's own work comes first, above all while nobody waits for the worker.
_NICE: Final = 2
_NICE_AHEAD: Final = 10
# Where memory runs out, Linux ends this process and not the server.
_FIRST_TO_GO: Final = "1000"


class _Events:
    """The lines that the server reads; one for each stage, and a few a second within it."""

    def __init__(self, handle: int) -> None:
        self._handle, self._lock = handle, threading.Lock()
        self.begin(0)

    def begin(self, number: int) -> None:
        """Speak of this order from now on; 0 is of none."""
        self.number = number
        self._said: tuple[Stage | None, float] = (None, 0.0)

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


def main() -> None:
    """Work until the input ends; it does not return, for the end of an interpreter waits for threads or aborts on them."""
    try:
        _serve(limit=int(sys.argv[1]), warm=sys.argv[2] == "warm")
    except BaseException:  # noqa: BLE001  (the server hears that it ended, the log says of what)
        traceback.print_exc()
    os._exit(1)


def _serve(*, limit: int, warm: bool) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to the server, whose end is ours
    events = _Events(os.dup(sys.stdout.fileno()))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no event
    _stand_back()
    orders: SimpleQueue[Order] = SimpleQueue()
    threading.Thread(target=_read, args=(orders,), daemon=True).start()
    if limit:
        threading.Thread(target=_watch, args=(events, limit), daemon=True).start()
    if warm:
        ahead = threading.Thread(target=_warm)
        ahead.start()
        ahead.join()
    events.send(ready=True)
    while True:
        _work(orders.get(), events)


def _stand_back() -> None:
    """Let the server have processors and memory first."""
    if hasattr(os, "nice"):
        os.nice(_NICE)
    with contextlib.suppress(OSError):  # Linux alone has what follows
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
        for thread in Path("/proc/self/task").iterdir():  # those of libraries have a priority of their own
            os.setpriority(os.PRIO_PROCESS, int(thread.name), os.getpriority(os.PRIO_PROCESS, 0))


def _read(orders: SimpleQueue[Order]) -> None:
    """Queue the orders of the input, and end the process with it, or at what is none: that is not our server then."""
    rest = b""
    try:
        while more := os.read(_INPUT, _CHUNK):
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                orders.put(Order.of_line(line))
    except Exception:  # noqa: BLE001  (whatever JSON makes of a line that is no order)
        traceback.print_exc()
        os._exit(1)
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
    if sys.platform == "linux":  # there a thread has a priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE_AHEAD)
    from core.maps.work import warm_up

    try:
        try:
            warm_up()
        except Exception as error:
            if not _dropped(error):
                raise
            warm_up()
    except (MnemoscopeError, ImportError):  # an order that meets the same says so to whom it concerns
        return
    except Exception:  # noqa: BLE001  (as above, and the log has it)
        traceback.print_exc()


def _work(order: Order, events: _Events) -> None:
    events.begin(order.number)
    try:
        from core.maps.work import carry_out

        carry_out(order, events.stage)
    except MnemoscopeError as error:
        events.send(failed="refused", said=str(error))
    except MemoryError:
        events.send(failed="memory", said="none was left")
    except OSError as error:
        traceback.print_exc()
        events.send(failed="folder", said=error.strerror or type(error).__name__)
    except Exception as error:  # noqa: BLE001  (the log has it, the server goes on, and the next order may be better)
        traceback.print_exc()
        events.send(failed="compiled" if _dropped(error) else "unexpected", said=type(error).__name__)
    else:
        events.send(done=True)


def _dropped(error: BaseException) -> bool:
    """Drop what numba compiled and kept if it cannot be read, as after a crash; say whether that was the error."""
    modules = (frame.f_globals.get("__name__") for frame, _ in traceback.walk_tb(error.__traceback__))
    if "numba.core.caching" not in modules:
        return False
    from core.maps.kernel import compiled

    kernel: Any = compiled()  # numba's dispatcher
    try:
        kernel.recompile()
    except OSError:  # nor can it be written
        return False
    return True


if __name__ == "__main__":
    main()
