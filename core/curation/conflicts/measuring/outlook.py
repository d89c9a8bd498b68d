"""What another threshold would do to the queue: how many cards, how many of them right, how many conflicts missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from core.curation.conflicts.card import Card
from core.curation.conflicts.measuring.answers import Answer, base_weight, weights_of
from core.curation.conflicts.measuring.pace import Pace
from core.curation.conflicts.measuring.precision import ENOUGH
from core.curation.conflicts.measuring.recall import not_known, recalls_where, unknown_recall
from core.curation.conflicts.measuring.shares import Share, weighted_share

__all__ = ["GRID", "Outlook", "least_threshold", "outlooks"]

GRID: Final = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True)
class Outlook:
    """The queue at one threshold.

    `cards` are those that scans so far would have raised, an estimate where it is below today's; `waiting` those of them
    that are known and not decided. `minutes` are a reviewer's for all cards, None where nobody knows how long one takes.
    """

    threshold: float
    cards: float
    waiting: int
    precision: Share
    recall: Share
    minutes: float | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"precision": self.precision.to_json(), "recall": self.recall.to_json()}


def outlooks(
    cards: Sequence[Card], answers: Sequence[Answer], pace: Pace, *, seed: int, grid: Sequence[float] = GRID
) -> tuple[Outlook, ...]:
    """Return the queue at each threshold of a grid; cards and answers are of one judge."""
    clashes = np.array([card.judgement.clash for card in cards], np.float64)
    each = np.array([base_weight(card.drawn) if card.sample else 1.0 for card in cards])
    decided = {answer.card for answer in answers}
    open_ones = np.array([card.id not in decided for card in cards], bool)
    own, weights = np.array([answer.clash for answer in answers], np.float64), weights_of(cards, answers)
    why = unknown_recall(cards, answers)
    below = own[None, :] < np.array(grid, np.float64)[:, None]
    recalls = [not_known(answers, why)] * len(grid) if why else recalls_where(answers, weights, below, seed=seed)
    found = []
    for threshold, recall in zip(grid, recalls, strict=True):
        count = float(each[clashes >= threshold].sum())
        above = [answer for answer in answers if answer.clash >= threshold]
        right = weighted_share((answer.clashing for answer in above), weights[own >= threshold], needed=ENOUGH)
        waiting = int((open_ones & (clashes >= threshold)).sum())
        found.append(Outlook(threshold, count, waiting, right, recall, pace.minutes(count)))
    return tuple(found)


def least_threshold(found: Sequence[Outlook], *, precision: float) -> Outlook | None:
    """Return the lowest threshold from which on the expected precision is at least that, None where none is known to be."""
    good: Outlook | None = None
    for each in sorted(found, key=lambda one: -one.threshold):
        value = each.precision.value
        if value is not None and value < precision:
            break
        good = each if value is not None else good
    return good
