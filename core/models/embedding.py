"""Embedders: the Protocol, the local default and its cache, and one without a model."""

from __future__ import annotations

import threading
from pathlib import Path

from core.models.cache import CachedEmbedder
from core.models.hashing import HashingEmbedder
from core.models.minilm import INSTALL_LINE, MiniLM
from core.models.protocol import Embedder, embedder_tag

__all__ = ["INSTALL_LINE", "CachedEmbedder", "Embedder", "HashingEmbedder", "MiniLM", "default_embedder", "embedder_tag"]

_lock = threading.Lock()
_model = MiniLM()
_cached: dict[Path | None, CachedEmbedder] = {}


def default_embedder(cache_dir: Path | None = None) -> Embedder:
    """Return MiniLM behind a cache: one model a process, one cache a directory (in memory only without one)."""
    with _lock:
        if cache_dir not in _cached:
            _cached[cache_dir] = CachedEmbedder(_model, cache_dir)
        return _cached[cache_dir]
