"""An index of other software, end to end: what is read, filtered, found, written and saved there."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN, Actor, Role
from core.analysis.frame import to_frame
from core.errors import AccessDeniedError, ConfigError, NotAllowedError
from core.memory import OURS, Memory, Schema, from_metadata, to_metadata
from core.memory.schema_tags import read_schema, schema_tags
from core.models.embedding import HashingEmbedder
from core.recall import Mode, boto3_call, recall
from core.scope import UNKNOWN, Scope
from core.store import MemoryStore
from core.vectors.client import Call
from tests.core.foreign_records import (
    RECORDS,
    SCHEMAS,
    TEXT,
    langchain,
    make_foreign_store,
    metadata,
    notes,
    sample,
    schemas,
    strands,
)
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory, make_store
from tests.core.test_frame import missing
from tests.core.test_scope import drawn_memories, scopes

SLOW = settings(max_examples=40)


def fits(stored: dict[str, Any]) -> bool:
    return len(json.dumps(stored)) < 1_500


@SLOW
@given(st.lists(metadata.filter(fits), max_size=5), schemas)
def test_a_frame_says_what_the_records_say(rows: list[dict[str, Any]], schema: Schema) -> None:
    with tempfile.TemporaryDirectory() as directory:
        store = make_foreign_store(Path(directory), {f"k{n}": row for n, row in enumerate(rows)}, schema=schema)
        found = store.get([f"k{n}" for n in range(len(rows))], actor=LOCAL_ADMIN)
        frame = store.frame(actor=LOCAL_ADMIN).set_index("key").to_dict("index")
        assert {memory.key: to_metadata(memory) for memory in found.values()} == {f"k{n}": row for n, row in enumerate(rows)}
    for key, memory in found.items():
        row = frame[key]
        # In a column of whole and broken numbers a whole one is a float: its text may differ.
        for name in (
            "memory_type",
            "agent_id",
            "team_id",
            "session_id",
            "content",
            "notes",
            "created_at",
            "expires_at",
            "confidence",
        ):
            assert missing(row[name]) == getattr(memory, name), name
        assert tuple(row["tags"]) == memory.tags


def foreign_form(memory: Memory, schema: Schema) -> dict[str, Any]:
    """Return what other software would write of a memory that has only fields of its own."""
    return to_metadata(memory, schema=schema)


ISO_ONLY = Schema(
    "custom",
    {
        "content": "body",
        "agent_id": "who",
        "created_at": "when",
        "expires_at": "until",
        "confidence": "share",
        "tags": "labels",
    },
)
CLOCKED = Schema("custom", {**ISO_ONLY.fields, "created_at_epoch": "when_s", "expires_at_epoch": "until_s"})


@SLOW
@given(
    drawn_memories.filter(len),
    st.lists(scopes, min_size=1, max_size=5),
    st.sampled_from([OURS, ISO_ONLY, CLOCKED]),
    st.booleans(),
)
def test_engine_frame_and_memory_agree_on_a_scope(
    drawn: list[Memory], chosen: list[Scope], schema: Schema, hide: bool
) -> None:
    memories = [dataclasses.replace(memory, key=f"k{place}") for place, memory in enumerate(drawn)]
    with tempfile.TemporaryDirectory() as directory:
        records = {memory.key: foreign_form(memory, schema) for memory in memories}
        hidden = (schema.place("agent_id") or "", "source") if hide else ()
        store = make_foreign_store(Path(directory), records, schema=schema, hidden=hidden)
        frame = store.frame(actor=LOCAL_ADMIN)
        for scope in chosen:
            found = store.query(text="text", mode=Mode.VECTOR, k=50, scope=scope, now=NOW, actor=LOCAL_ADMIN)
            keys = {hit.memory.key for hit in found}
            assert keys == set(frame["key"][scope.mask(frame, now=NOW)])
            assert keys == {memory.key for memory in memories if scope.admits(memory, now=NOW)}


TEXTS = [
    "The report goes out on Friday.",
    "Customers get a refund.",
    "The report needs numbers.",
    "A refund within five days.",
]


@SLOW
@given(
    drawn_memories.filter(len),
    scopes,
    st.sampled_from(list(Mode)),
    st.sampled_from(["report on Friday", "refund"]),
    st.booleans(),
)
def test_recall_without_clocks_is_recall_with_them(
    drawn: list[Memory], scope: Scope, mode: Mode, query: str, snapshot: bool
) -> None:
    memories = [
        dataclasses.replace(memory, key=f"k{place}", content=f"{TEXTS[place % 4]} {place}")
        for place, memory in enumerate(drawn)
    ]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        stores = [
            make_foreign_store(
                Path(directory),
                {memory.key: foreign_form(memory, schema) for memory in memories},
                schema=schema,
                searchable="body",
            )
            for directory, schema in ((one, ISO_ONLY), (other, CLOCKED))
        ]
        found = [
            recall(
                store,
                query,
                actor=LOCAL_ADMIN,
                now=NOW,
                k=3,
                mode=mode,
                scope=scope,
                snapshot=Shot(store) if snapshot else None,
            )
            for store in stores
        ]
    assert [hit.memory for hit in found[0].hits] == [hit.memory for hit in found[1].hits]
    assert [hit.score for hit in found[0].hits] == pytest.approx([hit.score for hit in found[1].hits], abs=1e-5)
    timed = scope.created_from or scope.created_to or not scope.include_expired
    assert any("no numeric times" in note for note in found[0].notes) is bool(timed)
    assert not any("no numeric times" in note for note in found[1].notes)


class Shot:
    """A snapshot as pages pass it."""

    has_vectors = True

    def __init__(self, store: MemoryStore, *, total: int | None = None) -> None:
        table = store.scan(actor=LOCAL_ADMIN, vectors=True)
        self.frame: pd.DataFrame = to_frame(table, info=store.info, schema=store.schema)
        self._vectors = np.array(table["$vector"].to_pylist(), dtype=np.float32).reshape(-1, store.info.dimension)
        self.rows = len(self.frame)
        self.total = self.rows if total is None else total

    def vectors(self) -> np.ndarray:
        return self._vectors


def test_a_snapshot_spares_the_scan_and_its_age_shows_no_stale_memory(tmp_path: Path) -> None:
    calls: list[Call] = []
    make_foreign_store(tmp_path, {f"k{n}": sample(n) for n in range(20)})
    store = make_catalog(tmp_path, tracer=calls.append).open("foreign", actor=LOCAL_ADMIN)
    shot = Shot(store, total=50)
    store.records.delete(["k3"], actor=LOCAL_ADMIN)
    calls.clear()
    scope = Scope(created_from=datetime.fromisoformat("2026-02-03T00:00:00Z"))
    found = recall(store, "report", actor=LOCAL_ADMIN, now=NOW, k=30, scope=scope, snapshot=shot)
    assert {hit.memory.key for hit in found.hits} == {f"k{n}" for n in range(2, 20)} - {"k3"}
    assert {call.operation for call in calls} == {"GetVectors"}
    assert "Searched 20 of 50 memories: the snapshot is a sample, and the filters run over it." in found.notes
    assert found.notes[-2] == "Time filters run here, not in the service: this index has no numeric times."


def test_expired_memories_are_passed_over_without_a_scan(tmp_path: Path) -> None:
    calls: list[Call] = []
    gone = {f"gone{n:03}": sample(n, expires_at="2026-02-01T00:00:00") for n in range(250)}
    make_foreign_store(tmp_path, {**gone, "kept": sample(1, content="Something else", expires_at="2027-01-01T00:00:00")})
    store = make_catalog(tmp_path, tracer=calls.append).open("foreign", actor=LOCAL_ADMIN)
    found = recall(store, "quarterly report", actor=LOCAL_ADMIN, now=NOW, k=1)
    assert [hit.memory.key for hit in found.hits] == ["kept"]
    assert {call.operation for call in calls} >= {"ListVectors", "QueryVectors"}
    assert not any(call.operation == "Scan" for call in calls)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_what_is_ranked_here_is_ranked_as_in_the_service(tmp_path: Path, metric: str) -> None:
    records = {f"k{n}": sample(n, content=f"{TEXTS[n % 4]} {n * n}") for n in range(40)}
    store = make_foreign_store(tmp_path, records, metric=metric)
    everything = Scope(include_expired=True)
    timed = dataclasses.replace(everything, created_from=NOW - 400 * DAY)
    asked = {"text": "report on Friday 36", "mode": Mode.VECTOR, "k": 10, "now": NOW, "actor": LOCAL_ADMIN}
    there = store.query(**asked, scope=everything)
    here = store.query(**asked, scope=timed)
    assert [hit.vector_rank for hit in here] == list(range(1, 11))
    least = min(hit.cosine or 0 for hit in there) + 1e-6  # of several that are alike only some are among the ten
    assert {hit.memory.key for hit in here if (hit.cosine or 0) > least} == {
        hit.memory.key for hit in there if (hit.cosine or 0) > least
    }
    assert [hit.cosine for hit in here] == pytest.approx([hit.cosine for hit in there], abs=1e-5)


def test_a_key_that_cannot_be_filtered_is_filtered_here(tmp_path: Path) -> None:
    store = make_foreign_store(
        tmp_path, {f"k{n}": strands(n, agent_name=f"a{n % 2}") for n in range(6)}, hidden=("agent_name",)
    )
    found = recall(store, "report", actor=LOCAL_ADMIN, now=NOW, scope=Scope(agents=("a1",), include_expired=True))
    assert {hit.memory.key for hit in found.hits} == {"k1", "k3", "k5"}
    assert any(note.startswith("Filtered here, not in the service: agent.") for note in found.notes)


@pytest.mark.parametrize("name", RECORDS)
def test_any_index_is_browsed_and_searched(tmp_path: Path, name: str) -> None:
    records = {f"k{n}": RECORDS[name](n) for n in range(12)}
    key = {"langchain": "_page_content", "bedrock-kb": "AMAZON_BEDROCK_TEXT", "custom": "body"}.get(name, "content")
    hidden = ("_node_content",) if name == "llamaindex" else (key,)
    store = make_foreign_store(tmp_path, records, hidden=hidden, searchable=None if name == "llamaindex" else key)
    assert store.schema.name == name
    assert {memory.key: to_metadata(memory) for memory in store.memories(actor=LOCAL_ADMIN)} == records
    assert store.frame(actor=LOCAL_ADMIN)["content"].str.startswith(TEXT).all()
    found = recall(store, "quarterly report", actor=LOCAL_ADMIN, now=NOW, k=3)
    assert len(found.hits) == 3
    assert all(hit.memory.content.startswith(TEXT) for hit in found.hits)
    assert (found.mode is Mode.HYBRID) is (name != "llamaindex")
    assert len(store.neighbours("k0", k=3, actor=LOCAL_ADMIN)) == 3
    compile(boto3_call(store, "report", mode=Mode.VECTOR, k=3, scope=Scope(created_from=NOW), now=NOW), "call", "exec")


def test_a_write_keeps_what_the_other_software_reads(tmp_path: Path) -> None:
    store = make_foreign_store(tmp_path, {"k": strands(), "other": strands(1)}, hidden=("content",))
    memory = store.get(["k"], actor=LOCAL_ADMIN)["k"]
    changed = dataclasses.replace(memory, content="A new text.", confidence=0.5)
    report = store.write([changed, make_memory("new", created_at=NOW)], actor=LOCAL_ADMIN)
    assert (report.written, report.failed) == (2, ())
    stored = {memory.key: to_metadata(memory) for memory in store.memories(actor=LOCAL_ADMIN)}
    assert stored["k"] == strands(content="A new text.") | {"confidence": 0.5}
    assert stored["other"] == strands(1)
    assert (stored["new"]["agent_name"], stored["new"]["stored_at"]) == ("planner", "20260301_120000")


def test_numbers_are_names_and_filters_find_them(tmp_path: Path) -> None:
    rows = {
        "a": notes(speaker=7),
        "b": notes(speaker="7"),
        "c": notes(speaker=8),
        "d": notes(speaker=""),
        "e": notes(speaker=1.5),
    }
    store = make_foreign_store(tmp_path, rows, schema=SCHEMAS["custom"])
    for agents, expected in ((("7",), {"a", "b"}), (("1.5", "8"), {"c", "e"}), ((UNKNOWN,), {"d"})):
        found = store.query(text="x", mode=Mode.VECTOR, k=9, scope=Scope(agents=agents), now=NOW, actor=LOCAL_ADMIN)
        assert {hit.memory.key for hit in found} == expected


def test_a_mapping_is_saved_in_the_tags_and_removed(tmp_path: Path) -> None:
    make_foreign_store(tmp_path, {"k": {"question": TEXT, "answer": TEXT + "!"}})
    catalog = make_catalog(tmp_path)
    assert not catalog.open("foreign", actor=LOCAL_ADMIN).detection().sure
    odd = Schema("custom", {"content": "question", "agent_id": "wer ist's? ü$.name", "created_at": "b64:when"})
    catalog.save_schema("foreign", odd, actor=LOCAL_ADMIN)
    store = catalog.open("foreign", actor=LOCAL_ADMIN)
    assert (store.schema, store.detection().sure) == (odd, True)
    assert store.get(["k"], actor=LOCAL_ADMIN)["k"].content == TEXT
    catalog.save_schema("foreign", Schema("custom", {"content": "answer"}), actor=LOCAL_ADMIN)
    assert catalog.open("foreign", actor=LOCAL_ADMIN).schema.fields == {"content": "answer"}
    catalog.save_schema("foreign", None, actor=LOCAL_ADMIN)
    store = catalog.open("foreign", actor=LOCAL_ADMIN)
    assert (store.info.tags, store.detection().sure) == ({}, False)
    with pytest.raises(NotAllowedError):
        catalog.save_schema("foreign", odd, actor=Actor("eve", Role.REVIEWER))


@given(schemas)
def test_tags_hold_a_schema(schema: Schema) -> None:
    assert read_schema(schema_tags(schema) | {"team": "x"}) == (schema, None)


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param({"mnemoscope:field.mood": "x"}, id="unknown-field"),
        pytest.param({"mnemoscope:field.content": "b64:%%%"}, id="no-base64"),
        pytest.param({"mnemoscope:field.content": "b64:/w=="}, id="no-text"),
        pytest.param({"mnemoscope:field.content": ""}, id="empty"),
    ],
)
def test_tags_that_cannot_be_read_fall_back_and_say_so(tags: dict[str, str]) -> None:
    schema, fault = read_schema({"mnemoscope:schema": "custom", **tags})
    assert schema is None
    assert fault is not None
    assert "cannot be read" in fault


def test_a_key_too_long_for_a_tag_is_refused() -> None:
    with pytest.raises(ConfigError, match="too long to be saved"):
        schema_tags(Schema("custom", {"content": "x" * 300}))


def test_a_sample_is_listed_once_and_only_of_indexes_that_others_made(tmp_path: Path) -> None:
    calls: list[Call] = []
    make_foreign_store(tmp_path, {"k": langchain()})
    make_store(tmp_path, make_memory())
    catalog = make_catalog(tmp_path, tracer=calls.append)
    for name, lists in (("foreign", 1), ("foreign", 0), ("agents", 0)):
        calls.clear()
        store = catalog.open(name, actor=LOCAL_ADMIN)
        store.get(["k"], actor=LOCAL_ADMIN)
        store.frame(actor=LOCAL_ADMIN)
        assert sum(call.operation == "ListVectors" for call in calls) == lists


def test_without_the_right_to_list_an_index_is_read_as_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = make_foreign_store(tmp_path, {"k": langchain()})

    def refuse(**_: Any) -> None:
        raise AccessDeniedError("no")

    monkeypatch.setattr(store._client, "list_vectors", refuse)
    assert (store.schema, store.detection().sure) == (OURS, False)
    assert "allow s3vectors:ListVectors" in store.detection().reasons[0]
    assert store.get(["k"], actor=LOCAL_ADMIN)["k"].content == f"{TEXT} 0"


def test_text_and_neighbours_need_no_embedder(tmp_path: Path) -> None:
    make_foreign_store(tmp_path, {f"k{n}": langchain(n) for n in range(3)}, searchable="_page_content")
    store = make_catalog(tmp_path, embedder_factory=lambda: HashingEmbedder(8)).open("foreign", actor=LOCAL_ADMIN)
    assert len(recall(store, "report", actor=LOCAL_ADMIN, now=NOW, mode=Mode.TEXT).hits) == 3
    assert len(store.neighbours("k0", k=2, actor=LOCAL_ADMIN)) == 2
    assert len(store.frame(actor=LOCAL_ADMIN)) == 3


def test_an_index_of_ours_shows_the_texts_that_others_put_there(tmp_path: Path) -> None:
    store = make_store(tmp_path, make_memory())
    vector = HashingEmbedder().embed(["x"])[0]
    store._client.put_vectors(
        vectorBucketName=store.bucket,
        indexName=store.info.name,
        vectors=[{"key": "lc", "data": {"float32": vector}, "metadata": {"_page_content": "theirs"}}],
    )
    memory = store.get(["lc"], actor=LOCAL_ADMIN)["lc"]
    assert (memory.content, to_metadata(memory)) == ("theirs", {"_page_content": "theirs"})
    assert store.frame(actor=LOCAL_ADMIN).set_index("key").loc["lc", "content"] == "theirs"
    assert from_metadata("lc", {"_page_content": "theirs", "content": ""}).content == ""
