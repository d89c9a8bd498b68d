"""How sure one may be of a merged memory.

    sentence = the highest effective confidence of the sources that say it, 0 where none does
    memory   = the mean over its sentences

The sources say different things, so they do not bear each other out as witnesses of one thing would: a noisy-or would make
the merged memory surer than any of them, and the minimum would let one doubtful source silence all. The mean is at most that
of the surest source, and each unsupported sentence lowers it. Effective is what is left at the moment of the merge
(core.curation.decay); `stated_for` writes it so that it goes on from there, since a merge makes no old memory fresh.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from core.curation.consolidation.draft import Draft
from core.curation.decay import DEFAULT_DECAY, DecayRules, effective_confidence
from core.memory import Memory

__all__ = ["Combined", "combined_confidence", "stated_for"]

_DIGITS: Final = 4


@dataclass(frozen=True)
class Combined:
    """A confidence 0 to 1, None where no source states one, and how it came about in words."""

    value: float | None
    reason: str


def combined_confidence(
    draft: Draft, sources: Sequence[Memory], *, now: datetime, rules: DecayRules = DEFAULT_DECAY
) -> Combined:
    """Return the mean over a draft's sentences of the surest source of each; sources that state none do not count."""
    found = {one.key: effective_confidence(one, now=now, rules=rules) for one in sources}
    values = {key: one.value for key, one in found.items() if one is not None}
    if not values:
        return Combined(None, "No source states a confidence.")
    told: list[float] = []
    for sentence in draft.sentences:
        if not sentence.supported:
            told.append(0.0)
        elif known := [values[key] for key in sentence.sources if key in values]:
            told.append(max(known))
    if not told:
        return Combined(None, "No sentence stands on a source that states a confidence.")
    value = sum(told) / len(told)
    unsupported = len(draft.unsupported)
    less = f", {unsupported} of them 0 as no source says it" if unsupported else ""
    return Combined(value, f"Mean of the surest source of each of {len(told)} sentences{less}: {value:.2f}.")


def stated_for(effective: float, memory: Memory, *, now: datetime, rules: DecayRules = DEFAULT_DECAY) -> float:
    """Return the confidence to state of a memory so that this much of it is left now; at most 1."""
    stated = round(effective, _DIGITS)
    found = effective_confidence(replace(memory, confidence=stated), now=now, rules=rules)
    if found is None or found.half_life is None or found.days is None or stated <= rules.floor:
        return stated
    # Beyond 64 half-lives nothing brings it back, and the power would overflow.
    grown = math.exp2(min(found.days / found.half_life, 64.0))
    return min(1.0, round(rules.floor + (effective - rules.floor) * grown, _DIGITS))
