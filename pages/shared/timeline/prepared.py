"""What the timeline's drawing is made from, prepared once for a revision and scope and kept for the next run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from core.analysis.columns import extra_columns
from core.analysis.frame import COLUMNS
from core.analysis.timeline import (
    Axis,
    Colouring,
    Events,
    Lanes,
    Structure,
    colouring,
    conflicts,
    events,
    lanes,
    marks,
    steps_of,
    structure,
)
from core.past.retired import Retired, retired_frame
from core.past.then import stacked_frames
from core.past.versions import Versions
from pages.shared.disputes import digest, disputes
from pages.shared.here import Here
from pages.shared.past_stops import versions
from pages.shared.problem import attempt
from pages.shared.timeline.controls import Asked
from pages.shared.timeline.source import BY_IDENTITY, Source, by_minute, identity

__all__ = ["Memories", "Prepared", "prepare"]

_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Memories:
    """Every memory that a drawing may show: those of the snapshot, then retired ones where they are asked for.

    `frame` has COLUMNS and a row for each; the first `stored` are rows of the snapshot. `mask` says which are in scope.
    `marks` are bits of Mark, `steps` the numbers of the steps, `to_agent` whom a memory hands over to, `found`
    the rows of keys that were asked for.
    """

    frame: pd.DataFrame
    stored: int
    mask: _Bools
    marks: npt.NDArray[np.uint8]
    steps: npt.NDArray[np.float64] | None
    to_agent: pd.Series[Any] | None
    retired: Retired | None
    found: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Prepared:
    """Memories placed on an axis, in lanes, with colours. A row is a place in the frame."""

    memories: Memories
    events: Events
    lanes: Lanes
    colouring: Colouring
    structure: Structure

    @property
    def frame(self) -> pd.DataFrame:
        """Every memory as a row."""
        return self.memories.frame

    @property
    def total(self) -> int:
        """How many memories are shown, those without a time too."""
        return len(self.events.rows) + len(self.events.unknown)

    def key(self, row: int) -> str:
        """Return the key of a row."""
        return str(self.frame["key"].iat[row])

    def row(self, key: str) -> int | None:
        """Return the row of a key that is shown, None where it is not."""
        known = self.memories.found
        if key not in known:
            rows = np.flatnonzero((self.frame["key"] == key).to_numpy(dtype=bool) & self.memories.mask)
            known[key] = int(rows[0]) if len(rows) else None
        return known[key]

    def keys(self, rows: npt.NDArray[np.integer[Any]]) -> list[str]:
        """Return the keys of rows."""
        return list(map(str, self.frame["key"].iloc[rows]))

    def x(self, row: int) -> int | None:
        """Return where a row is on the axis, None where that is unknown."""
        found = np.flatnonzero(self.events.rows == row)
        return int(self.events.x[found[0]]) if len(found) else None


@dataclass(frozen=True, eq=False)
class _Source(Source):
    """What memories are read from, those that were retired too where `marked`; `disputed` are keys of what is there."""

    versions: Versions | None
    marked: bool
    disputed: frozenset[str]


_BY_IDENTITY: Final[dict[str | type[Any], Any]] = {_Source: BY_IDENTITY[Source]}


def prepare(here: Here, asked: Asked) -> Prepared:
    """Return what the drawing is made from; parts that were made before come from the cache."""
    source = _source(here, marked="marks" in asked.shows)
    axis, by = asked.axis, (asked.lane_field, asked.most, asked.order)
    return Prepared(
        _memories(source),
        _events(source, axis),
        _lanes(source, axis, *by),
        _colouring(source, axis, asked.colour_field),
        _structure(source, axis, *by),
    )


def _source(here: Here, *, marked: bool) -> _Source:
    found, (scope, now) = versions(here), by_minute(here)
    head = attempt(lambda: found.head if found else 0)
    if head is None:  # without a journal that can be read, what is there now can still be drawn
        found, head = None, 0
    if marked:  # what recall leaves out is drawn too, each with its mark
        scope = replace(scope, include_expired=True, include_hidden=True)
    disputed = frozenset(disputes(here))
    known = (*identity(here), head, marked, now, repr(scope), digest(disputed))
    return _Source(known, here, scope, now, found, marked, disputed)


@st.cache_resource(max_entries=2, show_spinner=False, hash_funcs=_BY_IDENTITY)
def _memories(source: _Source) -> Memories:
    frame, snapshot = source.here.frame, source.here.snapshot
    assert frame is not None
    assert snapshot is not None
    steps, to_agent = steps_of(snapshot.table), extra_columns(snapshot.table, ("to_agent",)).get("to_agent")
    conflicting, stored = conflicts(frame, snapshot.table), len(frame)
    if source.disputed:  # a card may still wait for what was retired meanwhile: that is no conflict of now
        conflicting |= source.disputed.intersection(frame["key"])
    gone = _gone(source, frame) if source.marked else None
    retired = merged = frozenset[str]()
    if gone is not None:
        frame = stacked_frames([frame, gone.frame[[*COLUMNS]]])
        steps = _padded(steps, steps_of(gone.table), stored, len(gone.frame))
        to_agent = None if to_agent is None else to_agent.reindex(range(len(frame)))
        merged = gone.merged
        retired = frozenset(gone.frame["key"]) - merged  # of what lives on in another memory that is said
    return Memories(
        frame,
        stored,
        source.scope.mask(frame, now=source.now).to_numpy(dtype=bool),
        marks(frame, now=source.now, retired=retired, merged=merged, conflicting=conflicting),
        steps,
        to_agent,
        gone,
    )


def _gone(source: _Source, frame: pd.DataFrame) -> Retired | None:
    """Return the memories that were retired by then and did not come back, None without one."""
    here, known = source.here, source.versions
    assert here.store is not None
    assert here.snapshot is not None
    if known is None or not known.head:
        return None
    until = here.now if here.past else None
    found = retired_frame(here.store, known, actor=here.actor, snapshot=here.snapshot, until=until)
    kept = ~found.frame["key"].isin(frame["key"]).to_numpy(dtype=bool)
    if not kept.any():
        return None
    return replace(found, frame=found.frame[kept].reset_index(drop=True), table=found.table.filter(kept))


def _padded(
    one: npt.NDArray[np.float64] | None, other: npt.NDArray[np.float64] | None, size: int, more: int
) -> npt.NDArray[np.float64] | None:
    if one is None and other is None:
        return None
    parts = [np.full(count, np.nan) if part is None else part for part, count in ((one, size), (other, more))]
    return np.concatenate(parts)


@st.cache_resource(max_entries=6, show_spinner=False, hash_funcs=_BY_IDENTITY)
def _events(source: _Source, axis: Axis) -> Events:
    memories, recorded = _memories(source), None
    if axis is Axis.RECORDED and source.versions is not None:
        recorded = source.versions.recorded()
    return events(memories.frame, axis=axis, recorded=recorded, steps=memories.steps, mask=memories.mask)


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=_BY_IDENTITY)
def _lanes(source: _Source, axis: Axis, field: str, most: int, order: str) -> Lanes:
    return lanes(_events(source, axis), _memories(source).frame, field, most=most, order=order)


@st.cache_resource(max_entries=12, show_spinner=False, hash_funcs=_BY_IDENTITY)
def _colouring(source: _Source, axis: Axis, field: str) -> Colouring:
    memories = _memories(source)
    return colouring(_events(source, axis), memories.frame, field, marks=memories.marks)


@st.cache_resource(max_entries=6, show_spinner=False, hash_funcs=_BY_IDENTITY)
def _structure(source: _Source, axis: Axis, field: str, most: int, order: str) -> Structure:
    memories, placed = _memories(source), _events(source, axis)
    found = _lanes(source, axis, field, most, order)
    return structure(placed, found, memories.frame, to_agent=memories.to_agent)
