"""A server that is gone, frozen, full or not ours: a miss, never an error; and what it missed is told before all else."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.operate.cache import SemanticCache, recall_through
from core.operate.cache.patience import Patience
from core.operate.cache.server import RedisShelf, connected
from core.operate.cache.shelf import place_of
from core.recall import RecallResult
from core.store import MemoryStore
from tests.core.cache.redis_server import RedisServer
from tests.core.memory_builders import NOW, make_memory, make_store

PLACE = place_of("memories/agents")
GROUP = f"{PLACE}:{{g}}"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


def on(server: RedisServer, clock: Clock, *, timeout: float = 20) -> RedisShelf:
    return RedisShelf(lambda: connected(server.url, timeout=timeout), ttl=600, label="here", patience=Patience(clock=clock))


def cached(result: RecallResult) -> bool:
    return any(note.startswith("From the cache: ") for note in result.notes)


def test_a_server_that_dies_is_a_miss_and_is_tried_again(server: RedisServer, tmp_path: Path) -> None:
    store, clock = make_store(tmp_path / "store", make_memory()), Clock()
    cache = SemanticCache(on(server, clock), ttl=600)

    def ask() -> bool:
        result = recall_through(cache, store, "report", actor=LOCAL_ADMIN, now=NOW)
        assert [hit.memory.key for hit in result.hits] == ["k"]
        return cached(result)

    assert [ask(), ask()] == [False, True]
    server.stop()
    assert [ask(), ask()] == [False, False]
    assert not cache.state(store).reachable
    assert cache.counts(store) is None
    server.start()
    assert ask() is False  # it is not asked yet
    clock.now += 60
    assert [ask(), ask()] == [False, True]


def test_a_server_that_hangs_is_a_miss(server: RedisServer) -> None:
    clock = Clock()
    shelf = on(server, clock, timeout=0.1)
    shelf.keep(GROUP, "a", b"x", vector=None, text=None)
    server.signal(signal.SIGSTOP)
    try:
        assert shelf.get(GROUP, "a") is None
        assert shelf.generation(PLACE) is None
    finally:
        server.signal(signal.SIGCONT)
    shelf.close()
    patient = on(server, clock)
    assert patient.get(GROUP, "a") == b"x"
    patient.close()


def test_a_write_that_could_not_be_told_is_told_first(server: RedisServer) -> None:
    clock = Clock()
    writer, reader = on(server, clock), on(server, Clock())
    before = reader.generation(PLACE)
    server.stop()
    writer.renew(PLACE)
    server.start()
    assert writer.generation(PLACE) is None  # whatever it read would be of before the write
    clock.now += 60
    assert writer.generation(PLACE) not in (None, before)
    assert writer.generation(PLACE) == reader.generation(PLACE)


def test_a_write_that_was_told_pays_for_no_later_one() -> None:
    pytest.importorskip("redis", reason="redis-py is not installed")

    class Server:
        sets = 0

        def set(self, *_: object, **__: object) -> bool:
            self.sets += 1
            if self.sets == 2:
                raise OSError
            if self.sets == 1:
                shelf.renew(PLACE)  # another thread's, while the answer to the first is on its way
            return True

        def get(self, _: str) -> bytes:
            return b"word"

    server = Server()
    shelf = RedisShelf(lambda: server, ttl=600, label="here")
    shelf.renew(PLACE)
    assert (shelf.generation(PLACE), server.sets) == ("word", 3)


def test_a_cluster_that_is_gone_is_a_miss() -> None:
    pytest.importorskip("redis", reason="redis-py is not installed")
    shelf = RedisShelf(lambda: connected("redis://127.0.0.1:1/0", cluster=True), ttl=600, label="here")
    assert (shelf.get(GROUP, "a"), shelf.generation(PLACE), shelf.state().reachable) == (None, None, False)


def test_a_full_server_answers_what_it_has(server: RedisServer) -> None:
    shelf, client = on(server, Clock()), server.client()
    shelf.keep(GROUP, "a", b"x", vector=None, text=None)
    client.config_set("maxmemory", 1)
    shelf.keep(GROUP, "b", b"x", vector=None, text=None)
    shelf.renew(PLACE)
    shelf.count(PLACE, "exact")
    assert (shelf.get(GROUP, "a"), shelf.get(GROUP, "b")) == (b"x", None)
    assert shelf.generation(PLACE) is None
    client.config_set("maxmemory", 0)
    assert shelf.generation(PLACE) is not None
    client.close()
    shelf.close()


def test_what_others_wrote_under_our_names_is_a_miss(server: RedisServer) -> None:
    shelf, client = on(server, Clock()), server.client()
    prefix = f"mnemoscope:cache:1:{GROUP}"
    client.xadd(f"{prefix}:near", {"v": b"odd"})
    client.xadd(f"{prefix}:near", {"x": "b", "v": b"123"})
    client.lpush(f"{prefix}:a:list", "x")
    assert shelf.get(GROUP, "list") is None
    assert shelf.get(GROUP, "none") is None
    client.close()
    shelf.close()


def test_waits_grow_and_one_at_a_time_tries() -> None:
    clock = Clock()
    patience, waits = Patience(clock=clock), []
    for _ in range(8):
        assert patience.ready()
        for _ in range(8):
            patience.failed()  # eight threads at once
        begin = clock.now
        while not patience.ready():
            clock.now += 0.5
        waits.append(clock.now - begin)
        assert not patience.ready()
        patience.failed()
        clock.now += 60
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, 30.0)
    patience.ready()
    patience.worked()
    assert patience.ready()
    assert patience.ready()


def test_a_store_without_a_cache_is_a_recall(store: MemoryStore) -> None:
    assert not cached(recall_through(None, store, "report", actor=LOCAL_ADMIN, now=NOW))


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    return make_store(tmp_path / "store", make_memory())
