"""How well a network tells contradictions from the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.judge.batches import Pieces, batches
from benchmarks.judge.network import Network
from benchmarks.judge.pairs import LABELS, Pair

__all__ = ["of_contradiction", "probabilities"]

_BATCH = 32


def probabilities(network: Network, pairs: Sequence[Pair], pieces: Pieces) -> npt.NDArray[np.float64]:
    """Return (n, 3), row i for pair i."""
    found = np.zeros((len(pairs), len(LABELS)))
    for batch in batches(pairs, pieces, size=_BATCH):
        logits = network(*(torch.from_numpy(part) for part in (batch.ids, batch.mask, batch.types)))
        found[batch.rows] = torch.softmax(logits.float(), dim=1).numpy()
    return found


def of_contradiction(pairs: Sequence[Pair], found: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return AUC and average precision of contradiction against the rest, and the share of right classes."""
    truth = np.array([pair.allowed == (0,) for pair in pairs])
    right = [int(row.argmax()) in pair.allowed for row, pair in zip(found, pairs, strict=True)]
    return {
        "auc": round(float(roc_auc_score(truth, found[:, 0])), 4),
        "ap": round(float(average_precision_score(truth, found[:, 0])), 4),
        "right": round(float(np.mean(right)), 4),
    }
