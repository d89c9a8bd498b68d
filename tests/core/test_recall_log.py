"""The recall log: what a recall leaves in it, who counts as a use, what is bounded, lost and forgotten."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.eval.retrieval import Question, ask
from core.operate.quoting import Quoted
from core.operate.recall_log import Health, LoggedRecall, RecallLog, Usage
from core.operate.recall_table import FILE
from core.recall import Mode, recall
from core.scope import Scope
from core.store import MemoryStore
from tests.core.commandline import CommandLine
from tests.core.forked import in_process
from tests.core.memory_builders import NOW, make_catalog, make_memory, make_store

STREAM = "bucket/agents"


def make_recall(query: str | None = "report", *keys: str, at: datetime = NOW, **overrides: Any) -> LoggedRecall:
    hits = tuple((key, 1 / place) for place, key in enumerate(keys or ("a", "b"), start=1))
    said: dict[str, Any] = {"stream": STREAM, "actor": "ann", "channel": "agent", "mode": "hybrid", "k": 10}
    return LoggedRecall(at=at, query=query, hits=hits, **(said | overrides))


def fill(log: RecallLog, recalls: Sequence[LoggedRecall]) -> None:
    for each in recalls:
        log.append(each)
    log.flush()


def filled(directory: Path, *recalls: LoggedRecall, **options: Any) -> RecallLog:
    log = RecallLog(directory, **options)
    fill(log, recalls)
    return log


@pytest.fixture
def store(tmp_path: Path) -> MemoryStore:
    return make_store(tmp_path, make_memory("a"), make_memory("b", "Refunds need a manager."))


def logged(store: MemoryStore) -> list[LoggedRecall]:
    assert store.archive is not None
    store.archive.recalls.flush()
    return store.archive.recalls.recent(store.stream)


def test_a_recall_is_logged_with_what_it_asked_and_found(store: MemoryStore):
    scope = Scope(teams=("alpha",), include_expired=True)
    result = recall(store, "report", actor=LOCAL_ADMIN, now=NOW, k=1, mode=Mode.TEXT, scope=scope)
    (said,) = logged(store)
    assert (said.stream, said.at, said.actor, said.channel) == (store.stream, NOW, "local", "agent")
    assert (said.query, said.mode, said.k) == ("report", "text", 1)
    assert said.hits == (("a", result.hits[0].score),)
    assert Scope.from_params(said.scope) == scope
    assert said.ms == result.total_ms


def test_the_log_can_be_left_out(store: MemoryStore):
    recall(store, "report", actor=LOCAL_ADMIN, now=NOW, log=False)
    assert logged(store) == []
    list(ask(store, [Question("report", ("a",), "alpha")], k=1, mode=Mode.TEXT, per_team=False))
    assert logged(store) == []


@pytest.mark.parametrize(
    ("options", "count"),
    [
        pytest.param({}, 1, id="by-default"),
        pytest.param({"log_recalls": False}, 0, id="not-asked-for"),
        pytest.param({"read_only": True}, 0, id="read-only"),
        pytest.param({"read_only": True, "log_recalls": True}, 1, id="a-reader-that-logs"),
    ],
)
def test_a_catalog_says_whether_recalls_are_logged(tmp_path: Path, options: dict[str, bool], count: int):
    make_store(tmp_path, make_memory("a"))
    with closing(make_catalog(tmp_path, **options)) as catalog:
        found = recall(catalog.open("agents", actor=LOCAL_ADMIN), "report", actor=LOCAL_ADMIN, now=NOW)
        assert [hit.memory.key for hit in found.hits] == ["a"]
    with closing(RecallLog(tmp_path, read_only=True)) as log:
        assert len(log.recent("mnemoscope/agents")) == count


@pytest.mark.parametrize("command", ["recall", "context"])
def test_a_command_is_logged_though_it_only_reads(filled: CommandLine, command: str):
    assert filled(command, "quarterly report", "--index", "team", "--agent", "planner").code == 0
    with closing(RecallLog(filled.store, read_only=True)) as log:
        (said,) = log.recent("mnemoscope/team")
    assert (said.query, said.channel, said.actor) == ("quarterly report", "cli", "local")
    assert said.keys[0] == "a1"
    assert said.scope == {"agent": ["planner"]}
    assert said.context_keys == (("a1",) if command == "context" else ())


def test_the_newest_come_first_and_every_index_has_its_own(tmp_path: Path):
    others = make_recall("another", stream="bucket/other")
    with closing(filled(tmp_path, make_recall("one"), make_recall("two"), others, make_recall("three"))) as log:
        assert [each.query for each in log.recent(STREAM)] == ["three", "two", "one"]
        assert [each.query for each in log.recent(STREAM, limit=1)] == ["three"]
        assert log.recent("bucket/other") == [others]
        assert log.recent("bucket/none") == []


def test_usage_counts_those_who_use_and_not_those_who_look(tmp_path: Path):
    later = NOW + timedelta(hours=1)
    recalls = (
        make_recall("one", "a", "b", at=later),
        make_recall("two", "a", channel="cli"),
        make_recall("three", "a", "c", channel="page"),
        make_recall("four", "a", stream="bucket/other"),
    )
    with closing(filled(tmp_path, *recalls)) as log:
        assert log.usage(STREAM) == {"a": Usage(2, later), "b": Usage(1, later)}
        assert log.usage(STREAM, ["b", "c"]) == {"b": Usage(1, later)}
        assert log.usage(STREAM, []) == {}


def test_a_page_that_draws_itself_again_adds_nothing(tmp_path: Path):
    first = make_recall("report", channel="page", ms=3.0)
    again = replace(first, at=NOW + timedelta(seconds=9), ms=4.0)
    others = (replace(first, query="refund"), replace(first, query="report"), replace(first, actor="bob"))
    agents = (make_recall("report"), make_recall("report"))
    with closing(filled(tmp_path, first, again, *others, *agents)) as log:
        assert len(log.recent(STREAM)) == 1 + len(others) + len(agents)


def test_it_is_bounded_and_use_outlives_the_recalls(tmp_path: Path):
    recalls = [make_recall(f"q{number}", f"k{number}", at=NOW + timedelta(seconds=number)) for number in range(200)]
    with closing(RecallLog(tmp_path, limit=5)) as log:
        for each in recalls:
            log.append(each)
            log.flush()
        assert [each.query for each in log.recent(STREAM)] == ["q199", "q198", "q197", "q196", "q195"]
        known = log.usage(STREAM)
    assert "k199" in known
    assert "k0" not in known
    assert 50 <= len(known) <= 55


@pytest.mark.parametrize(
    ("redact", "variable", "query"),
    [
        pytest.param(None, "1", None, id="by-the-environment"),
        pytest.param(None, "true", None, id="by-another-word"),
        pytest.param(None, "0", "report", id="not-by-default"),
        pytest.param(None, "off", "report", id="not-by-a-word"),
        pytest.param(True, "0", None, id="by-argument"),
        pytest.param(False, "1", "report", id="argument-wins"),
    ],
)
def test_queries_are_redacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redact: bool | None, variable: str, query: str | None
):
    monkeypatch.setenv("MNEMOSCOPE_REDACT_QUERIES", variable)
    with closing(filled(tmp_path, make_recall("report"), redact=redact)) as log:
        assert [each.query for each in log.recent(STREAM)] == [query]
        assert log.recent(STREAM)[0].keys == ("a", "b")
    assert (b"report" in b"".join(path.read_bytes() for path in tmp_path.iterdir())) == (query is not None)


def test_closing_writes_what_waits_and_a_later_recall_opens_it_again(tmp_path: Path):
    log = RecallLog(tmp_path)
    log.append(make_recall("one"))
    log.close()
    assert [each.query for each in log.recent(STREAM)] == ["one"]
    log.append(make_recall("two"))
    log.close()
    with closing(RecallLog(tmp_path)) as again:
        assert [each.query for each in again.recent(STREAM)] == ["two", "one"]
    log.close()


def test_a_program_that_closes_nothing_keeps_its_recalls(tmp_path: Path):
    program = (
        "import pathlib, sys\nfrom tests.core.test_recall_log import RecallLog, make_recall\n"
        "log = RecallLog(pathlib.Path(sys.argv[1]))\nlog.append(make_recall('left open'))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, timeout=60)
    with closing(RecallLog(tmp_path)) as log:
        assert [each.query for each in log.recent(STREAM)] == ["left open"]


def write_alone(directory: Path, name: int) -> None:
    with closing(RecallLog(directory)) as log:
        for number in range(50):
            log.append(make_recall(f"{name}-{number}", "a"))


def test_threads_and_processes_share_the_file(tmp_path: Path):
    children = [in_process(write_alone, tmp_path, number) for number in range(2)]
    with closing(RecallLog(tmp_path)) as log:
        threads = [
            threading.Thread(target=fill, args=(log, [make_recall(f"t{n}-{i}", "a") for i in range(50)])) for n in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for child in children:
            child.join()
        assert [child.exitcode for child in children] == [0, 0]
        log.flush()
        assert len({each.query for each in log.recent(STREAM)}) == 250
        assert log.usage(STREAM)["a"].recalls == 250
        assert log.health() == Health(written=150)


def test_a_log_that_cannot_be_written_never_fails_a_recall(store: MemoryStore, tmp_path: Path):
    (tmp_path / "recalls.sqlite").write_bytes(b"no database at all, and longer than a header of SQLite is " * 9)
    assert len(recall(store, "report", actor=LOCAL_ADMIN, now=NOW).hits) == 2
    assert store.archive is not None
    store.archive.recalls.flush()
    health = store.archive.recalls.health()
    assert (health.written, health.dropped) == (0, 1)
    assert "recalls.sqlite" in (health.why or "")
    assert store.used(actor=LOCAL_ADMIN) == {}


def test_a_file_that_was_deleted_is_made_again(tmp_path: Path):
    with closing(filled(tmp_path, make_recall("one"))) as log:
        assert len(log.recent(STREAM)) == 1
        for path in tmp_path.iterdir():
            path.unlink()
        assert log.recent(STREAM) == []
        log.append(make_recall("two"))
        log.flush()
        assert [each.query for each in log.recent(STREAM)] == ["two"]
        assert log.health() == Health(written=2)


def test_a_file_that_another_process_has_just_begun_holds_no_recalls(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / FILE)) as begun:
        begun.execute("PRAGMA journal_mode = wal")
    with closing(RecallLog(tmp_path)) as log:
        assert log.recent(STREAM) == []
        assert log.usage(STREAM) == {}
        fill(log, [make_recall("one")])
        assert [each.query for each in log.recent(STREAM)] == ["one"]


def test_what_is_read_only_writes_and_makes_nothing(tmp_path: Path):
    with closing(filled(tmp_path / "store", make_recall(), read_only=True)) as log:
        assert log.recent(STREAM) == []
        assert log.usage(STREAM) == {}
    assert not (tmp_path / "store").exists()


def test_erased_memories_are_forgotten_with_the_queries_that_quote_them(tmp_path: Path):
    recalls = (
        make_recall("the zebra password", "secret", "b"),
        make_recall("the quarterly report", "b", "secret"),
        make_recall("tell me: The Zebra  Password is marzipan, right?", "b"),
        make_recall("zebra", "b"),
        make_recall("zebra", "secret", stream="bucket/other"),
    )
    with closing(filled(tmp_path, *recalls, make_recall("zebra", "secret", "b", context_keys=("secret",)))) as log:
        assert log.forget(STREAM, ["secret"], ["The zebra password is marzipan"]) == 4
        assert [each.query for each in log.recent(STREAM)] == [None, "zebra", None, "the quarterly report", None]
        assert all("secret" not in (*each.keys, *each.context_keys) for each in log.recent(STREAM))
        assert set(log.usage(STREAM)) == {"b"}
        assert len(log.recent("bucket/other")) == 1
        assert log.forget(STREAM, ["secret"], ["The zebra password is marzipan"]) == 0
        log.forget("bucket/other", ["secret"])
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"marzipan" not in left
    assert b"secret" not in left


@pytest.mark.parametrize(
    ("query", "contents", "found", "expected"),
    [
        pytest.param("what is marzipan", ["Marzipan is sweet."], True, True, id="a-word-of-what-it-found"),
        pytest.param("what is marzipan", ["Marzipan is sweet."], False, False, id="a-word-of-what-it-did-not-find"),
        pytest.param("marzipans", ["Marzipan is sweet."], True, True, id="the-same-word-in-another-form"),
        pytest.param("is it so", ["Marzipan is sweet."], True, False, id="words-of-every-sentence"),
        pytest.param("say: marzipan  IS sweet. now", ["Marzipan is sweet."], False, True, id="all-of-it"),
        pytest.param("anything", [], True, True, id="unknown-content"),
        pytest.param("anything", [], False, False, id="unknown-content-not-found"),
        pytest.param("anything", ["", "  "], False, False, id="empty-content"),
        pytest.param(None, ["Marzipan"], True, False, id="redacted"),
    ],
)
def test_which_queries_may_quote(query: str | None, contents: list[str], found: bool, expected: bool):
    assert Quoted(contents).may_be_in(query, found=found) is expected


def test_recalls_are_found_by_their_own_times(tmp_path: Path):
    hour = timedelta(hours=1)
    came = [("c", 3), ("a", 1), ("b", 2), ("d", 4)]  # not in the order in which they were asked
    recalls = [make_recall(name, name, "x", at=NOW + at * hour, actor="bob" if name == "b" else "ann") for name, at in came]
    recalls[3] = replace(recalls[3], channel="page")
    with closing(filled(tmp_path, *recalls, make_recall("other", at=NOW, stream="bucket/other"))) as log:

        def asked(**options: Any) -> str:
            return "".join(recall.query or "" for recall in log.between(STREAM, **options))

        assert asked() == "dcba"
        assert asked(newest_first=False, limit=2) == "ab"
        assert asked(since=NOW + 2 * hour, until=NOW + 3 * hour) == "cb"
        assert asked(since=(NOW + 2 * hour).astimezone(timezone(9 * hour))) == "dcb"
        assert asked(until=NOW + 2 * hour - timedelta(microseconds=1)) == "a"
        assert asked(actor="bob") == "b"
        assert asked(keys=["a", "d", "nobody"]) == "da"
        assert asked(keys=[]) == ""
        assert log.actors(STREAM) == {"ann": 3, "bob": 1}
        assert log.used_before(STREAM, NOW + 3 * hour) == {"a": NOW + hour, "b": NOW + 2 * hour, "x": NOW + 2 * hour}
        assert log.used_before(STREAM, NOW + 9 * hour)["x"] == NOW + 3 * hour
    with closing(RecallLog(tmp_path / "none")) as log:
        assert (log.between(STREAM), log.actors(STREAM), log.used_before(STREAM, NOW)) == ([], {}, {})


def test_a_last_use_is_known_when_its_recall_is_not_kept_any_more(tmp_path: Path):
    with closing(
        filled(tmp_path, *(make_recall("q", f"k{at}", at=NOW + timedelta(hours=at)) for at in range(5)), limit=2)
    ) as log:
        assert len(log.between(STREAM)) == 2
        assert log.used_before(STREAM, NOW + timedelta(minutes=90)).keys() == {"k0", "k1"}


def odd_bodies() -> list[str | bytes]:
    """Return what hands or a failing disk may have left where a recall was."""
    good = make_recall("odd", "a").to_json()
    others = (
        {"at": 5},
        {"at": "yesterday"},
        {"at": "2026-01-01T00:00:00"},
        {"hits": ["a"]},
        {"hits": [[["a"], 1]]},
        {"hits": [["a", None]]},
        {"hits": 3},
        {"hits": {"a": 1}},
        {"k": "10"},
        {"ms": 10**400},
        {"query": 3},
        {"scope": "all"},
        {"actor": None},
        {"channel": []},
        {"context_keys": None},
    )
    cut = json.dumps(good)[:40]
    return [cut, "", "null", "[]", "3", "[" * 2_000, b"\xff\xfe", *(json.dumps(good | other) for other in others)]


def test_what_is_no_recall_is_passed_over_and_keeps_nothing_from_being_written(tmp_path: Path):
    with closing(filled(tmp_path, make_recall("good", "a"))):
        pass
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        # As files were made by an earlier Mnemoscope, whose index read the JSON of each row.
        file.execute("DROP INDEX recall_when")
        odd = [*odd_bodies()]
        file.executemany("INSERT INTO recall (stream, body) VALUES (1, CAST(? AS TEXT))", [(body,) for body in odd])
        file.execute("INSERT INTO use VALUES (1, 'odd', 1, 'never'), (1, 'late', 1, 1e300)")
        file.commit()
    with closing(RecallLog(tmp_path, read_only=True)) as log:
        assert [each.query for each in log.between(STREAM)] == ["good"]
    with closing(filled(tmp_path, make_recall("next", "b", at=NOW + timedelta(hours=1)))) as log:
        assert log.health() == Health(written=1)
        assert [each.query for each in log.recent(STREAM)] == ["next", "good"]
        assert log.unreadable(STREAM) == len(odd)
        assert log.unreadable("bucket/other") == 0
        assert [each.query for each in log.between(STREAM, keys=["a"], actor="ann", until=NOW)] == ["good"]
        assert log.used_before(STREAM, NOW + timedelta(minutes=1))["a"] == NOW
        assert log.usage(STREAM).keys() == {"a", "b"}
        assert log.actors(STREAM)["ann"] >= 2
        assert log.forget(STREAM, ["a"]) == len(odd) + 1  # nobody knows what an odd row quotes
        assert log.unreadable(STREAM) == 0
        assert [each.keys for each in log.recent(STREAM)] == [("b",), ()]
