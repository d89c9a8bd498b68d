"""How fast the embedded engine is, as ratios to a bare matrix–vector product measured in the same loop."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import ConfigError
from core.vectors import limits
from core.vectors.embedded import EmbeddedClient

__all__ = ["EngineFigures", "add_arguments", "measure", "run"]

_PLACE = {"vectorBucketName": "evaluation", "indexName": "engine"}
_SHARDS = 100  # one of them is the 1 % filter
_K = 10
_WORDS = (
    "deploy rollback invoice refund quarter revenue forecast latency cache shard token agent memory summary review ticket "
    "customer contract renewal pipeline dataset evaluation regression alert dashboard schema migration index query"
).split()


@dataclass(frozen=True)
class EngineFigures:
    """What was measured; times in seconds or milliseconds as named, ratios to a bare float32 GEMV over the same rows."""

    rows: int
    dim: int
    bulk_rows_per_s: float
    put_p50_ms: float
    put_p99_ms: float
    gemv_ms: float
    query_ms: float
    query_ratio: float
    filter1_ratio: float
    range50_ratio: float
    recall: float
    cold_open_s: float
    rebuild_open_s: float
    scan_s: float
    first_scan_s: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--rows", type=int, default=100_000, help="vectors in the index (default 100000)")
    parser.add_argument("--dim", type=int, default=384, help="dimensions of a vector (default 384)")
    parser.add_argument("--queries", type=int, default=60, help="queries of each kind (default 60)")
    parser.add_argument("--seed", type=int, default=0, help="seed of vectors and queries")
    parser.add_argument("--dir", type=Path, default=None, help="where to build the store (default: a temporary directory)")


def run(args: argparse.Namespace) -> int:
    """Measure, print a table and, as the last line, the figures as JSON."""
    for name in ("rows", "dim", "queries"):
        if getattr(args, name) < 1:
            raise ConfigError(f"--{name} is {getattr(args, name)}: give a whole number from 1.")
    if args.dir is not None and not args.dir.is_dir():
        raise ConfigError(f"--dir {str(args.dir)!r} is not a directory: create it first, or leave it out.")
    with tempfile.TemporaryDirectory(prefix="mnemoscope-eval-", dir=args.dir) as folder:
        figures = measure(Path(folder), rows=args.rows, dim=args.dim, queries=args.queries, seed=args.seed)
    for name, value in asdict(figures).items():
        print(f"{name:>18}  {value:,.4g}" if isinstance(value, float) else f"{name:>18}  {value:,}")
    print(
        json.dumps({name: round(value, 5) if isinstance(value, float) else value for name, value in asdict(figures).items()})
    )
    return 0


def measure(folder: Path, *, rows: int, dim: int, queries: int, seed: int) -> EngineFigures:
    """Build an index of random vectors under `folder` and measure it."""
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((rows, dim), dtype=np.float32)
    client = EmbeddedClient(folder)
    bulk = _fill(client, matrix, rng)
    put = _puts(client, rng, dim)
    client.close()
    cold = _opened(folder, matrix[0])
    client = EmbeddedClient(folder)
    scans = [_seconds(client.scan, **_PLACE, vectors=True) for _ in range(6)]
    asked = rng.standard_normal((queries, dim), dtype=np.float32)
    times = _query_times(client, matrix, asked, rows)
    recall = statistics.fmean(_recall(client, matrix, query) for query in asked[:20])
    client.close()
    for snapshot in folder.glob("indexes/*/snapshot-*/head.json"):
        snapshot.unlink()
    gemv = statistics.median(times["gemv"])

    def ratio(kind: str) -> float:
        return statistics.median(own / bare for own, bare in zip(times[kind], times["gemv"], strict=True))

    return EngineFigures(
        rows=rows,
        dim=dim,
        bulk_rows_per_s=rows / bulk,
        put_p50_ms=1e3 * statistics.median(put),
        put_p99_ms=1e3 * float(np.quantile(put, 0.99)),
        gemv_ms=1e3 * gemv,
        query_ms=1e3 * statistics.median(times["query"]),
        query_ratio=ratio("query"),
        filter1_ratio=ratio("filter1"),
        range50_ratio=ratio("range50"),
        recall=recall,
        cold_open_s=cold,
        rebuild_open_s=_opened(folder, matrix[0]),
        scan_s=statistics.median(scans[1:]),
        first_scan_s=scans[0],
    )


def _seconds(work: Callable[..., Any], *args: Any, **kwargs: Any) -> float:
    start = time.perf_counter()
    work(*args, **kwargs)
    return time.perf_counter() - start


def _record(row: int, vector: npt.NDArray[np.float32], words: npt.NDArray[np.str_]) -> dict[str, Any]:
    metadata = {
        "agent_id": f"agent-{row % 12}",
        "task_id": f"task-{row % 500}",
        "memory_type": ("episodic", "semantic", "procedural")[row % 3],
        "created_at": f"2026-01-01T{row // 3600 % 24:02d}:{row // 60 % 60:02d}:{row % 60:02d}Z",
        "created_at_epoch": 1_767_225_600.0 + row,
        "shard": row % _SHARDS,
        "content": " ".join(words),
    }
    return {"key": f"agent-{row % 12}/{row:09d}", "data": {"float32": vector}, "metadata": metadata}


def _fill(client: EmbeddedClient, matrix: npt.NDArray[np.float32], rng: np.random.Generator) -> float:
    """Create the index, put every row in full batches and return the seconds that the puts took."""
    client.create_vector_bucket(vectorBucketName=_PLACE["vectorBucketName"])
    client.create_index(
        **_PLACE,
        dataType="float32",
        dimension=matrix.shape[1],
        distanceMetric="cosine",
        metadataConfiguration={
            "nonFilterableMetadataKeys": ["content"],
            "textSearchConfigurations": [{"metadataKey": "content"}],
        },
    )
    seconds = 0.0
    for start in range(0, len(matrix), limits.PUT_VECTORS_MAX):
        part = matrix[start : start + limits.PUT_VECTORS_MAX]
        words = rng.choice(_WORDS, (len(part), 12))
        batch = [_record(start + place, vector, words[place]) for place, vector in enumerate(part)]
        seconds += _seconds(client.put_vectors, **_PLACE, vectors=batch)
    return seconds


def _puts(client: EmbeddedClient, rng: np.random.Generator, dim: int) -> list[float]:
    """Replace records one by one, so that the number of rows stays."""
    times = []
    for row in range(200):
        record = _record(row, rng.standard_normal(dim, dtype=np.float32), rng.choice(_WORDS, 12))
        record["key"] = "single"
        times.append(_seconds(client.put_vectors, **_PLACE, vectors=[record]))
    client.delete_vectors(**_PLACE, keys=["single"])
    return times


def _opened(folder: Path, vector: npt.NDArray[np.float32]) -> float:
    """Return the seconds from nothing open to the first answer."""

    def first_answer() -> EmbeddedClient:
        client = EmbeddedClient(folder)
        client.query_vectors(**_PLACE, queryVector={"float32": vector}, topK=_K)
        return client

    start = time.perf_counter()
    client = first_answer()
    seconds = time.perf_counter() - start
    client.close()
    return seconds


def _query_times(
    client: EmbeddedClient, matrix: npt.NDArray[np.float32], asked: npt.NDArray[np.float32], rows: int
) -> dict[str, list[float]]:
    """Time each kind of query and the bare product in turn, so that all meet the same machine."""
    filters: dict[str, dict[str, Any]] = {
        "query": {},
        "filter1": {"filter": {"shard": 7}},
        "range50": {"filter": {"created_at_epoch": {"$gte": 1_767_225_600.0 + rows / 2}}},
    }
    times: dict[str, list[float]] = {name: [] for name in ("gemv", *filters)}
    warming = asked[:3]
    for turn, query in enumerate(np.concatenate([warming, asked])):
        timed = {"gemv": _seconds(np.matmul, matrix, query)}
        for name, extra in filters.items():
            call = {"queryVector": {"float32": query}, "topK": _K, "returnDistance": True, "returnMetadata": True, **extra}
            timed[name] = _seconds(client.query_vectors, **_PLACE, **call)
        if turn >= len(warming):
            for name, seconds in timed.items():
                times[name].append(seconds)
    return times


def _recall(client: EmbeddedClient, matrix: npt.NDArray[np.float32], query: npt.NDArray[np.float32]) -> float:
    """Return the share of the true 10 nearest (float64 brute force; all of fewer rows) that the engine gives."""
    exact = matrix.astype(np.float64)
    nearest = np.argsort(-(exact @ query) / np.linalg.norm(exact, axis=1))[:_K]
    answer = client.query_vectors(**_PLACE, queryVector={"float32": query}, topK=_K)["vectors"]
    found = {int(hit["key"].rsplit("/", 1)[1]) for hit in answer}
    return len(found & set(nearest.tolist())) / len(nearest)
