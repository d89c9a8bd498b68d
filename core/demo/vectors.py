"""The story's vectors, made beforehand: loading the demo world costs no embedding.

`vectors.npz` holds one int8 vector a text with its scale, 0.3 MB, named by content hash and tagged with the embedder; a text
that is not in it is embedded. `make demo-vectors` writes the file again, a test compares it with the model.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from core.models.embedding import Embedder, embedder_tag

__all__ = ["FILE", "PackagedVectors", "write_vectors"]

FILE: Final = Path(__file__).parent / "vectors.npz"
_NAME_BYTES: Final = 16


class PackagedVectors:
    """An embedder that answers from the packaged file where it can, and asks the given one otherwise."""

    def __init__(self, embedder: Embedder) -> None:
        self.model_id = embedder.model_id
        self.dimension = embedder.dimension
        self.version = embedder.version
        self._embedder = embedder
        tag, vectors = _read()
        self._vectors = vectors if tag == embedder_tag(embedder) else {}

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Return (n, dimension) float32 of length 1, within 0.001 of the embedder's own by cosine."""
        missing = [text for text in texts if _name(text) not in self._vectors]
        fresh = dict(zip(missing, self._embedder.embed(missing), strict=True)) if missing else {}
        found = [fresh[text] if text in fresh else self._vectors[_name(text)] for text in texts]
        return np.array(found, dtype=np.float32).reshape(len(texts), self.dimension)


def write_vectors(texts: Iterable[str], embedder: Embedder, file: Path = FILE) -> int:
    """Embed the distinct texts, write the file anew and return how many there are."""
    distinct = sorted(set(texts), key=_name)
    vectors = embedder.embed(distinct)
    scale = np.abs(vectors).max(axis=1) / 127
    buffer = io.BytesIO()
    np.savez(
        buffer,
        tag=np.frombuffer(embedder_tag(embedder).encode(), dtype=np.uint8),
        names=np.frombuffer(b"".join(_name(text) for text in distinct), dtype=np.uint8).reshape(-1, _NAME_BYTES),
        codes=np.round(vectors / scale[:, None]).astype(np.int8),
        scale=scale.astype(np.float32),
    )
    file.write_bytes(buffer.getvalue())
    return len(distinct)


def _name(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:_NAME_BYTES]


@cache
def _read() -> tuple[str, dict[bytes, np.ndarray]]:
    with np.load(FILE, allow_pickle=False) as stored:
        vectors = stored["codes"].astype(np.float32) * stored["scale"][:, None]
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        names = [row.tobytes() for row in stored["names"]]
        return stored["tag"].tobytes().decode(), dict(zip(names, vectors, strict=True))
