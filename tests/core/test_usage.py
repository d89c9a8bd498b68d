"""Usage and prices: nothing is lost between threads, nothing unknown counts as 0, and no content is kept."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operate.prices import US_EAST_1, call_cost, query_cost, storage_cost, token_cost
from core.operate.usage import UsageMeter, fan_out
from core.vectors.client import Call

START = datetime(2026, 11, 1, tzinfo=UTC)
GB, TB = 2**30, 2**40


def call(operation: str = "GetVectors", **fields: Any) -> Call:
    return Call(**{"operation": operation, "arguments": {}, "seconds": 0.5, "items": 2} | fields)


class Clock:
    """Each look is a minute later."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def test_rows_and_total_sum_up() -> None:
    meter = UsageMeter(prices=US_EAST_1, clock=Clock())
    meter(call(request_bytes=10, response_bytes=100, retries=2, throttled=1))
    meter(call(request_bytes=5, error="AccessDeniedException"))
    meter(call("ListVectors", items=7, response_bytes=50))
    usage = meter.snapshot()
    assert [row.operation for row in usage.rows] == ["GetVectors", "ListVectors"]
    got = usage.rows[0]
    assert (got.calls, got.errors, got.retries, got.throttled, got.items) == (2, 1, 2, 1, 4)
    assert (got.request_bytes, got.response_bytes) == (15, 100)
    total = usage.total
    assert (total.calls, total.seconds, total.response_bytes) == (3, 1.5, 150)
    assert total.cost == pytest.approx(2 * 0.055 / 1_000)
    assert usage.since == START + timedelta(minutes=1)
    assert not usage.at_least


def test_a_local_store_has_neither_bytes_nor_cost() -> None:
    meter = UsageMeter()
    meter(call("QueryVectors"))
    (row,) = meter.snapshot().rows
    assert (row.request_bytes, row.response_bytes, row.tokens, row.cost) == (None, None, None, None)
    assert not meter.snapshot().at_least


def test_failures_are_kept_without_content_and_only_the_latest() -> None:
    meter = UsageMeter(clock=Clock())
    for number in range(60):
        meter(call("PutVectors", arguments={"vectors": ["a secret"]}, error=f"Code{number}"))
    failures = meter.snapshot().failures
    assert (len(failures), failures[0].code, failures[-1].code) == (50, "Code10", "Code59")
    assert failures[0].at < failures[-1].at
    assert "secret" not in repr(vars(meter))


def test_reset_begins_anew() -> None:
    meter = UsageMeter(prices=US_EAST_1, clock=Clock())
    meter(call("QueryVectors"))
    meter(call(error="X"))
    meter.reset()
    usage = meter.snapshot()
    assert (usage.rows, usage.failures, usage.total.calls, usage.at_least) == ((), (), 0, False)
    assert usage.since > START + timedelta(minutes=1)


