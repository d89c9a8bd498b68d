"""What the recall log costs a recall, the journal an import, and what an erasure takes.

    python benchmarks/curation_log.py [--memories 100000] [--recalls 20000] [--queries 200] [--rows 5000]

Recalls with and without the log alternate, in an order that changes, so that what else the machine does hits both; their
processor time is that of the thread that waits. The log has many recalls already. The embedder needs no model: with one, a
recall and a row of an import take longer, the log and the journal do not.
"""

from __future__ import annotations

import argparse
import copy
import io
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.curation_sweep import fill
from core.access import LOCAL_ADMIN
from core.catalog import Catalog
from core.config import open_catalog
from core.curation.deletion import plan_deletion
from core.curation.desk import open_desk
from core.models.embedding import HashingEmbedder
from core.operate.recall_log import LoggedRecall
from core.recall import recall
from core.store import MemoryStore
from core.transfer import Importer, Source

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_HITS = 10


def main() -> int:
    """Measure and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=100_000)
    parser.add_argument("--recalls", type=int, default=20_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--rows", type=int, default=5_000)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder,
        closing(open_catalog(folder, embedder_factory=HashingEmbedder)) as catalog,
    ):
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        fill(store, args.memories)
        keys = [record["key"] for page, _ in store.records.listed(returnMetadata=False) for record in page]
        figures: dict[str, float] = {"memories": args.memories}
        figures |= _recalls(store, keys, recalls=args.recalls, queries=args.queries)
        figures |= _imports(catalog, rows=args.rows)
        figures |= _erasure(store, keys[:3])
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):>32}  {value:,}")
    print(json.dumps(figures))
    return 0


def _recalls(store: MemoryStore, keys: Sequence[str], *, recalls: int, queries: int) -> dict[str, float]:
    assert store.archive is not None
    log, rng = store.archive.recalls, random.Random(0)
    for number in range(recalls):
        log.append(_said(store, f"question {number}", rng.sample(keys, _HITS)))
        if number % 5_000 == 0:
            log.flush()
    log.flush()
    bare = copy.copy(store)
    bare.archive = None
    times: dict[str, list[float]] = {"with": [], "without": []}
    busy: dict[str, list[float]] = {"with": [], "without": []}
    for number in range(queries):
        for name, index in rng.sample([("with", store), ("without", bare)], 2):
            start, worked = time.perf_counter(), time.thread_time()
            recall(index, f"the report {number}", actor=LOCAL_ADMIN, now=_NOW)
            times[name].append(1e3 * (time.perf_counter() - start))
            busy[name].append(1e3 * (time.thread_time() - worked))
    appended = [_ms(lambda: log.append(_said(store, "one more", keys[:_HITS]))) for _ in range(1_000)]
    log.flush()
    assert log.health().dropped == 0, log.health()
    usage = _ms(lambda: log.usage(store.stream))
    found = statistics.median(times["with"]), statistics.median(times["without"])
    cpu = statistics.median(busy["with"]), statistics.median(busy["without"])
    return {
        "recalls_in_the_log": recalls,
        "recall_with_log_ms": round(found[0], 2),
        "recall_without_log_ms": round(found[1], 2),
        "ratio": round(found[0] / found[1], 3),
        "ratio_of_processor_time": round(cpu[0] / cpu[1], 3),
        "append_us": round(1e3 * statistics.median(appended), 1),
        "usage_of_all_ms": round(usage, 1),
    }


def _said(store: MemoryStore, query: str, keys: Sequence[str]) -> LoggedRecall:
    hits = tuple((key, 0.5) for key in keys)
    return LoggedRecall(store.stream, _NOW, "bench", "agent", query, "hybrid", _HITS, hits)


def _imports(catalog: Catalog, *, rows: int) -> dict[str, float]:
    """Return rows a second into fresh indexes, without a journal and with one."""
    data = "".join(json.dumps({"content": f"Row {number} of the import.", "agent_id": "a"}) + "\n" for number in range(rows))
    rates = {}
    for name in ("without", "with"):
        store = copy.copy(catalog.create(f"import-{name}", actor=LOCAL_ADMIN))
        store.archive = store.archive if name == "with" else None
        source = Source("rows.jsonl", io.BytesIO(data.encode()), size=len(data))
        took = _ms(lambda store=store, source=source: Importer(store, actor=LOCAL_ADMIN).run([source]))
        rates[f"import_{name}_journal_rows_s"] = round(1e3 * rows / took)
    return rates


def _erasure(store: MemoryStore, keys: Sequence[str]) -> dict[str, float]:
    desk = open_desk(store)
    plan = plan_deletion(store, keys, actor=LOCAL_ADMIN, now=_NOW, plan_id="bench", erase=True)
    typed = desk.confirmation_for(plan)
    took = _ms(lambda: desk.apply(plan, actor=LOCAL_ADMIN, measured=False, confirmation=typed))
    return {"erase_3_s": round(took / 1e3, 2)}


def _ms(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return 1e3 * (time.perf_counter() - start)


if __name__ == "__main__":
    sys.exit(main())
