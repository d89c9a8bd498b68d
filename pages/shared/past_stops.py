"""The moments that a person may look back to: when something was written or changed, and the stops of the slider over them.

Times are microseconds since 1970, as a frame of pandas has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from pages.shared import state
from pages.shared.here import Here
from pages.shared.words import minute_words

if TYPE_CHECKING:
    from core.past.versions import Versions

__all__ = [
    "Stops",
    "at",
    "micros",
    "moment_words",
    "stop_labels",
    "stops",
    "stops_of",
    "versions",
]

_Ints = npt.NDArray[np.int64]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
# Steps that people count in.
_STEPS: Final = (
    *(_SECOND // part for part in (1000, 200, 100, 50, 20, 10, 5, 2)),
    *(_SECOND * many for many in (1, 2, 5, 10, 15, 30)),
    *(_MINUTE * many for many in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * many for many in (1, 2, 3, 6, 12)),
    *(_DAY * many for many in (1, 2, 7, 14, 28, 91, 364, 3640, 36400)),
)
_MOST: Final = 200


def micros(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICRO


def at(value: int) -> datetime:
    """Return microseconds since 1970 as a moment."""
    return _EPOCH + timedelta(microseconds=int(value))


def moment_words(moment: datetime) -> str:
    """Return a moment to read, in UTC, as fine as it is: "14 Nov 2026, 10:32:05.25"."""
    moment = moment.astimezone(UTC)
    said = f"{minute_words(moment)}:{moment:%S}"
    return f"{said}.{moment.microsecond:06d}".rstrip("0") if moment.microsecond else said


def stop_labels(stops: Sequence[int]) -> dict[int, str]:
    """Return a short label for each stop of a slider, no two alike: "14 Nov 2026, 10:32", less the year where it is one."""
    moments = {stop: at(stop) for stop in stops}
    year = "" if len({moment.year for moment in moments.values()}) == 1 else " %Y"
    labels: dict[int, str] = {}
    taken: set[str] = set()
    for stop, moment in moments.items():
        day = f"{moment.day} {moment.strftime(f'%b{year}')}"
        fine = f"{moment:%H:%M:%S.%f}"  # without its day, for a label of the rail has no room for both
        ways = (f"{day}, {moment:%H:%M}", f"{day}, {moment:%H:%M:%S}", fine, f"{day}, {fine}")
        labels[stop] = next(said for said in ways if said not in taken)
        taken.add(labels[stop])
    return labels


@dataclass(frozen=True, eq=False)
class Stops:
    """The distinct times at which something happened, ascending, (n,) int64; `counts` says how much at each."""

    times: _Ints
    counts: _Ints

    def __bool__(self) -> bool:
        return len(self.times) > 0

    @property
    def first(self) -> datetime:
        """When the first thing happened."""
        return at(self.times[0])

    @property
    def last(self) -> datetime:
        """When the last thing happened."""
        return at(self.times[-1])

    def before(self, moment: datetime) -> datetime | None:
        """Return the last event before a moment, None where there is none."""
        place = int(np.searchsorted(self.times, micros(moment), side="left"))
        return at(self.times[place - 1]) if place else None

    def after(self, moment: datetime) -> datetime | None:
        """Return the first event after a moment, None where there is none."""
        place = int(np.searchsorted(self.times, micros(moment), side="right"))
        return at(self.times[place]) if place < len(self.times) else None

    def until(self, moment: datetime) -> Stops:
        """Return those up to and with a moment."""
        end = int(np.searchsorted(self.times, micros(moment), side="right"))
        return self if end == len(self.times) else Stops(self.times[:end], self.counts[:end])

    @cached_property
    def step(self) -> int:
        """How fine the slider is, in microseconds: the finest step of which few enough have an event in them."""
        if len(self.times) <= _MOST:
            return 1
        return next((step for step in _STEPS if _cells(self.times, step) <= _MOST), _STEPS[-1])

    def slider(self, moment: datetime) -> list[int]:
        """Return the slider's stops: the first event, the end of each step in which something happened, the moment itself.

        So a long silence takes no room.
        """
        if self.step == 1:
            stops = set(self.times.tolist())
        else:
            ends = np.unique(self.times // self.step + 1) * self.step
            stops = {int(self.times[0]), *np.minimum(ends, self.times[-1]).tolist()}
        return sorted(stops | {micros(moment)})

    def strip(self, stops: Sequence[int], bars: int) -> list[int]:
        """Return how much happened in each of as many equal parts of the slider, whatever the time between its stops."""
        place = np.searchsorted(np.array(stops, np.int64), self.times, side="left") / max(1, len(stops) - 1) * bars
        found = np.bincount(np.minimum(place.astype(np.int64), bars - 1), weights=self.counts, minlength=bars)
        return [int(count) for count in found]


def _cells(times: _Ints, step: int) -> int:
    return int(np.count_nonzero(np.diff(times // step))) + 1


def stops_of(created: Sequence[pd.Series[pd.Timestamp]], changed: _Ints | None = None) -> Stops:
    """Return the moments of columns of times, and of changes (µs since 1970)."""
    known = [column.dropna().to_numpy(dtype="datetime64[us]").astype(np.int64) for column in created]
    times, counts = np.unique(np.concatenate([*known, *([] if changed is None else [changed])]), return_counts=True)
    return Stops(times, counts)


def versions(here: Here) -> Versions | None:
    """Return what the journal tells of each key of the open index, None where there is no journal."""
    if here.store is None or here.store.archive is None:
        return None
    from core.past.versions import versions_of  # only who looks back needs it

    return versions_of(here.store.archive.ledger.journal, here.store.stream)


def stops(here: Here) -> Stops:
    """Return when something happened in the open index up to now, by the clock of the view."""
    known, present, clock = versions(here), here.at_present, state.get("clock")
    head = known.head if known else 0
    of = (here.catalog.uri, here.catalog.bucket, here.index, present.edition, head, clock, repr(here.actor))
    return _stops(present, of, clock == "recorded").until(here.today)


@st.cache_resource(max_entries=4, show_spinner="Looking for what happened")
def _stops(_here: Here, of: tuple[object, ...], recorded: bool) -> Stops:  # noqa: ARG001
    assert _here.store is not None
    assert _here.snapshot is not None
    frames, known = [_here.snapshot.frame], versions(_here)
    if known is None or not known.head:
        return stops_of([frames[0]["created_at"]])
    from core.past.retired import retired_frame

    frames.append(retired_frame(_here.store, known, actor=_here.actor, snapshot=_here.snapshot).frame)
    table = known.table()
    first = np.zeros(table.rows, np.bool_)
    first[np.unique(table.key, return_index=True)[1]] = True
    came = first & table.adds(np.arange(table.rows))
    if not recorded:  # an import is no event of the time that the agents' own clocks tell
        return stops_of([frame["created_at"] for frame in frames], table.at[~came])
    late = {table.keys[key] for key in table.key[came].tolist()}
    return stops_of([frame["created_at"][~frame["key"].isin(late)] for frame in frames], table.at)
