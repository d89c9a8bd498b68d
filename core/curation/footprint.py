"""Whose memories a plan touches, what it frees, and what that is worth."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from core.budget import BYTES_PER_TOKEN, estimate_tokens
from core.curation.effects import Affected, Savings, Tally
from core.curation.plan import Change, Plan
from core.memory import Memory
from core.memory.record import Record
from core.operate.prices import US_EAST_1, storage_cost
from core.store import MemoryStore
from core.vectors.limits import DELETE_VECTORS_MAX, GET_VECTORS_MAX, PUT_VECTORS_MAX
from core.vectors.validation import metadata_bytes

__all__ = ["Footprint"]

_FIELDS: Final = ("agent_id", "team_id", "memory_type")
_GB: Final = 2**30
_READINGS: Final = 2  # of what a plan changes: for the stale check, and with vectors for the journal


@dataclass(frozen=True)
class Footprint:
    """What a plan touches: the rows of a frame that it takes away, and each memory that it writes, with the one before."""

    store: MemoryStore
    frame: pd.DataFrame
    taken: pd.DataFrame
    written: tuple[tuple[Change, Memory | None, Memory], ...]
    stand_ins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, store: MemoryStore, plan: Plan, frame: pd.DataFrame, places: Mapping[str, int]) -> Footprint:
        """Return that of a plan; `frame` has all memories as they are, `places` the row of each key."""
        rows = [places[change.key] for change in plan if change.after is None and change.key in places]
        written = tuple(
            (change, _memory(store, change.key, change.before), store.memory_of(change.key, change.after.metadata))
            for change in plan
            if change.after is not None
        )
        stand_ins = {change.key: change.replaced_by for change in plan if change.replaced_by is not None}
        return cls(store, frame, frame.iloc[rows], written, stand_ins)

    def affected(self) -> Affected:
        """Return whose memories the plan touches."""
        agents, teams, types = (self._tallies(name) for name in _FIELDS)
        whose, changed = self.store.info.tenant, sum(before is not None for _, before, _ in self.written)
        tenant = Tally(whose, len(self.taken), changed, len(self.written) - changed, len(self.frame))
        return Affected(agents, teams, types, (tenant,) if whose and (len(self.taken) or self.written) else ())

    def _tallies(self, name: str) -> tuple[Tally, ...]:
        """Return a tally for each value of a field that the plan touches, most first."""
        taken, totals = (_by_value(frame[name]) for frame in (self.taken, self.frame))
        changed, added = Counter[str | None](), Counter[str | None]()
        for _, before, after in self.written:
            values = {getattr(after, name)} | (set() if before is None else {getattr(before, name)})
            (added if before is None else changed).update(values)
        found = [Tally(each, taken[each], changed[each], added[each], totals[each]) for each in {*taken, *changed, *added}]
        return tuple(sorted(found, key=lambda each: (-(each.taken + each.changed + each.added), each.value or "")))

    def freed(self) -> Savings:
        """Return what the plan frees, less what it adds."""
        store, memories = self.store, len(self.taken)
        tokens = int(np.ceil(self.taken["content_bytes"].to_numpy() / BYTES_PER_TOKEN).sum())
        keys = sum(len(key.encode()) for key in self.taken["key"])
        size = memories * 4 * store.info.dimension + keys + int(self.taken["metadata_bytes"].sum())
        for change, before, after in self.written:
            memories -= before is None
            tokens += (0 if before is None else estimate_tokens(before.content)) - estimate_tokens(after.content)
            size += _bytes(store, change.key, change.before) - _bytes(store, change.key, change.after)
        if not store.uri.startswith("s3vectors:"):
            return Savings(memories, tokens, size)
        return Savings(memories, tokens, size, storage_cost(size), self._applying_cost())

    def successors(self) -> dict[str, list[str]]:
        """Return for each key that the plan takes away what stands for it: by its change, and by lineage what is written."""
        gone = set(self.taken["key"])
        found = {key: [by] for key, by in self.stand_ins.items()}
        for change, _, after in self.written:
            for source in after.derived_from:
                if source in gone and change.key not in found.get(source, ()):
                    found.setdefault(source, []).append(change.key)
        return found

    def _applying_cost(self) -> float:
        """Return the dollars of the calls that applying takes."""
        changes = len(self.taken) + len(self.written)
        calls = _READINGS * math.ceil(changes / GET_VECTORS_MAX) + math.ceil(len(self.taken) / DELETE_VECTORS_MAX)
        puts = math.ceil(len(self.written) / PUT_VECTORS_MAX)
        size = sum(_bytes(self.store, change.key, change.after) for change, _, _ in self.written)
        put = max(size, puts * US_EAST_1.put_bytes_min) / _GB * US_EAST_1.put_gb
        return put + calls * US_EAST_1.requests_1k / 1e3


def _memory(store: MemoryStore, key: str, record: Record | None) -> Memory | None:
    return None if record is None else store.memory_of(key, record.metadata)


def _by_value(column: pd.Series[Any]) -> Counter[str | None]:
    counts = column.value_counts(dropna=False)
    return Counter({value if isinstance(value, str) else None: int(count) for value, count in counts.items() if count})


def _bytes(store: MemoryStore, key: str, record: Record | None) -> int:
    if record is None:
        return 0
    return 4 * store.info.dimension + len(key.encode()) + metadata_bytes(record.metadata)