def test_threads_lose_nothing() -> None:
    meter = UsageMeter(prices=US_EAST_1)
    workers = [threading.Thread(target=lambda: [meter(call()) for _ in range(500)]) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert meter.snapshot().total.calls == 4_000
    assert meter.snapshot().total.items == 8_000


def test_a_fan_out_tells_everyone() -> None:
    seen: list[Call] = []
    meter = UsageMeter()
    fan_out(meter, None, seen.append)(call())
    assert (meter.snapshot().total.calls, len(seen)) == (1, 1)


@pytest.mark.parametrize(
    ("made", "cost"),
    [
        pytest.param(call("PutVectors", request_bytes=1), 0.20 * 128 / 1024 / 1024, id="put-minimum"),
        pytest.param(call("PutVectors", request_bytes=GB), 0.20, id="put-GB"),
        pytest.param(call("GetVectors"), 0.055 / 1_000, id="get"),
        pytest.param(call("ListVectors"), 0.055 / 1_000, id="list"),
        pytest.param(call("QueryVectors"), 2.5 / 1e6, id="query"),
        pytest.param(
            call("InvokeModel", arguments={"modelId": "amazon.titan-embed-text-v2:0"}, tokens=1_000_000), 0.02, id="titan"
        ),
        pytest.param(
            call("InvokeModel", arguments={"modelId": "us.cohere.embed-v4:0"}, tokens=1_000_000), 0.12, id="profile"
        ),
        pytest.param(call("InvokeModel", arguments={"modelId": "amazon.titan-embed-text-v2:0"}), None, id="tokens-untold"),
        pytest.param(call("InvokeModel", arguments={"modelId": "another.model"}, tokens=1), None, id="unknown-model"),
        pytest.param(call("Converse", arguments={"modelId": "amazon.nova-lite-v1:0"}, tokens=9), None, id="summary"),
    ],
)
def test_what_a_call_costs(made: Call, cost: float | None) -> None:
    assert call_cost(made) == (None if cost is None else pytest.approx(cost))


_RECORD = {"key": "k" * 20, "data": {"float32": [0.0] * 384}, "metadata": {"agent_id": "planner"}}
# By hand: 384 x 4 = 1,536; the key 20; metadata 4 + 8 + 8 + 7 = 27, by AWS's own measure: 1,583 bytes a record.
_PUT_500 = 500 * 1_583 / 2**30 * 0.20


@pytest.mark.parametrize(
    ("made", "cost"),
    [
        pytest.param({"vectors": [_RECORD] * 500}, _PUT_500, id="500-records"),
        pytest.param({"vectors": [_RECORD]}, 0.20 / 8_192, id="one-record-is-128-KB"),  # 8,192 of them are a GB
        pytest.param({"vectors": [_RECORD | {"data": {"float32": np.zeros(384)}}] * 500}, _PUT_500, id="arrays"),
        pytest.param(
            {"vectors": [{"key": "ü", "data": {"float32": [0.0] * 4_096}}] * 500},
            500 * (16_384 + 2 + 4) / 2**30 * 0.20,
            id="without-metadata",
        ),
    ],
)
def test_a_put_costs_what_it_stores_and_not_its_json(made: dict[str, Any], cost: float) -> None:
    assert call_cost(call("PutVectors", arguments=made, request_bytes=10**9)) == pytest.approx(cost, rel=1e-12)


def test_queries_by_hand() -> None:
    # 1,000 queries of 250,000 vectors of 2,048 bytes: 1,000 requests are $0.0025; 100,000 x 2,048 B x 1,000 are 0.18626 TB
    # at $0.004 and 150,000 x 2,048 B x 1,000 are 0.27940 TB at $0.002.
    expected = 0.0025 + 0.186264514923 * 0.004 + 0.279396772384 * 0.002
    assert query_cost(1_000, vectors=250_000, vector_bytes=2_048) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("made", "at_least"),
    [
        pytest.param(call("QueryVectors"), True, id="query-bytes-are-not-told"),
        pytest.param(call("InvokeModel"), True, id="tokens-untold"),
        pytest.param(call("GetVectors"), False, id="get"),
        pytest.param(call("QueryVectors", error="X"), False, id="failed"),
    ],
)
def test_an_estimate_says_when_it_lacks_a_part(made: Call, at_least: bool) -> None:
    meter = UsageMeter(prices=US_EAST_1)
    meter(made)
    assert meter.snapshot().at_least is at_least


@pytest.mark.parametrize(
    ("vectors", "per_tb"),
    [
        pytest.param(100_000, 0.004, id="first-tier"),
        pytest.param(10_000_000, (0.1 * 0.004 + 9.9 * 0.002) / 10, id="second-tier"),
        pytest.param(20_000_000, (0.1 * 0.004 + 9.9 * 0.002 + 10 * 0.0004) / 20, id="third-tier"),
    ],
)
def test_a_query_pays_for_the_bytes_it_goes_through(vectors: int, per_tb: float) -> None:
    size = 4 * 1024
    expected = 2.5 + 1e6 * vectors * size / TB * per_tb
    assert query_cost(1_000_000, vectors=vectors, vector_bytes=size) == pytest.approx(expected)


@given(st.integers(0, 2 * 10**9), st.integers(0, 10**6), st.integers(0, 10**4))
def test_more_never_costs_less(vectors: int, more: int, queries: int) -> None:
    cost = query_cost(queries, vectors=vectors, vector_bytes=1_000)
    assert query_cost(queries, vectors=vectors + more, vector_bytes=1_000) >= cost >= query_cost(queries) >= 0


def test_storage_and_tokens() -> None:
    assert storage_cost(10 * GB) == pytest.approx(0.6)
    assert token_cost("cohere.embed-english-v3", 500_000) == pytest.approx(0.05)
    assert token_cost("nobody.knows", 1) is None
