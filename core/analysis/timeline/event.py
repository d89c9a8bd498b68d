"""What happened when: the memories of a frame in the order of one clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.analysis.columns import values_of

__all__ = ["MICROSECOND", "Axis", "Events", "coded", "events", "micros", "moment", "neighbour", "steps_of", "times_of"]

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Final = np.iinfo(np.int64).min  # NaT
# The names under which traces number their steps, the first that is there counts.
_STEPS: Final = ("step", "turn", "seq", "sequence", "order", "index", "turn_index")


class Axis(StrEnum):
    """What the horizontal place of an event means."""

    CREATED = "created"
    RECORDED = "recorded"
    EXPIRES = "expires"
    ORDER = "order"
    ELAPSED = "elapsed"

    @property
    def is_time(self) -> bool:
        """Say whether it counts microseconds since 1970 (UTC); else it counts places or microseconds of a session."""
        return self not in (Axis.ORDER, Axis.ELAPSED)


@dataclass(frozen=True, eq=False)
class Events:
    """Memories in order: `x` int64 (n,), ascending, `rows` int32 (n,) their positions in the frame.

    `x` is in microseconds since 1970 UTC, in places 0, 1, 2… (ORDER) or in microseconds since the session began (ELAPSED).
    Ties are in the order of step, then of key. `unknown` are the rows without a value on this axis, by step, then key.
    """

    axis: Axis
    x: Ints
    rows: Rows
    unknown: Rows

    def __len__(self) -> int:
        return len(self.x)

    @property
    def order(self) -> Rows:
        """Every row in order, those without a value last."""
        return np.concatenate([self.rows, self.unknown])

    def within(self, lo: int, hi: int) -> slice:
        """Return the places of the events with lo ≤ x ≤ hi."""
        return slice(int(np.searchsorted(self.x, lo, "left")), int(np.searchsorted(self.x, hi, "right")))


def micros(at: datetime) -> int:
    """Return a moment as microseconds since 1970 UTC."""
    return (at - _EPOCH) // MICROSECOND


def moment(x: int) -> datetime:
    """Return microseconds since 1970 as a moment in UTC."""
    return _EPOCH + timedelta(microseconds=int(x))


def times_of(frame: pd.DataFrame, column: str) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Return a column of times as microseconds since 1970 UTC, and which are known; the others are 0."""
    values = frame[column].to_numpy(dtype="datetime64[us]").view(np.int64)
    known = values != _NEVER
    return np.where(known, values, 0), known


def coded(frame: pd.DataFrame, field: str) -> tuple[Ints, list[str]]:
    """Return the code of each row's value in a column of names, -1 where it has none, and the names.

    Frames that were put below one another have lost their categories: such a column is coded here.
    """
    column = frame[field] if isinstance(frame[field].dtype, pd.CategoricalDtype) else frame[field].astype("category")
    return np.asarray(column.cat.codes.to_numpy(), dtype=np.int64), list(map(str, column.cat.categories.tolist()))


def steps_of(table: pa.Table | None) -> npt.NDArray[np.float64] | None:
    """Return the numbers of the steps, float64 (n,), NaN where missing; None where no column has any.

    Numbers written as text count. The first of step, turn, seq, sequence, order, index and turn_index that has one is read.
    """
    names = () if table is None else set(table.column_names)
    for name in (name for name in _STEPS if name in names):
        numbers = _numbers(table, name)
        if np.isfinite(numbers).any():
            return np.where(np.isfinite(numbers), numbers, np.nan)
    return None


def _numbers(table: pa.Table, name: str) -> npt.NDArray[np.float64]:
    kind = table[name].type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return np.asarray(pc.cast(table[name], pa.float64(), safe=False).to_numpy(), dtype=np.float64)
    column = pd.Series(values_of(table, name), dtype=object)
    return np.asarray(pd.to_numeric(column.map(_number), errors="coerce"), dtype=np.float64)


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else None


