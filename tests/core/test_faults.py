"""No write is lost or counts twice, and no failure stays unseen, whatever happens between the client and the endpoint."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    ConflictError,
    InternalError,
    MnemoscopeError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
    UnreachableError,
)
from core.vectors.aws import AwsClient
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from tests.core.builders import BUCKET, Where, list_all, make_index, make_record, put, query_all
from tests.core.endpoints import KEY_ID, SECRET, as_somebody
from tests.core.faults import Fault, FaultyProxy, calm, scripted

ATTEMPTS = 3


@pytest.fixture(scope="module")
def proxy(engine: EmbeddedClient) -> Iterator[FaultyProxy]:
    with RunningServer(engine, access_keys={KEY_ID: SECRET}) as server:
        between = FaultyProxy(server.url, calm)
        yield between
        between.close()


@pytest.fixture(scope="module")
def told() -> list[Call]:
    """Return the calls of every client; to make one for each test would take longer than the tests."""
    return []


@pytest.fixture(scope="module")
def clients(proxy: FaultyProxy, told: list[Call]) -> Iterator[dict[bool, AwsClient]]:
    """Return a client that waits for an answer, and under True one that soon gives up."""
    options: dict[str, Any] = {"segments": 3, "max_attempts": ATTEMPTS, "longest_wait": 0.005, "retry_mode": "standard"}
    with pytest.MonkeyPatch.context() as patch:
        as_somebody(patch)
        made = {
            hasty: AwsClient(endpoint_url=proxy.url, tracer=told.append, read_timeout=0.5 if hasty else 20.0, **options)
            for hasty in (False, True)
        }
        yield made
    for client in made.values():
        client.close()


@pytest.fixture
def client(
    proxy: FaultyProxy, clients: dict[bool, AwsClient], told: list[Call], request: pytest.FixtureRequest
) -> Iterator[AwsClient]:
    callspec = getattr(request.node, "callspec", None)
    told.clear()
    yield clients[callspec is not None and callspec.params.get("fault") is Fault.SLOW]
    proxy.next_fault = calm


@pytest.fixture
def calls(client: AwsClient, told: list[Call]) -> list[Call]:
    """Return what the test's client has done."""
    return told


@pytest.fixture
def where(engine: EmbeddedClient, request: pytest.FixtureRequest) -> Iterator[Where]:
    """Return an index with the records a and b."""
    found = make_index(engine, "faulty", metadataConfiguration={"nonFilterableMetadataKeys": ["text"]})
    put(engine, found, make_record("a", (1.0, 0.0), {"n": 1}), make_record("b", (0.0, 1.0), {"n": 2}))
    yield found
    for name in ("faulty", "fresh"):
        if name in _indexes(engine):
            engine.delete_index(vectorBucketName=BUCKET, indexName=name)


def _indexes(engine: EmbeddedClient) -> dict[str, int]:
    names = [index["indexName"] for index in engine.list_indexes(vectorBucketName=BUCKET)["indexes"]]
    return {name: engine.get_index(vectorBucketName=BUCKET, indexName=name)["index"]["dimension"] for name in names}


def _held(engine: EmbeddedClient, where: Where) -> dict[str, Any]:
    records = list_all(engine, where, returnData=True, returnMetadata=True)
    return {record["key"]: (record["data"]["float32"], record.get("metadata") or None) for record in records}


