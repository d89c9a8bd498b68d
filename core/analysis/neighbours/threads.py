"""Threads for products, which are not in Python's lock."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

__all__ = ["workers"]

_AT_ONCE: Final = 16


def workers() -> ThreadPoolExecutor:
    """Return as many threads as there are processors for this process, 16 at most."""
    known = getattr(os, "sched_getaffinity", None)
    return ThreadPoolExecutor(min(_AT_ONCE, len(known(0)) if known else os.cpu_count() or 1))
