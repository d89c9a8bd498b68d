"""Embed the story's texts again: `make demo-vectors`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from core.demo.vectors import FILE, write_vectors
from core.demo.world import build
from core.models.embedding import default_embedder

if __name__ == "__main__":
    count = write_vectors((memory.content for memory in build(datetime.now(UTC)).memories()), default_embedder())
    sys.stdout.write(f"{count} vectors, {FILE.stat().st_size / 1e6:.2f} MB, in {FILE.name}\n")
