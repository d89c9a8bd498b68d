"""A record that other software wrote is read, and a rewrite keeps every field under its own name and in its own form."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, InvalidMemoryError
from core.memory import OURS, Memory, Schema, from_metadata, from_row, to_metadata, to_row
from core.memory.schema import container_of
from core.vectors.validation import check_metadata
from tests.core.foreign_records import (
    RECORDS,
    SCHEMAS,
    TEXT,
    bedrock,
    langchain,
    llamaindex,
    metadata,
    notes,
    sample,
    schemas,
    strands,
)
from tests.core.memory_builders import NOW, make_memory, memories, times


@given(metadata, schemas)
def test_an_unchanged_record_is_rewritten_as_it_was(stored: dict[str, Any], schema: Schema) -> None:
    assert to_metadata(from_metadata("k", stored, schema)) == stored
    assert to_metadata(from_metadata("k", stored, schema), schema=schema) == stored


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "content": st.text(st.characters(codec="utf-8"), max_size=20),
        "memory_type": st.sampled_from(["semantic", None]),
        "agent_id": st.sampled_from(["writer", "7", None]),
        "source": st.sampled_from(["web", None]),
        "created_at": st.none() | times,
        "expires_at": st.none() | times,
        "confidence": st.none() | st.sampled_from([0, 0.25, 1]),
        "tags": st.sampled_from([(), ("a",), ("a", "b")]),
        "recall_count": st.integers(0, 5),
        "notes": st.sampled_from(["checked", None]),
    },
)


@given(metadata, schemas, CHANGES)
def test_a_change_is_read_back_and_touches_nothing_else(
    stored: dict[str, Any], schema: Schema, change: dict[str, Any]
) -> None:
    memory = from_metadata("k", stored, schema)
    changed = dataclasses.replace(memory, **change)
    try:
        written = to_metadata(changed, non_filterable=[*stored, "content"])
    except InvalidMemoryError as error:
        assert any(said in str(error) for said in ("its own tool", "map it to a key", "cannot"))  # noqa: PT017
        return
    check_metadata("k", written, non_filterable=written)
    again = from_metadata("k", written, schema)
    for name in change:
        # A clock that is the time itself is a float64.
        if not (name == "created_at" and schema.epoch(name) == schema.place(name)):
            assert getattr(again, name) == getattr(changed, name)
    if schema.is_ours:
        return
    touched = {container_of(place) for name in change if (place := schema.place(name))}
    touched |= {epoch for name in change if (epoch := schema.epoch(name) if name.endswith("_at") else None)}
    if "content" in change:
        touched |= {"_page_content", "_node_content", "_node_type", "AMAZON_BEDROCK_TEXT", "content", "text"}
    if schema.name == "llamaindex":
        touched.add("_node_content")
    assert {name: value for name, value in written.items() if name not in touched} == {
        name: value for name, value in stored.items() if name not in touched
    }


READ = [
    pytest.param(
        "strands",
        strands(5),
        {"agent_id": "planner", "created_at": datetime(2026, 11, 23, 2, 15, 5, tzinfo=UTC)},
        {"user_id"},
    ),
    pytest.param(
        "sample",
        sample(1),
        {"team_id": "alpha", "task_id": "t1", "created_at": datetime(2026, 2, 2, 9, 30, 0, 123456, UTC)},
        set(),
    ),
    pytest.param("langchain", langchain(), {"source": "s3://docs/report.pdf", "agent_id": None}, {"page"}),
    pytest.param(
        "llamaindex", llamaindex(), {"agent_id": "planner", "source": "/data/report.txt"}, {"_node_type", "ref_doc_id"}
    ),
    pytest.param(
        "bedrock-kb",
        bedrock(),
        {"source": "s3://docs/report.pdf"},
        {"AMAZON_BEDROCK_METADATA", "x-amz-bedrock-kb-data-source-id", "x-amz-bedrock-kb-chunk-id"},
    ),
    pytest.param(
        "custom",
        notes(),
        {"agent_id": "planner", "created_at": datetime(2026, 3, 1, 9, 30, tzinfo=UTC)},
        {"title", "thread_id"},
    ),
]


@pytest.mark.parametrize(("name", "stored", "fields", "extra"), READ)
def test_records_of_known_software(name: str, stored: dict[str, Any], fields: dict[str, Any], extra: set[str]) -> None:
    memory = from_metadata("k", stored, SCHEMAS[name])
    assert memory.content.startswith(TEXT)
    assert {field: getattr(memory, field) for field in fields} == fields
    assert set(memory.extra) == extra


@pytest.mark.parametrize("name", [name for name in RECORDS if name != "custom"])
@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_a_row_of_other_software_shows_its_text_in_any_index(name: str, schema: Schema) -> None:
    if schema is not SCHEMAS["twisted"] or name not in ("strands", "sample"):
        assert from_metadata("k", RECORDS[name](), schema).content.startswith(TEXT)


def test_the_node_of_llamaindex_changes_in_its_text_and_its_twin_only() -> None:
    stored = llamaindex()
    memory = from_metadata("k", stored, SCHEMAS["llamaindex"])
    written = to_metadata(dataclasses.replace(memory, content='new "naïve"', agent_id="writer"))
    before, after = json.loads(stored["_node_content"]), json.loads(str(written["_node_content"]))
    assert (after.pop("text"), after["metadata"].pop("author")) == ('new "naïve"', "writer")
    del before["text"], before["metadata"]["author"]
    assert json.dumps(after) == json.dumps(before)
    assert list(written) == list(stored)
    assert written["author"] == "writer"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        pytest.param("20260301_093000", "20260302_101500", id="compact"),
        pytest.param(1_772_357_400, 1_772_446_500, id="seconds"),
        pytest.param(1_772_357_400_000, 1_772_446_500_000, id="milliseconds"),
        pytest.param(1_772_357_400_000_000, 1_772_446_500_000_000, id="microseconds"),
        pytest.param("2026-03-01T09:30:00+02:00", "2026-03-02T10:15:00Z", id="iso"),
        pytest.param("Sun, 1 Mar 2026 09:30:00 GMT", "2026-03-02T10:15:00Z", id="rfc-2822"),
    ],
)
def test_a_changed_time_keeps_the_form_of_its_record(form: Any, expected: Any) -> None:
    memory = from_metadata("k", langchain(date=form), SCHEMAS["langchain"])
    changed = dataclasses.replace(memory, created_at=datetime(2026, 3, 2, 10, 15, tzinfo=UTC))
    assert to_metadata(changed)["date"] == expected


def test_a_field_without_a_key_of_its_own_gets_ours_with_its_clock() -> None:
    memory = from_metadata("k", strands(), SCHEMAS["strands"])
    written = to_metadata(dataclasses.replace(memory, expires_at=NOW, confidence=0.5))
    ours = {"expires_at": "2026-03-01T12:00:00Z", "expires_at_epoch": NOW.timestamp(), "confidence": 0.5}
    assert written == strands() | ours
    gone = dataclasses.replace(from_metadata("k", written, SCHEMAS["strands"]), expires_at=None, confidence=None)
    assert to_metadata(gone) == strands()


def test_a_rewrite_over_the_limits_is_refused() -> None:
    memory = from_metadata("k", langchain(), SCHEMAS["langchain"])
    long = dataclasses.replace(memory, content="x" * 3_000)
    with pytest.raises(InvalidMemoryError, match="the largest field is _page_content with"):
        to_metadata(long, non_filterable=())
    assert to_metadata(long, non_filterable=("_page_content",))["_page_content"] == "x" * 3_000


@given(memories, schemas)
def test_a_memory_of_ours_is_written_as_the_other_software_would(memory: Memory, schema: Schema) -> None:
    try:
        written = to_metadata(memory, schema=schema)
    except InvalidMemoryError as error:
        assert "bytes" in str(error) or "map it to a key" in str(error)  # noqa: PT017
        return
    again = from_metadata(memory.key, written, schema)
    for name in ("content", "memory_type", "task_id", "expires_at", "recall_count", "derived_from"):
        assert getattr(again, name) == getattr(memory, name)
    assert schema.is_ours or container_of(schema.place("content") or "") in written


@pytest.mark.parametrize("name", RECORDS)
def test_a_row_of_an_export_carries_the_record_whole(name: str) -> None:
    stored, schema = RECORDS[name](3), SCHEMAS[name]
    row = json.loads(json.dumps(to_row(from_metadata("k", stored, schema))))
    assert row["content"].startswith(TEXT)
    assert to_metadata(from_row(row, fallback_key="unused"), schema=schema) == stored
    ours = from_row(row, fallback_key="unused")
    assert from_metadata("k", to_metadata(ours)) == ours


def test_a_memory_moves_to_an_index_of_ours() -> None:
    moved = to_metadata(from_metadata("k", strands(), SCHEMAS["strands"]), schema=OURS)
    assert moved == {
        "content": f"{TEXT} 0",
        "agent_id": "planner",
        "created_at": "2026-11-23T02:15:00Z",
        "created_at_epoch": datetime(2026, 11, 23, 2, 15, tzinfo=UTC).timestamp(),
        "user_id": "u7",
        "stored_at": "20261123_021500",
    }


def test_an_empty_text_beside_a_field_named_like_others_stays_empty() -> None:
    memory = make_memory(content="", extra={"_page_content": "not the text"})
    assert from_metadata("k", to_metadata(memory)) == memory


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"mood": "x"}, "cannot map 'mood'", id="unknown-field"),
        pytest.param({"content": ""}, "mapped to ''", id="empty"),
        pytest.param({"content": "text$."}, "mapped to 'text", id="no-path"),
        pytest.param({"content": "a", "notes": "a"}, "Both content and notes are mapped to 'a'", id="twice"),
        pytest.param({"created_at_epoch": "a$.b"}, "numbers of plain keys only", id="clock-inside"),
    ],
)
def test_a_schema_that_makes_no_sense_is_refused(fields: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", "\\(")):
        Schema("custom", fields)
