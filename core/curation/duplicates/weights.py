"""The weights of `likeness`, as `python benchmarks/duplicate_weights.py` prints them.

Fitted on STS-B (train and dev; Cer et al. 2017; a score of 4 or more counts as saying the same), on the technical pairs in
tests/core/duplicates that are marked `tune`, on pairs made from templates, and on pairs of NLI sets of which none follows
from the other (ConjNLI, Saha et al. 2020; CAD, Kaushik et al. 2020; SNLI, MultiNLI, AmbiEnt and edited numbers). What is
marked `test`, and every other set, had no part in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["BIAS", "WEIGHTS"]

BIAS: Final = -12.174
WEIGHTS: Final[Mapping[str, float]] = {
    "cosine": 13.651,
    "length": 2.188,
    "contained": -1.478,
    "minimal": -2.518,
    "replaced": -1.545,
    "exchanged": -1.704,
    "asked": -1.497,
    "number alone": -0.473,
    "date alone": -0.655,
    "name alone": -0.132,
}
