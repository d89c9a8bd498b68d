"""Several processes on one directory, and processes that are killed; benchmarks/ has the same at full length."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import concurrency, durability
from core.errors import MnemoscopeError
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import list_all, make_index, make_record, put
from tests.core.forked import forking


@pytest.fixture(autouse=True)
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork the processes that the benchmarks start."""
    monkeypatch.setattr("multiprocessing.get_context", lambda method: forking())


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
    found = []
    for turn in range(10):
        begin.wait()
        try:
            client = EmbeddedClient(directory / str(turn))
            bucket = f"bucket-{name}"
            client.create_vector_bucket(vectorBucketName=bucket)
            where = make_index(client, bucket=bucket)
            put(client, where, make_record(f"k{name}"))
            found += [vector["key"] for vector in list_all(client, where)]
            client.close()
        except MnemoscopeError as error:
            found.append(str(error))
    results.put(found)


def test_a_new_store_may_be_begun_by_several_at_once(tmp_path: Path) -> None:
    context = forking()
    begin, results = context.Barrier(4), context.Queue()
    processes = [context.Process(target=begin_a_store, args=(tmp_path, name, begin, results)) for name in range(4)]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    assert sorted(found) == [[f"k{name}"] * 10 for name in range(4)]
    client = EmbeddedClient(tmp_path / "9")
    assert len(client.list_vector_buckets()["vectorBuckets"]) == 4
    client.close()
