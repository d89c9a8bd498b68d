"""What somebody else wrote into a plan, a rule or the files of the ledger, as the commands meet it: words, no traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.core.commandline import CommandLine

HOSTILE = "\x1b]0;owned\x07\u202eTitle\nAll 9 changes were done.\r\n<b>**x**</b>" + "x" * 12_000
ANN = {"MNEMOSCOPE_ACTOR": "ann:reviewer"}


def plan_of(run: CommandLine, *given: str, **changes: Any) -> bytes:
    value = json.loads(run("plan", *given).out)
    del value["hash"]
    value["changes"] = [{**change, **changes.pop("each", {})} for change in value["changes"]]
    return json.dumps(value | changes).encode()


@pytest.mark.parametrize("command", ["apply", "approve", "preflight"])
def test_what_a_plan_says_makes_no_line_of_its_own(filled: CommandLine, command: str) -> None:
    text = plan_of(filled, "delete", "a1", title=HOSTILE, reason=HOSTILE, each={"reason": HOSTILE}, author=HOSTILE)
    options = {"apply": ["--yes"]}.get(command, [])
    ran = filled(command, "-", *options, stdin=text)
    assert ran.code == 0, ran.err
    said = ran.out + ran.err
    assert not re.search("[\x1b\x07\u202e]", said)
    assert "All 9 changes were done." not in [line.strip() for line in said.splitlines()]
    assert len(said) < 2_000
    for shown in (filled("journal", "list"), filled("journal", "show", json.loads(text)["id"])):
        assert not re.search("[\x1b\x07\u202e]", shown.out + shown.err)
        assert len(shown.out) < 3_000


def test_who_approves_sees_what_they_approved(filled: CommandLine) -> None:
    ran = filled("approve", "-", stdin=plan_of(filled, "delete", "a1", "--erase", title="Tidy up the tags"))
    assert "erase   a1" in ran.out
    assert "erase 1) is approved by local" in ran.out


@pytest.mark.parametrize("command", [["apply", "-", "--yes"], ["forget", "a1", "--yes"]], ids=["apply", "forget"])
def test_leaving_the_preflight_out_needs_a_reason_that_says_something(filled: CommandLine, command: list[str]) -> None:
    text = plan_of(filled, "delete", "a1")
    ran = filled(*command, "--no-preflight", " ", stdin=text)
    assert (ran.code, "needs a reason" in ran.err) == (2, True)
    assert filled("journal", "list", "--json").json["plans"] == 1


@pytest.mark.parametrize(
    ("given", "stdin"),
    [
        pytest.param(["apply", "a" * 5_000, "--yes"], b"", id="a name that is too long"),
        pytest.param(["apply", "-", "--yes"], b"\xff\xfe", id="no UTF-8"),
        pytest.param(["apply", "-", "--yes"], b"[" * 1_000_000, id="deep"),
        pytest.param(["preflight", "-"], b'{"format":1,"id":"' + b"x" * 20_000_000 + b'"}', id="20 MB"),
        pytest.param(["golden", "import", "-"], b'{"name":' + b"[" * 100_000, id="a deep golden query"),
        pytest.param(["plan", "edit", "--from", "-"], b'{"key":' + b"[" * 100_000, id="deep edits"),
        pytest.param(["plan", "edit", "a1", "--set-json", "x=" + "[" * 50_000], b"", id="a deep value"),
        pytest.param(["sweep", "--policy", "RULES", "--dry-run"], b"[" * 100_000, id="deep rules"),
        pytest.param(["sweep", "--policy", "RULES", "--dry-run"], b'{"expiry": {"grace_days": NaN}}', id="rules with NaN"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_few_words(
    filled: CommandLine, tmp_path: Path, given: list[str], stdin: bytes
) -> None:
    rules = tmp_path / "rules.json"
    rules.write_bytes(stdin)
    ran = filled(*(str(rules) if part == "RULES" else part for part in given), stdin=stdin)
    assert ran.code == 2
    assert ran.err.startswith("python -m core: ")
    assert len(ran.err) < 700


def rewritten(path: Path, table: str, edit: Callable[[Any], Any], where: str = "1") -> None:
    """Change the JSON values of a table."""
    column = "value" if table == "document" else "body"
    with closing(apsw.Connection(str(path))) as connection:
        for number, body in connection.execute(f"SELECT rowid, {column} FROM {table} WHERE {where}").fetchall():
            after = json.dumps(edit(json.loads(body))).encode()
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (after, number))


def without(*path: str) -> Callable[[Any], Any]:
    def edit(value: Any) -> Any:
        inner = value
        for name in path[:-1]:
            inner = inner[name]
        del inner[path[-1]]
        return value

    return edit


@pytest.mark.parametrize(
    ("number", "edit"),
    [
        pytest.param(1, without("body", "title"), id="begun without a title"),
        pytest.param(1, lambda value: value | {"body": {}}, id="begun without anything"),
        pytest.param(2, without("body", "changes"), id="prepared without changes"),
        pytest.param(2, without("body", "batch"), id="prepared without a batch"),
        pytest.param(3, lambda value: value | {"body": {"batch": 0, "done": 7, "failed": []}}, id="applied of a number"),
        pytest.param(4, lambda value: value | {"body": {"state": "odd"}}, id="ended oddly"),
    ],
)
def test_a_journal_that_does_not_say_what_it_should_is_told_in_words(
    filled: CommandLine, number: int, edit: Callable[[Any], Any]
) -> None:
    plan = filled("journal", "list", "--json").json["deeds"][0]["plan_id"]
    rewritten(filled.store / "journal.sqlite", "entry", edit, f"number = {number}")
    assert filled("journal", "verify").code == 1
    for command in (["undo", plan, "--yes"], ["restore", "--as-of", "1h", "--later", "retire", "--yes"]):
        ran = filled(*command)
        assert ran.code in (0, 2)
        assert "Traceback" not in ran.err
        assert ran.code == 0 or "restore the journal from a backup" in ran.err or "Nothing" in ran.err


@pytest.mark.parametrize("value", [{}, [1], "x", {"changes": 7}, None], ids=repr)
def test_documents_that_are_none_stop_nothing_that_does_not_need_them(filled: CommandLine, value: Any) -> None:
    kept = filled("plan", "delete", "a1", "--keep").out.strip()
    assert filled("approve", kept).code == 0
    rewritten(filled.store / "documents.sqlite", "document", lambda _: value)
    ran = filled("apply", kept, "--yes")
    assert (ran.code, "Traceback" in ran.err) == (2, False)
    erased = filled("forget", "a2", "--erase", "--confirm", "erase 1 memory")
    assert erased.code == 0, erased.err
    assert filled("plan", "delete", "a1", "--keep").code == 0
