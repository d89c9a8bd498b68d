"""A model in ONNX on this machine's processor, opened and run; what onnxruntime cannot do is a ModelError."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ModelError

__all__ = ["encodable", "opened_session", "run_session"]


def opened_session(path: Path) -> Any:
    """Return the session of a model; raise ModelError for a file that is none. onnxruntime must be there."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Spinning threads would burn a core between two batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except _faults() as error:
        raise ModelError(f"{path} is no model that onnxruntime reads ({str(error)[:200]}): give another.") from error


def run_session(session: Any, inputs: Mapping[str, np.ndarray], *, path: Path) -> np.ndarray:
    """Return the first output of a model; raise ModelError where it cannot take the inputs."""
    try:
        return np.asarray(session.run(None, dict(inputs))[0])
    except _faults() as error:
        raise ModelError(f"{path} cannot read this ({str(error)[:200]}): give another model.") from error


def encodable(text: str) -> str:
    """Return a text as a tokenizer takes it: a lone surrogate is a question mark."""
    return text.encode("utf-8", "replace").decode()


def _faults() -> tuple[type[Exception], ...]:
    """Return onnxruntime's own errors, which have no common root."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return (
        state.EPFail,
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NoModel,
        state.NoSuchFile,
        state.NotImplemented,
        state.RuntimeException,
        RuntimeError,
    )
