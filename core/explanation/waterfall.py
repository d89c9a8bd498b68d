"""The waterfall of a score: each part stands upon those before it, and beside those of another memory."""

from __future__ import annotations

from dataclasses import dataclass

from core.recalled import Recalled
from core.scoring import ScorePart

__all__ = ["Step", "beside", "waterfall"]


@dataclass(frozen=True)
class Step:
    """One part of a score, from `start` to `end` of it; `apart` is what it adds more than in another memory."""

    part: ScorePart
    start: float
    end: float
    apart: float | None = None


def waterfall(hit: Recalled) -> tuple[Step, ...]:
    """Return the parts of a score one upon the other; the last one ends at the score."""
    return beside(hit, None)


def beside(hit: Recalled, other: Recalled | None) -> tuple[Step, ...]:
    """Return the waterfall of a memory, each part beside that of another one: these add up to the gap of scores."""
    theirs = {part.name: part.contribution for part in other.parts} if other else {}
    steps: list[Step] = []
    for part in hit.parts:
        start = steps[-1].end if steps else 0.0
        apart = part.contribution - theirs.get(part.name, 0.0) if other else None
        steps.append(Step(part, start, start + part.contribution, apart))
    return tuple(steps)
