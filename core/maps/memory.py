"""How much memory the worker may take: what the environment says, else most of what this machine or container has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.errors import ConfigError

__all__ = ["MEMORY_VARIABLE", "machine_bytes", "memory_limit"]

MEMORY_VARIABLE: Final = "MNEMOSCOPE_MAP_MEMORY_MB"
_SHARE: Final = 0.6
_DIGITS: Final = 9


def memory_limit() -> int:
    """Return how many bytes the worker may take, 0 for no limit; ConfigError for a setting that is no number."""
    given = os.environ.get(MEMORY_VARIABLE, "").strip()
    if not given:
        return int(machine_bytes() * _SHARE)
    if not (given.isascii() and given.isdecimal() and len(given) <= _DIGITS):
        raise ConfigError(f"{MEMORY_VARIABLE}={given[:40]!r} is no number of megabytes: use 4000, or 0 for no limit.")
    return int(given) * 1_000_000


def machine_bytes(root: Path = Path("/")) -> int:
    """Return how many bytes of memory this machine has, or the container that this process is in; 0 where nobody says."""
    return min((size for size in (_physical(), *_allotted(root)) if size > 0), default=0)


def _physical() -> int:
    try:
        return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (ValueError, OSError, AttributeError):  # not on every system
        return 0


def _allotted(root: Path) -> Iterator[int]:
    """Yield what Linux allots to the control groups that this process is in, and to those around them.

    Version 2 has one tree of groups and `memory.max`, version 1 a tree for memory and `memory.limit_in_bytes`.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, known, name = rest.partition(":")
        if not known or (controllers and "memory" not in controllers.split(",")):
            continue
        top = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        group = top / name.strip("/")
        for each in (group, *group.parents):
            with contextlib.suppress(OSError, ValueError):  # no such file in that group, or "max"
                yield int((each / ("memory.limit_in_bytes" if controllers else "memory.max")).read_text(encoding="ascii"))
            if each == top:
                break
