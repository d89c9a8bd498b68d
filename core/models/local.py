"""The local default: one model a process, one cache a directory."""

from __future__ import annotations

import threading
from pathlib import Path

from core.models.cache import CachedEmbedder
from core.models.minilm import MiniLM
from core.models.protocol import Embedder

__all__ = ["default_embedder"]

_lock = threading.Lock()
_model = MiniLM()
_cached: dict[Path | None, CachedEmbedder] = {}


def default_embedder(cache_dir: Path | None = None) -> Embedder:
    """Return MiniLM behind a cache: one model a process, one cache a directory (in memory only without one)."""
    with _lock:
        if cache_dir not in _cached:
            _cached[cache_dir] = CachedEmbedder(_model, cache_dir)
        return _cached[cache_dir]
