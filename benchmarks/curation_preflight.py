"""Seconds of a pre-flight: golden queries against an index as it is and as a plan would leave it, beside real recalls.

    python benchmarks/curation_preflight.py [--memories 100000] [--queries 200] [--dimension 384]

Cold is the first pre-flight of an index over a snapshot that was read before, as the dashboard has one; it reads the words.
Warm is the next one. The embedding of the queries is not in it: it is cached. The real recalls are as many queries over the
engine, each once.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.golden import GoldenQuery
from core.curation.plan import Plan
from core.curation.preflight import run_preflight
from core.demo import build
from core.memory import Memory
from core.memory.record import Record
from core.models.embedding import CachedEmbedder, HashingEmbedder
from core.recall import recall
from core.snapshots.content import Snapshot
from core.snapshots.job import Job
from core.snapshots.reading import Wish, read_in_process
from core.store import MemoryStore

T = TypeVar("T")

_LIMIT_S = 5.0
_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_BATCH = 5_000


def main() -> int:
    """Measure and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--changes", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=384)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        figures = measure(
            Path(folder), memories=args.memories, queries=args.queries, changes=args.changes, dimension=args.dimension
        )
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):>24}  {value:,}")
    print(json.dumps(figures))
    return int(figures["warm_s"] > _LIMIT_S)


def measure(folder: Path, *, memories: int, queries: int, changes: int, dimension: int) -> dict[str, float]:
    """Return the figures over an index that is made in the folder."""
    embedder = CachedEmbedder(HashingEmbedder(dimension))
    with closing(open_catalog(folder, embedder_factory=lambda: embedder, log_recalls=False)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        _fill(store, memories)
        plan, golden = _asked(store, queries=queries, changes=changes)
        now = plan.created_at

        def real() -> object:
            return [recall(store, query.text, actor=LOCAL_ADMIN, now=now, log=False) for query in golden]

        real()  # embeds the queries and opens what the engine keeps in memory
        (real_s, _), _ = _seconds(real)
        (read_s, _), snapshot = _seconds(lambda: _read(store, now))

        def preflight() -> object:
            return run_preflight(store, plan, golden=golden, snapshot=snapshot, now=now, actor=LOCAL_ADMIN)

        (cold, cold_cpu), _ = _seconds(preflight)
        warm, warm_cpu = min(_seconds(preflight)[0] for _ in range(3))
    return {
        "memories": memories,
        "queries": len(golden),
        "changes": len(plan),
        "read_s": read_s,
        "cold_s": cold,
        "cold_cpu_s": cold_cpu,
        "warm_s": warm,
        "warm_cpu_s": warm_cpu,
        "real_recalls_s": real_s,
        "warm_to_twice_real": round(warm / (2 * real_s), 2),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _asked(store: MemoryStore, *, queries: int, changes: int) -> tuple[Plan, list[GoldenQuery]]:
    """Return a plan that retires the first memories, and queries for some all over the index."""
    held = [record for page, _ in store.records.listed() for record in page]
    step = max(1, len(held) // queries)
    golden = [
        GoldenQuery(f"g{place}", store.memory_of(record["key"], record["metadata"]).content[:80], (record["key"],))
        for place, record in enumerate(held[::step][:queries])
    ]
    keys = [record["key"] for record in held[:changes]]
    now = datetime.now(UTC)
    return plan_deletion(store, keys, actor=LOCAL_ADMIN, now=now, plan_id="bench", reason="a benchmark"), golden


def _read(store: MemoryStore, now: datetime) -> Snapshot:
    job = Job(store.info.name, clock=lambda: now)
    return read_in_process(store, None, Wish(vectors=True), actor=LOCAL_ADMIN, now=now, job=job)


def _fill(store: MemoryStore, count: int) -> None:
    """Put memories of the demo world's words, so that queries meet common and rare ones, with random vectors."""
    texts = [memory.content for memory in build(_NOW).memories()]
    words = sorted({word for text in texts for word in text.split()})
    drawn, vectors, metadata_of = random.Random(0), np.random.default_rng(0), store.metadata_of()
    for start in range(0, count, _BATCH):
        records = {}
        for row in range(start, min(start + _BATCH, count)):
            memory = Memory(
                key=f"agent-{row % 12}/{row:08d}",
                content=f"{drawn.choice(texts)} {' '.join(drawn.choices(words, k=6))}",
                memory_type=("episodic", "semantic", "procedural")[row % 3],
                agent_id=f"agent-{row % 12}",
                created_at=_NOW - timedelta(minutes=row),
                confidence=0.5 + (row % 50) / 100,
            )
            vector = vectors.standard_normal(store.info.dimension, dtype=np.float32)
            records[memory.key] = Record(metadata_of(memory), vector)
        store.records.put(records, actor=LOCAL_ADMIN)


def _seconds(run: Callable[[], T]) -> tuple[tuple[float, float], T]:
    """Return how long it takes, by the clock and in processor time of all threads, and what it returns."""
    started, busy = time.perf_counter(), time.process_time()
    found = run()
    return (round(time.perf_counter() - started, 2), round(time.process_time() - busy, 2)), found


if __name__ == "__main__":
    sys.exit(main())
