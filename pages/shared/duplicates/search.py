"""The search for duplicates of an index: its pairs once, and the groups of any threshold among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.analysis.snapshot import Snapshot
from core.curation.duplicates import Group, Pairs, PairScore, groups, near_pairs
from core.curation.duplicates.rejected import Rejections
from pages.shared.here import Here
from pages.shared.words import plural
from pages.shared.work import Errand, Work, index_of

__all__ = ["LOWEST", "Search", "search_errand"]

# Pairs are looked for from here on, once; every other threshold is a choice among them.
LOWEST: Final = 0.6
_KEPT: Final = 4
_GROUPED: Final = 24


@dataclass(eq=False)
class Search:
    """What one search of one index found; `frame` and `table` have the memories that it compared, row for row."""

    frame: pd.DataFrame
    table: pa.Table
    pairs: Pairs
    _places: pd.Index[Any] | None = None
    _grouped: dict[Any, tuple[Group, ...]] = field(default_factory=dict)
    _scores: Mapping[tuple[str, str], PairScore] | None = None
    _firsts: Mapping[str, str] = field(default_factory=dict)

    def groups(self, threshold: float, rejections: Rejections) -> tuple[Group, ...]:
        """Return the groups at a threshold without what was rejected, worked out once."""
        key = (threshold, rejections.every)
        found = self._grouped.get(key)
        if found is None:
            for old in list(self._grouped)[: -_GROUPED + 1]:
                self._grouped.pop(old, None)
            found = self._grouped[key] = groups(rejections.without(self.pairs), threshold)
        return found

    def rows(self, keys: list[str]) -> npt.NDArray[np.int64]:
        """Return the rows of keys in the frame, -1 for one that is not there."""
        if self._places is None:
            self._places = pd.Index(self.frame["key"])
        found: npt.NDArray[np.int64] = self._places.get_indexer(pd.Index(keys, dtype=self._places.dtype)).astype(np.int64)
        return found

    def score(self, one: str, other: str) -> tuple[PairScore, bool] | None:
        """Return how alike two keys are and whether `one` is its left side; None where their texts are the same."""
        if self._scores is None:
            self._firsts = {key: keys[0] for keys in self.pairs.same for key in keys}
            self._scores = {(pair.first, pair.second): pair.score for pair in self.pairs.pairs}
        first, second = (self._firsts.get(key, key) for key in (one, other))
        if score := self._scores.get((first, second)):
            return score, True
        score = self._scores.get((second, first))
        return (score, False) if score else None


def search_errand(here: Here, snapshot: Snapshot, within: str) -> Errand:
    """Return the search of an index as it is now, to be begun by who needs it."""

    def do(work: Work) -> Search:
        pairs = near_pairs(
            snapshot.frame,
            snapshot.vectors(),
            threshold=LOWEST,
            within=within,
            now=here.now,
            stop=work.stop.is_set,
            progress=work.at,
        )
        return Search(snapshot.frame, snapshot.table, pairs)

    words = f"Comparing {plural(snapshot.rows, 'memory')}"
    of = ("duplicates", *index_of(here), within)
    return Errand(of, snapshot.revision, words, do, heavy=True, kept=_KEPT)
