"""A real Redis or Valkey server on a free port of this machine, in memory, and gone with the test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

__all__ = ["RedisServer", "a_moment", "require_server"]

PROGRAMS = ("valkey-server", "redis-server")
NO_SERVER = f"none of {', '.join(PROGRAMS)} is on the PATH: install one (Debian: apt install redis-server)"


def require_server() -> str:
    """Return the path of a server; skip without one, or fail where MNEMOSCOPE_REQUIRE_REDIS=1."""
    if os.environ.get("MNEMOSCOPE_REQUIRE_REDIS") != "1":
        pytest.importorskip("redis", reason="redis-py is not installed")
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        if os.environ.get("MNEMOSCOPE_REQUIRE_REDIS") == "1":
            pytest.fail(f"MNEMOSCOPE_REQUIRE_REDIS=1 but {NO_SERVER}", pytrace=False)
        pytest.skip(NO_SERVER)
    return found


class RedisServer:
    """A server that can be stopped, started again on its port, and frozen."""

    def __init__(self, directory: Path, *options: str, cluster: bool = False) -> None:
        self._program, self._directory, self._options = require_server(), directory, options
        if cluster:
            self._options += ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self._directory), *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        client, until = self.client(), time.monotonic() + 30
        while not _answers(client):
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError("the server ended, or did not answer in 30 s")
            a_moment()
        client.close()

    def client(self) -> Any:
        """Return a plain client."""
        import redis

        return redis.Redis(port=self.port)

    def signal(self, number: int) -> None:
        """Freeze it (SIGSTOP) or let it go on (SIGCONT)."""
        self._process.send_signal(number)

    def stop(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()


def _answers(client: Any) -> bool:
    import redis

    try:
        return bool(client.ping())
    except redis.exceptions.RedisError:
        return False


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def a_moment() -> None:
    """Let the server have the processor for a moment: it is polled, as a browser test polls its server."""
    import select

    select.select([], [], [], 0.02)
