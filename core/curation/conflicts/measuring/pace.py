"""How long a decision takes a reviewer: from the times between the decisions of one person, breaks left out."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from core.curation.conflicts.card import Decision

__all__ = ["Pace", "pace_of"]

ENOUGH: Final = 10
# Quicker than anybody reads: decisions made together, as in bulk.
_LEAST_S: Final = 1.0
_BREAK_S: Final = 600.0


@dataclass(frozen=True)
class Pace:
    """The median seconds of a decision over `n` of them, None where fewer than 10 are known."""

    seconds: float | None
    n: int

    def minutes(self, cards: float) -> float | None:
        """Return how long so many cards take, None where nobody knows."""
        return None if self.seconds is None else cards * self.seconds / 60

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return dict(vars(self))


def pace_of(decisions: Iterable[Decision]) -> Pace:
    """Return how long a decision takes."""
    times: dict[str, list[float]] = {}
    for decision in decisions:
        times.setdefault(decision.by, []).append(decision.at.timestamp())
    gaps = [later - one for by in times.values() for one, later in itertools.pairwise(sorted(by))]
    kept = [gap for gap in gaps if _LEAST_S <= gap <= _BREAK_S]
    return Pace(statistics.median(kept) if len(kept) >= ENOUGH else None, len(kept))
