"""What AWS asks for, in US dollars: an estimate from a table with a date, for us-east-1.

Sources: prices of S3 Vectors in October 2026 and of Amazon Bedrock's models on demand in November 2026, both as third
parties list them. Other regions differ by some percent. A price that is not in the table is None, never 0. Requests that
the list of S3 Vectors does not name (tags, indexes, buckets, deletes) are taken at the price of GET and LIST. A put costs
by what it stores (4 bytes a number, the key, the metadata), not by its JSON, which is five times as long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.models.families import base_model
from core.vectors.client import Call
from core.vectors.validation import metadata_bytes

__all__ = ["US_EAST_1", "Prices", "call_cost", "query_cost", "storage_cost", "token_cost"]

_GB: Final = 2**30
_TB: Final = 2**40


@dataclass(frozen=True)
class Prices:
    """Prices of one region; `per_tb_processed` has (vectors up to, USD per TB), each for the vectors above the last."""

    region: str
    date: str
    storage_gb_month: float
    put_gb: float
    put_bytes_min: int
    requests_1k: float
    queries_million: float
    per_tb_processed: tuple[tuple[float, float], ...]
    tokens_million: Mapping[str, float]


US_EAST_1: Final = Prices(
    region="us-east-1",
    date="2026-11",
    storage_gb_month=0.06,
    put_gb=0.20,
    put_bytes_min=128 * 1024,
    requests_1k=0.055,
    queries_million=2.50,
    per_tb_processed=((100_000, 0.004), (10_000_000, 0.002), (float("inf"), 0.0004)),
    tokens_million={
        "amazon.titan-embed-text-v2:0": 0.02,
        "cohere.embed-english-v3": 0.10,
        "cohere.embed-multilingual-v3": 0.10,
        "cohere.embed-v4:0": 0.12,
    },
)


def storage_cost(stored_bytes: float, *, prices: Prices = US_EAST_1) -> float:
    """Return the dollars a month for so many bytes of vectors, keys and metadata."""
    return stored_bytes / _GB * prices.storage_gb_month


def query_cost(
    queries: int, *, vectors: int | None = None, vector_bytes: float | None = None, prices: Prices = US_EAST_1
) -> float:
    """Return the dollars of queries; without the index's size (`vectors` of `vector_bytes` each) for the requests alone."""
    cost = queries * prices.queries_million / 1e6
    if vectors is None or vector_bytes is None:
        return cost
    below = 0.0
    for up_to, per_tb in prices.per_tb_processed:
        cost += queries * max(0.0, min(vectors, up_to) - below) * vector_bytes / _TB * per_tb
        below = up_to
    return cost


def token_cost(model_id: str, tokens: int, *, prices: Prices = US_EAST_1) -> float | None:
    """Return the dollars of tokens that a model read; None for a model without a price here."""
    price = prices.tokens_million.get(base_model(model_id))
    return None if price is None else tokens * price / 1e6


def call_cost(call: Call, *, prices: Prices = US_EAST_1) -> float | None:
    """Return the dollars of one call, without the bytes that a query goes through; None where they cannot be told."""
    if call.operation == "InvokeModel":
        return None if call.tokens is None else token_cost(str(call.arguments.get("modelId")), call.tokens, prices=prices)
    if call.operation == "Converse":
        return None  # what a model writes costs more than what it reads, and a call tells the tokens of both together
    if call.operation == "PutVectors":
        return max(_stored_bytes(call), prices.put_bytes_min) / _GB * prices.put_gb
    if call.operation == "QueryVectors":
        return query_cost(1, prices=prices)
    return prices.requests_1k / 1e3


def _stored_bytes(call: Call) -> int:
    """Return the size of what a put stores; without its records that of the request, which is more."""
    records = call.arguments.get("vectors")
    return call.request_bytes if records is None else sum(_record_bytes(record) for record in records)


def _record_bytes(record: Mapping[str, Any]) -> int:
    return 4 * len(record["data"]["float32"]) + len(record["key"].encode()) + metadata_bytes(record.get("metadata") or {})
