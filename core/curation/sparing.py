"""What no merge and no consolidation touches: hidden, quarantined or disputed memories, events of logs that agents
share, and those whose time is over."""

from __future__ import annotations

from datetime import datetime

import pandas as pd

from core.memory import Memory
from core.memory.fields import preview
from core.memory.keys import LOG_PREFIX
from core.memory.status import HIDDEN, status_of

__all__ = ["spared", "spared_rows"]


def spared(memory: Memory, *, now: datetime | None) -> str | None:
    """Return why a memory is left as it is, None where it may be merged.

    Whatever a status says, the memory has one because somebody took it out of recall. Without `now` no time is over.
    """
    status = status_of(memory)
    if status is not None:
        return "is hidden" if status == HIDDEN else f"has the status {preview(status)}"
    if memory.key.startswith(LOG_PREFIX):
        return "is part of a log that agents share"
    return "its time is over" if now is not None and memory.is_expired(now) else None


def spared_rows(frame: pd.DataFrame, *, now: datetime | None) -> pd.Series[bool]:
    """Return which rows of a snapshot frame are left as they are: those for which `spared` has a reason."""
    out = frame["status"].notna() | frame["key"].astype(str).str.startswith(LOG_PREFIX)
    return out if now is None else out | (frame["expires_at"] <= now)
