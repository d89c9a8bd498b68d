"""AwsClient where things go wrong halfway: closed, interrupted, out of date, shared by many threads, far from home."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import (
    CancelledError,
    CredentialsError,
    MnemoscopeError,
    TooManyRequestsError,
    UnreachableError,
    ValidationError,
    service_error,
)
from core.vectors.attempts import Caller
from core.vectors.aws import AwsClient
from core.vectors.blocks import Blocks, gathered
from core.vectors.client import Call
from core.vectors.embedded import EmbeddedClient
from core.vectors.listing import scan_index
from core.vectors.server import RunningServer
from core.vectors.session import AwsOptions, connect
from tests.core.builders import BUCKET, make_client, make_index, make_record, put
from tests.core.endpoints import KEY_ID, SECRET, as_somebody
from tests.core.faults import Fault, FaultyProxy, calm

_QUICK: dict[str, Any] = {"longest_wait": 0.01, "retry_mode": "standard"}
_WHERE = {"vectorBucketName": BUCKET, "indexName": "agents"}


@pytest.fixture(autouse=True)
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    as_somebody(monkeypatch)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedClient]:
    client = make_client(tmp_path / "store")
    make_index(client)
    put(client, _WHERE, *(make_record(f"k{row}", (1.0, row + 1.0), {"n": row}) for row in range(400)))
    yield client
    client.close()


@pytest.fixture
def server(engine: EmbeddedClient) -> Iterator[RunningServer]:
    with RunningServer(engine, access_keys={KEY_ID: SECRET}) as running:
        yield running


@pytest.fixture
def proxy(server: RunningServer) -> Iterator[FaultyProxy]:
    made = FaultyProxy(server.url, calm)
    yield made
    made.close()


class TestClosing:
    def test_a_scan_that_waits_to_send_again_ends(self, proxy: FaultyProxy) -> None:
        refused = threading.Event()

        def refuse(operation: str) -> Fault:
            if operation != "ListVectors":
                return Fault.NONE
            refused.set()
            return Fault.THROTTLED

        proxy.next_fault = refuse
        client = AwsClient(endpoint_url=proxy.url, segments=4, max_attempts=50, longest_wait=1e6, retry_mode="standard")
        with ThreadPoolExecutor(1) as pool:
            scan = pool.submit(client.scan, **_WHERE)
            assert refused.wait(30)
            client.close()
            with pytest.raises((CancelledError, UnreachableError)):
                scan.result(30)

    def test_calls_that_run_meanwhile_end_in_an_answer_or_an_error_of_ours(self, server: RunningServer) -> None:
        client = AwsClient(endpoint_url=server.url, **_QUICK)
        begun = threading.Barrier(9)

        def call(_: int) -> int:
            begun.wait()
            done = 0
            with suppress(MnemoscopeError):
                while True:
                    client.get_vectors(**_WHERE, keys=["k1"])
                    done += 1
            return done

        with ThreadPoolExecutor(8) as pool:
            running = pool.map(call, range(8))
            begun.wait()
            client.close()
            assert len(list(running)) == 8
        with pytest.raises(UnreachableError, match="closed"):
            client.list_vector_buckets()


def test_sixteen_threads_share_one_client_from_its_first_call(server: RunningServer, engine: EmbeddedClient) -> None:
    calls: list[Call] = []
    client = AwsClient(endpoint_url=server.url, tracer=calls.append, **_QUICK)
    begun = threading.Barrier(16)

    def work(number: int) -> None:
        begun.wait()
        for round_ in range(5):
            key = f"t{number}-{round_}"
            client.put_vectors(**_WHERE, vectors=[make_record(key, (number + 1.0, round_ + 1.0), {"n": number})])
            (found,) = client.get_vectors(**_WHERE, keys=[key], returnData=True, returnMetadata=True)["vectors"]
            assert found == {"key": key, "data": {"float32": [number + 1.0, round_ + 1.0]}, "metadata": {"n": number}}
            client.scan(**_WHERE)

    with closing(client), ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert engine.scan(**_WHERE).num_rows == 400 + 16 * 5
    assert [call.error for call in calls] == [None] * len(calls)
    assert sum(call.operation == "PutVectors" for call in calls) == 80
    assert len({call.request_bytes for call in calls if call.operation == "PutVectors"}) <= 6  # each call's own bytes


def test_a_call_that_is_interrupted_counts_as_one_that_failed(server: RunningServer) -> None:
    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    def connected() -> Any:
        made = connect("s3vectors", AwsOptions(endpoint_url=server.url))
        made.meta.events.register("before-send.s3vectors.GetIndex", interrupt)
        return made

    calls: list[Call] = []
    caller = Caller(connected, tracer=calls.append, max_attempts=3, longest_wait=0.01)
    with closing(caller), pytest.raises(KeyboardInterrupt):
        caller.call("GetIndex", _WHERE)
    assert [(call.operation, call.error) for call in calls] == [("GetIndex", "Interrupted")]


class Expiring:
    """A client whose service stops to accept the credentials after some pages."""

    def __init__(self, client: EmbeddedClient, pages: int, code: str) -> None:
        self._client, self._left, self._code = client, pages, code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def list_vectors(self, **arguments: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            raise service_error(self._code, "The security token included in the request is expired")
        return self._client.list_vectors(**arguments)


@pytest.mark.parametrize("code", ["ExpiredTokenException", "ExpiredToken"])
def test_credentials_that_expire_during_a_scan_end_it(engine: EmbeddedClient, code: str) -> None:
    put(engine, _WHERE, *(make_record(f"m{row}") for row in range(6_000)))
    calls: list[Call] = []
    with (
        RunningServer(Expiring(engine, 5, code), access_keys={KEY_ID: SECRET}) as running,  # type: ignore[arg-type]
        closing(AwsClient(endpoint_url=running.url, segments=4, tracer=calls.append, **_QUICK)) as client,
        pytest.raises(CredentialsError, match=r"is expired.*aws sso login"),
    ):
        client.scan(**_WHERE)
    assert all(call.retries == 0 for call in calls)


@pytest.mark.parametrize("ahead", [-3_600, 3_600], ids=["slow", "fast"])
def test_a_clock_that_is_off_by_an_hour_is_named(engine: EmbeddedClient, ahead: int) -> None:
    with (
        RunningServer(engine, access_keys={KEY_ID: SECRET}, clock=lambda: time.time() + ahead) as running,
        closing(AwsClient(endpoint_url=running.url, **_QUICK)) as client,
        pytest.raises(CredentialsError, match="set this machine's clock"),
    ):
        client.list_vector_buckets()


def test_throttling_during_a_scan_is_bounded_and_told(proxy: FaultyProxy) -> None:
    proxy.next_fault = lambda operation: Fault.THROTTLED if operation == "ListVectors" else Fault.NONE
    calls: list[Call] = []
    client = AwsClient(endpoint_url=proxy.url, segments=4, max_attempts=3, tracer=calls.append, **_QUICK)
    with closing(client), pytest.raises(TooManyRequestsError):
        client.scan(**_WHERE)
    lists = [call for call in calls if call.operation == "ListVectors"]
    assert all(call.throttled <= 3 and call.retries <= 2 for call in lists)
    assert any((call.throttled, call.retries, call.error) == (3, 2, "TooManyRequestsException") for call in lists)


def test_a_put_sent_again_after_another_clients_put_wins(
    proxy: FaultyProxy, server: RunningServer, engine: EmbeddedClient
) -> None:
    """S3 Vectors has no conditional put: this is what settling.py says of it."""
    told = threading.Event()

    def fault(operation: str) -> Fault:
        if told.is_set():
            engine.put_vectors(**_WHERE, vectors=[make_record("shared", metadata={"by": "the other"})])
            return Fault.NONE
        told.set()
        return Fault.RESET_AFTER

    proxy.next_fault = fault
    calls: list[Call] = []
    with closing(AwsClient(endpoint_url=proxy.url, tracer=calls.append, **_QUICK)) as client:
        client.put_vectors(**_WHERE, vectors=[make_record("shared", metadata={"by": "the first"})])
    (held,) = engine.get_vectors(**_WHERE, keys=["shared"], returnMetadata=True)["vectors"]
    assert (held["metadata"]["by"], calls[0].retries) == ("the first", 1)


def test_an_ipv6_endpoint(engine: EmbeddedClient) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    with (
        RunningServer(engine, access_keys={KEY_ID: SECRET}, host="::1") as running,
        closing(AwsClient(endpoint_url=running.url, **_QUICK)) as client,
    ):
        assert "[::1]" in running.url
        assert client.scan(**_WHERE).num_rows == 400


def test_a_profile_whose_name_has_spaces(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(
        f'[profile "my work"]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\nregion = eu-west-1\n'
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with closing(AwsClient(profile="my work", endpoint_url=server.url, **_QUICK)) as client:
        assert client.get_index(**_WHERE)["index"]["dimension"] == 2


class TestListing:
    def scan(self, call: Any, told: list[int] | None = None, *, vectors: bool = False) -> Any:
        def answer(operation: str, arguments: Any, *, stop: Any = None) -> Any:
            if operation == "GetIndex":
                return {"index": {"dimension": 2}, "ResponseMetadata": {"HTTPHeaders": {}}}
            return call(arguments)

        return scan_index(
            answer,
            _WHERE,
            columns=None,
            vectors=vectors,
            segments=2,
            revision_header="none",
            progress=None if told is None else told.append,
            cancelled=None,
        )

    def test_a_record_of_two_segments_costs_none_of_the_others(self) -> None:
        pages = [[f"a{row}" for row in range(9)] + ["both"], [f"b{row}" for row in range(9)] + ["both"]]

        def call(arguments: Any) -> Any:
            return {"vectors": [{"key": key} for key in pages[arguments["segmentIndex"]]]}

        assert sorted(self.scan(call)["$key"].to_pylist()) == sorted({*pages[0], *pages[1]})

    def test_a_segment_that_is_the_same_but_for_a_write_counts_once(self) -> None:
        told: list[int] = []

        def call(arguments: Any) -> Any:
            late = [{"key": "late"}] if arguments["segmentIndex"] else []
            return {"vectors": [{"key": f"k{row}"} for row in range(10)] + late}

        rows = self.scan(call, told)["$key"].to_pylist()
        assert len(rows) == len(set(rows)) == told[-1] in (10, 11)

    def test_a_page_that_is_refused_later_is_an_error_and_nothing_is_read_anew(self) -> None:
        asked: list[Any] = []
        told: list[int] = []

        def call(arguments: Any) -> Any:
            asked.append(arguments)
            if "nextToken" in arguments:
                raise ValidationError("Invalid nextToken")
            segment = arguments["segmentIndex"]
            return {"vectors": [{"key": f"{segment}"}]} | ({"nextToken": "t"} if segment else {})

        with pytest.raises(ValidationError, match=r"^Invalid nextToken$"):
            self.scan(call, told)
        assert all("segmentIndex" in arguments for arguments in asked)
        assert told == sorted(told)

    @given(
        sizes=st.lists(st.integers(0, 40), max_size=6),
        width=st.sampled_from([1, 3, 400_000]),
    )
    def test_blocks_hold_what_was_added_in_order(self, sizes: list[int], width: int) -> None:
        pages = [np.full((size, width), number, np.float32) for number, size in enumerate(sizes)]
        parts = [Blocks(), Blocks()]
        for number, page in enumerate(pages):
            parts[number % 2].add(page)
        expected = [float(number) for half in (0, 1) for number in range(half, len(pages), 2) for _ in range(sizes[number])]
        found = gathered(parts, width)
        assert found.shape == (sum(sizes), width)
        assert found[:, 0].tolist() == found[:, -1].tolist() == expected
        assert [part.rows for part in parts] == [0, 0]