def events(
    frame: pd.DataFrame,
    *,
    axis: Axis = Axis.CREATED,
    recorded: Mapping[str, datetime] | None = None,
    steps: npt.NDArray[np.float64] | None = None,
    mask: npt.NDArray[np.bool_] | None = None,
) -> Events:
    """Return the memories in the order of an axis; `mask` (n,) says which of the frame count, `steps` (n,) from steps_of.

    RECORDED takes the moment from `recorded` by key and, where the journal says nothing of a memory, its created_at. ORDER
    counts in the order of CREATED; where no memory has a time, by step. ELAPSED counts from the first event of the session,
    of the task where there is no session.
    """
    rows = np.arange(len(frame), dtype=np.int32) if mask is None else np.flatnonzero(mask).astype(np.int32)
    step = np.full(len(frame), np.nan) if steps is None else steps
    x, known = _values(frame, axis, recorded)
    if axis is Axis.ORDER and not known[rows].any():
        known = np.isfinite(step)
    ordered = _sorted(frame, rows[known[rows]], x, step)
    values = np.arange(len(ordered), dtype=np.int64) if axis is Axis.ORDER else x[ordered]
    return Events(axis, values, ordered, _sorted(frame, rows[~known[rows]], np.zeros_like(x), step))


def _values(frame: pd.DataFrame, axis: Axis, recorded: Mapping[str, datetime] | None) -> tuple[Ints, npt.NDArray[np.bool_]]:
    if axis is Axis.EXPIRES:
        return times_of(frame, "expires_at")
    x, known = times_of(frame, "created_at")
    if axis is Axis.RECORDED and recorded:
        said = [recorded.get(key) for key in frame["key"].tolist()]
        stated = np.fromiter((at is not None for at in said), bool, len(said))
        x = np.fromiter((kept if at is None else micros(at) for at, kept in zip(said, x.tolist(), strict=True)), np.int64)
        return x, known | stated
    return _elapsed(frame, x, known) if axis is Axis.ELAPSED else (x, known)


def _elapsed(frame: pd.DataFrame, x: Ints, known: npt.NDArray[np.bool_]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Count from the first event of the (team, session), or of the (team, task) where no session is stated."""
    team, session, task = (coded(frame, name)[0] for name in ("team_id", "session_id", "task_id"))
    of = np.where(session >= 0, session, task + 1 + session.max(initial=-1))
    known = known & ((session >= 0) | (task >= 0))
    runs, codes = np.unique((team + 1) * (of.max(initial=0) + 1) + np.where(known, of, 0), return_inverse=True)
    first = np.full(len(runs), np.iinfo(np.int64).max)
    np.minimum.at(first, codes[known], x[known])
    return np.where(known, x - first[codes], 0), known


def _sorted(frame: pd.DataFrame, rows: Rows, x: Ints, steps: npt.NDArray[np.float64]) -> Rows:
    """Return rows by x, then by step (those without one last), then by key; keys are compared only where they decide."""
    stepped = np.isfinite(steps[rows]).any()
    rows = rows[np.lexsort((steps[rows], x[rows])) if stepped else np.argsort(x[rows], kind="stable")]
    at, step = x[rows], steps[rows]
    same = (at[1:] == at[:-1]) & ((step[1:] == step[:-1]) | (np.isnan(step[1:]) & np.isnan(step[:-1])))
    if not same.any():
        return rows
    tied = np.concatenate([[False], same]) | np.concatenate([same, [False]])
    group = np.concatenate([[0], np.cumsum(~same)])[tied]
    keys = pa.array(frame["key"].iloc[rows[tied]], pa.string())
    order = pc.sort_indices(pa.table({"group": group, "key": keys}), [("group", "ascending"), ("key", "ascending")])
    rows = rows.copy()
    rows[tied] = rows[tied][order.to_numpy()]
    return rows


def neighbour(
    events: Events,
    row: int | None,
    step: int = 1,
    *,
    lane_codes: npt.NDArray[np.integer[Any]] | None = None,
    window: tuple[int, int] | None = None,
) -> int | None:
    """Return the row `step` events after this one (before it, where negative), or None where there is none.

    Without a row it is the first (the last) of a window that holds any, else of all. `lane_codes` (lanes.codes) keeps to the
    lane of the row. Those without a value on the axis come last.
    """
    order = events.order
    if not len(order) or step == 0:
        return None
    places = np.flatnonzero(order == row) if row is not None else np.zeros(0, np.intp)
    if not len(places):
        seen = events.rows[events.within(*window)] if window is not None else order
        seen = seen if len(seen) else order
        return int(seen[0] if step > 0 else seen[-1])
    place = int(places[0])
    if lane_codes is not None:
        own = lane_codes[place] if place < len(lane_codes) else None
        same = np.flatnonzero(lane_codes == own) if own is not None else np.arange(len(lane_codes), len(order))
        order, place = order[same], int(np.searchsorted(same, place))
    found = place + step
    return int(order[found]) if 0 <= found < len(order) else None
