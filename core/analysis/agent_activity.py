"""When an agent was active: counts on a grid of time, as coarse as its life is long. Pure; every time is UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["WEEKDAYS", "Activity", "activity"]

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAYS_MAX: Final = 60
_DAY: Final = 86_400_000_000
# Kind → µs of a row, of a column, and how long a life may be for it.
_GRIDS: Final = {
    "minutes": (60_000_000, 5_000_000, timedelta(minutes=30)),
    "hours": (3_600_000_000, 300_000_000, timedelta(hours=12)),
    "days": (_DAY, 3_600_000_000, timedelta(days=_DAYS_MAX)),
}


@dataclass(frozen=True, eq=False)
class Activity:
    """Counts (rows, columns) of what happened when.

    `kind` says what a row and a column are: "minutes" (5 seconds each), "hours" (5 minutes), "days" (an hour), "weekdays"
    (an hour, all weeks added up). `starts` has the beginning of each row, empty for weekdays. `unknown` had no time.
    """

    kind: str
    starts: tuple[datetime, ...]
    counts: npt.NDArray[np.int64]
    unknown: int

    @property
    def total(self) -> int:
        """How many times are in the grid."""
        return int(self.counts.sum())

    def busiest(self) -> tuple[int, int]:
        """Return the row and column of the highest count, the first of several."""
        row, column = np.unravel_index(int(np.argmax(self.counts)), self.counts.shape)
        return int(row), int(column)


def activity(times: pd.Series[Any]) -> Activity:
    """Return the grid for times (datetime64, UTC): by day and hour up to 60 days, by weekday and hour beyond.

    Lives of up to 12 hours and 30 minutes have finer grids.
    """
    known = times.dropna()
    micros = known.dt.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    unknown = len(times) - len(known)
    if not len(micros):
        return Activity("weekdays", (), np.zeros((7, 24), np.int64), unknown)
    span = timedelta(microseconds=int(micros.max() - micros.min()))
    for kind, (row, column, longest) in _GRIDS.items():
        first, last = int(micros.min()) // row, int(micros.max()) // row
        if span < longest and (kind != "days" or last - first < _DAYS_MAX):
            counts = _grid(micros // row - first, micros % row // column, (last - first + 1, row // column))
            return Activity(
                kind, tuple(_moment((first + place) * row) for place in range(last - first + 1)), counts, unknown
            )
    weekday = (micros // _DAY + 3) % 7  # 1 January 1970 was a Thursday
    return Activity("weekdays", (), _grid(weekday, micros % _DAY // 3_600_000_000, (7, 24)), unknown)


def _grid(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], shape: tuple[int, int]) -> npt.NDArray[np.int64]:
    counted = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1])
    return counted.reshape(shape).astype(np.int64)


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
