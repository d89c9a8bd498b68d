"""The weights of `likeness`, as `python benchmarks/duplicate_weights.py` prints them.

Fitted on STS-B (train and dev; Cer et al. 2017; a score of 4 or more counts as saying the same), on the technical pairs in
tests/core/duplicates that are marked `tune`, on pairs made from templates, and on contradictions of ConjNLI (Saha et al.
2020). What is marked `test`, and every other set, had no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["BIAS", "WEIGHTS"]

BIAS: Final = -10.06
WEIGHTS: Final[Mapping[str, float]] = {
    "cosine": 11.549,
    "length": 1.432,
    "added": -0.873,
    "minimal": -1.995,
    "number alone": -0.53,
    "date alone": -0.449,
    "negation alone": -0.127,
    "name alone": -0.129,
    "status alone": -0.148,
}
