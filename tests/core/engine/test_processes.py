"""Several processes on one directory, and processes that are killed; benchmarks/ has the same at full length."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

from benchmarks import concurrency, durability
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import list_all, make_index, make_record, put


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    figures = durability.run(tmp_path, kills=3, batches=30, tail=100, seed=1)
    assert figures.batches_acknowledged >= 3
    assert (figures.lost, figures.doubled, figures.torn, figures.integrity) == (0, 0, 0, "ok")


def test_four_writers_and_two_readers(tmp_path: Path) -> None:
    figures = concurrency.run(tmp_path, seconds=2)
    assert figures.puts > 0
    assert figures.reads > 0
    assert (figures.lost, figures.doubled, figures.stale, figures.integrity) == (0, 0, 0, "ok")


def begin_a_store(directory: Path, name: int, begin: Any, results: Any) -> None:
    begin.wait()
    client = EmbeddedClient(directory)
    bucket = f"bucket-{name}"
    client.create_vector_bucket(vectorBucketName=bucket)
    where = make_index(client, bucket=bucket)
    put(client, where, make_record(f"k{name}"))
    results.put([vector["key"] for vector in list_all(client, where)])
    client.close()


def test_a_new_store_may_be_begun_by_several_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    begin, results = context.Barrier(4), context.Queue()
    processes = [context.Process(target=begin_a_store, args=(tmp_path, name, begin, results)) for name in range(4)]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(found) == [["k0"], ["k1"], ["k2"], ["k3"]]
    client = EmbeddedClient(tmp_path)
    assert len(client.list_vector_buckets()["vectorBuckets"]) == 4
    client.close()