_TEXTS = {"textSearchConfigurations": [{"metadataKey": "text", "language": "en"}]}
_FRESH: dict[str, Any] = {
    "vectorBucketName": BUCKET,
    "indexName": "fresh",
    "dataType": "float32",
    "dimension": 3,
    "distanceMetric": "euclidean",
    "metadataConfiguration": {"nonFilterableMetadataKeys": ["hidden"], **_TEXTS},
    "tags": {"mnemoscope:embedder": "model/3/1"},
}
_FAULTS = [fault for fault in Fault if fault is not Fault.NONE]
_QUICK = [fault for fault in _FAULTS if fault is not Fault.SLOW]
Act = Callable[[AwsClient, Where], Any]
# What is asked, and whether a glance at the engine says that it was done, once.
ACTS: dict[str, tuple[Act, Callable[[EmbeddedClient, Where, Any], bool]]] = {
    "put": (
        lambda client, where: client.put_vectors(**where, vectors=[make_record("a", (3.0, 4.0)), make_record("c")]),
        lambda engine, where, _: (
            _held(engine, where) == {"a": ([3.0, 4.0], None), "b": ([0.0, 1.0], {"n": 2}), "c": ([1.0, 0.0], None)}
        ),
    ),
    "delete": (
        lambda client, where: client.delete_vectors(**where, keys=["a", "gone"]),
        lambda engine, where, _: list(_held(engine, where)) == ["b"],
    ),
    "get": (
        lambda client, where: client.get_vectors(**where, keys=["a"], returnMetadata=True),
        lambda engine, where, answer: answer == {"vectors": [{"key": "a", "metadata": {"n": 1}}]},
    ),
    "list": (
        lambda client, where: client.list_vectors(**where),
        lambda engine, where, answer: sorted(record["key"] for record in answer["vectors"]) == ["a", "b"],
    ),
    "query": (
        lambda client, where: client.query_vectors(**where, topK=2, queryVector={"float32": [1.0, 0.1]}),
        lambda engine, where, answer: [hit["key"] for hit in answer["vectors"]] == ["a", "b"],
    ),
    "tag": (
        lambda client, where: client.tag_resource(
            resourceArn=client.get_index(**where)["index"]["indexArn"], tags={"team": "red"}
        ),
        lambda engine, where, _: (
            engine.list_tags_for_resource(resourceArn=engine.get_index(**where)["index"]["indexArn"])["tags"]
            == {"team": "red"}
        ),
    ),
    "create-index": (
        lambda client, where: client.create_index(**_FRESH),
        lambda engine, where, answer: (
            _indexes(engine)["fresh"] == 3 and answer["indexArn"].endswith(f":bucket/{BUCKET}/index/fresh")
        ),
    ),
    "delete-index": (
        lambda client, where: client.delete_index(**where),
        lambda engine, where, _: "faulty" not in _indexes(engine),
    ),
    "add-text-search": (
        lambda client, where: client.update_metadata_configuration(**where, add=_TEXTS),
        lambda engine, where, answer: (
            [
                each["metadataKey"]
                for each in engine.get_index(**where)["index"]["metadataConfiguration"]["textSearchConfigurations"]
            ]
            == ["text"]
        ),
    ),
    "scan": (
        lambda client, where: client.scan(**where, vectors=True),
        lambda engine, where, table: table.sort_by("$key")["n"].to_pylist() == [1, 2],
    ),
}
# An endpoint that does a create or a delete twice says of the second what is true; to a client that asked once this is news.
_TOLD_TWICE = {"create-index": ConflictError, "delete-index": NotFoundError, "add-text-search": ConflictError}


