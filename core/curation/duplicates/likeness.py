"""How likely two texts say the same: cosine, shared words and letters, lengths and differences, weighed. Pure.

    probability = logistic(weights · features) · PER_WORD^(words beyond FREE that only one says) · CLASHING[worst kind]

A clash is a number, date, negation, name, status or word of quantity that the one says and the other says differently
(core.analysis.difference). However alike such texts are, they do not say the same: "5 retries" is near "3 retries" in any
embedding. Of a long text a sentence more is a small share, but only one of the two says it: words count one by one, too.
The weights are those of a logistic regression; `weights.py` says on what it was fitted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from core.analysis.difference import Difference, Kind, differences
from core.curation.duplicates.found import PairScore
from core.curation.duplicates.lexical import Overlap, overlap
from core.curation.duplicates.weights import BIAS, WEIGHTS

__all__ = ["CLASHING", "DEFAULT_THRESHOLD", "features", "least_cosine", "likeness"]

# From this probability on two texts count as duplicates. Of the pairs on which the weights were fitted, 95 of 100 were right
# at 0.8; of pairs of another kind fewer, so the default leaves room.
DEFAULT_THRESHOLD: Final = 0.85
# What is left of the probability where two texts clash: less than any threshold that merges. Names clash most often where
# the texts may still be one, as one calls by another name who is meant.
CLASHING: Final[Mapping[Kind, float]] = {
    Kind.NUMBER: 0.05,
    Kind.DATE: 0.05,
    Kind.STATUS: 0.1,
    Kind.QUANTITY: 0.1,
    Kind.NEGATION: 0.2,
    Kind.NAME: 0.4,
}
PER_WORD: Final = 0.97
FREE: Final = 4
_ALONE: Final = (Kind.NUMBER, Kind.DATE, Kind.NEGATION, Kind.NAME, Kind.STATUS)


def likeness(a: str, b: str, *, cosine: float) -> PairScore:
    """Return how alike two texts are, given the cosine of their vectors; symmetric but for the sides of the differences."""
    shared, found = overlap(a, b), differences(a, b)
    alike = _logistic(BIAS + sum(WEIGHTS[name] * value for name, value in features(shared, found, cosine).items()))
    alike *= PER_WORD ** max(0, shared.left + shared.right - FREE)
    left = min((CLASHING[difference.kind] for difference in found if difference.clashes), default=1.0)
    return PairScore(alike * left, alike, cosine, shared.words, shared.letters, shared.length, found)


def features(shared: Overlap, found: tuple[Difference, ...], cosine: float) -> dict[str, float]:
    """Return what is weighed, by name (see weights.py)."""
    telling = max(1, shared.shared + max(shared.left, shared.right))
    exchanged = min(shared.left, shared.right)
    alone = {difference.kind for difference in found if not difference.clashes}
    # Of texts that clash, the words that were exchanged are those that clash: how alike they are otherwise is asked.
    counts = exchanged > 0 and not any(difference.clashes for difference in found)
    return {
        "cosine": cosine,
        "length": shared.length,
        "added": abs(shared.left - shared.right) / telling,
        "minimal": shared.pairs * counts,
        **{f"{kind} alone": float(kind in alone) for kind in _ALONE},
    }


def least_cosine(probability: float) -> float:
    """Return the lowest cosine with which two texts can be that alike, whatever they share."""
    best = BIAS + WEIGHTS["length"]
    wanted = math.log(probability / (1 - probability)) if probability < 1 else math.inf
    return max(-1.0, min(1.0, (wanted - best) / WEIGHTS["cosine"]))


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value >= 0 else math.exp(value) / (1.0 + math.exp(value))
