"""All that the decisions tell of how well conflicts are found, in one object."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.curation.conflicts.card import Card, Decision
from core.curation.conflicts.measuring.agreement import Agreement, agreement
from core.curation.conflicts.measuring.answers import answers_of, latest_judge
from core.curation.conflicts.measuring.calibration import Calibration, calibration
from core.curation.conflicts.measuring.groups import Figures, Week, by_cue, by_judge, weeks
from core.curation.conflicts.measuring.outlook import GRID, Outlook, outlooks
from core.curation.conflicts.measuring.pace import Pace, pace_of
from core.curation.conflicts.measuring.precision import precision
from core.curation.conflicts.measuring.recall import estimated_recall
from core.curation.conflicts.measuring.shares import Share

__all__ = ["Measures", "measure"]


@dataclass(frozen=True)
class Measures:
    """How well one judge finds conflicts, by the decisions so far.

    `judges` are the figures of all judges, the rest is of `judge` alone: its tag, None where there is no card. `cards` are
    those that were raised, `samples` those drawn below the threshold.
    """

    judge: str | None
    cards: int
    samples: int
    decided: int
    precision: Share
    recall: Share
    agreement: Agreement
    calibration: Calibration
    pace: Pace
    outlooks: tuple[Outlook, ...]
    judges: tuple[Figures, ...]
    cues: tuple[Figures, ...]
    weeks: tuple[Week, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        parts = ("precision", "recall", "agreement", "calibration", "pace")
        rows = ("outlooks", "judges", "cues", "weeks")
        found = vars(self) | {name: getattr(self, name).to_json() for name in parts}
        return found | {name: [each.to_json() for each in getattr(self, name)] for name in rows}


def measure(
    cards: Iterable[Card],
    decisions: Iterable[Decision],
    *,
    seed: int = 0,
    judge: str | None = None,
    grid: Sequence[float] = GRID,
) -> Measures:
    """Return what the decisions tell of a judge: of the one that found a card last, where none is named."""
    every, said = list(cards), list(decisions)
    judge = latest_judge(every) if judge is None else judge
    own = [card for card in every if card.judgement.judge == judge]
    answers, pace, ids = answers_of(own, said), pace_of(said), {card.id for card in own}
    raised = sum(not card.sample for card in own)
    return Measures(
        judge=judge,
        cards=raised,
        samples=len(own) - raised,
        decided=len(answers),
        precision=precision(answers),
        recall=estimated_recall(own, answers, seed=seed),
        agreement=agreement(each for each in said if each.card in ids),
        calibration=calibration(answers),
        pace=pace,
        outlooks=outlooks(own, answers, pace, seed=seed, grid=grid),
        judges=by_judge(answers_of(every, said, as_seen=True)),
        cues=by_cue(answers),
        weeks=weeks(answers),
    )
