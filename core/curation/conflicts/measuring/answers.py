"""What people said of the cards, one answer a card, and for how many cards each answer stands.

The answer is the decision in force: a second look tells how far people agree, it outvotes nobody.

The decisions are not a random sample of the cards: the likeliest may have been decided first, and of the pairs below the
threshold only some were drawn. So each answer has a weight: a raised card stands for the cards of about its clash that
wait, a sample for those that were not drawn (Horvitz & Thompson 1952).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt

from core.curation.conflicts.card import Card, Decision
from core.curation.conflicts.reported import is_reported
from core.models.judge import CLASHING, ConflictVerdict

__all__ = ["Answer", "answers_of", "base_weight", "latest_judge", "weights_of"]

# Raised cards are weighed in so many parts by their clash at most, each with so many answers at least.
_PARTS: Final = 10
_IN_A_PART: Final = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Answer:
    """What is held of one card: the verdict of the decision in force, and what a judge said of it."""

    card: str
    verdict: ConflictVerdict
    clash: float
    judge: str
    cue: str
    by: str
    at: datetime
    sample: bool = False
    drawn: float = 1.0

    @property
    def clashing(self) -> bool:
        """Whether the two memories clash, as the person sees it."""
        return self.verdict in CLASHING


def answers_of(cards: Iterable[Card], decisions: Iterable[Decision], *, as_seen: bool = False) -> list[Answer]:
    """Return the answer to each card that has one, oldest first; a second look is none, of other decisions the last counts.

    Each is beside the card's judgement as it is now, or the one that the person saw: a scan with another judge renews it.
    """
    known = {card.id: card for card in cards}
    last: dict[str, Decision] = {}
    for decision in sorted(decisions, key=_when):
        if decision.card in known and not decision.second:
            last[decision.card] = decision
    return [_answer(known[decision.card], decision, as_seen) for decision in sorted(last.values(), key=_when)]


def latest_judge(cards: Iterable[Card]) -> str | None:
    """Return the tag of the judge that found a card last, None without cards: thresholds mean something under one judge."""
    judged = (card for card in cards if not is_reported(card))
    newest = max(judged, key=lambda card: (card.found_at, card.judgement.judge), default=None)
    return None if newest is None else newest.judgement.judge


def base_weight(drawn: float) -> float:
    """Return for how many pairs a card stands that was drawn with that probability."""
    return 1.0 / min(1.0, max(drawn, 1e-9))


def weights_of(cards: Sequence[Card], answers: Sequence[Answer]) -> Floats:
    """Return for how many pairs each answer stands, (n,): together for all raised cards, and all from which samples came."""
    found = np.ones(len(answers))
    for sample in (False, True):
        every = [card for card in cards if card.sample is sample]
        places = [place for place, answer in enumerate(answers) if answer.sample is sample]
        if places:
            own = [answers[place] for place in places]
            found[places] = _standing_for(
                np.array([card.judgement.clash for card in every]),
                np.array([base_weight(card.drawn) if sample else 1.0 for card in every]),
                np.array([answer.clash for answer in own]),
                np.array([base_weight(answer.drawn) if sample else 1.0 for answer in own]),
                parts=1 if sample else _PARTS,
            )
    return found


def _standing_for(clashes: Floats, each: Floats, decided: Floats, own: Floats, *, parts: int) -> Floats:
    """Return the weights of the decided so that they sum to those of all, in parts by clash that all have decided ones."""
    count = max(1, min(parts, len(decided) // _IN_A_PART))
    cuts = np.quantile(decided, np.linspace(0, 1, count + 1)[1:-1], method="higher")
    cuts = np.unique(cuts[cuts > decided.min()])
    part, part_all = np.searchsorted(cuts, decided, side="right"), np.searchsorted(cuts, clashes, side="right")
    total = np.bincount(part_all, each, len(cuts) + 1)
    known = np.bincount(part, own, len(cuts) + 1)
    weights: Floats = own * (total / known)[part]
    return weights


def _when(decision: Decision) -> tuple[datetime, str]:
    return decision.at, decision.by


def _answer(card: Card, said: Decision, as_seen: bool) -> Answer:
    told = card.judgement
    judged = (said.clash, said.judge, said.cue) if as_seen else (told.clash, told.judge, told.cue)
    return Answer(card.id, said.verdict, *judged, said.by, said.at, sample=card.sample, drawn=card.drawn)
