"""Builders of what conflicts are looked for in: snapshot frames with their vectors, and a judge that needs no rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from core.models.embedding import HashingEmbedder
from core.models.judge import ConflictVerdict, JudgedPair, Judgement

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Said:
    """A memory as far as a scan looks at it."""

    key: str
    text: str
    agent: str | None = "planner"
    team: str | None = "alpha"
    task: str | None = None
    session: str | None = None
    at: datetime | None = None
    status: str | None = None
    expires: datetime | None = None
    source: str | None = None


def frame_of(memories: Sequence[Said], *, vectors: bool = True) -> tuple[pd.DataFrame, np.ndarray]:
    """Return memories as a frame, with their vectors or none."""
    columns: dict[str, Any] = {"key": [each.key for each in memories]}
    columns["content"] = pd.Series([each.text for each in memories], dtype="str")
    for name, values in (
        ("agent_id", [each.agent for each in memories]),
        ("team_id", [each.team for each in memories]),
        ("task_id", [each.task for each in memories]),
        ("session_id", [each.session for each in memories]),
        ("status", [each.status for each in memories]),
        ("source", [each.source for each in memories]),
    ):
        columns[name] = pd.Categorical(values)
    for name, times in (("created_at", [each.at for each in memories]), ("expires_at", [each.expires for each in memories])):
        columns[name] = pd.to_datetime(pd.Series(times, dtype="object"), utc=True).astype("datetime64[us, UTC]")
    columns["confidence"] = np.full(len(memories), np.nan)
    texts = [each.text for each in memories] if vectors else []
    return pd.DataFrame(columns), HashingEmbedder().embed(texts) if texts else np.zeros((0, 384), np.float32)


class DigitJudge:
    """Judges that texts clash where they are the same but for their digits: the further these are apart, the surer."""

    tag = "digits/1"
    threshold = 0.5

    def __init__(self) -> None:
        self.seen: list[JudgedPair] = []

    def judge(self, pairs: Sequence[JudgedPair]) -> list[Judgement]:
        """Return the judgement of each pair."""
        self.seen += pairs
        return [self._judged(pair) for pair in pairs]

    def _judged(self, pair: JudgedPair) -> Judgement:
        left, right = pair.left.text, pair.right.text
        same = _DIGITS.sub("", left) == _DIGITS.sub("", right)
        numbers = [sum(map(int, _DIGITS.findall(text))) for text in (left, right)]
        clash = min(0.95, 0.6 + abs(numbers[0] - numbers[1]) / 100) if same else 0.1 + 0.3 * (len(left) % 7) / 7
        said = {ConflictVerdict.CONTRADICTION: clash, ConflictVerdict.UNRELATED: 1 - clash}
        return Judgement(said, "number" if same else "", "", self.tag)
