"""One client used by many threads at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConflictError, NotFoundError
from core.vectors.embedded import EmbeddedClient
from tests.core.builders import BUCKET, Where, keys_of, list_all, make_client, make_index, make_record, put, query_all

THREADS = 8


def together(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """Run work(0) … work(count − 1) at once; the first failure is raised."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def mixed(client: EmbeddedClient, where: Where, name: int) -> dict[str, int]:
    """Put, delete and read at random; return the versions of this thread's keys that should be there."""
    rng, state = random.Random(name), dict[str, int]()
    for version in range(40):
        keys = [f"t{name}-{rng.randrange(30)}" for _ in range(4)]
        # A new metadata key every few writes: columns appear while others search and snapshots are written.
        records = [
            make_record(key, [1, version], {"version": version, "thread": name, f"f{name}-{version // 5}": "x"})
            for key in set(keys)
        ]
        put(client, where, *records)
        state |= dict.fromkeys(keys, version)
        if version % 4 == 0:
            client.delete_vectors(**where, keys=keys[:1])
            state.pop(keys[0])
        mine = query_all(client, where, filter={"thread": name}, returnMetadata=True)
        assert {hit["key"]: hit["metadata"]["version"] for hit in mine} == state
        if version % 5 == 0:
            table = client.scan(**where, columns=["thread", "version"], vectors=True).to_pylist()
            assert {row["$key"]: row["version"] for row in table if row["thread"] == name} == state
        if version % 7 == 0:
            found = [key for key in keys_of(list_all(client, where, maxResults=50)) if key.startswith(f"t{name}-")]
            assert set(found) == set(state)
    return state


@pytest.mark.usefixtures("small_thresholds")
def test_threads_see_their_own_writes_and_lose_none(tmp_path: Path) -> None:
    client = make_client(tmp_path)
    where = make_index(client)
    states = together(lambda name: mixed(client, where, name))
    expected = {key: version for state in states for key, version in state.items()}
    listed = list_all(client, where, returnMetadata=True)
    assert {vector["key"]: vector["metadata"]["version"] for vector in listed} == expected
    assert len(listed) == len(expected)
    client.close()


def test_tags_set_at_once_are_all_kept(tmp_path: Path) -> None:
    client, other = make_client(tmp_path), EmbeddedClient(tmp_path)
    arn = client.get_index(**make_index(client))["index"]["indexArn"]

    def tag(name: int) -> None:
        for number in range(5):
            (client, other)[name % 2].tag_resource(resourceArn=arn, tags={f"t{name}-{number}": "x"})

    together(tag)
    assert len(client.list_tags_for_resource(resourceArn=arn)["tags"]) == THREADS * 5
    client.close()
    other.close()


def test_an_index_is_created_once(tmp_path: Path) -> None:
    clients = [make_client(tmp_path), EmbeddedClient(tmp_path)]

    def create(name: int) -> bool:
        try:
            make_index(clients[name % 2], dimension=name + 1)
        except ConflictError:
            return False
        return True

    assert together(create).count(True) == 1
    assert len(clients[0].list_indexes(vectorBucketName=BUCKET)["indexes"]) == 1
    assert len(list((tmp_path / "indexes").iterdir())) == 1
    for client in clients:
        client.close()


@pytest.mark.parametrize("same", [True, False], ids=["one-client", "two-clients"])
def test_an_index_deleted_under_way_is_not_found(tmp_path: Path, same: bool) -> None:
    client = make_client(tmp_path)
    other = client if same else EmbeddedClient(tmp_path)
    for turn in range(60):
        where = make_index(client, f"index-{turn}")
        put(client, where, *(make_record(f"k{number}") for number in range(20)))

        def work(name: int, where: Where = where, turn: int = turn) -> str:
            calls: list[Callable[[int], Any]] = [
                lambda n: put(client, where, make_record(f"{name}-{n}")),
                lambda n: query_all(client, where, topK=5),
                lambda n: client.get_vectors(**where, keys=["k1"], returnData=True),
                lambda n: client.scan(**where),
                lambda n: client.delete_vectors(**where, keys=[f"k{n % 20}"]),
            ]
            if name == 0:
                for _ in range(turn):
                    query_all(client, where, topK=5)
                other.delete_index(**where)
                return "deleted"
            for number in range(1_000):
                try:
                    calls[(number + name) % len(calls)](number)
                except NotFoundError:
                    return "not found"
            return "never noticed"

        assert together(work, 4) == ["deleted", *["not found"] * 3]
    for each in {client, other}:
        each.close()
    if same:
        assert not list((tmp_path / "indexes").iterdir())
