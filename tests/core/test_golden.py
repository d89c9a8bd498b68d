"""Golden queries: kept, made from a hit, sent as JSON lines, and run on the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.candidates import Mode
from core.curation.golden import (
    GoldenQuery,
    golden_from_hit,
    golden_from_json,
    golden_from_lines,
    golden_of,
    golden_to_json,
    golden_to_lines,
)
from core.errors import ChangedMeanwhileError, ConfigError, FileReadError
from core.recall import recall
from core.scope import Scope
from core.store import MemoryStore
from tests.core.commandline import ROWS, CommandLine
from tests.core.memory_builders import NOW, make_catalog, make_memory

SUPPORT = Scope(agents=("support",))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MemoryStore]:
    with closing(make_catalog(tmp_path)) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        memories = [make_memory(f"r{number}", f"Refund rule number {number}.", agent_id="support") for number in range(4)]
        assert store.write(memories, actor=LOCAL_ADMIN).failed == ()
        yield store


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    run = CommandLine(tmp_path, monkeypatch, capfd)
    rows = "".join(f"{json.dumps(row)}\n" for row in ROWS)
    assert run("import", "-", "--index", "team", stdin=rows.encode()).code == 0
    return run


def test_a_query_is_kept_with_its_version(store: MemoryStore) -> None:
    golden = golden_of(store, actor=LOCAL_ADMIN)
    first = golden.save(GoldenQuery("b", "refund", ("r1",)), expected=None)
    golden.save(GoldenQuery("a", "rule", (), ("r2",), SUPPORT, mode=Mode.TEXT), expected=None)
    assert [kept.query.name for kept in golden.every()] == ["a", "b"]
    second = golden.save(GoldenQuery("b", "refund", ("r1", "r2")), expected=first.version)
    for stale in (first.version, None):
        with pytest.raises(ChangedMeanwhileError):
            golden.save(GoldenQuery("b", "refund", ("r3",)), expected=stale)
    found = golden.get("b")
    assert found == second
    assert (golden.remove("b"), golden.remove("b"), golden.get("b")) == (True, False, None)


def test_one_hit_makes_a_golden_query(store: MemoryStore) -> None:
    result = recall(store, "refund rule", actor=LOCAL_ADMIN, now=NOW, scope=SUPPORT, k=4)
    keys = [hit.memory.key for hit in result.hits]
    made = golden_from_hit(result, keys[0], scope=SUPPORT, owner="ann", now=NOW)
    assert made == GoldenQuery("refund rule", "refund rule", (keys[0],), (), SUPPORT, 3, 4, owner="ann", created_at=NOW)
    again = golden_from_hit(result, keys[3], scope=SUPPORT, owner="bob", now=NOW, existing=[made])
    assert (again.name, again.owner, again.expected, again.within) == ("refund rule", "ann", (keys[0], keys[3]), 4)
    other = golden_from_hit(result, keys[3], scope=Scope(), owner="bob", now=NOW, existing=[made])
    assert (other.name, other.within) == ("refund rule (2)", 4)
    with pytest.raises(ConfigError, match="'nothing' is no hit of this search"):
        golden_from_hit(result, "nothing", scope=SUPPORT, owner="ann", now=NOW)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": " "}, "needs a name"),
        ({"name": "n" * 81}, "needs a name"),
        ({"text": " "}, "asks nothing"),
        ({"expected": ()}, "expects and forbids nothing"),
        ({"forbidden": ("a",)}, "expects and forbids 'a'"),
        ({"k": 0}, "has k 0"),
        ({"k": 10_001}, "has k 10001"),
        ({"within": 11}, "wants rank 11 at most"),
        ({"within": True}, "wants rank True at most"),
        ({"created_at": NOW.replace(tzinfo=None)}, "without a zone"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        GoldenQuery(**({"name": "q", "text": "refund", "expected": ("a",)} | fields))


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30).filter(str.strip)
golden_queries = st.builds(
    GoldenQuery,
    texts,
    texts,
    st.lists(texts.map(lambda key: f"e{key}"), min_size=1, max_size=3).map(tuple),
    st.lists(texts.map(lambda key: f"f{key}"), max_size=3).map(tuple),
    st.sampled_from([Scope(), SUPPORT, Scope(created_from=NOW, min_confidence=0.5, include_expired=True)]),
    st.none() | st.integers(1, 5),
    st.integers(5, 100),
    st.sampled_from(Mode),
    texts,
    texts,
    st.just(NOW),
)


@given(st.lists(golden_queries, max_size=4))
def test_lines_bring_back_what_was_written(queries: list[GoldenQuery]) -> None:
    assert list(golden_from_lines(golden_to_lines(queries))) == queries
    assert [golden_from_json(golden_to_json(query)) for query in queries] == queries


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", "needs a JSON object"),
        ("{", "Line 2 is no golden query"),
        ('{"name": "q", "text": "t", "expected": "a"}', "expected is 'a', no list of keys"),
        ('{"name": "q", "text": 3, "expected": ["a"]}', "text is 3, no text"),
        ('{"name": "q", "text": "t", "expected": ["a"], "mode": "guess"}', "guess"),
        ('{"name": "q", "text": "t", "expected": ["a"], "scope": []}', "scope is [], no filters"),
        ('{"name": "q", "text": "t", "expected": ["a"], "rank": 3}', "has no 'rank'"),
    ],
    ids=lambda value: value[:30],
)
def test_a_line_that_is_none_is_named(line: str, said: str) -> None:
    with pytest.raises(FileReadError, match="Line 2") as refused:
        list(golden_from_lines(["", line]))
    assert said in str(refused.value)


def test_a_build_fails_where_a_golden_query_is_not_answered(run: CommandLine) -> None:
    assert (
        run("golden", "add", "when is the quarterly report due", "--expect", "a1", "--within", "1", "--name", "due").code
        == 0
    )
    ran = run("golden", "run", "--json")
    assert (ran.code, ran.json["failed"], ran.json["golden"][0]["expected"]) == (0, 0, {"a1": 1})
    assert run("golden", "add", "refund", "--expect", "zz", "--forbid", "a2").out.startswith(
        "Kept as 'refund'.\nThe index has no"
    )
    ran = run("golden", "run")
    assert ran.code == 1
    assert "'zz' is not among the first 10; it must be among the first 10." in ran.out
    assert "'a2' must not be found and is at rank 1." in ran.out
    assert ran.out.endswith("1 of 2 golden queries are answered.\n")


def test_golden_queries_travel_as_a_file(run: CommandLine, tmp_path: Path) -> None:
    run("golden", "add", "refund", "--expect", "a2", "--agent", "support")
    file = tmp_path / "golden.jsonl"
    assert run("golden", "export", str(file)).code == 0
    assert run("golden", "remove", "refund", "nothing").code == 1
    assert run("golden", "list").out == "No golden query is kept for this index.\n"
    assert run("golden", "import", str(file)).code == 0
    assert run("golden", "export", "-").out == file.read_text(encoding="utf-8")
    (listed,) = run("golden", "list", "--json").json["golden"]
    assert (listed["expected"], listed["scope"]) == (["a2"], {"agent": ["support"]})
    assert run("golden", "import", str(tmp_path / "none.jsonl")).code != 0


def test_a_viewer_runs_golden_queries_and_changes_none(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    run("golden", "add", "refund", "--expect", "a2")
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "vic:viewer")
    assert run("golden", "run").code == 0
    refused = run("golden", "remove", "refund")
    assert refused.code != 0
    assert "viewer" in refused.err


def test_a_name_that_is_taken_is_said_so(run: CommandLine) -> None:
    assert run("golden", "add", "refund", "--expect", "a2").code == 0
    again = run("golden", "add", "refund", "--expect", "a1")
    assert again.code == 2
    assert "add --replace, or another --name" in again.err
    assert run("golden", "add", "refund", "--expect", "a1", "--replace").code == 0


def test_preflight_on_the_command_line(run: CommandLine, tmp_path: Path) -> None:
    run("golden", "add", "who needs a manager for a refund", "--expect", "a2", "--within", "1", "--name", "manager")
    plan = tmp_path / "plan.json"
    plan.write_text(run("plan", "delete", "--agent", "support", "--reason", "test").out, encoding="utf-8")
    ran = run("preflight", str(plan))
    assert ran.code == 1
    assert "(golden manager)" in ran.out
    assert "'a2': rank 1 before, not among the first 10 after; it must be first." in ran.out
    assert run("preflight", str(plan), "--json").json["blocked"] is True
    harmless = run("plan", "delete", "--agent", "planner", "--reason", "test").out
    assert run("preflight", "-", stdin=harmless.encode()).code == 0
