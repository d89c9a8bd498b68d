"""Which memories a map is of now, and which it was of before: known again by revision and keys, texts and vectors let go."""

from __future__ import annotations

import itertools
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa

from core.maps.plan import Content
from core.maps.state import MapState
from core.vectors.client import KEY_COLUMN

__all__ = ["RowsOfMap", "next_serial"]

_REMEMBERED: Final = 32
_serials: Final = itertools.count(1)


def next_serial() -> int:
    """Return a number that no state of any map had."""
    return next(_serials)


class RowsOfMap:
    """The rows of one map; whoever calls holds the lock of the map."""

    def __init__(self) -> None:
        self._now: Content | None = None
        self._table: Callable[[], pa.Table | None] = lambda: None
        self._before: tuple[Content, MapState] | None = None
        self._revisions: deque[str] = deque(maxlen=_REMEMBERED)

    @property
    def known(self) -> bool:
        """Say whether the map is of any memories yet."""
        return self._now is not None

    def same(self, content: Content) -> bool:
        """Say whether the map is of these memories, row for row."""
        if self._now is None:
            return False
        if self._table() is content.snapshot.table and self._now.snapshot.revision == content.snapshot.revision:
            return True
        return self._now.same_rows(content)

    def take(self, content: Content, *, shown: MapState) -> None:
        """Let the map be of these memories; `shown` is what there was of those of before."""
        if self._now is not None and not self.same(content):
            self._before = (self._now, shown)
        if content.snapshot.revision not in self._revisions:
            self._revisions.append(content.snapshot.revision)
        self._now, self._table = _named(content), weakref.ref(content.snapshot.table)

    def outdated(self, content: Content) -> MapState | None:
        """Return what there is of memories that were read before those that the map is of now, None if these were not.

        A session that still looks at them does not take the map back to them: the serial says that there is something new.
        """
        if self._now is None or content.snapshot.taken_at >= self._now.snapshot.taken_at:
            return None
        if self._before is not None and self._before[0].same_rows(content):
            return replace(self._before[1], serial=next_serial())
        if content.snapshot.revision in self._revisions:
            return MapState("reading", revision=content.snapshot.revision, serial=next_serial())
        return None

    def forget(self) -> None:
        """Know of no memories any more."""
        self._now = self._before = None
        self._table = lambda: None


def _named(content: Content) -> Content:
    """Return what is enough to know rows again: a map that nobody computes holds no vectors of a million memories."""
    snapshot = content.snapshot
    keys = snapshot.table.select([KEY_COLUMN])
    bare = replace(snapshot, table=keys, frame=pd.DataFrame(), digests=np.zeros(0, np.uint64), matrix=None)
    return replace(content, snapshot=bare)
