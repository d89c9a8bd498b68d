"""A recall answered from the cache beside one that is computed, and beside a bare GET of the same bytes on the same server.

    python benchmarks/cache.py [--rows 100000] [--queries 200]

Redis (or Valkey) runs on loopback, started here. Vectors are random, queries are texts that the local model embeds.
"same words" asks a text again; "near" asks the same in other words, which are embedded and compared: its times are those of
the queries that were answered so, and how many these were is in the table.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.demo import build
from core.memory import Memory, to_metadata
from core.operate.cache import SemanticCache, open_cache, recall_through
from core.operate.cache.server import connected
from core.recall import recall
from core.store import MemoryStore
from core.vectors.embedded import EmbeddedClient
from core.vectors.limits import PUT_VECTORS_MAX

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_INDEX = "cache-benchmark"


def _fill(folder: str, bucket: str, store: MemoryStore, rows: int, texts: list[str]) -> None:
    """Put memories with random vectors, past the embedder."""
    matrix = np.random.default_rng(0).standard_normal((rows, store.info.dimension), dtype=np.float32)
    client = EmbeddedClient(folder)
    for start in range(0, rows, PUT_VECTORS_MAX):
        batch: list[Any] = []
        for row in range(start, min(start + PUT_VECTORS_MAX, rows)):
            text = f"{texts[row % len(texts)]} {row}"
            memory = Memory(f"agent/{row:08d}", text, agent_id="agent", created_at=_NOW - timedelta(minutes=row))
            batch.append({"key": memory.key, "data": {"float32": matrix[row]}, "metadata": to_metadata(memory)})
        client.put_vectors(vectorBucketName=bucket, indexName=store.info.name, vectors=batch)
    client.close()


@contextmanager
def _server() -> Iterator[str]:
    """Yield the URL of a server of this program's own."""
    program = shutil.which("valkey-server") or shutil.which("redis-server")
    if program is None:
        raise SystemExit("There is no redis-server: install it (Debian: apt install redis-server).")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _times(what: Callable[[str], Any], queries: list[str]) -> list[float]:
    """Return the milliseconds of each call."""
    found = []
    for query in queries:
        started = time.perf_counter()
        what(query)
        found.append((time.perf_counter() - started) * 1e3)
    return found


def _measure(cache: SemanticCache, store: MemoryStore, queries: list[str], name: str) -> dict[str, list[float]]:
    notes: list[str] = []

    def ask(query: str) -> None:
        notes.extend(recall_through(cache, store, query, actor=LOCAL_ADMIN, now=_NOW, log=False).notes[-1:] or [""])

    found = {f"{name}: miss": _times(ask, queries), f"{name}: hit, same words": _times(ask, queries)}
    notes.clear()
    times = _times(ask, [query.replace("what is known of it", "what do we know of it") for query in queries])
    near = [ms for ms, note in zip(times, notes, strict=True) if "at a distance of" in note]
    print(f"{name}: {len(near)} of {len(queries)} queries in other words were answered")
    return found | {f"{name}: hit, near": near}


def _bare(url: str) -> list[float]:
    """Return the milliseconds of a GET of an answer that is there, by redis-py itself."""
    client = connected(url, timeout=5)
    key = next(key for key in client.scan_iter("*:a:*"))
    found = _times(lambda _: client.get(key), [""] * 500)
    client.close()
    return found


def _all(folder: str, url: str, rows: int, asked: int) -> dict[str, list[float]]:
    """Return the milliseconds of everything that is measured, by name."""
    texts = sorted({memory.content for memory in build(_NOW).memories()})
    queries = [f"{text.split('.')[0][:80]}, what is known of it?" for text in texts][:asked]
    found: dict[str, list[float]] = {}
    with closing(open_catalog(folder)) as catalog:
        store = catalog.create(_INDEX, actor=LOCAL_ADMIN)
        _fill(folder, catalog.bucket, store, rows, texts)
        recall(store, "warm up", actor=LOCAL_ADMIN, now=_NOW, log=False)
        for name, where in (("in process", "memory"), ("Redis", url)):
            cache = open_cache(where)
            assert cache is not None
            with closing(cache):
                # What was embedded for one is not asked of the other: its vector is kept.
                found |= _measure(cache, store, [f"{query} Asked {name}." for query in queries], name)
                print(f"{name}: {cache.counts(store)}, {cache.state(store)}")
        found["store.revision()"] = _times(lambda _: store.revision(), queries)
        found["bare GET of an answer"] = _bare(url)
        fresh = [f"{query} Anew." for query in queries]
        found["recall without a cache"] = _times(
            lambda one: recall(store, one, actor=LOCAL_ADMIN, now=_NOW, log=False), fresh
        )
    return found


def main() -> int:
    """Fill a store, ask it and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _server() as url:
        found = _all(folder, url, args.rows, args.queries)
    p50 = {name: statistics.median(times) for name, times in found.items() if times}
    for name, ms in p50.items():
        print(f"{name:<32} p50 {ms:8.3f} ms   p99 {np.percentile(found[name], 99):8.3f} ms")
    print(json.dumps({"rows": args.rows, "queries": args.queries} | {name: round(ms, 4) for name, ms in p50.items()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
