"""Real processes without the time that a Python takes to start: forked from one that has imported what they need.

Each has its own memory, files, environment and signals, and can be killed. What a start itself does (`python -m core`, what
happens at the very end of an interpreter) is tested with a process that is really started.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

__all__ = ["PRELOADED", "ForkedCommand", "forking", "in_process"]

ROOT = Path(__file__).parents[2]
_CONTEXT = multiprocessing.get_context("forkserver")
_STARTED_WITH = dict(os.environ)
# Nothing that keeps a connection, a client or a lock when it is imported. The browser tests add what their servers need: all
# processes of a worker are forked from one.
PRELOADED = [
    "core.__main__",
    "core.commands.export",
    "core.commands.forget",
    "core.commands.import_",
    "core.commands.recall",
    "core.commands.serve",
    "core.curation.desk",
    "core.curation.ledgers.s3",
    "core.vectors.server",
    "boto3",
]


def forking() -> ForkServerContext:
    """Return the context of multiprocessing whose processes are forked, with the process that they are forked from."""
    _CONTEXT.set_forkserver_preload(PRELOADED)
    # numpy has no threads of its own then: who forks should have none. The folder is where it finds what it imports.
    # Its environment is that of the worker: what the test that comes first has set is none of the others' business.
    before = dict(os.environ)
    try:
        _set_environment({**_STARTED_WITH, "OPENBLAS_NUM_THREADS": "1"})
        with contextlib.chdir(ROOT):
            forkserver.ensure_running()
    finally:
        _set_environment(before)
    return _CONTEXT


def _set_environment(environment: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(environment)


def in_process(target: Callable[..., None], *arguments: Any) -> Any:
    """Return a process that has begun to call a function, with the environment of now."""
    process = forking().Process(target=_called, args=(dict(os.environ), target, arguments))
    process.start()
    return process


def _called(environment: Mapping[str, str], target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    _set_environment(environment)
    target(*arguments)


class ForkedCommand(subprocess.Popen[Any]):
    """`python -m core …`, forked: the same `main` over the same files of stdin, stdout and stderr."""

    def _execute_child(self, args: Any, executable: Any, preexec_fn: Any, close_fds: Any, pass_fds: Any, *rest: Any) -> None:
        cwd, env, _, _, _, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, *_ = rest
        ends = _Ends(*(number if end == -1 else end for number, end in enumerate((p2cread, c2pwrite, errwrite))))
        environment = dict(os.environ if env is None else env)
        self._process = forking().Process(target=_command, args=(list(args), ends, environment, str(cwd or Path.cwd())))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self._child_created = True
        self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)

    def _try_wait(self, wait_flags: int) -> tuple[int, int]:
        self._process.join(0 if wait_flags & os.WNOHANG else None)
        code = self._process.exitcode
        return (0, 0) if code is None else (self.pid, -code if code < 0 else code << 8)

    def _internal_poll(self, *_: Any, **__: Any) -> int | None:
        if self.returncode is None and self._try_wait(os.WNOHANG)[0]:
            self.returncode = self._process.exitcode
        return self.returncode


class _Ends:
    """Files that a process gets from the one that starts it."""

    def __init__(self, *files: int) -> None:
        self.files = files

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, tuple(DupFd(file) for file in self.files)


def _received(*files: Any) -> list[int]:
    return [file.detach() for file in files]


def _command(argv: list[str], ends: list[int], environment: Mapping[str, str], directory: str) -> None:
    from core.__main__ import main

    for number, end in enumerate(ends):
        os.dup2(end, number)
    for end in set(ends):
        os.close(end)
    _set_environment(environment)
    os.chdir(directory)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["core", *argv]
    sys.stdin, sys.stdout, sys.stderr = _streams(unbuffered=bool(environment.get("PYTHONUNBUFFERED")))
    code = main()
    threading._shutdown()
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
    except OSError as error:  # as at the end of every interpreter
        sys.stderr.write(f"Exception ignored on flushing sys.stdout: {error!r}\n")
        os._exit(120)
    raise SystemExit(code)


def _streams(*, unbuffered: bool) -> Iterator[io.TextIOWrapper]:
    """Yield stdin, stdout and stderr as an interpreter opens them."""
    for number, mode in enumerate(("rb", "wb", "wb")):
        raw = unbuffered and number > 0
        file = open(number, mode, buffering=0 if raw else -1, closefd=False)  # noqa: SIM115
        errors = "backslashreplace" if number == 2 else "strict"
        lines = number == 2 or os.isatty(number)
        yield io.TextIOWrapper(file, encoding="utf-8", errors=errors, line_buffering=lines, write_through=raw)
