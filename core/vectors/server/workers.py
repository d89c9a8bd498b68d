"""The threads that requests are worked on in: reads and writes apart, large bodies one after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Final, ParamSpec, TypeVar

from core.errors import UnavailableError
from core.vectors.server.tuning import Tuning

__all__ = ["Workers"]

_READS: Final = ("Get", "List", "Query")
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Workers:
    """Writes that wait for a lock, which another process may hold for long, leave the threads of the reads free.

    A large body is parsed by one thread at a time anyway, but as objects it may take thirty times its size: so no more than
    `large_at_once` are there together.
    """

    def __init__(self, tuning: Tuning) -> None:
        self._tuning = tuning
        self._readers = ThreadPoolExecutor(tuning.threads, thread_name_prefix="s3vectors-read")
        self._writers = ThreadPoolExecutor(tuning.threads, thread_name_prefix="s3vectors-write")
        self._large = asyncio.Semaphore(tuning.large_at_once)
        self._writes = 0

    async def run(
        self, operation: str, size: int, work: Callable[_Given, _Result], *args: _Given.args, **kwargs: _Given.kwargs
    ) -> _Result:
        """Return what the work of an operation returns, `size` its body's; UnavailableError if too many writes wait."""
        loop = asyncio.get_running_loop()
        writes = not operation.startswith(_READS)
        if writes and self._writes >= self._tuning.pending * 3 // 4:
            raise UnavailableError("Currently unable to handle the request: too many writes are waiting, try again.")
        self._writes += writes
        try:
            async with AsyncExitStack() as stack:
                if size > self._tuning.large_bytes:
                    await stack.enter_async_context(self._large)
                pool = self._writers if writes else self._readers
                return await loop.run_in_executor(pool, lambda: work(*args, **kwargs))
        finally:
            self._writes -= writes

    def close(self) -> None:
        """Wait for the operations that run and end the threads."""
        self._readers.shutdown()
        self._writers.shutdown()