@pytest.mark.parametrize(
    ("act", "fault"),
    [
        pytest.param(act, fault, id=f"{act}-{fault}")
        for act in ACTS
        for fault in _FAULTS
        if fault is not Fault.SLOW or act in ("put", "list", "create-index")
    ],
)
def test_one_fault_costs_nothing(
    engine: EmbeddedClient, proxy: FaultyProxy, client: AwsClient, calls: list[Call], where: Where, act: str, fault: Fault
) -> None:
    do, done = ACTS[act]
    client.list_vector_buckets()  # a connection is there, as it mostly is
    calls.clear()
    proxy.next_fault = scripted(fault)
    if fault is Fault.TWICE_SECOND_ANSWER and act in _TOLD_TWICE:
        with pytest.raises(_TOLD_TWICE[act]):
            do(client, where)
        assert done(engine, where, {"indexArn": f":bucket/{BUCKET}/index/fresh"})
        return
    assert done(engine, where, do(client, where))
    retries = sum(call.retries for call in calls)
    assert retries == fault.retried or (fault is Fault.SLOW and retries > 0)  # on a busy machine more than one is slow
    assert sum(call.throttled for call in calls) == (fault is Fault.THROTTLED)
    assert all(call.error is None for call in calls)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        pytest.param(Fault.THROTTLED, TooManyRequestsError, "Slow down", id="throttled"),
        pytest.param(Fault.UNAVAILABLE, UnavailableError, "Slow down", id="unavailable"),
        pytest.param(Fault.BAD_GATEWAY, UnavailableError, "answered HTTP 502", id="bad-gateway"),
        pytest.param(Fault.RESET_BEFORE, UnreachableError, "did not answer", id="reset-before"),
        pytest.param(Fault.RESET_AFTER, UnreachableError, "did not answer", id="reset-after"),
        pytest.param(Fault.SLOW, UnreachableError, "did not answer", id="slow"),
        pytest.param(Fault.CUT_OFF, InternalError, "no JSON", id="cut-off"),
        pytest.param(Fault.TRUNCATED, InternalError, "no JSON", id="truncated"),
        pytest.param(Fault.PORTAL, InternalError, "text/html that are no JSON", id="portal"),
    ],
)
@pytest.mark.parametrize("act", ["put", "scan"])
def test_a_fault_that_stays_is_reported(
    proxy: FaultyProxy,
    client: AwsClient,
    calls: list[Call],
    where: Where,
    act: str,
    fault: Fault,
    error: type[MnemoscopeError],
    said: str,
) -> None:
    proxy.next_fault = scripted(always=fault)
    with pytest.raises(error, match=said):
        ACTS[act][0](client, where)
    assert (calls[-1].retries, bool(calls[-1].error)) == (ATTEMPTS - 1, True)
    assert calls[-1].throttled == (ATTEMPTS if fault is Fault.THROTTLED else 0)


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    as_somebody(monkeypatch)
    heard: list[Call] = []
    alone = AwsClient(endpoint_url="http://127.0.0.1:9", tracer=heard.append, longest_wait=0.005, retry_mode="standard")
    with pytest.raises(UnreachableError, match=r"http://127\.0\.0\.1:9"):
        alone.list_vector_buckets()
    alone.close()
    assert [(call.error, call.retries) for call in heard] == [("UnreachableError", 2)]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"dimension": 4}, id="dimension"),
        pytest.param({"distanceMetric": "cosine"}, id="metric"),
        pytest.param({"tags": {"mnemoscope:embedder": "another/3/1"}}, id="tags"),
        pytest.param({"metadataConfiguration": {"nonFilterableMetadataKeys": ["hidden"]}}, id="text-search"),
        pytest.param({"metadataConfiguration": _TEXTS}, id="non-filterable"),
    ],
)
def test_another_index_of_that_name_is_a_conflict_also_after_a_lost_answer(
    engine: EmbeddedClient, proxy: FaultyProxy, client: AwsClient, where: Where, changed: dict[str, Any]
) -> None:
    engine.create_index(**(_FRESH | changed))
    for fault in (Fault.NONE, Fault.RESET_AFTER):
        proxy.next_fault = scripted(fault)
        with pytest.raises(ConflictError, match="already exists"):
            client.create_index(**_FRESH)


def test_what_was_never_sent_again_is_told_as_it_is(
    engine: EmbeddedClient, proxy: FaultyProxy, client: AwsClient, where: Where
) -> None:
    proxy.next_fault = scripted(Fault.THROTTLED)  # a request that was turned away did nothing
    with pytest.raises(NotFoundError):
        client.delete_index(vectorBucketName=BUCKET, indexName="nowhere")
    with pytest.raises(ConflictError):
        client.create_vector_bucket(vectorBucketName=BUCKET)
    proxy.next_fault = scripted(Fault.RESET_AFTER)
    client.create_vector_bucket(vectorBucketName="another")
    proxy.next_fault = scripted(Fault.RESET_AFTER)
    client.delete_vector_bucket(vectorBucketName="another")


