"""Cues and a cross-encoder in one score: the model's logits are further signs of the same trees, fitted together.

The trees lie in the JSON beside the model, as `joint`: signs, least, threshold, trees, version, which
`benchmarks/judge/cue_weights.py --model` writes. The model reads only the pairs that the cues give a clash of `least` or
more: it takes twenty times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np

from core.errors import ModelError
from core.models.judge import JudgedPair, Judgement
from core.models.judges.crossencoder import CrossEncoder, Logits
from core.models.judges.cues import CuesJudge, clash_of, noticed, rows_of, shared, softmax, told, verdicts_of
from core.models.judges.forest import Forest
from core.models.judges.places import shown_places
from core.models.judges.signs import SIGNS

__all__ = ["MODEL_SIGNS", "JointJudge", "signs_of_model"]

MODEL_SIGNS: Final = ("model clash", "model follows", "model neutral", "model margin")
_SHOWN: Final = 0.2


class JointJudge:
    """Judges by cues and one model; nothing is loaded before its tag or a judgement is asked for."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model

    @property
    def tag(self) -> str:
        """That of the cues, the model's digest, and the version of what joins them."""
        return f"{CuesJudge.tag}&{self._model.digest[:8]}/{self._joint['version']}"

    @property
    def threshold(self) -> float:
        """The one that is stated beside the model."""
        return float(self._joint["threshold"])

    def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
        """Return the judgement of each pair, in order; raise ModelError where the model's files cannot be used."""
        if not pairs:
            return []
        tag, found = self.tag, [noticed(pair) for pair in pairs]
        table = rows_of(found)
        clash = clash_of(table)
        # Below that the model is not asked, and the cues' own clash stays, which is far from any threshold.
        asked = np.flatnonzero(clash >= float(self._joint["least"])).tolist()
        if asked:
            logits = self._model.logits([(pairs[at].left.text, pairs[at].right.text) for at in asked])
            clash[asked] = self._trees.clash(np.column_stack([table[asked], signs_of_model(logits)]))
        chances = shared(clash, verdicts_of(table)).tolist()
        said = [told(signs, row, tag) for signs, row in zip(found, chances, strict=True)]
        return [_shown(pair, each) for pair, each in zip(pairs, said, strict=True)]

    @cached_property
    def _joint(self) -> Mapping[str, Any]:
        joint = self._model.facts.joint
        if joint is None or list(joint.get("signs", ())) != [*SIGNS, *MODEL_SIGNS]:
            raise ModelError(
                f"What joins {self._model.path} with the cues is missing or of other cues: fit it again "
                "(benchmarks/judge/cue_weights.py --model), or ask for the cues, or for the model alone as onnx:PATH."
            )
        return joint

    @cached_property
    def _trees(self) -> Forest:
        return Forest(self._joint["trees"])


def signs_of_model(logits: Logits) -> Logits:
    """Return (n, 4) of what a model's logits add to the signs of a pair."""
    chances = softmax(logits)
    return np.column_stack([chances, logits[:, 0] - np.maximum(logits[:, 1], logits[:, 2])])


def _shown(pair: JudgedPair, said: Judgement) -> Judgement:
    """Return a judgement with the places that clash, and "model" as its cue where no cue told of one."""
    if said.cue or said.clash < _SHOWN:
        return said
    return replace(said, cue="model", rationale="the model reads a contradiction", spans=shown_places(pair))
