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
        pytest.param(
            [{f"k{n:02}": TEXT for n in range(50)}], (), "k00", "k00 or in k01 or k02 or k03 or 46 others", id="many"
        ),
        pytest.param([{"page": TEXT * 9, "content": TEXT}], (), "page", "in page or in content", id="longest-and-named"),
        pytest.param([{"content": "pizza", "user": "u"}], (), "content", "because of its name", id="one-word"),
        pytest.param(
            [sample(n, content=f"s3://docs/{n}", body=TEXT) for n in range(3)],
            (),
            "body",
            "may be in body",
            id="content-is-a-link",
        ),
        pytest.param(
            [{"content": f"doc-{n}", "notes": TEXT, "agent_id": "a"} for n in range(3)],
            (),
            "notes",
            "content holds no texts",
            id="content-is-an-id",
        ),
        pytest.param(
            [bedrock(n, AMAZON_BEDROCK_TEXT="", mine=TEXT) for n in range(3)],
            (),
            "mine",
            "may be in mine",
            id="bedrock-elsewhere",
        ),
    ],
)
def test_doubts_are_said(rows: list[dict[str, Any]], hidden: tuple[str, ...], content: str | None, said: str | None) -> None:
    found = detect(rows, non_filterable=hidden)
    assert found.schema.fields.get("content") == content
    assert found.sure is (said is None)
    assert said is None or any(said in reason for reason in found.reasons), found.reasons


@pytest.mark.parametrize("base", [pytest.param({}, id="our-names"), pytest.param(sample(), id="sample")])
@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        pytest.param("confidence", [0, 1, 37, 80, 99], "confidence cannot be read in 3 of the 5 records", id="percent"),
        pytest.param("agent_id", [["a", "b"]], "agent_id cannot be read", id="list-of-agents"),
        pytest.param("tags", ['["a", "b"]', '["c"]'], "tags are JSON text here", id="tags-as-json"),
        pytest.param("created_at", ["03/01/2026"], "created_at cannot be read in 1 of the 1 records", id="american-date"),
        pytest.param("created_at", ["2026-03-01 09:30 PST"], "created_at cannot be read", id="named-zone"),
    ],
)
def test_a_key_named_like_ours_that_means_something_else_is_said(base: Any, name: str, values: list[Any], said: str) -> None:
    rows = [base | {"content": TEXT, "agent_id": "a", name: value} for value in values]
    found = detect(rows)
    assert not found.sure
    assert any(said in reason for reason in found.reasons), found.reasons
    for row in rows:
        memory = from_metadata("k", row, found.schema)
        assert memory.content == TEXT
        assert memory.confidence is None
        assert to_metadata(memory) == row


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(strands(type=7), id="strands"),
        pytest.param(bedrock(source=["a", 1]), id="bedrock"),
    ],
)
def test_a_key_that_is_not_read_raises_no_doubt(row: dict[str, Any]) -> None:
    assert detect([row]).sure


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
