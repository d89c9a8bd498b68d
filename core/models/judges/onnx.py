"""A judge that is an NLI cross-encoder alone: three labels, spread over the five verdicts by time and words of change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from core.models.judge import ConflictVerdict, JudgedPair, Judgement
from core.models.judges.crossencoder import CrossEncoder
from core.models.judges.cues import softmax
from core.models.judges.places import shown_places
from core.models.judges.traits import traits_of

__all__ = ["OnnxJudge"]

# How likely it is that of two that clash one is the later state: said at other times, with and without words of change.
_LATER, _CHANGED, _TOLD = 0.25, 0.6, 0.3
_DAY_S: Final = 86_400.0
# Neutral texts are of one subject the more, the nearer they are.
_MIDDLE, _STEEP = 0.55, 10.0
_SHOWN: Final = 0.2
_SAID: Final = {
    ConflictVerdict.CONTRADICTION: "the model reads a contradiction",
    ConflictVerdict.SUPERSEDED: "the model reads a contradiction, and one is a later state",
    ConflictVerdict.BOTH_TRUE: "the model reads texts that neither follow nor clash",
    ConflictVerdict.DUPLICATE: "the model reads texts that say the same",
    ConflictVerdict.UNRELATED: "the model reads texts on other things",
}


class OnnxJudge:
    """Judges by one model; nothing is loaded before its tag or a judgement is asked for."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model

    @property
    def tag(self) -> str:
        """The name of the file and the beginning of its sha256."""
        return f"onnx:{self._model.path.stem}/{self._model.digest[:8]}"

    @property
    def threshold(self) -> float:
        """The one that is stated beside the model, else a half."""
        return self._model.facts.threshold

    def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
        """Return the judgement of each pair, in order; raise ModelError where the model's files cannot be used."""
        if not pairs:
            return []
        chances = softmax(self._model.logits([(pair.left.text, pair.right.text) for pair in pairs]))
        return [self._told(pair, *row) for pair, row in zip(pairs, chances.tolist(), strict=True)]

    def _told(self, pair: JudgedPair, clash: float, follows: float, neutral: float) -> Judgement:
        later, near = later_share(pair), 1 / (1 + math.exp(-_STEEP * (pair.cosine - _MIDDLE)))
        found = {
            ConflictVerdict.CONTRADICTION: clash * (1 - later),
            ConflictVerdict.SUPERSEDED: clash * later,
            ConflictVerdict.BOTH_TRUE: neutral * near,
            ConflictVerdict.DUPLICATE: follows,
            ConflictVerdict.UNRELATED: neutral * (1 - near),
        }
        best = max(found, key=lambda verdict: found[verdict])
        spans = shown_places(pair) if clash >= _SHOWN else ((), ())
        return Judgement(found, "model", f"{_SAID[best]} ({clash:.0%} that they clash)", self.tag, spans)


def later_share(pair: JudgedPair) -> float:
    """Return how likely one of two texts that clash is a later state of the other."""
    one, other = pair.left.at, pair.right.at
    changed = ["update" in traits_of(side.text).manners for side in (pair.left, pair.right)]
    if one is None or other is None:
        return _TOLD if changed[0] != changed[1] else _LATER / 2
    if abs((one - other).total_seconds()) < _DAY_S:
        return _TOLD / 2 if any(changed) else 0.1
    return _CHANGED if changed[one < other] else _LATER
