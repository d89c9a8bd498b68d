"""A signal: one sign that a memory may have been planted to mislead agents; and what several signs come to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

__all__ = ["SUSPECT", "WEIGHTS", "Kind", "Signal", "combined", "explained"]


class Kind(StrEnum):
    """What a sign is of."""

    INSTRUCTION = "instruction"
    TRUST = "trust"
    BURST = "burst"
    MAGNET = "magnet"
    SWARM = "swarm"
    DISPUTED = "disputed"
    DESCENT = "descent"


# How much a sign at its strongest says alone. A burst, a magnet or a source from outside is often innocent: none of them
# makes a suspect, two of them may.
WEIGHTS: Final[Mapping[Kind, float]] = {
    Kind.INSTRUCTION: 0.85,
    Kind.DESCENT: 0.7,
    Kind.DISPUTED: 0.6,
    Kind.SWARM: 0.45,
    Kind.TRUST: 0.4,
    Kind.MAGNET: 0.4,
    Kind.BURST: 0.35,
}
# From which combined score on a person is asked to look.
SUSPECT: Final = 0.5


@dataclass(frozen=True)
class Signal:
    """One sign: how strong, 0 to 1, the reason in words, and the keys of the memories that show it.

    `reason` may quote what memories say and is hostile.
    """

    kind: Kind
    score: float
    reason: str
    evidence: tuple[str, ...] = ()

    @property
    def part(self) -> float:
        """What it adds to a score if it is alone."""
        return WEIGHTS[self.kind] * self.score

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return vars(self) | {"kind": str(self.kind), "evidence": list(self.evidence), "part": self.part}


def combined(signals: Iterable[Signal]) -> float:
    """Return what several signs come to, 0 to 1: each leaves less doubt of what the others left (a noisy or, Pearl 1988)."""
    return 1 - math.prod(1 - signal.part for signal in signals)


def explained(signals: Iterable[Signal]) -> str:
    """Return the signs in one line, the strongest first, each with what it adds."""
    ordered = sorted(signals, key=lambda signal: (-signal.part, signal.kind))
    return "; ".join(f"{signal.reason} ({signal.kind} {signal.part:.2f})" for signal in ordered)