class _History:
    """Random calls through a faulty proxy, beside a dictionary of what the index should hold."""

    def __init__(self, seed: int, client: AwsClient, engine: EmbeddedClient, where: Where) -> None:
        self.random = random.Random(seed)
        self.client, self.engine, self.where = client, engine, where
        self.held: dict[str, Any] = _held(engine, where)
        self.failed = 0

    def fault(self, _: str) -> Fault:
        return self.random.choice(_QUICK) if self.random.random() < 0.5 else Fault.NONE

    def step(self) -> None:
        act = self.random.choice([self._put, self._put, self._delete, self._look, self._query, self._make_again])
        act()

    def _keys(self) -> list[str]:
        return self.random.sample("abcdefgh", self.random.randint(1, 4))

    def _write(self, after: dict[str, Any], write: Callable[[], Any]) -> None:
        try:
            write()
        except MnemoscopeError:
            self.failed += 1
            assert _held(self.engine, self.where) in (self.held, after)  # the whole put or nothing
            self.held = _held(self.engine, self.where)
        else:
            self.held = after
            assert _held(self.engine, self.where) == after

    def _put(self) -> None:
        records = [
            make_record(key, (self.random.randint(1, 9), 1.0), {"n": self.random.randint(0, 99)}) for key in self._keys()
        ]
        after = self.held | {record["key"]: (record["data"]["float32"], record["metadata"]) for record in records}
        self._write(after, lambda: self.client.put_vectors(**self.where, vectors=records))

    def _delete(self) -> None:
        keys = self._keys()
        after = {key: value for key, value in self.held.items() if key not in keys}
        self._write(after, lambda: self.client.delete_vectors(**self.where, keys=keys))

    def _read(self, read: Callable[[], list[dict[str, Any]]]) -> None:
        try:
            found = read()
        except MnemoscopeError:
            self.failed += 1
        else:
            assert sorted(record["key"] for record in found) == sorted(self.held)

    def _look(self) -> None:
        self._read(lambda: list_all(self.client, self.where))

    def _query(self) -> None:
        self._read(lambda: query_all(self.client, self.where, topK=100))

    def _make_again(self) -> None:
        """Create an index and delete it: each is done when its call returns, and done or not when it fails."""
        with_fresh = "fresh" in _indexes(self.engine)
        try:
            if with_fresh:
                self.client.delete_index(vectorBucketName=BUCKET, indexName="fresh")
            else:
                self.client.create_index(**_FRESH)
        except MnemoscopeError:
            self.failed += 1
        else:
            assert ("fresh" in _indexes(self.engine)) is not with_fresh


@pytest.mark.parametrize("seed", range(6))
def test_random_histories(
    engine: EmbeddedClient, proxy: FaultyProxy, client: AwsClient, calls: list[Call], where: Where, seed: int
) -> None:
    history = _History(seed, client, engine, where)
    proxy.next_fault = history.fault
    for _ in range(40):
        history.step()
    assert sum(bool(call.error) for call in calls) == history.failed
    assert sum(call.retries for call in calls) > 10


def test_many_writers_at_once(
    engine: EmbeddedClient, proxy: FaultyProxy, client: AwsClient, where: Where, tmp_path: Path
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    chance = random.Random(7)
    proxy.next_fault = lambda _: chance.choice([Fault.NONE, Fault.NONE, Fault.RESET_AFTER, Fault.THROTTLED, Fault.TWICE])

    def write(writer: int) -> set[str]:
        keys = {f"w{writer}-{number}" for number in range(20)}
        done = set()
        for key in keys:
            try:
                client.put_vectors(**where, vectors=[make_record(key)])
            except MnemoscopeError:
                continue
            done.add(key)
        return done

    with ThreadPoolExecutor(6) as pool:
        acknowledged = set().union(*pool.map(write, range(6)))
    assert len(acknowledged) > 60
    assert acknowledged <= set(_held(engine, where))
