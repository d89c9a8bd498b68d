"""The one place where a snapshot's table becomes the pages' frame."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from core.analysis.frame import to_frame
from core.store import MemoryStore

__all__ = ["frame_of"]


def frame_of(store: MemoryStore, table: pa.Table) -> pd.DataFrame:
    """Return the frame of a scan's table, read as the index's records are written."""
    store.learn(table)
    return to_frame(table, info=store.info, schema=store.schema)
