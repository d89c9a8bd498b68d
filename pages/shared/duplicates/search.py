"""Searches for duplicates: each in a thread of its own, shared by all sessions, kept as long as its index stays the same."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import streamlit as st

from core.analysis.snapshot import Job, Snapshot
from core.curation.duplicates import Group, Pairs, PairScore, groups, near_pairs
from core.curation.duplicates.rejected import Rejections
from pages.shared.here import Here

__all__ = ["LOWEST", "Search", "Searches", "searches"]

# Pairs are looked for from here on, once; every other threshold is a choice among them.
LOWEST: Final = 0.6
# What most indexes take is there before the page would be drawn twice.
_WAIT_S: Final = 0.8
_KEPT: Final = 4
_GROUPED: Final = 24


@dataclass(eq=False)
class Search:
    """One search of one index: `pairs` once its job ended well; `frame` and `table` have the memories that it compared."""

    within: str
    frame: pd.DataFrame
    job: Job
    pairs: Pairs | None = None
    table: pa.Table | None = None
    revision: str = ""
    _places: pd.Index[Any] | None = None
    _grouped: dict[Any, tuple[Group, ...]] = field(default_factory=dict)
    _scores: Mapping[tuple[str, str], PairScore] | None = None
    _firsts: Mapping[str, str] = field(default_factory=dict)

    def groups(self, threshold: float, rejections: Rejections) -> tuple[Group, ...]:
        """Return the groups at a threshold without what was rejected, worked out once."""
        assert self.pairs is not None
        key = (threshold, rejections.every)
        if key not in self._grouped:
            for old in list(self._grouped)[: -_GROUPED + 1]:
                self._grouped.pop(old, None)
            self._grouped[key] = groups(rejections.without(self.pairs), threshold)
        return self._grouped[key]

    def rows(self, keys: list[str]) -> npt.NDArray[np.int64]:
        """Return the rows of keys in the frame, -1 for one that is not there."""
        if self._places is None:
            self._places = pd.Index(self.frame["key"])
        found: npt.NDArray[np.int64] = self._places.get_indexer(pd.Index(keys, dtype=self._places.dtype)).astype(np.int64)
        return found

    def score(self, one: str, other: str) -> tuple[PairScore, bool] | None:
        """Return how alike two keys are and whether `one` is its left side; None where their texts are the same."""
        assert self.pairs is not None
        if self._scores is None:
            self._firsts = {key: keys[0] for keys in self.pairs.same for key in keys}
            self._scores = {(pair.first, pair.second): pair.score for pair in self.pairs.pairs}
        first, second = (self._firsts.get(key, key) for key in (one, other))
        if score := self._scores.get((first, second)):
            return score, True
        score = self._scores.get((second, first))
        return (score, False) if score else None


class Searches:
    """The searches of one server; thread-safe. The latest few are kept, and one goes on at a time: `turn` is whose it is."""

    def __init__(self) -> None:
        self._known: dict[Any, Search] = {}
        self._lock = threading.Lock()
        self.turn = threading.BoundedSemaphore(1)

    def known(self, here: Here, snapshot: Snapshot, within: str) -> Search | None:
        """Return the search of an index as it is now, None where none was begun."""
        with self._lock:
            return self._known.get((*_place(here, within), snapshot.revision))

    def last(self, here: Here, within: str) -> Search | None:
        """Return the latest search of an index that ended well, whatever was written since; None where there is none."""
        with self._lock:
            return next((each for each in reversed(self._of(here, within)) if each.pairs is not None), None)

    def look(self, here: Here, snapshot: Snapshot, within: str, *, again: bool = False) -> Search:
        """Return the search of an index as it is now, begun where there is none or `again`; a quick one has ended.

        While one goes on that began before the index changed, it is that one: else there would be no end where agents write.
        """
        key = (*_place(here, within), snapshot.revision)
        with self._lock:
            known = self._known.get(key)
            if known is None or (again and known.job.done):
                going = (each for each in self._of(here, within) if not each.job.done)
                known = next(going, None) or self._begun(here, snapshot, within)
            self._known[(*_place(here, within), known.revision)] = known
            for old in list(self._known)[:-_KEPT]:
                self._known.pop(old).job.cancel()
        if known.pairs is None:
            known.job.wait(_WAIT_S)
        return known

    def begin(self, here: Here, snapshot: Snapshot, within: str) -> None:
        """Begin a search, or another one where one has ended; made for `on_click`."""
        self.look(here, snapshot, within, again=True)

    def _of(self, here: Here, within: str) -> list[Search]:
        place = _place(here, within)
        return [each for key, each in self._known.items() if key[:-1] == place]

    def _begun(self, here: Here, snapshot: Snapshot, within: str) -> Search:
        job = Job(here.index, clock=lambda: datetime.now(UTC))
        search = Search(within, snapshot.frame, job, table=snapshot.table, revision=snapshot.revision)

        def work() -> None:
            search.pairs = near_pairs(
                snapshot.frame,
                snapshot.vectors(),
                threshold=LOWEST,
                within=within,
                now=here.now,
                stop=lambda: job.cancelled,
                progress=lambda done: job.at("comparing", round(1_000 * done), 1_000),
            )

        job.start(work, slots=self.turn)
        return search


@st.cache_resource(max_entries=1, show_spinner=False)
def searches() -> Searches:
    """Return the searches that all sessions share."""
    return Searches()


def _place(here: Here, within: str) -> tuple[str, ...]:
    schema = repr(here.store.schema) if here.store else ""
    return (here.catalog.uri, here.catalog.bucket, here.index, schema, within)
