"""Builders of cards and decisions to measure by: what a judge said, and what people said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from core.curation.conflicts.card import Card, CardSide, Decision, Resolution
from core.models.judge import ConflictVerdict, Judgement

NOW = datetime.fromisoformat("2026-03-02T12:00:00+00:00")  # a Monday
CLASH, HOLD = ConflictVerdict.CONTRADICTION, ConflictVerdict.BOTH_TRUE


def card(name: str, clash: float, *, judge: str = "cues/1", cue: str = "number", **fields: Any) -> Card:
    """Return a card of which the judge gives that clash."""
    told = Judgement({CLASH: clash, HOLD: 1 - clash}, cue, "because", judge)
    left, right = (CardSide(f"{name}-{side}", f"{name}-{side}", side) for side in "lr")
    return Card(name, left, right, told, 0.8, "one team", **({"found_at": NOW} | fields))


def decision(of: Card, clashing: bool, *, by: str = "ann", at: datetime = NOW, **fields: Any) -> Decision:
    """Return what somebody said of a card."""
    told = of.judgement
    values: dict[str, Any] = {
        "verdict": CLASH if clashing else HOLD,
        "clash": told.clash,
        "judge": told.judge,
        "cue": told.cue,
    }
    return Decision(of.id, Resolution.NOT_A_CONFLICT, by=by, at=at, why="", plan_id=None, **(values | fields))


def world(
    seed: int, *, pairs: int = 4_000, threshold: float = 0.5, drawn: float = 0.05, slope: float = 1.0, decided: float = 1.0
) -> tuple[list[Card], list[Decision], np.ndarray]:
    """Return cards and decisions drawn from a known world, and (raised, clashing) of all its pairs, bool (n, 2).

    A pair clashes with the probability that its clash says, for another slope with one further from or nearer to a half.
    """
    generator = np.random.default_rng(seed)
    clashes = generator.beta(0.6, 1.6, pairs)
    odds = slope * np.log(np.clip(clashes, 1e-6, 1 - 1e-6) / np.clip(1 - clashes, 1e-6, 1))
    clashing, raised = generator.random(pairs) < 1 / (1 + np.exp(-odds)), clashes >= threshold
    taken, said = generator.random(pairs) < drawn, generator.random(pairs) < decided
    cards, decisions = [], []
    for place in np.flatnonzero(raised | taken).tolist():
        sample = not raised[place]
        one = card(f"{place:06d}", float(clashes[place]), sample=sample, drawn=drawn if sample else 1.0)
        cards.append(one)
        if said[place]:
            decisions.append(decision(one, bool(clashing[place]), at=NOW + timedelta(seconds=20 * place)))
    return cards, decisions, np.column_stack([raised, clashing])
