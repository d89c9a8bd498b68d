"""One contract of every shelf: this process, a real server, a real server of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from core.operate.cache.in_process import InProcess
from core.operate.cache.server import RedisShelf, connected
from core.operate.cache.shelf import RING, Shelf, place_of
from tests.core.cache.redis_server import RedisServer, a_moment

PLACE = place_of("memories/agents")
OTHER = place_of("memories/others")
GROUP, ELSEWHERE = f"{PLACE}:{{g1}}", f"{OTHER}:{{g1}}"
Maker = Callable[[], Shelf]


def unit(degrees: float) -> np.ndarray:
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], np.float32)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("cluster"), cluster=True)
    client = server.client()
    client.execute_command("CLUSTER ADDSLOTSRANGE 0 16383")
    for _ in range(1_000):
        if client.execute_command("CLUSTER INFO")["cluster_state"] == "ok":
            break
        a_moment()
    client.close()
    yield server
    server.stop()


@pytest.fixture(params=["in process", "server", "cluster"])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    made = InProcess(ttl=60)
    if request.param != "in process":
        running: RedisServer = request.getfixturevalue(request.param)
        client = running.client()
        client.flushall()
        client.close()
        made = on(running, cluster=request.param == "cluster")
    yield made
    made.close()


def on(running: RedisServer, *, cluster: bool = False, ttl: float = 60) -> RedisShelf:
    # A shared machine may be slow: no test here is about time-outs.
    return RedisShelf(lambda: connected(running.url, cluster=cluster, timeout=20), ttl=ttl, label="here")


def test_what_is_kept_is_there_and_nowhere_else(shelf: Shelf) -> None:
    assert shelf.get(GROUP, "a") is None
    shelf.keep(GROUP, "a", b"answer", vector=None, text=None)
    assert (shelf.get(GROUP, "a"), shelf.get(GROUP, "b"), shelf.get(ELSEWHERE, "a")) == (b"answer", None, None)
    shelf.keep(GROUP, "a", b"newer", vector=None, text=None)
    assert shelf.get(GROUP, "a") == b"newer"


def test_near_ones_are_found_the_nearest_first(shelf: Shelf) -> None:
    for name, degrees in (("far", 40), ("near", 10), ("nearest", 1)):
        shelf.keep(GROUP, name, b"x", vector=unit(degrees), text=f"the text of {name}")
    shelf.get(GROUP, "who asks")
    found = shelf.near(GROUP, unit(0), distance=0.1)
    assert [(one.exact, one.text) for one in found] == [("nearest", "the text of nearest"), ("near", "the text of near")]
    assert [one.distance for one in found] == pytest.approx([1 - np.cos(np.radians(x)) for x in (1, 10)], abs=1e-6)
    shelf.get(ELSEWHERE, "who asks")
    assert shelf.near(ELSEWHERE, unit(0), distance=2) == []


def test_of_too_many_queries_the_oldest_make_room(shelf: Shelf) -> None:
    for number in range(RING + 3):
        shelf.keep(GROUP, str(number), b"x", vector=unit(number / 10), text="t")
    shelf.get(GROUP, "who asks")
    assert {one.exact for one in shelf.near(GROUP, unit(0), distance=2)} == {str(n) for n in range(3, RING + 3)}


@pytest.mark.parametrize(
    "vector", [[0.0, 0.0], [1.0], [np.nan, 1.0]], ids=["of length 0", "of another dimension", "no number"]
)
def test_a_vector_that_has_no_direction_is_near_nothing(shelf: Shelf, vector: list[float]) -> None:
    shelf.keep(GROUP, "a", b"x", vector=unit(0), text="t")
    shelf.keep(GROUP, "b", b"x", vector=np.array(vector, np.float32), text="t")
    shelf.get(GROUP, "who asks")
    assert [one.exact for one in shelf.near(GROUP, unit(0), distance=2)] == ["a"]
    assert "a" not in [one.exact for one in shelf.near(GROUP, np.array(vector, np.float32), distance=2)]


def test_answers_are_counted_and_cleared_by_index(shelf: Shelf) -> None:
    shelf.keep(GROUP, "a", b"12345", vector=unit(0), text="t")
    shelf.keep(ELSEWHERE, "a", b"123", vector=None, text=None)
    both = f"{PLACE}.{OTHER}:{{g2}}"
    shelf.keep(both, "a", b"1", vector=None, text=None)
    assert (shelf.state().answers, shelf.state().bytes) == (3, 9)
    assert (shelf.state(PLACE).answers, shelf.state(PLACE).bytes) == (2, 6)
    assert shelf.clear(PLACE) == 2
    assert (shelf.get(GROUP, "a"), shelf.get(both, "a"), shelf.get(ELSEWHERE, "a")) == (None, None, b"123")
    shelf.get(GROUP, "who asks")
    assert shelf.near(GROUP, unit(0), distance=2) == []
    assert shelf.clear() == 1


def test_what_became_of_recalls_is_counted(shelf: Shelf) -> None:
    for name in ("exact", "missed", "exact"):
        shelf.count(PLACE, name)
    shelf.get(GROUP, "who asks")
    shelf.count(PLACE, "missed")
    assert shelf.counts(PLACE) == {"exact": 2, "missed": 2}
    assert shelf.counts(OTHER) == {}


def test_processes_share_a_server(server: RedisServer) -> None:
    one, other = on(server), on(server)
    first = other.generation(PLACE)
    assert first is not None
    assert one.generation(PLACE) == first
    one.keep(GROUP, "theirs", b"theirs", vector=unit(3), text="t")
    assert other.get(GROUP, "theirs") == b"theirs"
    assert [kept.exact for kept in other.near(GROUP, unit(3), distance=0.01)] == ["theirs"]
    one.renew(PLACE)
    assert other.generation(PLACE) not in (None, first)
    server.client().flushall()
    assert other.generation(PLACE) not in (None, first)
    one.close()
    other.close()


def test_answers_end_by_themselves(server: RedisServer) -> None:
    shelf, client = on(server, ttl=120), server.client()
    client.flushall()
    shelf.keep(GROUP, "a", b"x", vector=unit(0), text="t")
    keys = client.keys("*")
    assert len(keys) == 2
    assert all(0 < client.pttl(key) <= 120_000 for key in keys)
    shelf.close()


def test_a_process_keeps_answers_for_their_time_and_within_its_bytes() -> None:
    now = [0.0]
    shelf = InProcess(ttl=10, bytes_max=3 * (4_096 + 100), clock=lambda: now[0])
    for name in "abc":
        shelf.keep(GROUP, name, b"x" * 100, vector=unit(0), text="t")
    assert shelf.get(GROUP, "a")
    shelf.keep(GROUP, "d", b"x" * 100, vector=unit(0), text="t")
    assert [name for name in "abcd" if shelf.get(GROUP, name)] == ["a", "c", "d"]
    assert {one.exact for one in shelf.near(GROUP, unit(0), distance=0.1)} == {"a", "c", "d"}
    shelf.keep(GROUP, "too large", b"x" * 20_000, vector=unit(0), text="t")
    assert shelf.get(GROUP, "too large") is None
    now[0] = 10.0
    assert [name for name in "abcd" if shelf.get(GROUP, name)] == []
    assert shelf.near(GROUP, unit(0), distance=2) == []
    assert shelf.state().answers == 0
