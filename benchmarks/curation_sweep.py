"""Seconds to plan a sweep of expiry and decay over an index: from a snapshot, and page by page as on a service.

python benchmarks/curation_sweep.py [--memories 100000] [--dimension 384]
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.plan import Plan
from core.curation.planning import read_whole
from core.curation.upkeep import plan_upkeep
from core.memory import Memory
from core.memory.record import Record
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
_TYPES = ("episodic", "semantic", "procedural")
_BATCH = 5_000


def fill(store: MemoryStore, count: int, *, seed: int = 7) -> None:
    """Put memories of 20 agents and 500 tasks: of each five one has expired, one has an expiry to come, two decay."""
    random = np.random.default_rng(seed)
    metadata_of = store.metadata_of()
    for start in range(0, count, _BATCH):
        numbers = range(start, min(start + _BATCH, count))
        vectors = random.standard_normal((len(numbers), store.info.dimension), dtype=np.float32)
        records = {
            f"agent-{number % 20}:{number:08}": Record(metadata_of(_memory(number)), vector)
            for number, vector in zip(numbers, vectors, strict=True)
        }
        store.records.put(records, actor=LOCAL_ADMIN)


def _memory(number: int) -> Memory:
    made = NOW - timedelta(days=number % 120, minutes=number % 1_440)
    return Memory(
        f"agent-{number % 20}:{number:08}",
        f"Note {number}: the report of customer {number % 997} was checked and sent to the team.",
        memory_type=_TYPES[number % 3],
        agent_id=f"agent-{number % 20}",
        team_id="team",
        task_id=f"task-{number % 500}",
        created_at=made,
        expires_at=(NOW - timedelta(days=30) if number % 5 == 0 else NOW + timedelta(days=9) if number % 5 == 1 else None),
        confidence=0.9 if number % 5 >= 3 else None,
        tags=("daily",),
    )


def main() -> int:
    """Measure and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--dimension", type=int, default=384)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        catalog = open_catalog(folder, embedder_factory=lambda: HashingEmbedder(args.dimension))
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        fill(store, args.memories)
        start = time.perf_counter()
        snapshot = read_whole(store, actor=LOCAL_ADMIN)
        read_s = time.perf_counter() - start
        before = _peak_mb()
        warm, plan = min((_planned(store, snapshot) for _ in range(3)), key=lambda run: run[0])
        paged, same = _planned(store, None)
        assert {change.key for change in same} == {change.key for change in plan}
        catalog.close()
    figures = {
        "memories": args.memories,
        "changes": len(plan),
        "read_s": round(read_s, 2),
        "plan_s": round(warm, 2),
        "plan_by_pages_s": round(paged, 2),
        "memory_mb": round(_peak_mb() - before, 1),
    }
    print(f"sweep of {args.memories:,} memories: {len(plan):,} changes planned")
    print(f"  all of it read first:       {figures['read_s']} s")
    print(f"  planned from what was read: {figures['plan_s']} s")
    print(f"  planned page by page:       {figures['plan_by_pages_s']} s")
    print(f"  memory beyond the index:    {figures['memory_mb']} MB")
    print(json.dumps(figures))
    return 0


def _planned(store: MemoryStore, snapshot: object | None) -> tuple[float, Plan]:
    start = time.perf_counter()
    plan = plan_upkeep(store, actor=LOCAL_ADMIN, now=NOW, plan_id="bench", snapshot=snapshot)
    return time.perf_counter() - start, plan


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


if __name__ == "__main__":
    sys.exit(main())
