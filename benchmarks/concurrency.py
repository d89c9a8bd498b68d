"""Several processes write and read one index at once: nothing lost, nothing doubled, everything seen at once.

    python benchmarks/concurrency.py [--seconds 20] [--writers 4] [--readers 2]

Each writer puts new records, puts some of its own again and deletes some, and keeps count of what should be there. Each
reader checks that no answer names a key twice and that a record acknowledged before a read began is in it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import apsw
import numpy as np

from core.vectors.embedded import EmbeddedClient

_WHERE = {"vectorBucketName": "concurrency", "indexName": "records"}
_DIMENSION = 64


@dataclass(frozen=True)
class Figures:
    """What happened; times in milliseconds, `stale` counts reads that missed what was acknowledged before."""

    seconds: float
    writers: int
    readers: int
    puts: int
    deletes: int
    reads: int
    records: int
    lost: int
    doubled: int
    stale: int
    put_p50_ms: float
    put_p99_ms: float
    put_worst_ms: float
    read_p50_ms: float
    read_worst_ms: float
    integrity: str


def write(directory: Path, name: int, seconds: float, begin: Any, clock: Any, results: Any) -> None:
    """Write for some seconds; report what should be there and how long each put took."""
    client, rng = EmbeddedClient(directory), random.Random(name)
    vectors = np.random.default_rng(name).standard_normal((64, _DIMENSION), dtype=np.float32)
    state: dict[str, int] = {}
    times: list[float] = []
    version = deletes = 0
    begin.wait()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        version += 1
        keys = {f"w{name}-{version}-{place}" for place in range(rng.randint(1, 20))} | {f"clock-{name}"}
        keys |= set(rng.sample(sorted(state), min(len(state), 2)))
        records = [
            {"key": key, "data": {"float32": vectors[rng.randrange(64)]}, "metadata": {"writer": name, "version": version}}
            for key in keys
        ]
        start = time.perf_counter()
        client.put_vectors(**_WHERE, vectors=records)
        times.append(time.perf_counter() - start)
        clock[name] = version
        state |= dict.fromkeys(keys, version)
        if version % 5 == 0:
            gone = [key for key in rng.sample(sorted(state), 3) if not key.startswith("clock")]
            client.delete_vectors(**_WHERE, keys=[*gone, "never"])
            deletes += len(gone)
            state = {key: value for key, value in state.items() if key not in gone}
    client.close()
    results.put(("write", state, times, deletes))


def read(directory: Path, name: int, seconds: float, begin: Any, clock: Any, results: Any) -> None:
    """Read for some seconds; report answers that name a key twice, answers that are stale and how long each took."""
    client, rng = EmbeddedClient(directory), random.Random(-name)
    query = np.random.default_rng(name).standard_normal(_DIMENSION, dtype=np.float32)
    times: list[float] = []
    doubled = stale = 0
    begin.wait()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        writer = rng.randrange(len(clock))
        expected, key = clock[writer], f"clock-{writer}"
        start = time.perf_counter()
        kind = len(times) % 3
        if kind == 0:
            found = client.get_vectors(**_WHERE, keys=[key, key], returnMetadata=True)["vectors"]
            versions = [vector["metadata"]["version"] for vector in found]
        elif kind == 1:
            filter_ = {"$and": [{"writer": writer}, {"version": {"$gte": expected}}]}
            found = client.query_vectors(
                **_WHERE, topK=100, queryVector={"float32": query}, filter=filter_, returnMetadata=True
            )["vectors"]
            versions = [vector["metadata"]["version"] for vector in found]
        else:
            found = client.scan(**_WHERE, columns=["version", "writer"]).to_pylist()
            versions = [row["version"] for row in found if row["writer"] == writer]
            found = [{"key": row["$key"]} for row in found]
        times.append(time.perf_counter() - start)
        doubled += len(found) - len({vector["key"] for vector in found})
        stale += expected > max(versions, default=0)
    client.close()
    results.put(("read", doubled, times, stale))


def _integrity(directory: Path) -> str:
    verdicts = set()
    for path in directory.rglob("*.sqlite"):
        connection = apsw.Connection(str(path))
        verdicts.add(str(connection.pragma("integrity_check")))
        connection.close()
    return ", ".join(sorted(verdicts))


def _quantile(times: list[float], share: float) -> float:
    return round(1000 * sorted(times)[min(len(times) - 1, int(share * len(times)))], 3) if times else 0.0


def run(directory: Path, *, seconds: float, writers: int = 4, readers: int = 2) -> Figures:
    """Let processes write and read at once, then compare what is there with what should be."""
    client = EmbeddedClient(directory)
    client.create_vector_bucket(vectorBucketName=_WHERE["vectorBucketName"])
    client.create_index(**_WHERE, dataType="float32", dimension=_DIMENSION, distanceMetric="cosine")
    context = multiprocessing.get_context("spawn")
    begin, results, clock = context.Barrier(writers + readers), context.Queue(), context.Array("i", writers)
    jobs = [(write, number) for number in range(writers)] + [(read, number) for number in range(readers)]
    processes = [
        context.Process(target=job, args=(directory, number, seconds, begin, clock, results)) for job, number in jobs
    ]
    for process in processes:
        process.start()
    reports = [results.get(timeout=seconds + 120) for _ in processes]
    for process in processes:
        process.join()
    wrote, did_read = [r for r in reports if r[0] == "write"], [r for r in reports if r[0] == "read"]
    expected = {key: version for report in wrote for key, version in report[1].items()}
    rows = client.scan(**_WHERE, columns=["version"]).to_pylist()
    found = {row["$key"]: row["version"] for row in rows}
    client.close()
    put_times = [each for report in wrote for each in report[2]]
    read_times = [each for report in did_read for each in report[2]]
    return Figures(
        seconds, writers, readers, len(put_times), sum(report[3] for report in wrote), len(read_times), len(rows),
        lost=len(expected.items() - found.items()) + len(found.items() - expected.items()),
        doubled=len(rows) - len(found) + sum(report[1] for report in did_read),
        stale=sum(report[3] for report in did_read),
        put_p50_ms=_quantile(put_times, 0.5), put_p99_ms=_quantile(put_times, 0.99), put_worst_ms=_quantile(put_times, 1),
        read_p50_ms=_quantile(read_times, 0.5), read_worst_ms=_quantile(read_times, 1),
        integrity=_integrity(directory),
    )  # fmt: skip


def main() -> int:
    """Run and print; return 1 if anything was lost, doubled, stale or unsound."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--readers", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        figures = run(Path(directory), seconds=args.seconds, writers=args.writers, readers=args.readers)
    for name, value in asdict(figures).items():
        print(f"{name.replace('_', ' '):>16}  {value}")
    print(json.dumps(asdict(figures)))
    return int(bool(figures.lost or figures.doubled or figures.stale or figures.integrity != "ok"))


if __name__ == "__main__":
    sys.exit(main())
