"""The default judge: what two texts show beside each other, weighed; no model and no network.

    clash = boosted trees of the signs
    verdicts within what clashes, and within what does not, = softmax(bias + weights · signs)

Whether a pair clashes hangs on how its signs come together (a number that differs in texts of the same words, or of other
words), so trees tell it; which verdict it is, a multinomial logistic regression. `weights.py` says on what both were fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from core.analysis.difference import Span, differences
from core.models.judge import CLASHING, ConflictVerdict, JudgedPair, Judgement
from core.models.judges.focus import focus
from core.models.judges.forest import Forest
from core.models.judges.signs import CLASHES, SIGNS, Evidence, Signs, signs_of
from core.models.judges.traits import Traits, traits_of
from core.models.judges.trees import TREES
from core.models.judges.weights import BIAS, THRESHOLD, VERSION, WEIGHTS

__all__ = ["CuesJudge", "clash_of", "noticed", "rows_of", "shared", "softmax", "strongest", "told", "verdicts_of"]

_VERDICTS: Final = tuple(ConflictVerdict)
_CLASHES: Final = np.array([verdict in CLASHING for verdict in _VERDICTS])
_WHY: Final = {
    ConflictVerdict.CONTRADICTION: "they do not go together, by how they are worded",
    ConflictVerdict.SUPERSEDED: "one reads like a later state of the other",
    ConflictVerdict.BOTH_TRUE: "they differ, and both may be true",
    ConflictVerdict.DUPLICATE: "both say the same",
    ConflictVerdict.UNRELATED: "each is about something else",
}
# From this clash on what clashes is told and shown.
_SHOWN: Final = 0.2
_MATRIX: Final = np.array([WEIGHTS[name] for name in SIGNS])
_TREES: Final = Forest(TREES)
# What is told first where several things clash; a name may only be another word for the same.
_TOLD: Final = {"status": 6.0, "negation": 5.0, "number": 5.0, "date": 4.5, "antonym": 4.0, "quantity": 3.0, "name": 1.5}


class CuesJudge:
    """Judges by cues; pure."""

    tag = f"cues/{VERSION}"
    threshold = THRESHOLD

    def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
        """Return the judgement of each pair, in order."""
        if not pairs:
            return []
        found = [noticed(pair) for pair in pairs]
        table = rows_of(found)
        chances = shared(clash_of(table), verdicts_of(table))
        return [told(signs, row, self.tag) for signs, row in zip(found, chances.tolist(), strict=True)]


def rows_of(found: Sequence[Signs]) -> npt.NDArray[np.float64]:
    """Return (n, signs), in the order of SIGNS."""
    return np.array([[signs.values[name] for name in SIGNS] for signs in found])


def clash_of(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (n,) probabilities of a clash."""
    return _TREES.clash(table)


def verdicts_of(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (n, 5) probabilities in the order of the taxonomy, by the regression alone."""
    return softmax(table @ _MATRIX + np.array(BIAS))


def told(signs: Signs, chances: Sequence[float], tag: str) -> Judgement:
    """Return the judgement of a pair with its probabilities in the order of the taxonomy: what clashes, in words."""
    probabilities = dict(zip(_VERDICTS, chances, strict=True))
    shown = strongest(signs)
    if shown is not None and sum(probabilities[verdict] for verdict in CLASHING) >= _SHOWN:
        said = f"the {shown.cue} differs: {shown.left} | {shown.right}"
        return Judgement(probabilities, shown.cue, said, tag, shown.spans)
    best = max(_VERDICTS, key=lambda verdict: probabilities[verdict])
    return Judgement(probabilities, shown.cue if shown else "", _WHY[best], tag)


def shared(clash: npt.NDArray[np.float64], verdicts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the verdicts of rows with the clash given: each keeps its share of what clashes, or of what does not."""
    found = verdicts.copy()
    for part, sum_of in ((_CLASHES, clash), (~_CLASHES, 1 - clash)):
        found[:, part] *= (sum_of / np.maximum(found[:, part].sum(axis=1), 1e-300))[:, None]
    return found


def noticed(pair: JudgedPair) -> Signs:
    """Return the signs of a pair; of long texts those of the parts that are most alike."""
    if pair.left.text > pair.right.text:  # one order, so that the judgement is that of the pair
        turned = noticed(JudgedPair(pair.right, pair.left, pair.cosine))
        return replace(turned, evidence=tuple(_turned(each) for each in turned.evidence))
    left, right = traits_of(pair.left.text), traits_of(pair.right.text)
    places = focus(left, right)
    if not places:
        return signs_of(pair, left, right, differences(pair.left.text, pair.right.text))
    found = [_within(pair, left, right, one, other) for one, other in places]
    values = dict(found[0].values)
    for name in CLASHES & values.keys():
        values[name] = max(signs.values[name] for signs in found)
    values["long"] = 1.0
    return Signs(values, tuple(each for signs in found for each in signs.evidence))


def _within(pair: JudgedPair, left: Traits, right: Traits, one: Span, other: Span) -> Signs:
    texts = left.text.text[slice(*one)], right.text.text[slice(*other)]
    signs = signs_of(pair, traits_of(texts[0]), traits_of(texts[1]), differences(*texts))
    return replace(signs, evidence=tuple(_moved(each, one[0], other[0]) for each in signs.evidence))


def _turned(evidence: Evidence) -> Evidence:
    return replace(evidence, left=evidence.right, right=evidence.left, spans=evidence.spans[::-1])


def _moved(evidence: Evidence, left: int, right: int) -> Evidence:
    spans = [
        tuple((start + by, end + by) for start, end in side) for side, by in zip(evidence.spans, (left, right), strict=True)
    ]
    return replace(evidence, spans=(spans[0], spans[1]))


def strongest(signs: Signs) -> Evidence | None:
    """Return what tells most of a clash: the gravest kind, in sentences that share most; None where nothing clashes."""
    return max(signs.evidence, key=lambda each: _TOLD.get(each.cue, 1.0) * (0.3 + each.share), default=None)


def softmax(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return each row as shares of 1."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
