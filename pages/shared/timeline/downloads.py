"""The rows of a timeline with all their fields, for its lists and files."""

from __future__ import annotations

from collections.abc import Iterator

from core.memory import Memory
from pages.shared.here import Here
from pages.shared.rows import RowNumbers, Rows
from pages.shared.timeline.prepared import Prepared

__all__ = ["memories_of", "rows_of"]


def rows_of(here: Here, prepared: Prepared) -> Rows:
    """Return what a timeline shows as rows: those of the snapshot, then retired ones as they were."""
    assert here.snapshot is not None
    assert here.store is not None
    retired = prepared.memories.retired
    tables = (here.snapshot.table,) if retired is None else (here.snapshot.table, retired.table)
    return Rows(prepared.frame, tables, here.store.schema)


def memories_of(here: Here, prepared: Prepared, rows: RowNumbers) -> Iterator[Memory]:
    """Yield the memories of rows in their order, each with all of its fields, retired ones as they were."""
    return rows_of(here, prepared).memories(rows)
