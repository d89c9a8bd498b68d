"""What became of an index since a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from core.analysis.columns import records
from core.curation.plan import Action
from core.memory.status import STATUS_KEY, shown
from core.past.made import made_at
from core.past.then import Then
from core.past.versions import NONE, Applied, Table, Versions
from core.vectors.columns import Mask

__all__ = ["Difference", "Since", "What", "difference"]


class What(StrEnum):
    """What became of a memory since."""

    WRITTEN = "written"
    EDITED = "edited"
    HIDDEN = "hidden"
    SHOWN = "shown"
    EXPIRED = "expired"
    RETIRED = "retired"
    ERASED = "erased"


@dataclass(frozen=True)
class Since:
    """What became of one memory: when, and by whom through which plan, as far as the journal tells (else None and "")."""

    key: str
    what: What
    at: datetime | None = None
    plan_id: str = ""
    actor: str = ""
    policy: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Difference:
    """What became of each memory that is not as it was, in the order of What and then of time; of one it may be several."""

    changes: tuple[Since, ...]
    rows_then: int
    rows_now: int

    @cached_property
    def counts(self) -> Mapping[What, int]:
        """How many there are of each, those that occur, in the order of What."""
        found = Counter(each.what for each in self.changes)
        return {what: found[what] for what in What if found[what]}

    def sentence(self) -> str:
        """Return it in words, as "Since then 20 were written, 3 edited and 1 retired."."""
        parts = [f"{count:,} {what}" for what, count in self.counts.items()]
        if not parts:
            return "Nothing has changed since."
        first = next(iter(self.counts.values()))
        parts[0] = parts[0].replace(" ", " was " if first == 1 else " were ", 1)
        return f"Since then {' and '.join([', '.join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]}."


def difference(then: Then, frame_now: pd.DataFrame, versions: Versions, *, now: datetime) -> Difference:
    """Return what became of an index since; `frame_now` is that of the snapshot that `then` was made from."""
    found = [*_Comparing(then, frame_now, versions.table(), now).all()]
    order = list(What)
    found.sort(key=lambda each: (order.index(each.what), each.at is None, each.at or now, each.key))
    return Difference(tuple(found), then.rows, len(frame_now))


@dataclass(frozen=True)
class _Comparing:
    """An index then and now, and what the journal tells of the time between."""

    then: Then
    frame: pd.DataFrame
    table: Table
    now: datetime

    def all(self) -> Iterator[Since]:
        """Yield what became of each memory."""
        yield from self._written()
        yield from self._edited()
        yield from self._expired()
        yield from self._gone()

    @cached_property
    def _later(self) -> Mask:
        return self.table.at > self.then.moment.us

    def _told(
        self, keys: Collection[str], *actions: Action, policy: Callable[[str], bool] | None = None
    ) -> dict[str, Applied]:
        """Return the last change since of each of these keys: of some actions, by some policies."""
        chosen = self._later
        if actions:
            chosen = chosen & self.table.is_one_of(actions)
        if policy is not None:
            chosen = chosen & np.array([policy(name) for name, _ in self.table.whys], np.bool_)[self.table.why]
        numbers = self.table.numbers_of(keys)
        places = self.table.last(chosen)[numbers[numbers != NONE]]
        return {change.key: change for change in self.table.changes(places[places != NONE])}

    def _written(self) -> Iterator[Since]:
        base = self.then.base
        gone = base.frame["key"].isin(self.then.gone).to_numpy()
        told = self._told(self.then.gone, Action.PUT)
        for key, made in zip(base.frame["key"][gone], made_at(base.frame, base.table)[gone], strict=True):
            if key in told:
                yield _since(key, What.WRITTEN, told[key])
            else:
                yield Since(key, What.WRITTEN, None if pd.isna(made) else made.to_pydatetime())

    def _edited(self) -> Iterator[Since]:
        """Yield what is there then and now, and is not the same: but for its vector, which is not read for it."""
        put = self.then.put
        base = self.then.base
        part = base.table.filter(pa.array(base.frame["key"].isin(put).to_numpy()))
        is_now = dict(records(part, limit=part.num_rows))
        was = {key: put[key].metadata for key in is_now if put[key].metadata != is_now[key]}
        last, hiding = self._told(was), self._told(was, policy=lambda name: name in ("hide", "quarantine"))
        for key, metadata in was.items():
            if shown(metadata) != shown(is_now[key]):
                yield _since(key, What.EDITED, last.get(key))
            if (STATUS_KEY in metadata) != (STATUS_KEY in is_now[key]):
                what = What.SHOWN if STATUS_KEY in metadata else What.HIDDEN
                yield _since(key, what, hiding.get(key) or last.get(key))

    def _expired(self) -> Iterator[Since]:
        at, frame_then = self.then.moment.at, self.then.snapshot.frame
        ended = frame_then["key"][(frame_then["expires_at"] <= at).to_numpy()]
        rows = self.frame[(self.frame["expires_at"] > at).to_numpy() & (self.frame["expires_at"] <= self.now).to_numpy()]
        rows = rows[~rows["key"].isin(self.then.gone).to_numpy() & ~rows["key"].isin(ended).to_numpy()]
        for key, moment in zip(rows["key"], rows["expires_at"], strict=True):
            yield Since(key, What.EXPIRED, moment.to_pydatetime())

    def _gone(self) -> Iterator[Since]:
        out = frozenset(self.then.changed.keys) - frozenset(self.frame["key"])
        retired = self._told(out, Action.RETIRE, Action.ERASE)
        for key in out:
            yield _since(key, What.RETIRED, retired.get(key))
        erased = self._told(self.then.erased, Action.ERASE)
        for key in self.then.erased:
            yield _since(key, What.ERASED, erased.get(key))


def _since(key: str, what: What, change: Applied | None) -> Since:
    if change is None:
        return Since(key, what)
    return Since(key, what, change.at, change.plan_id, change.actor, change.policy, change.reason)
