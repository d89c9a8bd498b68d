"""The metadata keys of an index, and its first records, from a scan."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.analysis.columns import metadata_keys, records
from core.vectors.client import KEY_COLUMN
from tests.core.builders import make_client, make_index, make_record, put

ROWS = {
    "a": {"text": "one", "n": 1, "mixed": "x", "tags": ["p", "q"], "flag": True},
    "b": {"text": "two", "n": 2.5, "mixed": 3},
    "c": {"text": "three", "null": "null"},
    "d": None,
}


@pytest.fixture
def table(tmp_path: Path):
    client = make_client(tmp_path)
    where = make_index(client)
    put(client, where, *(make_record(key, metadata=metadata) for key, metadata in ROWS.items()))
    yield client.scan(**where, vectors=True)
    client.close()


def test_keys_come_by_coverage_with_an_example(table):
    assert [(key.name, key.coverage, key.example) for key in metadata_keys(table)] == [
        ("text", 0.75, "one"),
        ("mixed", 0.5, "x"),
        ("n", 0.5, 1.0),
        ("flag", 0.25, True),
        ("null", 0.25, "null"),
        ("tags", 0.25, ["p", "q"]),
    ]


def test_records_are_the_services(table):
    assert dict(records(table, limit=10)) == {key: metadata or {} for key, metadata in ROWS.items()}
    assert [key for key, _ in records(table, limit=2)] == table[KEY_COLUMN].to_pylist()[:2]


def test_an_empty_index_has_no_keys(tmp_path):
    client = make_client(tmp_path)
    empty = client.scan(**make_index(client))
    client.close()
    assert metadata_keys(empty) == []
    assert records(empty, limit=3) == []
