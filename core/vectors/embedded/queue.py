"""A fair queue of writers, over threads and processes.

SQLite's busy handler sleeps and retries, so a writer can starve: the worst put among four writers took 5.6 s. A kernel lock
alone is not fair either: who lets go of it and asks again at once gets it before a sleeper is awake. So there is a gate
before the lock: the first of those who wait stands inside the gate, and who comes again has to wait outside.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["WriterQueue", "try_lock"]

if sys.platform == "win32":  # no flock: SQLite's own busy handler alone keeps writers apart

    def _lock(handle: int, *, wait: bool) -> bool:
        return True

    def _unlock(handle: int) -> None:
        return None

else:
    import fcntl

    def _lock(handle: int, *, wait: bool) -> bool:
        """Lock the open file and say whether it was got."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)


class WriterQueue:
    """Lets one writer at a time through; `path` is a lock file beside the database."""

    def __init__(self, path: Path) -> None:
        self._paths = (path, path.with_suffix(".gate"))
        self._threads, self._thread_gate = threading.Lock(), threading.Lock()
        self._files: tuple[int, int] | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn, hold it during the block."""
        with self._thread_gate:
            self._threads.acquire()
        try:
            turn, gate = self._files = self._files or (_open(self._paths[0]), _open(self._paths[1]))
            _lock(gate, wait=True)
            try:
                _lock(turn, wait=True)
            finally:
                _unlock(gate)
            try:
                yield
            finally:
                _unlock(turn)
        finally:
            self._threads.release()

    def close(self) -> None:
        """Close the lock files."""
        with self._threads:
            for handle in self._files or ():
                os.close(handle)
            self._files = None


@contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Yield whether the lock file could be locked at once; holds it during the block."""
    handle = _open(path)
    try:
        yield _lock(handle, wait=False)
    finally:
        os.close(handle)
