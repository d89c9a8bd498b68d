"""Stores of many memories for maps: vectors are given, and written past the embedder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore
from core.vectors.embedded import EmbeddedClient
from core.vectors.limits import PUT_VECTORS_MAX

__all__ = ["filled"]


@contextmanager
def filled(folder: Path, keys: Sequence[str], vectors: np.ndarray, *, index: str) -> Iterator[MemoryStore]:
    """Open a new index with a memory for each key and vector, (n, dim) float32."""
    catalog = open_catalog(folder, embedder_factory=lambda: HashingEmbedder(vectors.shape[1]), log_recalls=False)
    store, client = catalog.create(index, actor=LOCAL_ADMIN), EmbeddedClient(folder)
    for start in range(0, len(keys), PUT_VECTORS_MAX):
        records = [
            {"key": key, "data": {"float32": vector}, "metadata": {"content": f"Note {key}"}}
            for key, vector in zip(
                keys[start : start + PUT_VECTORS_MAX], vectors[start : start + PUT_VECTORS_MAX], strict=True
            )
        ]
        client.put_vectors(vectorBucketName=catalog.bucket, indexName=index, vectors=records)
    client.close()
    yield store
    catalog.close()
