"""A trained judge as ONNX Runtime runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from benchmarks.judge.batches import Pieces, batches
from benchmarks.judge.pairs import Pair

__all__ = ["CLASSES", "INPUTS", "opened", "session_logits"]

INPUTS: Final = ("input_ids", "attention_mask", "token_type_ids")
CLASSES: Final = 3


def opened(path: Path, *, threads: int) -> Any:
    """Return a session on the processor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def session_logits(session: Any, pairs: Sequence[Pair], pieces: Pieces, *, size: int = 16) -> npt.NDArray[np.float64]:
    """Return (n, 3), row i for pair i, in the order of the labels."""
    found = np.zeros((len(pairs), CLASSES))
    for batch in batches(pairs, pieces, size=size):
        fed = dict(zip(INPUTS, (batch.ids, batch.mask, batch.types), strict=True))
        found[batch.rows] = session.run(None, fed)[0]
    return found
