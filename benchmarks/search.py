"""Server time of one search over many memories, embedding of the query included, beside a bare matrix–vector product.

    python benchmarks/search.py [--rows 100000] [--queries 100]

Vectors are random (embedding 100,000 texts takes half an hour); texts are made of the demo world's words, so that the text
half meets common and rare ones. Every query is a new text, so that no cache answers.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.demo import build
from core.memory import Memory, to_metadata
from core.recall import Mode, recall
from core.scope import Scope
from core.store import MemoryStore
from core.vectors.embedded import EmbeddedClient
from core.vectors.limits import PUT_VECTORS_MAX

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_INDEX = "search-benchmark"


def _memories(rows: int, rng: random.Random, texts: list[str]) -> Iterator[Memory]:
    words = sorted({word for text in texts for word in text.split()})
    for row in range(rows):
        yield Memory(
            key=f"agent-{row % 12}/{row:08d}",
            content=f"{rng.choice(texts)} {' '.join(rng.choices(words, k=6))}",
            memory_type=("episodic", "semantic", "procedural")[row % 3],
            agent_id=f"agent-{row % 12}",
            team_id=f"team-{row % 4}",
            task_id=f"task-{row % 400}",
            created_at=_NOW - timedelta(minutes=row),
            confidence=0.5 + (row % 50) / 100,
        )


def fill(folder: str, bucket: str, store: MemoryStore, rows: int, texts: list[str]) -> np.ndarray:
    """Put memories with random vectors, past the embedder, and return the vectors."""
    matrix = np.random.default_rng(0).standard_normal((rows, store.info.dimension), dtype=np.float32)
    client, batch = EmbeddedClient(folder), []
    for row, memory in enumerate(_memories(rows, random.Random(0), texts)):
        batch.append({"key": memory.key, "data": {"float32": matrix[row]}, "metadata": to_metadata(memory)})
        if len(batch) == PUT_VECTORS_MAX or row + 1 == rows:
            client.put_vectors(vectorBucketName=bucket, indexName=store.info.name, vectors=batch)
            batch = []
    client.close()
    return matrix


def main() -> int:
    """Fill a store, search it and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    arguments = parser.parse_args()
    texts = [memory.content for memory in build(_NOW).memories()]
    rng = random.Random(1)
    asked = [" ".join(rng.choice(texts).split()[:9]) + f" {n}?" for n in range(arguments.queries)]
    figures: dict[str, float] = {"rows": arguments.rows, "queries": arguments.queries}
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        catalog = open_catalog(folder)
        store = catalog.create(_INDEX, actor=LOCAL_ADMIN)
        matrix = fill(folder, catalog.bucket, store, arguments.rows, texts)
        recall(store, "warm up", actor=LOCAL_ADMIN, now=_NOW)
        times: dict[str, list[float]] = {}
        for place, query in enumerate(asked):
            for name, mode, scope in (
                ("vector", Mode.VECTOR, Scope()),
                ("text", Mode.TEXT, Scope()),
                ("hybrid", Mode.HYBRID, Scope()),
                ("hybrid, one team", Mode.HYBRID, Scope(teams=("team-1",))),
            ):
                result = recall(store, f"{query} {name}", actor=LOCAL_ADMIN, now=_NOW, mode=mode, scope=scope)
                times.setdefault(name, []).append(result.total_ms)
                times.setdefault("embedding alone", []).append(result.embed_ms) if name == "hybrid" else None
            start = time.perf_counter()
            np.matmul(matrix, matrix[place])
            times.setdefault("bare GEMV", []).append(1e3 * (time.perf_counter() - start))
        catalog.close()
    print(f"{arguments.rows:,} memories, {arguments.queries} queries, k = 10; milliseconds")
    print(f"{'':>18}  {'p50':>7}  {'p95':>7}")
    for name, values in times.items():
        p50, p95 = statistics.median(values), float(np.quantile(values, 0.95))
        figures |= {f"{name} p50": round(p50, 2), f"{name} p95": round(p95, 2)}
        print(f"{name:>18}  {p50:7.1f}  {p95:7.1f}")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
