"""Import and export through a real store: nothing lost, nothing doubled, every bad line told."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.catalog import Catalog
from core.config import open_catalog
from core.memory import Memory, to_row
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore
from core.transfer import GivenVectors, Importer, ImportReport, Progress, Source, json_lines

DIMENSION = 16


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = open_catalog(tmp_path / "store", embedder_factory=lambda: HashingEmbedder(DIMENSION))
    yield catalog
    catalog.close()


@pytest.fixture
def store(catalog: Catalog) -> MemoryStore:
    return catalog.create("team", actor=LOCAL_ADMIN)


def jsonl(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


def bring(store: MemoryStore | None, *files: bytes, **options: Any) -> ImportReport:
    sources = [Source(f"file{n}", io.BytesIO(data), size=len(data)) for n, data in enumerate(files, start=1)]
    return Importer(store, actor=LOCAL_ADMIN, **options).run(sources)


def content(store: MemoryStore) -> dict[str, Memory]:
    return {memory.key: memory for memory in store.memories(actor=LOCAL_ADMIN)}


def outcome(report: ImportReport) -> tuple[int, int, int, int, int]:
    return report.written, report.replaced, report.unchanged, report.repeated, report.failed


def test_a_second_import_writes_nothing(store: MemoryStore) -> None:
    data = jsonl(*({"key": f"k{n}", "content": f"memory {n}"} for n in range(1_300)))
    assert outcome(bring(store, data)) == (1_300, 0, 0, 0, 0)
    before = store.revision()
    assert outcome(bring(store, gzip.compress(data))) == (0, 0, 1_300, 0, 0)
    assert store.revision() == before


def test_a_changed_row_replaces_and_keeps_what_recalling_counted(store: MemoryStore) -> None:
    seen = datetime(2026, 11, 1, tzinfo=UTC)
    store.write(
        [Memory("k", "old", recall_count=7, last_recalled_at=seen), Memory("j", "same", recall_count=2)], actor=LOCAL_ADMIN
    )
    report = bring(store, jsonl({"key": "k", "content": "new"}, {"key": "j", "content": "same"}))
    assert outcome(report) == (0, 1, 1, 0, 0)
    assert content(store)["k"] == Memory("k", "new", recall_count=7, last_recalled_at=seen)
    assert outcome(bring(store, jsonl({"key": "j", "content": "same", "recall_count": 0}))) == (0, 1, 0, 0, 0)
    assert content(store)["j"].recall_count == 0


def test_one_bad_line_loses_no_other(store: MemoryStore) -> None:
    report = bring(
        store,
        b"\xef\xbb\xbf" + jsonl({"content": "one", "key": "1"}),
        jsonl(
            {"content": "two", "key": "2"},
            b"",
            b'{"content": "\xff"}',
            b"not json",
            ["an", "array"],
            {"key": "x"},
            {"key": "x", "content": 5},
            {"key": "x", "content": "a", "confidence": "high"},
            b'{"key": "x", "content": "a", "score": NaN}',
            {"key": "y" * 1_025, "content": "a"},
            {"key": 5, "content": "number as key"},
            {"key": "big", "content": "a" * 41_000},
            b'{"content": "' + b"x" * (5 * 1024 * 1024) + b'"}',
            {"content": "three\r", "key": "3"},
        ),
    )
    assert outcome(report) == (3, 0, 0, 0, 11)
    assert set(content(store)) == {"1", "2", "3"}
    assert [(error.source, error.line) for error in report.errors] == [("file2", n) for n in range(3, 14)]
    told = " ".join(error.reason for error in report.errors)
    for word in (
        "UTF-8",
        "Not JSON",
        "array",
        "content is missing",
        "confidence",
        "NaN",
        "1,025 bytes",
        "40,960",
        "must be text",
    ):
        assert word in told


def test_two_rows_with_one_key_are_an_error_unless_equal(store: MemoryStore) -> None:
    report = bring(
        store,
        jsonl({"key": "k", "content": "first"}, {"key": "k", "content": "second"}),
        jsonl({"content": "first", "key": "k"}, {"key": "k", "content": "third"}),
    )
    assert outcome(report) == (1, 0, 0, 1, 2)
    assert [(error.source, error.line, error.key) for error in report.errors] == [("file1", 2, "k"), ("file2", 2, "k")]
    assert "line 1 of file1" in report.errors[0].reason
    assert content(store)["k"].content == "first"


def test_a_bad_row_does_not_take_a_key(store: MemoryStore) -> None:
    assert outcome(bring(store, jsonl({"key": "k", "content": "a" * 41_000}, {"key": "k", "content": "good"}))) == (
        1,
        0,
        0,
        0,
        1,
    )
    assert content(store)["k"].content == "good"


def test_rows_without_keys_keep_exact_repeats_and_import_once(store: MemoryStore) -> None:
    data = jsonl({"content": "hello"}, {"content": "hello"}, {"content": "other"}, {"content": "hello"})
    assert outcome(bring(store, data)) == (4, 0, 0, 0, 0)
    assert outcome(bring(store, data)) == (0, 0, 4, 0, 0)
    assert outcome(bring(store, jsonl({"content": "hello"}))) == (0, 0, 1, 0, 0)
    assert sorted(memory.content for memory in content(store).values()) == ["hello", "hello", "hello", "other"]


def test_an_import_that_was_stopped_goes_on(store: MemoryStore) -> None:
    data = jsonl(*({"key": f"k{n}", "content": f"memory {n}"} for n in range(1_000)))

    def stop(progress: Progress) -> None:
        if progress.rows > 300:
            raise KeyboardInterrupt

    importer = Importer(store, actor=LOCAL_ADMIN, on_progress=stop)
    with pytest.raises(KeyboardInterrupt):
        importer.run([Source("rows", io.BytesIO(data))])
    there = len(content(store))
    assert importer.report.written == there
    assert 0 < there < 1_000
    assert outcome(bring(store, data)) == (1_000 - there, 0, there, 0, 0)
    assert {key: memory.content for key, memory in content(store).items()} == {f"k{n}": f"memory {n}" for n in range(1_000)}


def test_a_truncated_file_gives_its_rows_and_one_error_and_the_next_file_follows(store: MemoryStore) -> None:
    rows = [{"key": f"k{n}", "content": f"memory {n * 7919 % 1000}"} for n in range(1_000)]
    report = bring(store, gzip.compress(jsonl(*rows))[:-200], jsonl({"key": "last", "content": "from the next file"}))
    assert report.failed == 1
    assert 500 < report.written == len(content(store))
    assert f"line {report.written:,}" in report.errors[0].reason
    assert report.errors[0].line == report.written
    assert "last" in content(store)


def test_progress_counts_rows_and_bytes(store: MemoryStore) -> None:
    data = jsonl(*({"content": f"memory {n}"} for n in range(400)))
    seen: list[Progress] = []
    bring(store, data, b"broken\n", on_progress=seen.append)
    assert (seen[-1].rows, seen[-1].failed, seen[-1].bytes_read, seen[-1].bytes_total) == (
        401,
        1,
        len(data) + 7,
        len(data) + 7,
    )
    assert [progress.rows for progress in seen] == sorted(progress.rows for progress in seen)


def test_a_dry_run_finds_what_an_import_would_and_writes_nothing(store: MemoryStore) -> None:
    store.write([Memory("k", "there")], actor=LOCAL_ADMIN)
    data = jsonl({"key": "k", "content": "there"}, {"key": "n", "content": "new"}, {"key": "b", "content": "a" * 41_000})
    before = store.revision()
    assert outcome(bring(store, data, dry_run=True)) == (1, 0, 1, 0, 1)
    assert store.revision() == before
    assert outcome(bring(None, data, dry_run=True)) == (2, 0, 0, 0, 1)


def test_own_vectors_are_left_out_unless_asked_for(catalog: Catalog, store: MemoryStore) -> None:
    vectors = np.random.default_rng(1).standard_normal((3, DIMENSION)).astype(np.float32)
    rows = [{"key": f"k{n}", "content": "same text", "vector": vector.tolist()} for n, vector in enumerate(vectors)]
    data = jsonl(*rows, {"key": "plain", "content": "no vector"}, {"key": "short", "content": "a", "embedding": [1.0] * 9})
    report = bring(store, data)
    assert (report.written, report.vectors_left_out) == (5, 4)
    assert "vector" not in content(store)["k0"].extra
    given = GivenVectors(HashingEmbedder(DIMENSION))
    taking = catalog.open("team", actor=LOCAL_ADMIN, embedder=given)
    report = bring(taking, data, given=given)
    assert outcome(report) == (0, 3, 1, 0, 1)
    assert "has 9 numbers, the index 16" in report.errors[0].reason
    stored = store.vectors(["k0", "k1", "k2", "plain"], actor=LOCAL_ADMIN)
    assert np.array_equal(np.stack([stored[f"k{n}"] for n in range(3)]), vectors)
    assert np.array_equal(stored["plain"], HashingEmbedder(DIMENSION).embed(["no vector"])[0])
    assert outcome(bring(taking, data, given=given)) == (0, 0, 4, 0, 1)


def test_vectors_come_back_exactly(catalog: Catalog, store: MemoryStore) -> None:
    store.write([Memory(f"k{n}", f"text {n}") for n in range(20)], actor=LOCAL_ADMIN)
    text = "".join(
        json_lines(store.memories(actor=LOCAL_ADMIN), vectors=lambda keys: store.vectors(keys, actor=LOCAL_ADMIN))
    )
    given = GivenVectors(HashingEmbedder(DIMENSION))
    other = catalog.create("other", actor=LOCAL_ADMIN, embedder=given)
    bring(other, text.encode(), given=given)
    keys = [f"k{n}" for n in range(20)]
    ours, theirs = store.vectors(keys, actor=LOCAL_ADMIN), other.vectors(keys, actor=LOCAL_ADMIN)
    assert all(np.array_equal(ours[key], theirs[key]) for key in keys)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ROWS = st.fixed_dictionaries(
    {"content": st.text(max_size=20)},
    optional={
        "key": st.text(min_size=1, max_size=12),
        "agent_id": st.text(max_size=5) | st.none(),
        "created_at": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
        "tags": st.lists(st.text(max_size=4), max_size=3),
        "confidence": st.floats(0, 1) | st.none(),
        "custom": JSON,
        "$extra": JSON,
    },
)


@settings(max_examples=25)
@given(st.lists(ROWS, max_size=8))
def test_what_was_exported_imports_to_the_same(tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]) -> None:
    """Law: import, export, import into another index: equal memories, and the second export is equal to the first."""
    catalog = open_catalog(tmp_path_factory.mktemp("law"), embedder_factory=lambda: HashingEmbedder(DIMENSION))
    one, two = (catalog.create(name, actor=LOCAL_ADMIN) for name in ("one", "two"))
    report = bring(one, jsonl(*rows))
    assert sum(outcome(report)) == len(rows)
    text = "".join(json_lines(one.memories(actor=LOCAL_ADMIN)))
    assert outcome(bring(two, text.encode("utf-8"))) == (report.written, 0, 0, 0, 0)
    assert content(two) == content(one)
    assert sorted(json_lines(two.memories(actor=LOCAL_ADMIN))) == sorted(line + "\n" for line in text.split("\n")[:-1])
    catalog.close()


def test_half_a_surrogate_pair_survives_as_its_escape(store: MemoryStore) -> None:
    bring(store, b'{"key": "k", "content": "a", "odd": "\\ud800"}\n')
    (line,) = json_lines(store.memories(actor=LOCAL_ADMIN))
    assert json.loads(line.encode("utf-8"))["odd"] == "\ud800"


def test_rows_equal_what_was_imported(store: MemoryStore) -> None:
    rows = [
        {
            "key": "k",
            "content": "a",
            "task_id": None,
            "expires_at": None,
            "tags": [],
            "n": 1,
            "nested": {"b": [True, None, 2.0]},
        }
    ]
    bring(store, jsonl(*rows))
    assert [to_row(memory) for memory in store.memories(actor=LOCAL_ADMIN)] == rows
