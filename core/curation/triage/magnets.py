"""Magnets: memories that come up for unrelated questions, by what was asked or by their place among the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.neighbours import nearest_to
from core.operate.recalls import LoggedRecall

__all__ = ["Magnet", "magnets_by_place", "magnets_by_recalls"]

# Questions of which a magnet comes up for so large a part at least, and so many times as often as others do.
_SHARE: Final = 0.3
_TIMES: Final = 4.0
_QUESTIONS: Final = 20
# By place: so many memories are asked for with their own vectors; a magnet is among the nearest of far more than others.
_ASKED: Final = 1_024
_K: Final = 10
_NEAR_SHARE: Final = 0.02
_NEAR_TIMES: Final = 12.0
_DEVIATIONS: Final = 8.0


@dataclass(frozen=True)
class Magnet:
    """A memory that comes up for `found` of `asked` questions, `times` as often as one would expect."""

    key: str
    found: int
    asked: int
    times: float
    logged: bool

    @property
    def score(self) -> float:
        """How strong it is: 1 where it comes up for all questions, or 50 times as often as others among its neighbours."""
        return min(1.0, self.found / self.asked + 0.2) if self.logged else min(1.0, self.times / 50)

    @property
    def reason(self) -> str:
        """It in words."""
        if self.logged:
            return f"it came up for {self.found:,} of {self.asked:,} different questions that were asked"
        return f"it is among the {_K} nearest of {self.found:,} of {self.asked:,} memories, {self.times:.0f} times its share"


def magnets_by_recalls(recalls: Sequence[LoggedRecall], *, memories: int) -> tuple[Magnet, ...]:
    """Return the magnets among what recalls returned, the strongest first.

    A question counts once, however often it was asked; those whose text was redacted count by what they found.
    """
    asked: dict[object, tuple[str, ...]] = {}
    for recall in recalls:
        if recall.reinforces and recall.hits:
            asked.setdefault(recall.keys if recall.query is None else recall.query.strip().casefold(), recall.keys)
    if len(asked) < _QUESTIONS or not memories:
        return ()
    counts = Counter(key for keys in asked.values() for key in set(keys))
    usual = max(float(np.mean(list(counts.values()))), sum(map(len, asked.values())) / memories)
    found = [
        Magnet(key, count, len(asked), count / usual, True)
        for key, count in counts.items()
        if count >= _SHARE * len(asked) and count >= _TIMES * usual
    ]
    return tuple(sorted(found, key=lambda each: (-each.found, each.key)))


def magnets_by_place(
    keys: Sequence[str], matrix: npt.NDArray[np.float32], *, seed: int, asked: int = _ASKED
) -> tuple[Magnet, ...]:
    """Return the memories that are near to a sample of the others far more often than most, the strongest first.

    It is the k-occurrence (core.analysis.neighbours.hubness) over a sample of the rows: no more is needed to see one that
    is near to a fiftieth of all. Equal vectors count once.
    """
    distinct = np.unique(matrix, axis=0, return_index=True)[1] if len(matrix) <= 2 * _ASKED else np.arange(len(matrix))
    count = min(asked, len(distinct))
    if count < 10 * _K:
        return ()
    sample = np.sort(np.random.default_rng(seed).choice(distinct, count, replace=False))
    near, _ = nearest_to(matrix, matrix[sample], k=_K + 1)
    others = np.where(near == sample[:, None], -1, near)
    times = np.bincount(others[others >= 0], minlength=len(matrix))
    usual = float(times.sum()) / len(distinct)
    least = max(_NEAR_SHARE * count, _NEAR_TIMES * usual, usual + _DEVIATIONS * float(times[distinct].std()))
    rows = np.flatnonzero(times >= least)
    found = [Magnet(str(keys[row]), int(times[row]), count, float(times[row]) / usual, False) for row in rows.tolist()]
    return tuple(sorted(found, key=lambda each: (-each.found, each.key)))
