"""The server's end of its worker: started, sent orders, heard and killed."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import core
from core.config import remote_cache_dir
from core.errors import ConfigError
from core.maps.order import Order

__all__ = ["MEMORY_VARIABLE", "WORKER_VARIABLE", "Process", "memory_limit", "worker_mode"]

# "start": the worker is started with the server; "asked": with the first map; "off": never, a map is a first picture.
WORKER_VARIABLE: Final = "MNEMOSCOPE_MAP_WORKER"
MEMORY_VARIABLE: Final = "MNEMOSCOPE_MAP_MEMORY_MB"
_MODES: Final = ("start", "asked", "off")
_SHARE: Final = 0.6
_END_S: Final = 5.0


def worker_mode() -> str:
    """Return when a worker is started; ConfigError for a word that says nothing."""
    mode = os.environ.get(WORKER_VARIABLE) or "start"
    if mode not in _MODES:
        raise ConfigError(f"{WORKER_VARIABLE}={mode!r} says nothing: use one of {', '.join(_MODES)}.")
    return mode


def memory_limit() -> int:
    """Return how many bytes a worker may take: what the environment says, else most of the machine; 0 for no limit."""
    given = os.environ.get(MEMORY_VARIABLE)
    if given:
        if not given.isdecimal():
            raise ConfigError(f"{MEMORY_VARIABLE}={given!r} is no number of megabytes: use 4000, or 0 for no limit.")
        return int(given) * 1_000_000
    try:
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * _SHARE)
    except (ValueError, OSError, AttributeError):
        return 0


class Process:
    """One worker process; it is started by being made. `events` is read by one thread, all else may be called by any."""

    def __init__(self, *, memory_bytes: int, warm: bool) -> None:
        root = Path(core.__file__).resolve().parents[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.maps.worker", str(memory_bytes), "warm" if warm else "cold"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env={"NUMBA_CACHE_DIR": str(_compiled_dir())} | os.environ,
        )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Say whether it runs."""
        return self._process.poll() is None

    def send(self, order: Order) -> None:
        """Give an order; of a process that ended nothing is heard but the end of its events."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(order.to_line())
            self._process.stdin.flush()

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield what it says until it ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # the last line of a process that was killed may be half of one
                yield json.loads(line)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def ended(self) -> str:
        """Wait for the end, close what is open and return how it ended."""
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return "and does not end"
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()
        return f"by signal {-code}" if code < 0 else f"with code {code}"


def _compiled_dir() -> Path:
    """Return where what numba compiles is kept for the next server: privately, since to read it is to run it."""
    try:
        return _private(remote_cache_dir() / "compiled")
    except OSError:  # no home that can be written to, as in some containers
        return _private(Path(tempfile.gettempdir()) / f"mnemoscope-compiled-{os.getuid() if hasattr(os, 'getuid') else 0}")


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        raise PermissionError(f"'{folder}' belongs to another user")
    folder.chmod(0o700)
    return folder
