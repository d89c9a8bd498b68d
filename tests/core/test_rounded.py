"""A service that keeps numbers as float32 and gives them all back as floats: nothing looks changed, and nothing is lost."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.catalog import Catalog
from core.demo.loading import load
from core.memory import Schema, from_metadata, to_metadata, to_row
from core.memory.sameness import is_stored
from core.memory.storable import as_stored
from core.models.embedding import HashingEmbedder, default_embedder
from core.store import MemoryStore
from core.transfer import Importer, ImportReport, Source
from core.vectors.embedded import EmbeddedClient
from tests.core.foreign_records import SCHEMAS, llamaindex
from tests.core.memory_builders import NOW, memories

ROWS = [
    {"key": "a", "content": "one", "confidence": 0.1, "created_at": "2026-03-01T09:30:17Z", "recall_count": 3},
    {"key": "b", "content": "two", "confidence": 0.7, "price": 19.99, "parts": [0.1, 0.2, 16_777_217], "page": 16_777_217},
    {"key": "c", "content": "three", "expires_at": "2026-03-02T09:30:17Z", "nested": {"share": 0.1}, "flag": True},
]


def rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [rounded(item) for item in value]
    number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float(np.finfo(np.float32).max)
    return float(np.float32(value)) if number else value


class RoundingClient:
    """An EmbeddedClient that keeps every number as a float32."""

    def __init__(self, engine: EmbeddedClient) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def put_vectors(self, *, vectors: list[Any], **where: str) -> Any:
        records = [
            vector | {"metadata": {name: rounded(value) for name, value in vector["metadata"].items()}} for vector in vectors
        ]
        return self._engine.put_vectors(vectors=records, **where)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MemoryStore]:
    client: Any = RoundingClient(EmbeddedClient(tmp_path))
    catalog = Catalog(client, bucket="memories", uri="s3vectors://memories", embedder_factory=lambda: HashingEmbedder(8))
    yield catalog.create("team", actor=LOCAL_ADMIN)
    catalog.close()


def bring(store: MemoryStore, *rows: Any) -> ImportReport:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    return Importer(store, actor=LOCAL_ADMIN).run([Source("file", io.BytesIO(data), size=len(data))])


def counted(report: ImportReport) -> tuple[int, int, int]:
    return report.written, report.replaced, report.unchanged


def test_what_was_imported_is_there_and_what_differs_is_replaced(store: MemoryStore) -> None:
    assert counted(bring(store, *ROWS)) == (3, 0, 0)
    assert counted(bring(store, *ROWS)) == (0, 0, 3)
    changed = [row | {"confidence": 0.11} for row in ROWS]
    assert counted(bring(store, *changed)) == (0, 3, 0)
    assert counted(bring(store, ROWS[1] | {"parts": [0.1, 0.3, 16_777_217], "confidence": 0.11})) == (0, 1, 0)


def test_what_was_exported_is_there(store: MemoryStore) -> None:
    bring(store, *ROWS)
    exported = [to_row(memory) for memory in store.memories(actor=LOCAL_ADMIN)]
    assert counted(bring(store, *exported)) == (0, 0, 3)


def test_whole_numbers_that_come_back_as_floats_are_counts(store: MemoryStore) -> None:
    bring(store, *ROWS)
    memory = store.get(["a"], actor=LOCAL_ADMIN)["a"]
    assert (memory.recall_count, type(memory.recall_count)) == (3, int)
    assert store.frame(actor=LOCAL_ADMIN).set_index("key")["recall_count"].to_dict() == {"a": 3, "b": 0, "c": 0}
    assert to_metadata(memory)["recall_count"] == 3
    store.write([dataclasses.replace(memory, recall_count=4)], actor=LOCAL_ADMIN)
    assert store.get(["a"], actor=LOCAL_ADMIN)["a"].recall_count == 4


def test_the_demo_world_is_loaded_once(tmp_path: Path) -> None:
    client: Any = RoundingClient(EmbeddedClient(tmp_path))
    catalog = Catalog(client, bucket="memories", uri="s3vectors://memories", embedder_factory=default_embedder)
    first = load(catalog, actor=LOCAL_ADMIN, now=NOW)
    again = load(catalog, actor=LOCAL_ADMIN, now=NOW)
    assert (again.written, again.unchanged) == (0, first.memories)
    catalog.close()


def test_a_rounded_number_and_its_copy_in_the_node_change_together() -> None:
    stored = llamaindex(confidence=0.1)
    stored["confidence"] = rounded(0.1)
    schema = Schema("llamaindex", {**SCHEMAS["llamaindex"].fields, "confidence": "confidence"})
    written = to_metadata(dataclasses.replace(from_metadata("k", stored, schema), confidence=0.5))
    assert written["confidence"] == json.loads(str(written["_node_content"]))["metadata"]["confidence"] == 0.5


@pytest.mark.parametrize(
    ("value", "stored", "same"),
    [
        pytest.param(0.1, 0.10000000149011612, True, id="rounded"),
        pytest.param(0.1, 0.1, True, id="exact"),
        pytest.param(0.10000000149011612, 0.1, False, id="not-the-other-way"),
        pytest.param(0.1000001, 0.1, False, id="another"),
        pytest.param(16_777_217, 16_777_216.0, True, id="whole"),
        pytest.param(1, 1.0, True, id="one-number"),
        pytest.param(1, True, False, id="truth-is-no-number"),
        pytest.param(True, 1.0, False, id="nor-the-other-way"),
        pytest.param("1", 1, False, id="text-is-no-number"),
        pytest.param(1e300, 1e300, True, id="beyond-float32"),
        pytest.param(1e300, 1e299, False, id="beyond-float32-another"),
        pytest.param([0.1, 2], [0.10000000149011612, 2.0], True, id="list"),
        pytest.param([0.1], [0.1, 0.1], False, id="longer"),
        pytest.param(["a"], ["a"], True, id="texts"),
    ],
)
def test_numbers_are_the_same_up_to_float32(value: Any, stored: Any, same: bool) -> None:
    assert as_stored(value, stored) is same


@given(memories)
def test_what_a_rounding_service_gives_back_is_what_was_given(memory: Any) -> None:
    metadata = to_metadata(memory)
    assert is_stored(memory, from_metadata(memory.key, metadata))
    assert is_stored(memory, from_metadata(memory.key, {name: rounded(value) for name, value in metadata.items()}))


@given(memories, st.sampled_from(["content", "notes", "agent_id"]))
def test_another_text_is_not_there(memory: Any, name: str) -> None:
    other = dataclasses.replace(memory, **{name: "another text"})
    if getattr(memory, name) != "another text":
        assert not is_stored(other, from_metadata(memory.key, to_metadata(memory)))
    assert not is_stored(memory, None)
