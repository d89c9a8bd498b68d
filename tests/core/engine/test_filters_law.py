"""Law: a filter of the engine passes what a naive reading of it passes, whatever the history of the index."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.vectors.embedded import EmbeddedClient
from tests.core.builders import Where, keys_of, make_client, make_index, make_record, put, query_all
from tests.core.engine import strategies
from tests.core.engine.oracle import Shelf, matches

_numbers = itertools.count()
History = list[tuple[str, dict[str, Any] | None]]  # (key, metadata to put, or None to delete)

histories = st.lists(
    st.tuples(st.sampled_from([f"k{number}" for number in range(10)]), st.none() | strategies.metadata()),
    max_size=14,
)
laws = settings(
    max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)


def apply(client: EmbeddedClient, where: Where, shelf: Shelf, history: History) -> None:
    for key, metadata in history:
        if metadata is None:
            client.delete_vectors(**where, keys=[key])
            shelf.delete(key)
        else:
            record = make_record(key, metadata=metadata)
            put(client, where, record)
            shelf.put(record)


def check(client: EmbeddedClient, where: Where, shelf: Shelf, filters: list[dict[str, Any]]) -> None:
    for filter_ in filters:
        expected = [key for key, metadata in shelf.metadata().items() if matches(filter_, metadata)]
        assert sorted(keys_of(query_all(client, where, filter=filter_))) == sorted(expected), filter_


@laws
@given(first=histories, second=histories, filters=st.lists(strategies.filters, min_size=1, max_size=5))
def test_a_filter_passes_what_a_naive_reading_passes(
    quick_path: Path, small_thresholds: None, first: History, second: History, filters: list[dict[str, Any]]
) -> None:
    shelf, name = Shelf(), f"index-{next(_numbers)}"
    client, other = make_client(quick_path), EmbeddedClient(quick_path)
    where = make_index(client, name)
    apply(client, where, shelf, first)
    check(client, where, shelf, filters)
    check(other, where, shelf, filters)
    apply(other, where, shelf, second)
    check(client, where, shelf, filters)
    check(other, where, shelf, filters)
    client.close()  # leaves a snapshot
    check(other, where, shelf, filters)
    reopened = EmbeddedClient(quick_path)
    check(reopened, where, shelf, filters)
    reopened.delete_index(**where)
    for each in (reopened, other):
        each.close()


@pytest.mark.parametrize(
    ("filter_", "metadata", "passes"),
    [
        ({"a": {"$ne": 1}}, {}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": {"$gt": 0}}, {"a": [1]}, False),
        ({"a": {"$eq": 1}}, {"a": [1]}, True),
    ],
    ids=str,
)
def test_the_naive_reading_itself(filter_: dict[str, Any], metadata: dict[str, Any], passes: bool) -> None:
    assert matches(filter_, metadata) is passes
