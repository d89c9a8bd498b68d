"""`extract`, `eval extract` and the forms of turns that both read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, FileReadError
from core.eval.extract import matched, read_labelled_turns
from core.extract import (
    AgentTurn,
    Candidate,
    Kind,
    LocalExtractor,
    Role,
    extractor_of,
    memory_of,
    read_turn,
    turns_in,
)
from core.memory import to_metadata
from tests.core.commandline import CommandLine
from tests.core.extract.turns import extracted, user

TURNS = Path(__file__).parents[3] / "benchmarks" / "extraction" / "turns.jsonl"
SAID = {"messages": [{"role": "user", "content": "I prefer tea. What is on today?"}], "agent_id": "host", "id": "t-1"}
NOW = datetime(2026, 5, 4, tzinfo=UTC)

OPENAI = [
    {"role": "developer", "content": "Be brief."},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "c1", "function": {"name": "add", "arguments": '{"a": 1}'}}],
    },
    {"role": "tool", "tool_call_id": "c1", "content": '{"ok": true}'},
]
ANTHROPIC = [
    {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "add", "input": {"a": 1}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": '{"ok": true}'}]},
]
CONVERSE = [
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "c1", "name": "add", "input": {"a": 1}}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "c1", "content": [{"json": {"ok": True}}]}}]},
]


@pytest.mark.parametrize(
    "messages",
    [pytest.param(OPENAI, id="openai"), pytest.param(ANTHROPIC, id="anthropic"), pytest.param(CONVERSE, id="converse")],
)
def test_calls_and_results_are_read_in_every_form(messages: list[dict[str, Any]]) -> None:
    turn = read_turn({"messages": messages})
    (said,) = [message for message in turn.messages if message.role is Role.TOOL]
    assert (said.name, said.text) == ("add", '{"ok": true}')
    assert [one.content for one in LocalExtractor().extract(turn).candidates] == ["add (a 1): ok yes"]


@pytest.mark.parametrize("block", [{"toolUse": "x"}, {"toolUse": ["x"]}, {"toolResult": "x"}, {"toolResult": 4}])
def test_a_block_of_another_form_is_read_without_it(block: dict[str, Any]) -> None:
    messages = [{"role": "user", "content": [block, {"text": "I prefer tea."}]}]
    found = LocalExtractor().extract(read_turn({"messages": messages}))
    assert [one.content for one in found.candidates] == ["The user prefers tea."]


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        pytest.param(json.dumps(SAID), 1, id="one"),
        pytest.param(f"{json.dumps(SAID)}\n\n{json.dumps(SAID)}\n", 2, id="lines"),
        pytest.param(json.dumps([SAID, SAID]), 2, id="a-list-of-turns"),
        pytest.param(json.dumps(SAID["messages"]), 1, id="a-list-of-messages"),
        pytest.param(json.dumps(SAID, indent=2), 1, id="pretty"),
        pytest.param("The pump has 6 valves.", 1, id="text"),
    ],
)
def test_turns_come_in_many_files(text: str, turns: int) -> None:
    found = list(turns_in(text, name="x"))
    assert len(found) == turns
    assert all(LocalExtractor().extract(turn).candidates for turn in found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(" ", "x is empty", id="empty"),
        pytest.param('{"messages": 1}', "is no turn", id="no-messages"),
        pytest.param('{"messages": [{"role": "ghost"}]}', "is no message", id="role"),
        pytest.param('{"messages": [{"role": "user", "content": 4}]}', "neither a text nor", id="content"),
        pytest.param('{"messages": []}\n{"messages"', "x line 2 is not JSON", id="broken"),
        pytest.param('{"messages": [], "at": "soon"}', "is no time", id="time"),
    ],
)
def test_what_is_no_turn_is_named(text: str, said: str) -> None:
    with pytest.raises(FileReadError, match=said):
        list(turns_in(text, name="x"))


def test_an_unknown_extractor_is_refused() -> None:
    with pytest.raises(ConfigError, match="no extractor 'gpt'"):
        extractor_of("gpt")


def test_a_memory_says_where_it_is_from_and_has_the_same_key_again() -> None:
    found = extracted(user("I prefer tea."), task_id="lunch", id="t-9")
    turn = AgentTurn((user("I prefer tea."),), "t-9", None, "planner", None, "lunch")
    one, again = (memory_of(found.candidates[0], turn, by=found.by, now=NOW) for _ in range(2))
    assert one == again
    assert one.key.startswith("planner:lunch:extract-")
    assert (one.memory_type, one.extra["kind"], one.created_at) == ("semantic", "preference", NOW)
    assert json.loads(one.extra["provenance"])["quote"] == "I prefer tea."
    assert to_metadata(one)["content"] == "The user prefers tea."


def test_extract_prints_and_writes_once(run: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "turn.json"
    file.write_text(json.dumps(SAID), encoding="utf-8")
    shown = run("extract", str(file), "--dropped")
    assert shown.code == 0
    assert "The user prefers tea." in shown.out
    assert "it is a question" in shown.out
    first, again = (run("extract", str(file), "--write", "--index", "team", "--create", "--json").json for _ in range(2))
    assert (first["written"], again["written"]) == (1, 0)
    assert first["turns"][0]["candidates"][0]["quote"] == "I prefer tea."
    rows = [json.loads(line) for line in run("export", "--index", "team").out.splitlines()]
    assert [(row["content"], row["agent_id"], row["kind"]) for row in rows] == [
        ("The user prefers tea.", "host", "preference")
    ]
    assert run("undo", first["plan_id"], "--index", "team", "--yes").code == 0
    assert run("export", "--index", "team").out == ""


def test_what_is_written_goes_past_the_guard(run: CommandLine, tmp_path: Path) -> None:
    secret = "ghp_" + "A1b2C3d4E5f6" * 3
    file = tmp_path / "turn.json"
    said = {"role": "user", "content": f"I prefer the token {secret} for the staging repository."}
    file.write_text(json.dumps({"messages": [said]}), encoding="utf-8")
    run("extract", str(file), "--write", "--index", "team", "--create")
    written = run("export", "--index", "team").out
    assert "staging repository" in written
    assert secret not in written


def test_no_secret_is_left_in_the_provenance(run: CommandLine, tmp_path: Path) -> None:
    key, password = "f83hd7Gh29" + "xkQ0pLmZ7ty", "Wq7!" + "zLm29Kfh"
    call: dict[str, Any] = {
        "id": "c1",
        "function": {"name": "login", "arguments": json.dumps({"user": "bob", "password": password})},
    }
    messages = [
        {"role": "user", "content": f'The API key is "{key}" of staging since 4 May.'},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"status": "ok", "api_key": key})},
    ]
    file = tmp_path / "turn.json"
    file.write_text(json.dumps({"messages": messages}), encoding="utf-8")
    run("extract", str(file), "--write", "--index", "team", "--create")
    written = run("export", "--index", "team").out
    assert "login (user bob, password [redacted:password]): status ok" in written
    assert "of staging" in written
    assert key not in written
    assert password not in written


@pytest.mark.parametrize(
    ("argv", "stdin", "code", "said"),
    [
        pytest.param(["-", "--least", "0.99"], b"The pump has 6 valves.", 0, "0 candidates of 1 turn", id="least"),
        pytest.param(["-", "--text"], b'{"x": 1} The pump has 6 valves.', 0, "1 candidate of 1 turn", id="text"),
        pytest.param(["-"], b"\xff", 2, "is not UTF-8", id="bytes"),
        pytest.param(["/none/x"], b"", 2, "cannot be read", id="no-file"),
        pytest.param(["-", "--create"], b"x", 2, "--create", id="create-alone"),
        pytest.param(["-"], b"The pump\x1b[31m has 6 valves.", 0, "The pump has 6 valves.", id="escapes"),
    ],
)
def test_extract_says_what_it_did(run: CommandLine, argv: list[str], stdin: bytes, code: int, said: str) -> None:
    ran = run("extract", *argv, stdin=stdin)
    assert ran.code == code
    assert said in ran.out + ran.err


def test_the_labelled_turns_are_found_as_the_figures_say(run: CommandLine) -> None:
    ran = run("eval", "extract", "--turns", str(TURNS), "--split", "test")
    *table, last = ran.out.strip().splitlines()
    figures = json.loads(last)
    assert figures["turns"] >= 40
    assert figures["precision"] >= 0.9
    assert figures["recall"] >= 0.85
    assert any(line.startswith("procedure") for line in table)


def test_a_match_needs_message_kind_and_most_of_the_words(tmp_path: Path) -> None:
    text = "One two three four five six."
    path = tmp_path / "turns.jsonl"
    expected = [
        {"kind": "fact", "message": 0, "quote": "One two three four"},
        {"kind": "fact", "message": 0, "quote": "six"},
    ]
    path.write_text(json.dumps({"messages": [{"role": "user", "content": text}], "expected": expected}), encoding="utf-8")
    (labelled,) = read_labelled_turns(path)

    spans = ((Kind.FACT, (0, 13)), (Kind.FACT, (0, 13)), (Kind.DECISION, (24, 27)))
    made = [Candidate("x", kind, 0.5, text[slice(*span)], 0, span, Role.USER, "r") for kind, span in spans]
    strict, loose = (matched(labelled, made, kinds=kinds) for kinds in (True, False))
    assert (len(strict.pairs), len(strict.wrong), len(strict.missed)) == (1, 2, 1)
    assert (len(loose.pairs), len(loose.wrong), len(loose.missed)) == (2, 1, 0)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param({"messages": [], "expected": 1}, "must be a list", id="no-list"),
        pytest.param({"messages": [], "expected": [{"message": 0, "quote": "x"}]}, "needs a `quote`", id="no-message"),
        pytest.param(SAID | {"expected": [{"kind": "fact", "message": 0, "quote": "coffee"}]}, "does not stand", id="quote"),
        pytest.param(SAID | {"expected": [{"kind": "x", "message": 0, "quote": "tea"}]}, "is none of", id="kind"),
    ],
)
def test_labels_that_cannot_be_used_are_named(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    path = tmp_path / "turns.jsonl"
    path.write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(FileReadError, match=said):
        read_labelled_turns(path)
