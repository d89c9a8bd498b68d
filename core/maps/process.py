"""The server's end of its worker: started, sent orders, heard and killed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import core
from core.config import remote_cache_dir
from core.errors import ConfigError, StorageError
from core.maps.folders import private_folder
from core.maps.order import Order

__all__ = ["WORKER_VARIABLE", "Process", "worker_mode"]

# "start": the worker is started with the server; "asked": with the first map; "off": never, a map is a first picture.
WORKER_VARIABLE: Final = "MNEMOSCOPE_MAP_WORKER"
_MODES: Final = ("start", "asked", "off")
_COMPILED: Final = "NUMBA_CACHE_DIR"
# It asks no service for anything.
_SECRET: Final = re.compile(r"^AWS_|SECRET|TOKEN|PASSW|CREDENTIAL|API_?KEY", re.IGNORECASE)
_END_S: Final = 5.0


def worker_mode() -> str:
    """Return when a worker is started; ConfigError for a word that says nothing."""
    mode = os.environ.get(WORKER_VARIABLE, "").strip() or "start"
    if mode not in _MODES:
        raise ConfigError(f"{WORKER_VARIABLE}={mode[:40]!r} says nothing: use one of {', '.join(_MODES)}.")
    return mode


class Process:
    """One worker process; it is started by being made. `events` is read by one thread, all else may be called by any."""

    def __init__(self, *, memory_bytes: int, warm: bool) -> None:
        """Start it; StorageError or OSError where that cannot be done."""
        root = Path(core.__file__).resolve().parents[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "core.maps.worker", str(memory_bytes), "warm" if warm else "cold"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=root,
            env=_environment(root),
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
                if isinstance(event := json.loads(line), dict):
                    yield event

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


def _environment(root: Path) -> dict[str, str]:
    """Return what the worker is to know of this process's environment: no secrets, and where this program lies."""
    known = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    if not known.get(_COMPILED):
        known[_COMPILED] = str(_compiled_dir())
    # Under `python -P` or PYTHONSAFEPATH the folder that it is started in does not count.
    known["PYTHONPATH"] = os.pathsep.join(filter(None, (str(root), known.get("PYTHONPATH"))))
    return known


def _compiled_dir() -> Path:
    """Return where what numba compiles is kept for the next server: privately, since to read it is to run it."""
    with contextlib.suppress(OSError, RuntimeError):  # no home that can be written to, as in some containers
        return private_folder(remote_cache_dir() / "compiled")
    folder = Path(tempfile.gettempdir()) / f"mnemoscope-compiled-{os.getuid() if hasattr(os, 'getuid') else 0}"
    try:
        return private_folder(folder)
    except OSError as error:
        raise StorageError(
            f"There is no place of our own for what the map compiles ({error}): name a directory in {_COMPILED}."
        ) from error
