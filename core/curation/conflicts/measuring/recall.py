"""How many of the conflicts were raised, estimated from pairs below the threshold that were drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.curation.conflicts.card import Card
from core.curation.conflicts.measuring.answers import Answer, Floats, weights_of
from core.curation.conflicts.measuring.precision import ENOUGH
from core.curation.conflicts.measuring.shares import Share, wilson

__all__ = ["ENOUGH_SAMPLES", "estimated_recall", "not_known", "recalls_where", "unknown_recall"]

ENOUGH_SAMPLES: Final = 30
_DRAWS: Final = 1_000


def estimated_recall(cards: Sequence[Card], answers: Sequence[Answer], *, seed: int) -> Share:
    """Return how many of the conflicts among all compared pairs were raised."""
    why = unknown_recall(cards, answers)
    if why:
        return not_known(answers, why)
    missed = np.array([[each.sample for each in answers]], bool)
    return recalls_where(answers, weights_of(cards, answers), missed, seed=seed)[0]


def recalls_where(
    answers: Sequence[Answer], weights: Floats, missed: npt.NDArray[np.bool_], *, seed: int
) -> tuple[Share, ...]:
    """Return the recall for each row of `missed` (m, n): if those answers were not raised; each stands for its weight (n,).

    The interval is by bootstrap (Efron 1979), of raised cards and samples apart. Where no missed one clashes, its lower end
    is what Wilson's interval leaves possible for them.
    """
    generator = np.random.default_rng(seed)
    clashing = np.array([answer.clashing for answer in answers], bool)
    samples = np.array([answer.sample for answer in answers], bool)
    found, lost = np.zeros((1 + _DRAWS, len(missed))), np.zeros((1 + _DRAWS, len(missed)))
    rows = np.column_stack([np.where(clashing, weights, 0.0), missed.T])
    for part in (~samples, samples):
        if not part.any():
            continue
        # What counts alike is drawn together: as good as one by one, and much less to draw.
        alike, counts = np.unique(rows[part], axis=0, return_counts=True)
        drawn = generator.multinomial(int(counts.sum()), counts / counts.sum(), size=_DRAWS)
        times, worth, below = np.vstack([counts, drawn]), alike[:, :1], alike[:, 1:]
        found += times @ (worth * (1 - below))
        lost += times @ (worth * below)
    shares = np.divide(found, found + lost, out=np.ones_like(found), where=found + lost > 0)
    ends = np.quantile(shares[1:], [0.025, 0.975], axis=0)
    for place in np.flatnonzero(missed.any(axis=1) & ~(missed & clashing).any(axis=1)):
        possible = wilson(0, int(missed[place].sum()))[1] * float(weights[missed[place]].sum())
        ends[0, place] = found[0, place] / (found[0, place] + possible)
    return tuple(
        Share(value, min(low, value), max(high, value), len(answers), ENOUGH + ENOUGH_SAMPLES)
        for value, low, high in zip(shares[0].tolist(), *ends.tolist(), strict=True)
    )


def unknown_recall(cards: Sequence[Card], answers: Sequence[Answer]) -> str:
    """Return why the recall cannot be told, "" where it can."""
    samples = sum(answer.sample for answer in answers)
    if not any(card.sample for card in cards):
        return "nothing below the threshold was drawn to look at"
    if samples < ENOUGH_SAMPLES:
        return f"too few decisions to say: {samples:,} of {ENOUGH_SAMPLES:,} samples below the threshold"
    if len(answers) - samples < ENOUGH:
        return f"too few decisions to say: {len(answers) - samples:,} of {ENOUGH:,} raised cards"
    return "" if any(answer.clashing for answer in answers) else "no conflict was found yet, so none can be missed"


def not_known(answers: Sequence[Answer], why: str) -> Share:
    """Return a recall that cannot be told."""
    return Share(None, None, None, len(answers), ENOUGH + ENOUGH_SAMPLES, why)
