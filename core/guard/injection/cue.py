"""A cue: one stated sign that a text gives orders to whoever reads it; and what several cues say together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["Check", "Cue", "instruction_score"]


@dataclass(frozen=True)
class Cue:
    """What was found, in words, how much it says alone, 0 to 1, its stable name, and where it stands, if that is known."""

    what: str
    weight: float
    id: str = ""
    span: tuple[int, int] | None = None


Check = Callable[[str], Sequence[Cue]]


def instruction_score(found: Sequence[Cue]) -> float:
    """Return how much some cues say together, 0 to 1: each leaves less doubt of what the others left."""
    return 1 - math.prod(1 - cue.weight for cue in found)
