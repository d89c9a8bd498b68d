"""Seconds of looking back: an index as it was at a moment, and what a recall found then, beside a scan and real recalls.

    python benchmarks/past.py [--memories 100000] [--retired 20000] [--queries 50] [--dimension 384]

Cold is the first look of a process: it reads the journal, and the images of what was retired since. Another moment of that
time reads the images again. A scrub goes to moments after which nothing was retired. All over a snapshot that was read.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.desk import Desk
from core.demo import build
from core.memory import Memory
from core.memory.record import Record
from core.models.embedding import CachedEmbedder, HashingEmbedder
from core.past.difference import difference
from core.past.moment import Moment
from core.past.retired import retired_frame
from core.past.searching import recall_then
from core.past.then import Then, look_back
from core.past.versions import versions_of
from core.recall import recall
from core.snapshots.job import Job
from core.snapshots.reading import Wish, read_in_process
from core.store import MemoryStore

T = TypeVar("T")

_COLD_S, _SCRUB_S = 3.0, 0.2
_START = datetime(2026, 1, 1, tzinfo=UTC)
_STEP = timedelta(minutes=1)
_BATCH = 5_000


def main() -> int:
    """Measure and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--retired", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=50)
    parser.add_argument("--dimension", type=int, default=384)
    args = parser.parse_args()
    embedder = CachedEmbedder(HashingEmbedder(args.dimension))
    with (
        tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder,
        closing(open_catalog(Path(folder), embedder_factory=lambda: embedder, log_recalls=False)) as catalog,
    ):
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        figures = {"memories": args.memories, "retired": args.retired}
        figures |= _measure(store, memories=args.memories, retired=args.retired, queries=args.queries)
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):>24}  {value:,}")
    print(json.dumps(figures))
    return int(figures["cold_s"] > _COLD_S or figures["scrub_s"] > _SCRUB_S)


def _measure(store: MemoryStore, *, memories: int, retired: int, queries: int) -> dict[str, float]:
    texts = _fill(store, memories)
    end = _START + memories * _STEP
    _retire(store, retired, at=end)
    assert store.archive is not None
    job = Job("agents", clock=lambda: end)
    scan_s, snapshot = _seconds(
        lambda: read_in_process(store, None, Wish(vectors=True), actor=LOCAL_ADMIN, now=end, job=job)
    )

    def look(moment: datetime) -> Then:
        return look_back(store, snapshot, Moment(moment), actor=LOCAL_ADMIN)

    cold_s, _ = _seconds(partial(look, end))
    versions = versions_of(store.archive.ledger.journal, store.stream)
    before = end - _STEP * (memories // 10)
    other_s, then = _seconds(partial(look, before))
    scrub_s = statistics.median(_seconds(partial(look, end + place * _STEP))[0] for place in (5, 6, 7, 8, 9))
    difference_s, _ = _seconds(lambda: difference(then, snapshot.frame, versions, now=end + _STEP))
    retired_s, _ = _seconds(lambda: retired_frame(store, versions, actor=LOCAL_ADMIN, snapshot=snapshot))
    asked = texts[:queries]
    store.embedder().embed(asked)
    past = partial(recall_then, store, then, actor=LOCAL_ADMIN, snapshot=snapshot)
    real = partial(recall, store, actor=LOCAL_ADMIN, now=before, log=False)
    first_then_s, _ = _seconds(partial(past, asked[0]))
    real(asked[0])
    then_s, real_s = ([_seconds(partial(ask, query))[0] for query in asked] for ask in (past, real))
    return {
        "scan_s": scan_s,
        "cold_s": cold_s,
        "other_moment_s": other_s,
        "scrub_s": scrub_s,
        "difference_s": difference_s,
        "retired_frame_s": retired_s,
        "first_recall_then_s": first_then_s,
        "recall_then_ms": round(statistics.median(then_s) * 1e3, 1),
        "real_recall_ms": round(statistics.median(real_s) * 1e3, 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _retire(store: MemoryStore, count: int, *, at: datetime) -> None:
    """Retire memories all over the index a minute after a moment, as a plan does."""
    assert store.archive is not None
    keys = [record["key"] for page, _ in store.records.listed() for record in page]
    chosen = keys[:: max(1, len(keys) // max(1, count))][:count]
    later = at + _STEP
    plan = plan_deletion(store, chosen, actor=LOCAL_ADMIN, now=later, plan_id="bench", reason="a benchmark")
    Desk(store, store.archive.ledger, clock=lambda: later).apply(plan, actor=LOCAL_ADMIN, measured=False)


def _fill(store: MemoryStore, count: int) -> list[str]:
    """Put memories with texts of the demo world, one a minute, with random vectors, and return these texts."""
    texts = [memory.content for memory in build(_START).memories()]
    vectors, metadata_of = np.random.default_rng(0), store.metadata_of()
    for start in range(0, count, _BATCH):
        records = {}
        for row in range(start, min(start + _BATCH, count)):
            memory = Memory(
                key=f"agent-{row % 12}/{row:08d}",
                content=f"{texts[row % len(texts)]} {row}",
                memory_type=("episodic", "semantic", "procedural")[row % 3],
                agent_id=f"agent-{row % 12}",
                task_id=f"task-{row % 500}",
                created_at=_START + row * _STEP,
                confidence=0.5 + (row % 50) / 100,
            )
            vector = vectors.standard_normal(store.info.dimension, dtype=np.float32)
            records[memory.key] = Record(metadata_of(memory), vector)
        store.records.put(records, actor=LOCAL_ADMIN)
    return texts


def _seconds(run: Callable[[], T]) -> tuple[float, T]:
    """Return how long it takes and what it returns."""
    started = time.perf_counter()
    found = run()
    return round(time.perf_counter() - started, 3), found


if __name__ == "__main__":
    sys.exit(main())
