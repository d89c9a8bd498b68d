"""Every command, its help, its JSON, its exit codes and its words."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.__main__ import build_parser
from core.commands import COMMANDS
from core.commands.console import Console
from core.commands.options import moment, span, split_list
from core.commands.progress import Bar, duration
from tests.core.commandline import CommandLine
from tests.core.memory_builders import damage_index, damage_records, make_index_newer

NAMES = [[command.name] for command in COMMANDS] + [["eval", "retrieval"], ["eval", "engine"], ["eval", "clusters"]]


@pytest.mark.parametrize("name", NAMES, ids=" ".join)
def test_every_command_has_help_with_an_example(run: CommandLine, name: list[str]) -> None:
    ran = run(*name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"usage: python -m core {' '.join(name)}" in ran.out
    assert f"example:\n  python -m core {name[0]}" in ran.out


def test_help_lists_every_command(run: CommandLine) -> None:
    out = run("--help").out
    assert [command.name for command in COMMANDS if f"{command.name} {command.summary}" not in " ".join(out.split())] == []


@pytest.mark.parametrize(
    "argv",
    [[], ["nonsense"], ["recall"], ["import", "f"], ["recall", "q", "--k", "0"], ["export", "--since", "999999w"]],
    ids=" ".join,
)
def test_a_usage_error_is_2(run: CommandLine, argv: list[str]) -> None:
    ran = run(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert "usage: python -m core" in ran.err


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        pytest.param(["import", "/none.jsonl", "--index", "team"], 2, "There is no file '/none.jsonl'", id="missing-file"),
        pytest.param(["import", "-", "-", "--index", "team"], 2, "stdin can be read only once", id="stdin-twice"),
        pytest.param(["import", "-", "--index", "other", "--no-create"], 2, "no index", id="no-create"),
        pytest.param(["import", "-", "--index", "B!"], 2, "indexName", id="bad-name"),
        pytest.param(["import", "-", "--index", "team", "--errors", "/none/x"], 2, "--errors", id="errors-file"),
        pytest.param(
            ["import", "-", "--index", "team", "--store", "s3vectors://bucket?region=us-east-1"], 2, "S3 Vectors", id="s3"
        ),
        pytest.param(["import", "-", "--index", "team", "--store", "ftp://x"], 2, "ftp", id="scheme"),
        pytest.param(
            ["import", "-", "--index", "team", "--embedder", "default", "--store", "/dev/null"], 2, "file", id="not-a-dir"
        ),
        pytest.param(["export", "--json"], 2, "--output", id="export-json-on-stdout"),
        pytest.param(["export", "--vectors", "--format", "csv"], 2, "--format csv", id="csv-vectors"),
        pytest.param(["stats", "--store", "/none"], 2, "/none", id="no-store"),
        pytest.param(["recall", "q", "--store", "/none"], 2, "/none", id="recall-no-store"),
        pytest.param(["remember", " ", "--index", "team"], 2, "empty", id="empty-text"),
        pytest.param(["remember", "x", "--create"], 2, "--index", id="create-what"),
        pytest.param(["remember", "x", "--index", "team", "--ttl", "999999w"], 2, "beyond the year 9999", id="ttl"),
        pytest.param(
            ["remember", "x", "--index", "team", "--key", "k" * 1_025], 2, "takes 1,024: shorten it", id="long-key"
        ),
        pytest.param(["eval", "engine", "--rows", "0"], 2, "--rows is 0", id="no-rows"),
        pytest.param(["eval", "engine", "--queries", "-1"], 2, "--queries is -1", id="no-queries"),
        pytest.param(["eval", "engine", "--dir", "/none"], 2, "--dir '/none' is not a directory", id="eval-dir"),
    ],
)
def test_a_refusal_says_what_to_do_without_a_traceback(run: CommandLine, argv: list[str], code: int, message: str) -> None:
    ran = run(*argv)
    assert ran.code == code
    assert ran.err.startswith("python -m core: ")
    assert message in ran.err
    assert "Traceback" not in ran.err
    if argv[0] != "export":
        assert run(*argv, "--json").json["error"]["message"] in run(*argv).err


def test_a_store_that_is_not_there_is_not_made_by_reading(run: CommandLine, tmp_path: Path) -> None:
    for argv in (["stats"], ["recall", "q"], ["context", "q"], ["export"]):
        assert run(*argv).code == 2
    assert not (tmp_path / "store").exists()


def test_remember_recall_forget(run: CommandLine) -> None:
    made = run("remember", "The office moves in March.", "--index", "team", "--create", "--agent", "ann", "--task", "move")
    key = made.out.strip()
    assert (made.code, key.startswith("ann:move:2")) == (0, True)
    found = run("recall", "when does the office move", "--json").json
    assert (found["index"], found["hits"][0]["memory"]["key"]) == ("team", key)
    assert all(isinstance(found["hits"][0][name], float) for name in ("score", "cosine", "bm25"))
    assert abs(sum(part["contribution"] for part in found["hits"][0]["parts"]) - found["hits"][0]["score"]) < 1e-9
    held = run("forget", key, "--yes")
    assert (held.code, "when does the office move" in held.err, "acknowledge it" in held.err) == (2, True, True)
    gone = run("forget", key, "--yes", "--json", "--acknowledge", "It has moved.").json
    assert (gone["index"], gone["forgotten"], gone["not_found"], gone["failed"]) == ("team", [key], [], {})
    assert run("recall", "when does the office move").out.startswith("Nothing was recalled")
    assert run("undo", gone["plan_id"], "--yes").code == 0
    assert run("recall", "when does the office move", "--json").json["hits"][0]["memory"]["key"] == key


def test_remember_writes_every_field(run: CommandLine) -> None:
    options = "--create --key k --agent a --team t --task j --session s --type semantic --tags x,y --tags z --confidence 0.5"
    more = ["--source", "mail", "--derived-from", "p", "--notes", "n", "--ttl", "7d", "--index", "team"]
    before = datetime.now(UTC)
    assert run("remember", "-", *options.split(), *more, stdin="Grüße\n".encode()).code == 0
    (row,) = (json.loads(line) for line in run("export").out.splitlines())
    created, expires = (datetime.fromisoformat(row.pop(name)) for name in ("created_at", "expires_at"))
    assert before <= created <= datetime.now(UTC)
    assert expires - created == timedelta(days=7)
    assert row == {
        "key": "k",
        "content": "Grüße",
        "memory_type": "semantic",
        "agent_id": "a",
        "team_id": "t",
        "task_id": "j",
        "session_id": "s",
        "confidence": 0.5,
        "source": "mail",
        "tags": ["x", "y", "z"],
        "derived_from": ["p"],
        "notes": "n",
    }


def test_remember_does_not_replace_unasked(filled: CommandLine) -> None:
    ran = filled("remember", "other", "--key", "a1")
    assert (ran.code, "--replace" in ran.err) == (2, True)
    assert filled("remember", "other", "--key", "a1", "--replace").code == 0


def test_recall_cleans_what_a_terminal_would_obey(filled: CommandLine) -> None:
    assert "alert" not in filled("recall", "red alert", "--k", "3").out
    shown = filled("recall", "red alert", "--k", "3", "--include-expired", "--full").out
    assert "Red alert" in shown
    assert "\x1b" not in shown
    for part in ("Similarity", "Words", "Recency", "Reinforcement", "Confidence"):
        assert part in shown


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        pytest.param(["--agent", "support"], ["a2"], id="agent"),
        pytest.param(["--mode", "text"], ["a1"], id="text"),
        pytest.param(["--k", "1", "--weight", "text_share=0.9", "--half-life", "7"], ["a1"], id="weights"),
    ],
)
def test_recall_takes_scope_mode_and_weights(filled: CommandLine, options: list[str], keys: list[str]) -> None:
    hits = filled("recall", "quarterly report", *options, "--json").json["hits"]
    assert [hit["memory"]["key"] for hit in hits] == keys


def test_a_weight_that_does_not_exist_is_named(filled: CommandLine) -> None:
    ran = filled("recall", "q", "--weight", "charm=1")
    assert (ran.code, "'charm'" in ran.err, "recency" in ran.err) == (2, True, True)


def test_context_prints_the_block_alone(filled: CommandLine) -> None:
    ran = filled("context", "refund rules", "--budget", "120")
    assert ran.code == 0
    assert "Refunds above 100 euros need a manager." in ran.out
    assert "of 120 tokens" in ran.err
    answer = filled("context", "refund rules", "--budget", "120", "--json")
    assert answer.json["tokens"] <= 120
    assert answer.err == ""
    told = [one["key"] for one in (*answer.json["entered"], *answer.json["left_out"])]
    assert sorted(told) == sorted({*answer.json["used"], *(one["key"] for one in answer.json["left_out"])})
    assert all(one["sentence"] for one in answer.json["left_out"])


def test_context_says_why_and_what_comes_next(filled: CommandLine) -> None:
    ran = filled("context", "refund rules", "--budget", "60", "--tokenizer", "minilm", "--why")
    assert ran.code == 0
    assert "[1] " in ran.err
    step = re.search(r"Next: (\S+) enters with ([\d,]+) tokens more, at ([\d,]+)\.", " ".join(ran.err.split()))
    assert step is not None, ran.err
    more = filled("context", "refund rules", "--budget", step[3].replace(",", ""), "--tokenizer", "minilm", "--json")
    assert step[1] in more.json["used"]
    assert more.json["counted_by"] == "minilm"
    refused = filled("context", "refund rules", "--tokenizer", "gpt")
    assert (refused.code, "There is no tokenizer 'gpt'" in refused.err) == (2, True)


def test_forget_needs_a_yes_and_tells_what_is_not_there(filled: CommandLine) -> None:
    refused = filled("forget", "a1")
    assert (refused.code, "--yes" in refused.err) == (2, True)
    ran = filled("forget", "a1", "none", "--yes")
    first, way_back, missing = ran.out.splitlines()
    assert (ran.code, first, missing) == (1, "1 forgotten.", "Not found: none")
    assert way_back.startswith("To take it back: python -m core undo ")
    assert filled("forget", "-", "--yes", "--json", stdin=b"a2\na3\n").json["forgotten"] == ["a2", "a3"]


def test_an_index_is_named_where_there_are_several(filled: CommandLine, file: Path) -> None:
    filled("import", str(file), "--index", "other")
    ran = filled("recall", "q")
    assert (ran.code, "'other', 'team'" in ran.err) == (2, True)
    assert "no index 'tema'" in filled("recall", "q", "--index", "tema").err


def test_a_damaged_index_leaves_the_others_readable(filled: CommandLine, file: Path) -> None:
    filled("import", str(file), "--index", "other")
    damage_index(filled.store, "other")
    ran = filled("recall", "report", "--index", "other")
    assert (ran.code, "Index 'other': " in ran.err) == (2, True)
    assert filled("recall", "report", "--index", "team").code == 0
    assert filled("stats", "--index", "team").code == 0
    assert filled("import", str(file), "--index", "team").code == 0
    assert "'other', 'team'" in filled("recall", "report").err


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(damage_index, id="damaged"),
        pytest.param(make_index_newer, id="newer"),
        pytest.param(damage_records, id="records"),
    ],
)
def test_stats_lists_what_cannot_be_read(filled: CommandLine, file: Path, spoil: Callable[[Path, str], None]) -> None:
    filled("import", str(file), "--index", "other")
    spoil(filled.store, "other")
    ran = filled("stats")
    assert ran.code == 1
    assert "team" in ran.out.split("cannot be read")[0]
    assert "Index 'other': " in ran.out.split("cannot be read")[1]
    told = filled("stats", "--json").json
    assert [entry["index"] for entry in told["indexes"]] == ["team"]
    assert [(entry["index"], "Index 'other'" in entry["reason"]) for entry in told["unreadable"]] == [("other", True)]


def test_stats_of_a_store_whose_only_index_cannot_be_read(filled: CommandLine) -> None:
    damage_index(filled.store, "team")
    ran = filled("stats")
    assert (ran.code, "Index 'team': " in ran.out) == (1, True)
    ran = filled("recall", "report")
    assert (ran.code, "Index 'team': " in ran.err) == (2, True)


def test_reading_a_directory_without_a_store_says_how_to_begin(run: CommandLine) -> None:
    run.store.mkdir()
    ran = run("stats")
    assert (ran.code, "no store in" in ran.err, "demo load" in ran.err) == (2, True, True)
    assert list(run.store.iterdir()) == []


def test_stats_says_what_an_index_holds(filled: CommandLine) -> None:
    ran = filled("stats")
    assert ran.code == 0
    for words in ("3 memories", "planner", "semantic", "expired"):
        assert words in ran.out
    told = filled("stats", "--json").json
    assert (told["index"], told["memories"], told["expired"]) == ("team", 3, 1)


def test_stats_of_a_store_with_several_indexes(filled: CommandLine, file: Path) -> None:
    filled("import", str(file), "--index", "other")
    assert [entry["index"] for entry in filled("stats", "--json").json["indexes"]] == ["other", "team"]
    assert "other" in filled("stats").out


def test_demo_load(filled: CommandLine) -> None:
    damage_index(filled.store, "team")
    first = filled("demo", "load", "--json")
    assert first.code == 0
    assert first.json["written"] == sum(first.json["indexes"].values()) >= 600


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("6h", 21_600), ("7d", 604_800), ("2w", 1_209_600)]
)
def test_spans(text: str, seconds: int) -> None:
    assert span(text) == timedelta(seconds=seconds)


def test_moments() -> None:
    assert moment("2026-11-01") == datetime(2026, 11, 1, tzinfo=UTC)
    assert moment("2026-11-01T12:00:00+02:00") == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert abs(moment("1d") + timedelta(days=1) - datetime.now(UTC)) < timedelta(minutes=1)


def test_lists() -> None:
    assert split_list(["a, b", "", "b,c"]) == ("a", "b", "c")


def test_the_bar_shows_the_rate_of_the_last_seconds() -> None:
    console = Console(io.StringIO(), io.StringIO(), io.StringIO())
    bar = Bar(console, "Importing", clock=lambda: 0.0)
    assert bar.line(100, share=0.25, now=2.0) == "Importing  ██████░░░░░░░░░░░░░░░░░░  25%  100 rows  50/s  ETA 0:06"
    assert "ETA" not in bar.line(100, share=None, now=3.0)
    bar.line(1_000, share=0.5, now=20.0)
    assert "10/s" in bar.line(1_050, share=0.6, now=25.0)
    assert [duration(seconds) for seconds in (0.4, 59.6, 3_725)] == ["0:00", "1:00", "1:02:05"]


def test_the_embedder_of_an_index_is_kept(filled: CommandLine, tmp_path: Path) -> None:
    ran = filled("recall", "q", "--embedder", "default")
    assert (ran.code, "hashing" in ran.err) == (2, True)


def test_only_the_command_that_runs_is_imported() -> None:
    parser = build_parser(["--help"])
    assert parser.parse_args(["stats"]).command == "stats"


def test_what_is_printed_for_a_latin_terminal_is_escaped_not_fatal(tmp_path: Path) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="latin-1")
    Console(io.StringIO(), out, io.StringIO()).result({}, ["日本 é"])
    assert raw.getvalue() == b"\\u65e5\\u672c \xe9\n"


def test_recall_explains_itself_and_a_miss(run: CommandLine) -> None:
    texts = ["The report goes out on Friday.", "Customers get a refund within five days.", "The coffee is cold."]
    keys = [run("remember", text, "--index", "team", "--create", "--agent", "planner").out.strip() for text in texts]
    said = run("recall", "when does the report go out", "--k", "1", "--explain", "--why-not", keys[2], "--json").json
    assert [stage["name"] for stage in said["stages"]][-2:] == ["ranked", "budget"]
    assert said["block"]["entries"][0]["inside"]
    assert said["why_not"]["reason"] == "ranked too low"
    change = next(each for each in said["why_not"]["changes"] if each["control"] == "k")
    assert change["rank"] <= 3
    shown = run("recall", "when does the report go out", "--k", "1", "--explain", "--why-not", keys[2]).out
    assert "Candidates" in shown
    assert "brings it back: " in shown
    assert "not in the index" in run("recall", "report", "--why-not", "never-was").out
