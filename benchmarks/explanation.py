"""A recall over many memories with its explanation on and off, and a why-not, beside a bare matrix–vector product.

    python benchmarks/explanation.py [--rows 100000] [--queries 40]

Every query is a new text. On: the stages, each result's waterfall, the block and its frontier, of the same question. Why not
is of a memory that ranks just below the results, with every change tried. Off, on and bare product take turns.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.search import fill
from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.demo import build
from core.explanation import Inquiry, Settings, frontier, inquire, pipeline, waterfall, why_not
from core.recall import recall
from core.store import MemoryStore

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_PLACES_BELOW = 5


def _timed(times: list[float], run: Callable[[], object]) -> None:
    start = time.perf_counter()
    run()
    times.append(1e3 * (time.perf_counter() - start))


def _explained(inquiry: Inquiry) -> None:
    found = inquiry.explain(Settings())
    pipeline(found)
    for hit in found.result.hits:
        waterfall(hit)
    frontier(found)


def _missed(inquiry: Inquiry) -> None:
    found = inquiry.explain(Settings())
    why_not(inquiry, found.ranked[len(found.result.hits) + _PLACES_BELOW].candidate.memory.key, Settings())


def _ask(store: MemoryStore, text: str) -> Inquiry:
    return inquire(store, text, actor=LOCAL_ADMIN, now=_NOW)


def main() -> int:
    """Fill a store, ask and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=40)
    arguments = parser.parse_args()
    texts, rng = [memory.content for memory in build(_NOW).memories()], random.Random(1)
    asked = [" ".join(rng.choice(texts).split()[:9]) + f" {n}?" for n in range(2 * arguments.queries)]
    off, on, missed, bare = [], [], [], []
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        catalog = open_catalog(folder)
        store = catalog.create("explanation-benchmark", actor=LOCAL_ADMIN)
        matrix = fill(folder, catalog.bucket, store, arguments.rows, texts)
        recall(store, "warm up", actor=LOCAL_ADMIN, now=_NOW, log=False)
        for one, other in zip(asked[::2], asked[1::2], strict=True):
            _timed(off, lambda one=one: recall(store, one, actor=LOCAL_ADMIN, now=_NOW, log=False))
            inquiry = _ask(store, other)
            _timed(on, lambda inquiry=inquiry: _explained(inquiry))
            _timed(missed, lambda inquiry=inquiry: _missed(inquiry))
            vector = inquiry.vector
            _timed(bare, lambda vector=vector: matrix @ vector)
        catalog.close()
    medians = {
        name: statistics.median(each) for name, each in (("off", off), ("on", on), ("why_not", missed), ("gemv", bare))
    }
    for name, value in medians.items():
        print(f"{name:<8} {value:8.1f} ms   {value / medians['gemv']:6.2f} x the bare product")
    figures = {"rows": arguments.rows, "queries": arguments.queries, "on_by_off": medians["on"] / medians["off"]}
    print(json.dumps(figures | {f"{name}_ms": round(value, 2) for name, value in medians.items()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
