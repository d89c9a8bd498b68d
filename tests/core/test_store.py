"""MemoryStore over the real engine: nothing is lost, one bad memory costs only itself, calls are the documented ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import writer
from core.access import LOCAL_ADMIN
from core.errors import ConfigError, EmbedderMismatchError, InvalidMemoryError, NotFoundError, ValidationError
from core.memory import Memory, to_metadata
from core.models.embedding import HashingEmbedder
from core.scope import Scope
from core.store import MemoryStore, Mode, WriteFailure
from core.vectors.client import Call, PutVector
from core.vectors.embedded import EmbeddedClient
from tests.core.memory_builders import DAY, NOW, make_catalog, make_memory, make_store, memories

STORY = (
    make_memory("friday", "The quarterly report goes out on Friday."),
    make_memory("refund", "Customers get a refund within five days.", agent_id="support", team_id="beta"),
    make_memory("report", "The report needs the numbers of the third quarter.", confidence=0.9),
    make_memory("gone", "The report was due on Monday.", expires_at=NOW - DAY),
)


def storable(memory: Memory) -> bool:
    try:
        to_metadata(memory)
    except InvalidMemoryError:
        return False
    return True


@settings(max_examples=25)
@given(drawn=st.lists(memories.filter(storable), max_size=12, unique_by=lambda memory: memory.key))
def test_what_is_written_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, drawn: list[Memory]) -> None:
    store = make_store(tmp_path_factory.mktemp("store"), *drawn)
    expected = {memory.key: memory for memory in drawn}
    assert store.get(expected, actor=LOCAL_ADMIN) == expected
    assert {memory.key: memory for memory in store.memories(actor=LOCAL_ADMIN)} == expected
    assert store.count(LOCAL_ADMIN) == len(expected)


def test_get_keeps_the_order_and_leaves_out_what_is_not_there(tmp_path: Path) -> None:
    many = [make_memory(f"k{n}", f"text {n}") for n in range(250)]
    store = make_store(tmp_path, *many)
    wanted = [f"k{n}" for n in reversed(range(250))]
    assert list(store.get([*wanted, "nowhere", "k1"], actor=LOCAL_ADMIN)) == wanted
    vectors = store.vectors(["k3", "nowhere"], actor=LOCAL_ADMIN)
    assert np.allclose(vectors["k3"], HashingEmbedder().embed(["text 3"])[0])
    assert len(list(store.memories(actor=LOCAL_ADMIN))) == 250


def test_records_are_taken_away_and_put_back_as_they_were(tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY)
    before = store.records.get(["friday", "nowhere"], actor=LOCAL_ADMIN)
    assert list(before) == ["friday"]
    store.records.delete(["friday", "nowhere", "friday"], actor=LOCAL_ADMIN)
    assert store.count(LOCAL_ADMIN) == 3
    store.records.put(before, actor=LOCAL_ADMIN)
    assert store.records.get(["friday"], actor=LOCAL_ADMIN) == before


def test_a_bad_memory_never_loses_the_others(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    good = [make_memory(f"k{n}") for n in range(300)]
    given = [*good[:150], make_memory("", "no key"), make_memory("big", "x" * 41_000), *good[150:]]
    done: list[int] = []
    report = store.write(iter(given), actor=LOCAL_ADMIN, progress=done.append)
    assert report.written == 300
    assert [(failure.key, failure.position) for failure in report.failed] == [("", 150), ("big", 151)]
    assert "40,960" in report.failed[1].reason
    assert done == [128, 256, 302]
    assert store.count(LOCAL_ADMIN) == 300


def test_the_last_of_a_key_wins(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    report = store.write([make_memory("k", f"text {n}") for n in range(200)], actor=LOCAL_ADMIN)
    assert (report.written, store.count(LOCAL_ADMIN)) == (200, 1)
    assert store.get(["k"], actor=LOCAL_ADMIN)["k"].content == "text 199"


def test_a_batch_that_the_service_refuses_is_halved_to_the_bad_one() -> None:
    calls: list[int] = []

    def put(records: list[PutVector]) -> None:
        calls.append(len(records))
        if any(record["key"] == "k5" for record in records):
            raise ValidationError("Invalid record for key 'k5': no")

    report = writer.write_all(
        [make_memory(f"k{n}") for n in range(8)], to_metadata=to_metadata, embed=HashingEmbedder(4).embed, put=put
    )
    assert report.failed == (WriteFailure("k5", "Invalid record for key 'k5': no", 5),)
    assert report.written == 7
    assert calls == [8, 4, 4, 2, 1, 1, 2]


def test_a_request_stays_below_the_body_limit() -> None:
    sizes: list[int] = []

    def put(records: Sequence[PutVector]) -> None:
        sizes.append(len(records))

    memories = [make_memory(f"k{n}", "x" * 40_000) for n in range(300)]
    writer.write_all(memories, to_metadata=to_metadata, embed=HashingEmbedder(4096).embed, put=put)
    assert sum(sizes) == 300
    assert max(sizes) * (40_000 + 4096 * 22) < 20_971_520


def test_text_vector_and_hybrid_bring_their_scores(tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY)
    by_mode = {mode: store.query(text="quarterly report", mode=mode, k=2, now=NOW, actor=LOCAL_ADMIN) for mode in Mode}
    text, vector, hybrid = by_mode[Mode.TEXT], by_mode[Mode.VECTOR], by_mode[Mode.HYBRID]
    assert [hit.memory.key for hit in text] == ["friday", "report"]
    assert [(hit.text_rank, hit.vector_rank, hit.cosine) for hit in text] == [(1, None, None), (2, None, None)]
    assert all(hit.bm25 is not None and hit.bm25 > 0 for hit in text)
    assert [hit.vector_rank for hit in vector] == [1, 2]
    asked = HashingEmbedder().embed(["quarterly report"])[0]
    for hit in [*vector, *hybrid]:
        assert hit.cosine == pytest.approx(float(asked @ HashingEmbedder().embed([hit.memory.content])[0]), abs=1e-4)
    assert {hit.memory.key for hit in hybrid} == {hit.memory.key for hit in [*text, *vector]}


def test_pages_beyond_the_first_hundred_are_followed(tmp_path: Path) -> None:
    calls: list[Call] = []
    catalog = make_catalog(tmp_path, tracer=calls.append)
    store = catalog.create("agents", actor=LOCAL_ADMIN)
    store.write((make_memory(f"k{n:03}", f"report {n}") for n in range(250)), actor=LOCAL_ADMIN)
    calls.clear()
    found = store.query(text="report", mode=Mode.VECTOR, k=230, now=NOW, actor=LOCAL_ADMIN)
    assert [hit.vector_rank for hit in found] == list(range(1, 231))
    assert [call.operation for call in calls] == ["QueryVectors"] * 3


def test_hybrid_asks_the_service_three_times(tmp_path: Path) -> None:
    calls: list[Call] = []
    store = make_catalog(tmp_path, tracer=calls.append).create("agents", actor=LOCAL_ADMIN)
    store.write(STORY, actor=LOCAL_ADMIN)
    calls.clear()
    store.query(text="refund", mode=Mode.HYBRID, k=1, now=NOW, actor=LOCAL_ADMIN)
    assert [call.operation for call in calls][:2] == ["QueryVectors", "QueryVectors"]
    assert len(calls) <= 3


def test_expired_memories_stay_away_unless_asked_for(tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY)
    for mode in Mode:
        for scope, expected in ((Scope(), False), (Scope(include_expired=True), True)):
            found = store.query(text="report due Monday", mode=mode, k=10, scope=scope, now=NOW, actor=LOCAL_ADMIN)
            assert ("gone" in {hit.memory.key for hit in found}) is expected
    before = store.query(text="report", mode=Mode.TEXT, k=10, now=NOW - 2 * DAY, actor=LOCAL_ADMIN)
    assert "gone" in {hit.memory.key for hit in before}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param({"text": " ", "mode": Mode.TEXT}, "The query is empty", id="empty-text"),
        pytest.param({"mode": Mode.VECTOR}, "The query is empty", id="nothing"),
        pytest.param({"text": "a", "mode": Mode.TEXT, "k": 0}, "k is 0: choose from 1 to 10,000", id="k-0"),
        pytest.param({"text": "a", "mode": Mode.TEXT, "k": 10_001}, "k is 10001", id="k-too-large"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(tmp_path: Path, arguments: dict[str, Any], said: str) -> None:
    store = make_store(tmp_path)
    with pytest.raises(ConfigError, match=said):
        store.query(**({"k": 1, "now": NOW, "actor": LOCAL_ADMIN} | arguments))


def test_a_query_longer_than_the_service_takes_is_cut_between_words(tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY)
    found = store.query(text="refund " * 500, mode=Mode.TEXT, k=5, now=NOW, actor=LOCAL_ADMIN)
    assert [hit.memory.key for hit in found] == ["refund"]


def test_neighbours_are_others_by_cosine(tmp_path: Path) -> None:
    store = make_store(tmp_path, *STORY)
    near = store.neighbours("friday", k=2, actor=LOCAL_ADMIN)
    vectors = store.vectors([memory.key for memory in STORY], actor=LOCAL_ADMIN)
    cosines = {key: float(vector @ vectors["friday"]) for key, vector in vectors.items() if key != "friday"}
    assert [memory.key for memory, _ in near] == sorted(cosines, key=lambda key: -cosines[key])[:2]
    assert [cosine for _, cosine in near] == pytest.approx([cosines[memory.key] for memory, _ in near], abs=1e-4)
    with pytest.raises(NotFoundError, match="no memory 'nowhere' in index 'agents'"):
        store.neighbours("nowhere", k=2, actor=LOCAL_ADMIN)


@pytest.mark.parametrize("number", [1e-30, 1e30], ids=["tiny", "huge"])
def test_a_vector_whose_square_is_beyond_float32_has_a_cosine(tmp_path: Path, number: float) -> None:
    catalog = make_catalog(tmp_path)
    store = catalog.create("agents", actor=LOCAL_ADMIN)
    record = {"key": "k", "data": {"float32": [number] * store.info.dimension}, "metadata": {"content": "odd"}}
    client = EmbeddedClient(tmp_path)
    client.put_vectors(vectorBucketName=catalog.bucket, indexName="agents", vectors=[record])
    client.close()
    vector = np.ones(store.info.dimension, dtype=np.float32)
    (found,) = store.candidates(["k"], vector=vector, actor=LOCAL_ADMIN)
    assert found.cosine == pytest.approx(1)


def test_a_euclidean_index_reports_cosines_too(tmp_path: Path) -> None:
    store = make_catalog(tmp_path).create("agents", actor=LOCAL_ADMIN, metric="euclidean")
    store.write(STORY, actor=LOCAL_ADMIN)
    asked = HashingEmbedder().embed(["refund"])[0]
    for hit in store.query(text="refund", mode=Mode.VECTOR, k=3, now=NOW, actor=LOCAL_ADMIN):
        assert hit.cosine == pytest.approx(float(asked @ HashingEmbedder().embed([hit.memory.content])[0]), abs=1e-4)


class Other(HashingEmbedder):
    version = "2"


@pytest.mark.parametrize(
    ("embedder", "said"),
    [
        pytest.param(
            Other(), "was written with hashing/384/1, not with hashing/384/2: open the index with that", id="version"
        ),
        pytest.param(HashingEmbedder(8), "not with hashing/8/1", id="dimension"),
    ],
)
def test_another_embedder_is_refused_with_the_way_out(tmp_path: Path, embedder: HashingEmbedder, said: str) -> None:
    make_store(tmp_path, *STORY)
    store = make_catalog(tmp_path, embedder_factory=lambda: embedder).open("agents", actor=LOCAL_ADMIN)
    for call in (
        lambda: store.write(STORY, actor=LOCAL_ADMIN),
        lambda: store.query(text="a", mode=Mode.VECTOR, k=1, now=NOW, actor=LOCAL_ADMIN),
    ):
        with pytest.raises(EmbedderMismatchError, match=said):
            call()
    # What needs no embedder still works.
    assert len(store.query(text="report", mode=Mode.TEXT, k=5, now=NOW, actor=LOCAL_ADMIN)) == 2
    assert store.count(LOCAL_ADMIN) == 4


def test_an_index_without_a_tag_is_held_to_its_dimension(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    untagged = dataclasses.replace(store.info, embedder=None, dimension=8)
    foreign = MemoryStore(store._client, bucket=store.bucket, info=untagged, uri="", embedder_factory=HashingEmbedder)
    with pytest.raises(EmbedderMismatchError, match="has dimension 8, hashing/384/1 has 384"):
        foreign.embedder()


def test_a_revision_changes_with_the_content(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    seen = [store.revision()]
    store.write(STORY, actor=LOCAL_ADMIN)
    seen.append(store.revision())
    store.records.delete(["gone"], actor=LOCAL_ADMIN)
    seen.append(store.revision())
    assert len(set(seen)) == 3
    assert store.revision() == seen[-1]


def test_rewriting_changes_only_what_was_changed(tmp_path: Path) -> None:
    store = make_store(tmp_path, make_memory(extra={"plan": {"steps": [1, None]}, "id": 2**70}))
    memory = store.get(["k"], actor=LOCAL_ADMIN)["k"]
    recalled = dataclasses.replace(memory, recall_count=1, last_recalled_at=NOW + timedelta(microseconds=1))
    store.write([recalled], actor=LOCAL_ADMIN)
    assert store.get(["k"], actor=LOCAL_ADMIN)["k"] == recalled
    assert recalled.extra == {"plan": {"steps": [1, None]}, "id": 2**70}
