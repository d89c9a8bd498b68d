"""Whether a judge's probabilities are what they say: of the cards at 0.8, do four of five clash?

All of it is given the clash, and which cards were raised or drawn depends on nothing else: so no answer needs a weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.curation.conflicts.measuring.answers import Answer, Floats
from core.curation.conflicts.measuring.recalibration import Recalibration, recalibration
from core.curation.conflicts.measuring.shares import Share, share_of

__all__ = ["Bin", "Calibration", "calibration"]

ENOUGH: Final = 30
_IN_A_BIN: Final = 5
_BINS: Final = 10


@dataclass(frozen=True)
class Bin:
    """The decided cards whose clash is from `low` up to `high` (1 is in the last bin): how many, and how many clash."""

    low: float
    high: float
    count: int
    mean: float | None
    share: Share


@dataclass(frozen=True)
class Calibration:
    """The curve, Brier's score (1950) and the expected calibration error (Naeini et al. 2015), None for too few."""

    n: int
    bins: tuple[Bin, ...]
    brier: float | None = None
    error: float | None = None
    better: Recalibration | None = None

    @property
    def words(self) -> str:
        """What that means."""
        if self.brier is None or self.error is None:
            return f"too few decisions to say: {self.n:,} of {ENOUGH:,}"
        said = f"Brier score {self.brier:.3f}, probabilities are off by {self.error:.2f} on average"
        return f"{said}; {self.better.words}" if self.better else said

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        bins = [vars(each) | {"share": each.share.to_json()} for each in self.bins]
        better = None if self.better is None else self.better.to_json()
        return {"n": self.n, "brier": self.brier, "error": self.error, "words": self.words, "bins": bins, "better": better}


def calibration(answers: Sequence[Answer], *, bins: int = _BINS) -> Calibration:
    """Return how the clash of each decided card fits what people said of it."""
    clashes = np.array([answer.clash for answer in answers], np.float64)
    truth = np.array([answer.clashing for answer in answers], np.float64)
    places = np.clip((clashes * bins).astype(np.int64), 0, bins - 1)
    curve = tuple(_bin(number, bins, clashes[places == number], truth[places == number]) for number in range(bins))
    if len(answers) < ENOUGH:
        return Calibration(len(answers), curve)
    off = sum(
        each.count * abs(float(truth[places == n].mean()) - (each.mean or 0.0)) for n, each in enumerate(curve) if each.count
    )
    return Calibration(
        len(answers), curve, float(((clashes - truth) ** 2).mean()), off / len(answers), recalibration(answers)
    )


def _bin(number: int, bins: int, clashes: Floats, truth: Floats) -> Bin:
    mean = float(clashes.mean()) if len(clashes) else None
    return Bin(number / bins, (number + 1) / bins, len(clashes), mean, share_of(truth > 0, needed=_IN_A_BIN))
