"""Thresholds made small, so that small examples take every path that large indexes take."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.vectors.embedded import index, replica, segment

MEMORY = Path("/dev/shm")  # a disk in memory: laws are about content, and thousands of small writes wait for a real disk


@pytest.fixture
def quick_path() -> Iterator[Path]:
    """Return an empty directory, in memory where there is such a thing."""
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    with tempfile.TemporaryDirectory(prefix="mnemoscope-", dir=MEMORY if in_memory else None) as directory:
        yield Path(directory)


@pytest.fixture
def small_thresholds() -> Iterator[None]:
    """Write snapshots, use int8 shadows, thin out in float32 and cut the list of the gone after a handful of rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_WORTH_SAVING", 1)
        patch.setattr(index, "_GONE_KEPT", 6)
        patch.setattr(replica, "_TAIL_MIN", 5)
        patch.setattr(replica, "_CHUNK", 3)
        patch.setattr(segment, "_SHADOWED_FROM", 4)
        patch.setattr(segment, "_DOUBLE_BELOW", 3)
        patch.setattr(segment, "_BLOCK", 2)
        yield
