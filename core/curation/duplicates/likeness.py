"""How likely two texts say the same: cosine, lengths, what words they do not share and differences, weighed. Pure.

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

# From this probability on two texts count as duplicates: 93 of 100 pairs or more are then right in each of the families on
# which the weights were fitted, by itself (benchmarks/duplicate_weights.py has the table), but acts of one person.
DEFAULT_THRESHOLD: Final = 0.84
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
_ALONE: Final = (Kind.NUMBER, Kind.DATE, Kind.NAME)
_FRAME: Final = 0.5


def likeness(a: str, b: str, *, cosine: float) -> PairScore:
    """Return how alike two texts are, given the cosine of their vectors; symmetric but for the sides of the differences."""
    shared, found = overlap(a, b), differences(a, b)
    weighed = features(a, b, shared, found, cosine)
    alike = _logistic(BIAS + sum(WEIGHTS[name] * value for name, value in weighed.items()))
    alike *= PER_WORD ** max(0, shared.left + shared.right - FREE)
    left = min((CLASHING[difference.kind] for difference in found if difference.clashes), default=1.0)
    return PairScore(alike * left, alike, cosine, shared.words, shared.letters, shared.length, found)


def features(a: str, b: str, shared: Overlap, found: tuple[Difference, ...], cosine: float) -> dict[str, float]:
    """Return what is weighed, by name, each but the cosine 0 to 1 (see weights.py)."""
    fewer, more = sorted((shared.left, shared.right))
    alone = {difference.kind for difference in found if not difference.clashes}
    # Of texts that clash, the words that were exchanged are those that clash: how alike they are otherwise is asked.
    clashes = any(difference.clashes for difference in found)
    counts = fewer > 0 and not clashes
    return {
        "cosine": cosine,
        "length": shared.length,
        "contained": float(fewer == 0 < more and not clashes),
        "minimal": shared.pairs * counts,
        "replaced": max(0.0, shared.pairs - _FRAME) / (1 - _FRAME) * (counts and fewer == more),
        "exchanged": shared.exchanged * counts * shared.named,
        "asked": float(_asks(a) != _asks(b)),
        **{f"{kind} alone": float(kind in alone) for kind in _ALONE},
    }


def _asks(text: str) -> bool:
    return text.rstrip().endswith(("?", "？"))


def least_cosine(probability: float) -> float:
    """Return the lowest cosine with which two texts can be that alike, whatever they share."""
    best = BIAS + WEIGHTS["length"]
    wanted = math.log(probability / (1 - probability)) if probability < 1 else math.inf
    return max(-1.0, min(1.0, (wanted - best) / WEIGHTS["cosine"]))


def _logistic(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value >= 0 else math.exp(value) / (1.0 + math.exp(value))
