"""Several judges as one: the mean of their log odds, each taken from its own threshold.

    clash = σ(mean over judges of [logit(clash) - logit(threshold)])        threshold 0.5

Within what clashes and what does not the verdicts are shared as the geometric mean of the judges has them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from core.errors import ConfigError
from core.models.judge import CLASHING, ConflictVerdict, Judge, JudgedPair, Judgement

__all__ = ["EnsembleJudge"]

_LEAST: Final = 1e-4
_SHOWN: Final = 0.2


class EnsembleJudge:
    """Asks each of its judges for every pair."""

    threshold = 0.5

    def __init__(self, judges: Sequence[Judge]) -> None:
        if len(judges) < 2:
            raise ConfigError(f"An ensemble of {len(judges)} judges is none: name two or more, as in cues+onnx:PATH.")
        self._judges = tuple(judges)

    @property
    def tag(self) -> str:
        """The tags of all."""
        return "+".join(judge.tag for judge in self._judges)

    def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
        """Return the judgement of each pair, in order; raise ModelError where one of the judges cannot be asked."""
        told = zip(*(judge.judge(pairs) for judge in self._judges), strict=True)
        return [self._together(each) for each in told]

    def _together(self, told: Sequence[Judgement]) -> Judgement:
        pulls = [_logit(each.clash) - _logit(judge.threshold) for each, judge in zip(told, self._judges, strict=True)]
        mean = sum(pulls) / len(pulls)
        clash = 1 / (1 + math.exp(-mean))
        shares = {
            verdict: math.exp(sum(math.log(max(_LEAST, each.probabilities.get(verdict, 0.0))) for each in told) / len(told))
            for verdict in ConflictVerdict
        }
        sums = {
            part: sum(share for verdict, share in shares.items() if (verdict in CLASHING) is part) for part in (True, False)
        }
        found = {
            verdict: share / sums[verdict in CLASHING] * (clash if verdict in CLASHING else 1 - clash)
            for verdict, share in shares.items()
        }
        # The one that pulls most to where the mean is tells why; what can be shown comes first.
        order = sorted(range(len(told)), key=lambda at: -pulls[at] if mean >= 0 else pulls[at])
        best = told[order[0]]
        where = next((told[at] for at in order if any(told[at].spans)), best)
        said = "; ".join(
            f"{judge.tag.partition('/')[0]}: {told[at].rationale}" for at in order for judge in (self._judges[at],)
        )
        cue = best.cue if best.cue not in ("", "model") else where.cue or best.cue
        return Judgement(found, cue, said, self.tag, where.spans if clash >= _SHOWN else ((), ()))


def _logit(value: float) -> float:
    bounded = min(1 - _LEAST, max(_LEAST, value))
    return math.log(bounded / (1 - bounded))
