"""Builders of what duplicates are looked for in: frames, vectors, pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.curation.duplicates import Pair, Pairs, PairScore
from core.curation.duplicates.found import Within
from core.models.embedding import HashingEmbedder


def make_frame(texts: Sequence[str], **columns: Sequence[Any]) -> pd.DataFrame:
    """Return a frame of texts k0, k1, …, all by one agent unless columns say otherwise, as far as duplicates look at it."""
    count = len(texts)
    values: dict[str, Any] = {"agent_id": ["planner"] * count, "team_id": [None] * count, "status": [None] * count}
    values |= columns
    frame = pd.DataFrame({"key": [f"k{row}" for row in range(count)], "content": pd.Series(texts, dtype="str")})
    for name in ("agent_id", "team_id", "status"):
        frame[name] = pd.Categorical(values[name])
    frame["expires_at"] = pd.to_datetime(pd.Series(values.get("expires_at", [None] * count), dtype="object"), utc=True)
    return frame


def embedded(texts: Sequence[str]) -> np.ndarray:
    """Return the vectors of some texts without a model."""
    return HashingEmbedder().embed(list(texts))


def make_score(probability: float) -> PairScore:
    """Return a score of that probability."""
    return PairScore(probability, probability, 0.9, 0.9, 0.9, 1.0)


def make_pairs(
    scores: Mapping[tuple[str, str], float], *, threshold: float = 0.5, same: Sequence[Sequence[str]] = ()
) -> Pairs:
    """Return pairs by their keys and probabilities; the hash of a text is its key."""
    pairs = tuple(Pair(first, second, make_score(value)) for (first, second), value in sorted(scores.items()))
    keys = {key for couple in scores for key in couple} | {keys[0] for keys in same}
    return Pairs(
        pairs, (), tuple(tuple(each) for each in same), threshold, Within.AGENT, 1.0, len(keys), hashes={k: k for k in keys}
    )
