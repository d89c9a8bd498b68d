"""Which embedder a store uses: the chosen one for new indexes, and for each index the one that it was written with."""

from __future__ import annotations

import threading
from pathlib import Path

from core.models.protocol import Embedder
from core.models.registry import embedder_for, is_embedder
from core.vectors.client import Tracer

__all__ = ["EmbedderChoice"]


class EmbedderChoice:
    """Makes each embedder at its first use and keeps it; thread-safe.

    `name` is a name or tag; without one it is $MNEMOSCOPE_EMBEDDER, else the local default.
    """

    def __init__(
        self,
        name: str | None = None,
        *,
        cache_dir: Path | None = None,
        region: str | None = None,
        profile: str | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self._name = name
        self._cache_dir = cache_dir
        self._region, self._profile, self._tracer = region, profile, tracer
        self._lock = threading.Lock()
        self._made: dict[str | None, Embedder] = {}

    def chosen(self) -> Embedder:
        """Return the embedder for new indexes."""
        return self._get(None)

    def by_tag(self, tag: str) -> Embedder | None:
        """Return the embedder that an index remembers; None where there is no such one here."""
        return self._get(tag) if is_embedder(tag) else None

    def _get(self, tag: str | None) -> Embedder:
        with self._lock:
            if tag not in self._made:
                self._made[tag] = embedder_for(
                    tag or self._name,
                    cache_dir=self._cache_dir,
                    region=self._region,
                    profile=self._profile,
                    tracer=self._tracer,
                )
            return self._made[tag]
