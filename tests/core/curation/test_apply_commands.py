"""apply, undo, restore and approve, as they are typed."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from core.commands.applying import stopping
from tests.core.commandline import CommandLine


@pytest.fixture
def plan(filled: CommandLine, tmp_path: Path) -> Path:
    """A plan that retires one of the memories."""
    return planned(filled, tmp_path / "plan.json", "a1")


def planned(run: CommandLine, path: Path, *keys: str, erase: bool = False) -> Path:
    made = run("plan", "delete", *keys, *(["--erase"] if erase else []))
    assert made.code == 0, made.err
    path.write_text(made.out, encoding="utf-8")
    return path


def keys_in(run: CommandLine) -> set[str]:
    return {json.loads(line)["key"] for line in run("export", "--format", "jsonl").out.splitlines()}


def id_in(path: Path) -> str:
    found: str = json.loads(path.read_text(encoding="utf-8"))["id"]
    return found


def test_a_plan_is_applied_undone_and_redone(filled: CommandLine, plan: Path) -> None:
    before = filled("export", "--format", "jsonl").out
    ran = filled("apply", str(plan), "--yes")
    assert ran.code == 0, ran.err
    way_back = f"python -m core undo {id_in(plan)} --index team"
    assert ran.out.splitlines() == ["The change was done.", f"To take it back: {way_back}"]
    assert keys_in(filled) == {"a2", "a3"}
    again = filled("apply", str(plan), "--yes", "--json").json
    assert (again["already"], again["state"], again["done"]) == (True, "applied", ["a1"])
    back = filled("undo", id_in(plan), "--yes", "--json").json
    assert sorted(filled("export", "--format", "jsonl").out.splitlines()) == sorted(before.splitlines())
    assert filled("apply", str(plan), "--yes").out.splitlines() == [
        "The change was done before.",
        "1 was taken back since. To do that again:",
        f"  python -m core undo {back['plan_id']} --index team",
    ]
    assert filled("undo", back["plan_id"], "--yes").code == 0
    assert keys_in(filled) == {"a2", "a3"}


def test_a_plan_comes_by_a_file_by_stdin_or_by_its_id(filled: CommandLine, tmp_path: Path) -> None:
    text = planned(filled, tmp_path / "one.json", "a1").read_bytes()
    assert filled("apply", "-", "--yes", stdin=text).code == 0
    kept = filled("plan", "delete", "a2", "--keep").out.strip()
    assert filled("apply", kept, "--yes").code == 0
    assert keys_in(filled) == {"a3"}


@pytest.mark.parametrize(
    ("given", "stdin", "message"),
    [
        pytest.param("never", b"", "No plan 'never' is kept for index 'team'", id="an id of no plan"),
        pytest.param("never.json", b"", "cannot be read", id="no such file"),
        pytest.param("-", b"{", "is no JSON", id="no JSON"),
        pytest.param("-", b"[]", "This is no plan", id="no plan"),
    ],
)
def test_what_is_no_plan_is_refused(filled: CommandLine, given: str, stdin: bytes, message: str) -> None:
    ran = filled("apply", given, "--yes", stdin=stdin)
    assert ran.code == 2
    assert message in ran.err


def test_nobody_there_to_answer_is_a_refusal(filled: CommandLine, plan: Path) -> None:
    ran = filled("apply", str(plan))
    assert (ran.code, ran.out) == (2, "")
    assert "add --yes" in ran.err
    assert "a1" in keys_in(filled)


def test_a_stale_plan_is_refused_and_made_anew(filled: CommandLine, tmp_path: Path) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a1", "a2")
    assert filled("apply", str(planned(filled, tmp_path / "other.json", "a2")), "--yes").code == 0
    ran = filled("apply", str(plan), "--yes")
    assert ran.code == 2
    assert "a2 is gone" in ran.err
    assert "--replan" in ran.err
    assert "a1" in keys_in(filled)
    anew = filled("apply", str(plan), "--replan")
    assert filled("apply", "-", "--yes", stdin=anew.out.encode()).code == 0
    assert keys_in(filled) == {"a3"}


def test_an_erasure_needs_its_words_and_cannot_be_undone(filled: CommandLine, tmp_path: Path) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a1", erase=True)
    refused = filled("apply", str(plan), "--yes")
    assert refused.code == 2
    assert "Type exactly 'erase 1 memory'" in refused.err
    done = filled("apply", str(plan), "--confirm", "erase 1 memory")
    assert (done.code, done.out) == (0, "The change was done.\n")
    assert "a1" not in keys_in(filled)
    ran = filled("undo", id_in(plan), "--yes")
    assert ran.code == 2
    assert "was erased" in ran.err


def test_a_second_admin_approves(filled: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a1", erase=True)
    monkeypatch.setenv("MNEMOSCOPE_SECOND_PERSON", "1")
    apply: list[Any] = ["apply", str(plan), "--confirm", "erase 1 memory"]
    assert "second admin" in filled(*apply).err
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "eve:admin")
    assert "is approved by eve" in filled("approve", str(plan)).out
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "ada:admin")
    assert filled(*apply).code == 0


def test_what_is_forgotten_for_good_waits_for_the_second_admin(filled: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNEMOSCOPE_SECOND_PERSON", "1")
    ran = filled("forget", "a1", "--erase", "--confirm", "erase 1 memory")
    assert (ran.code, "a1" in keys_in(filled)) == (2, True)
    said = re.search("core approve ([0-9a-f]+)", ran.err)
    assert said is not None
    monkeypatch.setenv("MNEMOSCOPE_ACTOR", "eve:admin")
    assert filled("approve", said[1]).code == 0
    monkeypatch.delenv("MNEMOSCOPE_ACTOR")
    assert filled("apply", said[1], "--confirm", "erase 1 memory").code == 0
    assert "a1" not in keys_in(filled)


def test_a_lost_golden_answer_needs_a_reason(filled: CommandLine, plan: Path) -> None:
    added = filled("golden", "add", "quarterly report", "--expect", "a1", "--k", "1", "--name", "report")
    assert added.code == 0, added.err
    ran = filled("apply", str(plan), "--yes")
    assert ran.code == 2
    assert "quarterly report" in ran.err
    assert "--acknowledge REASON" in ran.err
    assert "a1" in keys_in(filled)
    assert filled("apply", str(plan), "--yes", "--acknowledge", "it was sent").code == 0


def test_an_undo_of_some_keys_is_shown_before_it_is_done(filled: CommandLine, tmp_path: Path) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a1", "a2")
    assert filled("apply", str(plan), "--yes").code == 0
    shown = json.loads(filled("undo", id_in(plan), "--key", "a2", "--dry-run", "--reason", "it was right").out)
    assert [(change["key"], change["action"]) for change in shown["changes"]] == [("a2", "put")]
    assert keys_in(filled) == {"a3"}
    assert filled("undo", id_in(plan), "--key", "a2", "--yes").code == 0
    assert keys_in(filled) == {"a2", "a3"}


def test_what_was_there_at_a_moment_comes_back(filled: CommandLine, tmp_path: Path) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a1", "a2")
    begun = json.loads(plan.read_text(encoding="utf-8"))["created_at"]
    assert filled("apply", str(plan), "--yes").code == 0
    shown = json.loads(filled("restore", "--as-of", begun, "--agent", "support", "--dry-run").out)
    assert [change["key"] for change in shown["changes"]] == ["a2"]
    assert filled("restore", "--as-of", begun, "--yes").code == 0
    assert keys_in(filled) == {"a1", "a2", "a3"}


def test_a_restore_says_what_it_leaves(filled: CommandLine, tmp_path: Path) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a2")
    begun = json.loads(plan.read_text(encoding="utf-8"))["created_at"]
    assert filled("apply", str(plan), "--yes").code == 0
    assert filled("forget", "a1", "--erase", "--confirm", "erase 1 memory").code == 0
    ran = filled("restore", "--as-of", begun, "--yes")
    assert ran.code == 0, ran.err
    assert "Left as it is: a1" in ran.err
    assert keys_in(filled) == {"a2", "a3"}


def test_the_import_is_in_the_journal_without_a_count_that_it_could_not_know(filled: CommandLine) -> None:
    (deed,) = filled("journal", "list", "--json").json["deeds"]
    shown = filled("journal", "show", deed["plan_id"]).out
    assert "(import)" in shown
    assert "0 changes" not in shown


def test_nothing_that_holds_any_more_says_why(filled: CommandLine, tmp_path: Path) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a1")
    assert filled("forget", "a1", "--yes").code == 0
    ran = filled("apply", str(plan), "--replan")
    assert ran.code == 2
    assert "holds any more ('a1' is gone)" in ran.err


def test_ctrl_c_stops_between_batches_and_a_second_one_at_once() -> None:
    with stopping() as stopped:
        assert not stopped.is_set()
        signal.raise_signal(signal.SIGINT)
        assert stopped.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_a_plan_says_is_cleaned_before_it_reaches_the_terminal(filled: CommandLine, tmp_path: Path) -> None:
    plan = planned(filled, tmp_path / "plan.json", "a1")
    value = json.loads(plan.read_text(encoding="utf-8"))
    del value["hash"]
    value["title"] = "\x1b]0;owned\x07 plan"
    plan.write_text(json.dumps(value), encoding="utf-8")
    ran = filled("apply", str(plan), "--yes")
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.err + ran.out
