"""Seconds to apply a plan of retirements, beside the plain delete of the same keys; and to take it back.

    python benchmarks/curation.py [--memories 100000] [--changes 20000] [--dimension 384]

Applying reads every record with its vector, keeps it in the journal, durable, looks once more, and deletes.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.curation_sweep import fill
from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.desk import open_desk
from core.curation.plan import Plan
from core.curation.verification import verify
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore


def main() -> int:
    """Measure and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--changes", type=int, default=20_000)
    parser.add_argument("--dimension", type=int, default=384)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        figures = measure(Path(folder), memories=args.memories, changes=args.changes, dimension=args.dimension)
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):>24}  {value:,}")
    print(json.dumps(figures))
    return int(figures["apply_s"] > 20.0)


def measure(folder: Path, *, memories: int, changes: int, dimension: int) -> dict[str, float]:
    """Return the figures over an index that is made in the folder."""
    with closing(open_catalog(folder, embedder_factory=lambda: HashingEmbedder(dimension), log_recalls=False)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        fill(store, memories)
        keys = [record["key"] for page, _ in store.records.listed(returnMetadata=False) for record in page][:changes]
        kept = store.records.get(keys, actor=LOCAL_ADMIN)
        plain = _seconds(lambda: store.records.delete(keys, actor=LOCAL_ADMIN))
        store.records.put(kept, actor=LOCAL_ADMIN)
        kept.clear()
        desk, plan = open_desk(store), _plan(store, keys)
        before = _peak_mb()
        busy = time.process_time()
        applied = _seconds(lambda: desk.apply(plan, actor=LOCAL_ADMIN, measured=False))
        busy = time.process_time() - busy
        peak = _peak_mb() - before
        journal = sum(path.stat().st_size for path in folder.glob("journal.sqlite*"))
        back = desk.undo_plan(plan.id, actor=LOCAL_ADMIN)
        undone = _seconds(lambda: desk.apply(back, actor=LOCAL_ADMIN, measured=False))
        verified = _seconds(lambda: _check(verify(desk.ledger.journal, desk.stream).broken))
    return {
        "memories": memories,
        "changes": changes,
        "plain_delete_s": round(plain, 2),
        "apply_s": round(applied, 2),
        "apply_cpu_s": round(busy, 2),
        "undo_s": round(undone, 2),
        "verify_s": round(verified, 2),
        "journal_mb": round(journal / 1e6, 1),
        "apply_memory_mb": round(peak, 1),
    }


def _plan(store: MemoryStore, keys: list[str]) -> Plan:
    now = datetime.now(UTC)
    return plan_deletion(store, keys, actor=LOCAL_ADMIN, now=now, plan_id="bench", reason="benchmark")


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _check(broken: object) -> None:
    assert not broken, broken


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
