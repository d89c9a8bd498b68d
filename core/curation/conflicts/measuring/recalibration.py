"""A simple repair of a judge's probabilities: a logistic function of their log odds (Platt 1999).

It is only suggested, and only where it helps on cards that it was not fitted to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.curation.conflicts.measuring.answers import Answer, Floats

__all__ = ["Recalibration", "fitted", "recalibration", "repaired"]

_ENOUGH: Final = 50
_OF_EACH: Final = 10
_FOLDS: Final = 5
_EDGE: Final = 1e-4
# As much as so many decisions that say the probabilities are right as they are.
_PRIOR: Final = 1.0
_STEPS: Final = 50
_SMALL: Final = 1e-10


@dataclass(frozen=True)
class Recalibration:
    """The repair p' = 1 / (1 + exp(−(slope · log(p / (1 − p)) + shift))), and Brier's score on cards it had not seen.

    `helps` says that it makes a difference worth having; `before` and `after` are the scores without and with it.
    """

    slope: float
    shift: float
    before: float
    after: float

    @property
    def helps(self) -> bool:
        """Whether it takes at least a twentieth off the score."""
        return self.after < 0.95 * self.before

    @property
    def words(self) -> str:
        """What it would do."""
        scores = f"Brier score {self.before:.3f} to {self.after:.3f} on cards it was not fitted to"
        if not self.helps:
            return f"a repair of the probabilities would not help ({scores})"
        way = "less" if self.slope < 1 else "more"
        return f"probabilities that are {way} extreme would fit better ({scores})"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"helps": self.helps, "words": self.words}


def recalibration(answers: Sequence[Answer]) -> Recalibration | None:
    """Return the repair that the decisions suggest; None where there are fewer than 50, or 10 of either kind."""
    clashes = np.array([answer.clash for answer in answers], np.float64)
    truth = np.array([answer.clashing for answer in answers], np.float64)
    if len(answers) < _ENOUGH or min(truth.sum(), len(truth) - truth.sum()) < _OF_EACH:
        return None
    # The ids are digests, so that their order is a shuffle that is the same every time.
    order = np.argsort(np.argsort([answer.card for answer in answers], kind="stable"))
    told = np.zeros(len(answers))
    for fold in range(_FOLDS):
        out = order % _FOLDS == fold
        told[out] = repaired(clashes[out], *fitted(clashes[~out], truth[~out]))
    slope, shift = fitted(clashes, truth)
    return Recalibration(slope, shift, float(((clashes - truth) ** 2).mean()), float(((told - truth) ** 2).mean()))


def repaired(clashes: Floats, slope: float, shift: float) -> Floats:
    """Return the probabilities after a repair."""
    with np.errstate(over="ignore"):
        found: Floats = 1 / (1 + np.exp(-(slope * _log_odds(clashes) + shift)))
    return found


def fitted(clashes: Floats, truth: Floats) -> tuple[float, float]:
    """Return slope and shift by Newton's method, drawn a little towards 1 and 0, which is no repair."""
    inputs = np.column_stack([_log_odds(clashes), np.ones(len(clashes))])
    asis = np.array([1.0, 0.0])

    def loss(at: Floats) -> float:
        odds = inputs @ at
        return float((np.logaddexp(0, odds) - truth * odds).sum() + _PRIOR * ((at - asis) ** 2).sum() / 2)

    at = asis.copy()
    for _ in range(_STEPS):
        told = 1 / (1 + np.exp(-inputs @ at))
        slopes = inputs.T @ (told - truth) + _PRIOR * (at - asis)
        curves = (inputs * (told * (1 - told))[:, None]).T @ inputs + _PRIOR * np.eye(2)
        step = np.linalg.solve(curves, slopes)
        while loss(at - step) > loss(at) and float(np.abs(step).max()) > _SMALL:
            step /= 2  # where the curve is flat a whole step goes too far
        at = at - step
        if float(np.abs(step).max()) <= _SMALL:
            break
    return float(at[0]), float(at[1])


def _log_odds(clashes: Floats) -> Floats:
    inside = np.clip(clashes, _EDGE, 1 - _EDGE)
    found: Floats = np.log(inside / (1 - inside))
    return found
