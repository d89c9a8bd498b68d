"""Who wrote an index is told from a sample of its records, the same way each time, and doubts are said."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.memory import OURS, from_metadata, to_metadata
from core.memory.detection import detect
from tests.core.foreign_records import (
    RECORDS,
    TEXT,
    bedrock,
    langchain,
    llamaindex,
    metadata,
    notes,
    sample,
    strands,
    summary,
)
from tests.core.memory_builders import make_memory, memories
from tests.core.test_store import storable


@pytest.mark.parametrize(
    ("rows", "name", "fields"),
    [
        pytest.param(
            [strands(1), strands(2), summary()],
            "strands",
            {"content": "content", "agent_id": "agent_name", "created_at": "stored_at", "session_id": "conversation_id"},
            id="strands",
        ),
        pytest.param(
            [sample(n) for n in range(5)],
            "sample",
            {"content": "content", "agent_id": "agent_id", "created_at": "created_at", "memory_type": "memory_type"},
            id="sample",
        ),
        pytest.param(
            [langchain(n, created=f"2026-03-0{n}", AgentName="a") for n in range(1, 4)],
            "langchain",
            {"content": "_page_content", "source": "source", "created_at": "created", "agent_id": "AgentName"},
            id="langchain",
        ),
        pytest.param(
            [llamaindex(n, creation_date="2026-03-01") for n in range(3)],
            "llamaindex",
            {"content": "_node_content$.text", "source": "file_path", "agent_id": "author", "created_at": "creation_date"},
            id="llamaindex",
        ),
        pytest.param(
            [bedrock(n, year=2024) for n in range(3)],
            "bedrock-kb",
            {"content": "AMAZON_BEDROCK_TEXT", "source": "x-amz-bedrock-kb-source-uri"},
            id="bedrock",
        ),
        pytest.param(
            [{"AMAZON_BEDROCK_TEXT_CHUNK": TEXT, "AMAZON_BEDROCK_METADATA": '{"source": "s3://docs/report.pdf"}'}],
            "bedrock-kb",
            {"content": "AMAZON_BEDROCK_TEXT_CHUNK", "source": "AMAZON_BEDROCK_METADATA$.source"},
            id="bedrock-other-keys",
        ),
        pytest.param(
            [notes(n) for n in range(3)],
            "custom",
            {
                "content": "body",
                "agent_id": "speaker",
                "session_id": "thread_id",
                "created_at": "ts",
                "created_at_epoch": "ts",
            },
            id="unknown",
        ),
        pytest.param(
            [
                {"blob": f"{TEXT} {n}", "when": "never", "created": "soon", "date": 1_772_357_400_000, "url": "http://x"}
                for n in range(3)
            ],
            "custom",
            {"content": "blob", "created_at": "date", "source": "url"},
            id="names-checked-by-values",
        ),
        pytest.param(
            [{"content": TEXT, "created_at": "2026-03-01T00:00:00Z", "created_at_epoch": 1_772_323_200.0, "author": "x"}]
            * 2,
            "mnemoscope",
            {"agent_id": "agent_id"},
            id="ours-without-a-tag",
        ),
        pytest.param([{"content": TEXT, "agent_id": "a"}], "mnemoscope", {}, id="ours-without-times"),
    ],
)
def test_known_software_is_recognised(rows: list[dict[str, Any]], name: str, fields: dict[str, str]) -> None:
    found = detect(rows)
    assert (found.schema.name, found.sure) == (name, True), found.reasons
    assert {field: found.schema.fields.get(field) for field in fields} == fields
    assert found.coverage["content"] == 1


@pytest.mark.parametrize(
    ("hidden", "name"),
    [
        pytest.param((), "mnemoscope", id="nothing"),
        pytest.param(("_page_content",), "langchain", id="langchain"),
        pytest.param(("_node_content", "_node_type"), "llamaindex", id="llamaindex"),
        pytest.param(("AMAZON_BEDROCK_TEXT",), "bedrock-kb", id="bedrock"),
    ],
)
def test_an_empty_index_is_ours_unless_it_was_made_for_others(hidden: tuple[str, ...], name: str) -> None:
    assert (detect([], non_filterable=hidden).schema.name, detect([], non_filterable=hidden).sure) == (name, True)


@pytest.mark.parametrize(
    ("rows", "hidden", "content", "said"),
    [
        pytest.param([{"question": TEXT, "answer": TEXT + "!"}], (), "answer", "answer or in question", id="two-texts"),
        pytest.param([{"question": TEXT * 3, "text": TEXT}], ("text",), "text", None, id="not-filterable-first"),
        pytest.param([{"genre": "scifi", "n": 3}], (), None, "No key holds a text", id="no-text"),
        pytest.param([{"body": TEXT}, {"n": 1}, {"n": 2}], (), "body", "Only 33% of the records", id="few-texts"),
        pytest.param([langchain(), strands(), strands(1)], (), "content", "do not look alike", id="mixed"),
        pytest.param(
            [{"body": TEXT, "Agent": "a", "agent": "b"}], (), "body", "agent_id may be in Agent or in agent", id="two-agents"
        ),
        pytest.param([{"meta": '{"a": "' + TEXT * 9 + '"}', "note": TEXT}], (), "note", None, id="json-is-no-text"),
    ],
)
def test_doubts_are_said(rows: list[dict[str, Any]], hidden: tuple[str, ...], content: str | None, said: str | None) -> None:
    found = detect(rows, non_filterable=hidden)
    assert found.schema.fields.get("content") == content
    assert found.sure is (said is None)
    assert said is None or any(said in reason for reason in found.reasons), found.reasons


@given(st.lists(metadata, max_size=6), st.integers())
def test_any_rows_in_any_order_give_one_answer(rows: list[dict[str, Any]], seed: int) -> None:
    shuffled = list(rows)
    random.Random(seed).shuffle(shuffled)
    found = detect(rows)
    again = detect(shuffled)
    assert (found.schema, found.sure, found.coverage) == (again.schema, again.sure, again.coverage)
    for row in rows:
        assert to_metadata(from_metadata("k", row, found.schema)) == row


@given(st.lists(memories.filter(storable), min_size=1, max_size=4))
def test_ours_are_never_taken_for_anothers(drawn: list[Any]) -> None:
    timed = [to_metadata(make_memory(memory.key, "text", created_at=memory.created_at)) for memory in drawn]
    assert detect(timed).schema == OURS


@pytest.mark.parametrize("name", RECORDS)
def test_the_detected_schema_reads_every_record(name: str) -> None:
    rows = [RECORDS[name](n) for n in range(10)]
    found = detect(rows)
    assert found.schema.name == name
    assert all(from_metadata("k", row, found.schema).content.startswith(TEXT) for row in rows)
