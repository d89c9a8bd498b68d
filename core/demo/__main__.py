"""Embed the story's texts again: `make demo-vectors`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from core.demo.vectors import FILE, write_vectors
from core.demo.world import build
from core.models.embedding import default_embedder

if __name__ == "__main__":
    world = build(datetime.now(UTC))
    texts = [*(memory.content for memory in world.memories()), *(asked.text for asked in world.recalls)]
    count = write_vectors(texts, default_embedder())
    sys.stdout.write(f"{count} vectors, {FILE.stat().st_size / 1e6:.2f} MB, in {FILE.name}\n")
