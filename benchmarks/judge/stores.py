"""Pairs of memories that lie near each other in a store: hardly one in a thousand of them clashes."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.judge.pairs import Pair, read
from core.models.embedding import default_embedder

__all__ = ["near"]

_SHORTEST, _LONGEST = 20, 700
_NEAR, _SAME = 0.5, 0.97
_NO_CONTRADICTION: Final = (1, 2)


def near(path: Path, *, most: int, seed: int, embeddings: Path | None = None) -> list[Pair]:
    """Return at most so many pairs of one task or team, drawn at random among those at or above the gate of candidates."""
    rows = [row for row in read(path) if _SHORTEST <= len(row["content"]) <= _LONGEST]
    vectors = default_embedder(embeddings).embed([row["content"] for row in rows])
    cosines = np.triu(vectors @ vectors.T, 1)
    teams = np.array([str(row.get("task_id") or row.get("team_id")) for row in rows])
    first, second = np.nonzero((cosines >= _NEAR) & (cosines < _SAME) & (teams[:, None] == teams))
    drawn = random.Random(seed).sample(range(len(first)), min(most, len(first)))
    found = [(rows[first[at]]["content"], rows[second[at]]["content"]) for at in drawn]
    return [Pair(left, right, _NO_CONTRADICTION, True, "stores") for left, right in found]
