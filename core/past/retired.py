"""Memories that were retired, as a frame: what a figure shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

import numpy as np
import pandas as pd
import pyarrow as pa

from core.access import Actor
from core.analysis.frame import to_frame
from core.curation.corpus import record_table
from core.past.then import Then
from core.past.versions import Applied, Versions
from core.snapshots.content import Snapshot
from core.store import MemoryStore
from core.vectors.client import KEY_COLUMN

__all__ = ["Retired", "retired_frame"]


@dataclass(frozen=True, eq=False)
class Retired:
    """Retired memories as they were last, the latest retired first.

    `frame` has COLUMNS of core.analysis.frame and, row for row with `changes`, `retired_at`, `retired_by`, `retired_policy`,
    `retired_plan`, `retired_reason` and `merged` (a memory that is there names it in derived_from); `table` has every
    metadata key. `total` counts all that were retired, `erased` those of the newest of which nothing is kept.
    """

    frame: pd.DataFrame
    table: pa.Table
    changes: tuple[Applied, ...]
    total: int
    erased: int = 0

    @property
    def merged(self) -> frozenset[str]:
        """The keys of those that live on in another memory."""
        return frozenset(self.frame["key"][self.frame["merged"]])


def retired_frame(
    store: MemoryStore,
    versions: Versions,
    *,
    actor: Actor,
    snapshot: Snapshot,
    until: datetime | None = None,
    limit: int = 20_000,
) -> Retired:
    """Return the memories retired (by `until`) that are not in the snapshot, at most `limit` of those retired last."""
    Then.require(store, actor)
    there = frozenset(snapshot.table[KEY_COLUMN].to_pylist())
    gone = [change for key, change in reversed(versions.retired(until).items()) if key not in there]
    newest = gone[:limit]
    images = versions.images(newest)
    found = {change.key: image.before for change in newest if (image := images.get(change.key)) and image.before}
    changes = tuple(change for change in newest if change.key in found)
    table = record_table(found)
    frame = to_frame(table, info=store.info, schema=store.schema)
    made_into = frozenset(chain.from_iterable(snapshot.frame["derived_from"]))
    columns = {
        "retired_at": pd.Series([change.at for change in changes], dtype="datetime64[us, UTC]"),
        "retired_by": pd.Series([change.actor for change in changes], dtype="str"),
        "retired_policy": pd.Series([change.policy for change in changes], dtype="str"),
        "retired_plan": pd.Series([change.plan_id for change in changes], dtype="str"),
        "retired_reason": pd.Series([change.reason for change in changes], dtype="str"),
        "merged": pd.Series(np.array([change.key in made_into for change in changes], np.bool_)),
    }
    return Retired(pd.concat([frame, pd.DataFrame(columns)], axis=1), table, changes, len(gone), len(newest) - len(changes))
