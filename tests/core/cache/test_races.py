"""Processes write and recall at once: no recall that begins after a write gives an answer of before it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.operate.cache import SemanticCache, recall_through
from core.operate.cache.server import RedisShelf, connected
from core.recall import Mode
from core.store import MemoryStore
from core.vectors.server import RunningServer
from tests.core.aws_environment import KEY, SECRET, isolate_aws
from tests.core.cache.redis_server import RedisServer, a_moment
from tests.core.forked import forking, in_process
from tests.core.memory_builders import NOW, make_catalog, make_memory

WRITES, READERS, EACH = 15, 2, 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


def told_nothing(self: Any, **_: Any) -> None:
    """Be a service that tells no revision, as AWS."""


def opened(uri: str) -> MemoryStore:
    if uri.startswith("s3vectors:"):
        from core.vectors.aws import AwsClient

        AwsClient.revision = told_nothing  # in a process of its own
    return make_catalog(uri).open("agents", actor=LOCAL_ADMIN)  # type: ignore[arg-type]


def cache_of(url: str) -> SemanticCache:
    # A slow machine must not turn every hit into a miss.
    return SemanticCache(RedisShelf(lambda: connected(url, timeout=20), ttl=600, label="here"), ttl=600)


def write(uri: str, acknowledged: Any, looks: Any) -> None:
    """Write one version after the other, each once the readers have looked some times."""
    store = opened(uri)
    for version in range(1, WRITES + 1):
        before = list(looks)
        store.write([make_memory("the one", f"The report is at version {version}.")], actor=LOCAL_ADMIN)
        acknowledged.value = version
        while any(look < old + EACH for look, old in zip(looks, before, strict=True)):
            a_moment()
    acknowledged.value = WRITES + 1


def read(uri: str, url: str, acknowledged: Any, looks: Any, place: int, said: Any) -> None:
    """Recall until the last version; say how many answers came from the cache, and which were stale."""
    store, cache = opened(uri), cache_of(url)
    hits, stale = 0, []
    while (before := acknowledged.value) <= WRITES:
        result = recall_through(cache, store, "report", actor=LOCAL_ADMIN, now=NOW, mode=Mode.VECTOR, log=False)
        version = int(result.hits[0].memory.content.rstrip(".").split()[-1])
        found = any(note.startswith("From the cache") for note in result.notes)
        hits += found
        if version < before:
            stale.append((before, version, found))
        looks[place] += 1
    said.put((hits, stale))


@pytest.mark.parametrize("over", ["a directory", "a service that tells no revision"])
def test_no_stale_answer_after_a_write_of_another_process(
    over: str, tmp_path: Path, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNEMOSCOPE_CACHE", server.url)
    with closing(make_catalog(tmp_path / "store")) as catalog:
        first = make_memory("the one", "The report is at version 0.")
        catalog.create("agents", actor=LOCAL_ADMIN).write([first], actor=LOCAL_ADMIN)
    if over == "a directory":
        race(str(tmp_path / "store"), server.url)
        return
    isolate_aws(monkeypatch, tmp_path)
    with RunningServer(tmp_path / "store", access_keys={KEY: SECRET}) as endpoint:
        race(f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={endpoint.url}", server.url)


def race(uri: str, url: str) -> None:
    context = forking()
    acknowledged, looks, said = context.Value("i", 0), context.Array("i", [0] * READERS), context.Queue()
    processes = [in_process(read, uri, url, acknowledged, looks, place, said) for place in range(READERS)]
    processes.append(in_process(write, uri, acknowledged, looks))
    answers = [said.get(timeout=120) for _ in range(READERS)]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert [stale for _, stale in answers] == [[]] * READERS
    # Each reader looks three times between two writes, so that the cache has had its chance to be wrong.
    assert all(hits >= WRITES for hits, _ in answers), answers


def test_each_write_of_ours_to_a_service_is_told(
    tmp_path: Path, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.operate.cache.shelf import place_of

    monkeypatch.setenv("MNEMOSCOPE_CACHE", server.url)
    isolate_aws(monkeypatch, tmp_path)
    assert os.environ["MNEMOSCOPE_CACHE"]
    shelf = RedisShelf(lambda: connected(server.url, timeout=20), ttl=600, label="here")
    place, seen = place_of("mnemoscope/told"), []
    with RunningServer(tmp_path / "store", access_keys={KEY: SECRET}) as endpoint:
        uri = f"s3vectors://mnemoscope?region=us-east-1&endpoint_url={endpoint.url}"
        with closing(make_catalog(uri)) as catalog:  # type: ignore[arg-type]
            store = catalog.create("told", actor=LOCAL_ADMIN)
            seen.append(shelf.generation(place))
            store.write([make_memory("a")], actor=LOCAL_ADMIN)
            seen.append(shelf.generation(place))
            store.records.delete(["a"], actor=LOCAL_ADMIN)
            seen.append(shelf.generation(place))
            store.get(["a"], actor=LOCAL_ADMIN)
            assert shelf.generation(place) == seen[-1]
            catalog.save_schema("told", store.schema, actor=LOCAL_ADMIN)
            seen.append(shelf.generation(place))
            catalog.delete("told", actor=LOCAL_ADMIN)
            seen.append(shelf.generation(place))
    assert None not in seen
    assert len(set(seen)) == len(seen)
    shelf.close()
