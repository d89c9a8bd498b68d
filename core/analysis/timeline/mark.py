"""What became of a memory, as bits: retired, expired, hidden, merged, conflicting."""

from __future__ import annotations

from collections.abc import Collection, Set
from datetime import datetime
from enum import IntFlag
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.analysis.columns import extra_columns
from core.analysis.timeline.event import coded, micros, times_of

__all__ = ["Mark", "conflicts", "marks"]

# Statuses that say that a memory is disputed; every other one only hides it.
_DISPUTED: Final = ("conflict", "conflicting", "disputed", "contradicted")
_CONFLICT_FIELDS: Final = ("conflicts_with", "contradicts", "contradicted_by")


class Mark(IntFlag):
    """One bit for each thing that a memory can be besides there."""

    RETIRED = 1
    EXPIRED = 2
    HIDDEN = 4
    MERGED = 8
    CONFLICTING = 16


def marks(
    frame: pd.DataFrame,
    *,
    now: datetime,
    retired: Set[str] = frozenset(),
    merged: Set[str] = frozenset(),
    conflicting: Set[str] = frozenset(),
) -> npt.NDArray[np.uint8]:
    """Return the marks of each row, uint8 (n,), as bits of Mark; the sets hold keys.

    Hidden is whatever has a status; a status of conflict, conflicting, disputed or contradicted marks a conflict too.
    """
    found = np.zeros(len(frame), dtype=np.uint8)
    for keys, mark in ((retired, Mark.RETIRED), (merged, Mark.MERGED), (conflicting, Mark.CONFLICTING)):
        if keys:
            found[frame["key"].isin(list(keys)).to_numpy(dtype=bool)] |= np.uint8(mark)
    expires, known = times_of(frame, "expires_at")
    found[known & (expires <= micros(now))] |= np.uint8(Mark.EXPIRED)
    status, names = coded(frame, "status")
    found[status >= 0] |= np.uint8(Mark.HIDDEN)
    disputed = [code for code, name in enumerate(names) if name.strip().casefold() in _DISPUTED]
    if disputed:
        found[np.isin(status, disputed)] |= np.uint8(Mark.CONFLICTING)
    return found


def conflicts(frame: pd.DataFrame, table: pa.Table | None) -> frozenset[str]:
    """Return the keys of memories of which one says that it conflicts with the other, both ends where both are there.

    Read from the metadata keys conflicts_with, contradicts and contradicted_by: a key or a list of keys.
    """
    keys = frame["key"]
    there: Collection[str] | None = None
    found: set[str] = set()
    for column in extra_columns(table, _CONFLICT_FIELDS).values():
        for row in np.flatnonzero(column.notna().to_numpy(dtype=bool)).tolist():
            there = set(keys) if there is None else there
            named = [key for key in _keys(column.iloc[row]) if key in there]
            if named:
                found |= {str(keys.iloc[row]), *named}
    return frozenset(found)


def _keys(value: Any) -> list[str]:
    said = value if isinstance(value, list) else [value]
    return [key for key in said if isinstance(key, str) and key]
