"""Where a memory would rank under other weights, foretold from the candidates of one recall without asking again.

A score is Σ weight · value / Σ weight, so an order follows from one product of the values with the weights. Only the
half-life (recency) and the share of words (what is lent) change values, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from core import explain
from core.candidates import Mode
from core.errors import ConfigError
from core.explanation.inquiry import Explained
from core.lineage import loans
from core.scoring import Weights, part_weights, relevances

__all__ = ["CONTROLS", "Control", "Grid"]

_TIE: Final = 1e-9
_NAMES: Final = tuple(part_weights(Mode.HYBRID, Weights()))
_LINEAGE, _RECENCY = _NAMES.index("lineage"), _NAMES.index("recency")


@dataclass(frozen=True)
class Control:
    """A weight that a reader can turn: its field, how it is called, and the values that it can take, in steps."""

    name: str
    label: str
    low: int
    high: int
    steps: int  # in one unit

    def values(self, now: float) -> list[float]:
        """Return the values other than the one now, the nearest first."""
        every = (step / self.steps for step in range(self.low * self.steps, self.high * self.steps + 1))
        return sorted((value for value in every if value != now), key=lambda value: (abs(value - now), value))


CONTROLS: Final = (
    Control("relevance", "the weight of relevance", 0, 1, 1_000),
    Control("recency", "the weight of recency", 0, 1, 1_000),
    Control("reinforcement", "the weight of reinforcement", 0, 1, 1_000),
    Control("confidence", "the weight of confidence", 0, 1, 1_000),
    Control("author", "the weight of the author", 0, 1, 1_000),
    Control("lineage", "the weight of lineage", 0, 1, 1_000),
    Control("text_share", "the share of words", 0, 1, 100),
    Control("half_life_days", "the half-life", 1, 365, 1),
)


class Grid:
    """The candidates of one recall, and one of them that is looked for."""

    def __init__(self, found: Explained, key: str) -> None:
        self._found, self._row = found, found.ranks[key] - 1
        self._now = found.ranked[0].asking.now
        self._values = np.array([one.values for one in found.ranked])
        self._active = np.array([name in found.ranked[0].shares for name in _NAMES])

    def ranks(self, control: Control) -> Iterator[tuple[Weights, int]]:
        """Yield the other weights that one control can make, the nearest first, each with the best rank that it may give."""
        weights = self._found.settings.weights
        if not self._matters(control.name):
            return
        for value in control.values(getattr(weights, control.name)):
            try:
                other = replace(weights, **{control.name: value})
            except ConfigError:  # every weight would be 0
                continue
            # Without lineage the sources are not even fetched: only asking again tells.
            yield other, 1 if control.name == "lineage" and value == 0 else self._rank(other, control.name)

    def _matters(self, name: str) -> bool:
        mode = self._found.settings.mode
        if name == "text_share":
            return mode is Mode.HYBRID
        if name == "half_life_days":
            return self._found.settings.weights.recency > 0
        return name == "relevance" or bool(self._active[_NAMES.index(name)])

    def _rank(self, weights: Weights, name: str) -> int:
        """Return the best rank that the memory may have: what scores the same counts as behind it."""
        values = self._values
        if name == "half_life_days":
            values = self._with(_RECENCY, self._recency(weights.half_life_days))
        elif name == "text_share" and self._values[:, _LINEAGE].any():
            values = self._with(_LINEAGE, self._lent(weights))
        parts = part_weights(self._found.settings.mode, weights)
        scores = values @ np.where(self._active, [parts[each] for each in _NAMES], 0.0)
        return 1 + int(np.count_nonzero(scores > scores[self._row] + _TIE * max(parts.values())))

    def _with(self, column: int, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        changed = self._values.copy()
        changed[:, column] = values
        return changed

    @cached_property
    def _days(self) -> npt.NDArray[np.float64]:
        days = (explain.days_since(one.candidate.memory, self._now) for one in self._found.ranked)
        return np.array([np.nan if each is None else max(each, 0.0) for each in days])

    def _recency(self, half_life: float) -> npt.NDArray[np.float64]:
        return np.nan_to_num(2.0 ** (-self._days / half_life), nan=0.0)

    def _lent(self, weights: Weights) -> npt.NDArray[np.float64]:
        pool = self._found.gathered.pool
        lent = loans(pool, relevances(pool, mode=self._found.settings.mode, weights=weights))
        return np.array([explain.lineage(lent.get(one.candidate.memory.key)) for one in self._found.ranked])
