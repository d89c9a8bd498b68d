"""Work done twice: memories by different agents of one task that say almost the same, and what the second one cost.

Two memories are doubled where their words are shared to WORDS and in the same order to ORDER, no number and no negation
differs, and, where both have a vector, their directions agree to COSINE. What tools printed or agents only saw is nobody's
work and is left out, and so is one run of a task beside another: doing it again was the point. Cost is what the second one
took: its tokens, about four characters each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.story.likeness import Pair, Words
from core.analysis.story.steps import Step
from core.analysis.story.vocabulary import Kind

__all__ = ["COSINE", "WORDS", "Doubled", "doubled"]

WORDS: Final = 0.7
ORDER: Final = 0.6
COSINE: Final = 0.85
_COMPARED: Final = 400
_NOBODY: Final = frozenset({Kind.RESULT, Kind.CALL, Kind.TASK, Kind.OBSERVATION})


@dataclass(frozen=True)
class Doubled:
    """The step `second` says what `first` said, by another agent: how alike, what it cost, how long after."""

    first: int
    second: int
    shared: float
    cosine: float | None
    tokens: int
    after: timedelta | None


def doubled(
    told: Sequence[Step],
    texts: Sequence[Words],
    pairs: Sequence[Pair],
    *,
    vectors: Mapping[str, npt.NDArray[np.float32]] | None = None,
    apart: bool = False,
) -> tuple[Doubled, ...]:
    """Return each step that repeats another agent's, with the earliest such; `apart` keeps the sessions apart."""
    found: dict[int, Doubled] = {}
    for pair in pairs:
        first, second = told[pair.first], told[pair.second]
        if second.number in found or not _may(first, second, apart=apart) or pair.shared < WORDS:
            continue
        if texts[pair.first].contradicts(texts[pair.second]) or _in_order(first.text, second.text) < ORDER:
            continue
        cosine = _cosine(vectors or {}, first.key, second.key)
        if cosine is None or cosine >= COSINE:
            after = second.at - first.at if first.at and second.at else None
            found[second.number] = Doubled(first.number, second.number, pair.shared, cosine, second.tokens, after)
    return tuple(found[number] for number in sorted(found))


def _may(first: Step, second: Step, *, apart: bool) -> bool:
    if first.agent is None or second.agent is None or first.agent == second.agent:
        return False
    if first.kinds & _NOBODY or second.kinds & _NOBODY:
        return False
    return not apart or first.session == second.session


def _in_order(first: str, second: str) -> float:
    """Return how much of the words stands in the same order, 0 to 1 (Ratcliff and Obershelp 1988)."""
    one, other = (text.lower().split()[:_COMPARED] for text in (first, second))
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _cosine(vectors: Mapping[str, npt.NDArray[np.float32]], first: str, second: str) -> float | None:
    if first not in vectors or second not in vectors:
        return None
    one, other = vectors[first].astype(np.float64), vectors[second].astype(np.float64)
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size else None
