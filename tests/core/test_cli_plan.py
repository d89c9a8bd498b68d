"""The commands `plan` and `sweep`: plans to review and keep, rules and limits, and who may do what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN
from core.curation.desk import open_desk
from core.curation.plan import Action, plan_from_json
from core.store import MemoryStore
from tests.core.commandline import CommandLine, Ran, rows_file
from tests.core.memory_builders import make_catalog


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a command line over a store with the index team, which has the three memories of ROWS."""
    run = CommandLine(tmp_path, monkeypatch, capfd)
    assert run("import", str(rows_file(tmp_path)), "--index", "team").code == 0
    return run


def store_of(run: CommandLine) -> MemoryStore:
    return make_catalog(run.store).open("team", actor=LOCAL_ADMIN)


def counts(ran: Ran) -> dict[str, Any]:
    plan = plan_from_json(json.loads(ran.out))
    return {"keys": sorted(change.key for change in plan), "actions": sorted({str(change.action) for change in plan})}


@pytest.mark.parametrize(
    ("argv", "keys", "action"),
    [
        pytest.param(["delete", "a1", "a2"], ["a1", "a2"], "retire", id="delete"),
        pytest.param(["delete", "--agent", "planner"], ["a1", "a3"], "retire", id="delete-by-filter"),
        pytest.param(["delete", "--agent", "planner", "--active"], ["a1"], "retire", id="without-expired"),
        pytest.param(["delete", "--all", "--erase"], ["a1", "a2", "a3"], "erase", id="erase-all"),
        pytest.param(["hide", "a2"], ["a2"], "replace", id="hide"),
        pytest.param(["validate", "a2", "--reason", "checked"], ["a2"], "replace", id="validate"),
        pytest.param(["edit", "a1", "--text", "New.", "--set", "type=episodic"], ["a1"], "replace", id="edit"),
        pytest.param(["edit", "a2", "--unset", "team", "--set-json", "level=[1,2]"], ["a2"], "replace", id="edit-fields"),
        pytest.param(["expire"], ["a3"], "retire", id="expire"),
        pytest.param(["expire", "--by-pages"], ["a3"], "retire", id="expire-by-pages"),
    ],
)
def test_a_plan_says_what_would_be_changed(run: CommandLine, argv: list[str], keys: list[str], action: str) -> None:
    ran = run("plan", *argv, "--index", "team")
    assert ran.code == 0
    assert counts(ran) == {"keys": keys, "actions": [action]}
    assert f"Index 'team', plan {json.loads(ran.out)['id']}." in ran.err
    assert run("plan", *argv, "--json").json["changes"]
    assert store_of(run).count(LOCAL_ADMIN) == 3


def test_keys_and_edits_come_from_stdin(run: CommandLine) -> None:
    assert counts(run("plan", "delete", "-", stdin=b"a2\na1\n"))["keys"] == ["a1", "a2"]
    lines = b'{"key": "a1", "notes": "one"}\n\n{"key": "a2", "notes": "two"}\n'
    plan = plan_from_json(json.loads(run("plan", "edit", "--from", "-", stdin=lines).out))
    assert {change.key: change.after.metadata["notes"] for change in plan if change.after} == {"a1": "one", "a2": "two"}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        pytest.param(["delete"], "Nothing was chosen", id="nothing"),
        pytest.param(["delete", "a1", "--all"], "Both keys and filters", id="both"),
        pytest.param(["delete", "-"], "No keys were given on stdin", id="no-keys"),
        pytest.param(["edit", "a1"], "Nothing to edit", id="no-values"),
        pytest.param(["edit", "a1", "--set", "confidence"], "'confidence' sets nothing", id="no-value"),
        pytest.param(["edit", "a1", "--set", "confidence=2"], "must be a number from 0 to 1", id="bad-value"),
        pytest.param(["edit", "a1", "--set-json", "x={"], "is no JSON", id="bad-json"),
        pytest.param(["edit", "a1", "--from", "-"], "leave out the others", id="from-and-keys"),
        pytest.param(["edit", "--from", "-"], "The edits have no line", id="no-lines"),
        pytest.param(["edit", "--from", "nowhere.jsonl"], "cannot be read", id="no-file"),
        pytest.param(["expire", "--rules", "nowhere.json"], "cannot be read", id="no-rules"),
        pytest.param(["expire", "--grace", "-1"], "grace_days is -1.0", id="grace"),
    ],
)
def test_a_plan_without_sense_is_refused(run: CommandLine, argv: list[str], said: str) -> None:
    ran = run("plan", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.parametrize("line", [b"[]", b"{", b'{"notes": "x"}', b'{"key": 1}', b'{"key": "a"}\n{"key": "a"}'])
def test_an_edit_line_without_sense_is_refused(run: CommandLine, line: bytes) -> None:
    assert run("plan", "edit", "--from", "-", stdin=line).code == 2


def test_nothing_to_change_is_exit_code_1(run: CommandLine) -> None:
    ran = run("plan", "decay", "--half-life", "semantic=never", "--threshold", "0.9")
    assert (ran.code, json.loads(ran.out)["changes"]) == (1, [])
    assert "Decay: nothing to do." in ran.err


def test_a_kept_plan_waits_for_another_person(run: CommandLine) -> None:
    ran = run("plan", "delete", "a1", "--keep", "--id", "tidy-1")
    assert (ran.code, ran.out) == (0, "tidy-1\n")
    plan = open_desk(store_of(run)).kept("tidy-1", actor=LOCAL_ADMIN)
    assert plan is not None
    assert plan.counts == {Action.RETIRE: 1}
    assert run("plan", "delete", "a1", "--keep", "--json").json["kept"] is True


def test_what_is_hidden_is_shown_only_when_asked_for(run: CommandLine, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(run("plan", "hide", "a1").out, encoding="utf-8")
    assert run("apply", str(plan), "--index", "team", "--yes").code == 0
    for option, shown in ((), False), (("--include-hidden",), True):
        hits = run("recall", "quarterly report due", *option, "--json").json["hits"]
        assert ("a1" in [hit["memory"]["key"] for hit in hits]) is shown
    assert "a1" in run("export").out
    assert "a1" not in run("export", "--active").out
    assert counts(run("plan", "unhide", "--all"))["keys"] == ["a1"]


def test_a_viewer_plans_and_a_reviewer_sweeps(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ACTOR_VARIABLE, "vera:viewer")
    assert counts(run("plan", "expire"))["keys"] == ["a3"]
    assert run("sweep", "--dry-run", "--json").json["proposed"] == 1
    assert run("sweep", "--yes").code == 2
    monkeypatch.setenv(ACTOR_VARIABLE, "rita:reviewer")
    assert run("sweep", "--yes", "--json").json["done"] == 1


def test_a_sweep_reports_and_can_be_taken_back(run: CommandLine) -> None:
    refused = run("sweep")
    assert (refused.code, store_of(run).count(LOCAL_ADMIN)) == (2, 3)
    assert "add --yes, or --dry-run" in refused.err
    dry = run("sweep", "--dry-run")
    assert "3 memories seen, 1 would be changed." in dry.out
    assert "It expired on 2020-01-01" in dry.out
    ran = run("sweep", "--yes", "--max", "50%")
    assert ran.code == 0
    assert "1 done, 0 failed." in ran.out
    assert "Not measured: sweep: the index has no golden queries." in ran.out
    assert store_of(run).count(LOCAL_ADMIN) == 2
    undo = next(line for line in ran.out.splitlines() if line.startswith("To take it back: "))
    assert run(*undo.removeprefix("To take it back: python -m core ").split(), "--yes").code == 0
    assert store_of(run).count(LOCAL_ADMIN) == 3


def test_a_sweep_takes_rules_from_a_file(run: CommandLine, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps({"expiry": {"stated": False, "rules": []}}), encoding="utf-8")
    assert run("sweep", "--policy", str(rules), "--dry-run", "--json").json["proposed"] == 0
    assert run("sweep", "--rules", str(rules), "--dry-run", "--json").json["proposed"] == 0
    assert "leave one" in run("sweep", "--policy", str(rules), "--rules", str(rules), "--dry-run").err
    assert run("sweep", "--policy", "decay", "--dry-run", "--json").json["proposed"] == 0
    assert run("sweep", "--segment", "0/1", "--dry-run", "--json").json["proposed"] == 1


@pytest.mark.parametrize(
    "argv",
    [
        ["--segment", "4/4"],
        ["--segment", "x"],
        ["--max", "0"],
        ["--max", "150%"],
        ["--max", "many"],
        ["--policy", "nothing"],
    ],
    ids=" ".join,
)
def test_a_sweep_without_sense_is_refused(run: CommandLine, argv: list[str]) -> None:
    assert run("sweep", *argv, "--dry-run").code == 2


def test_rules_are_shown_saved_and_gone_by(run: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run("rules", "show")
    assert "Nobody saved rules" in shown.err
    rules = json.loads(shown.out)
    rules["expiry"]["stated"] = False
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(rules), encoding="utf-8")
    assert run("plan", "expire").code == 0
    assert run("rules", "save", str(file)).code == 0
    assert run("plan", "expire").code == 1
    assert run("rules", "show", "--json").json["saved"]
    assert run("rules", "save", "-", stdin=b"[]").code == 2
    monkeypatch.setenv(ACTOR_VARIABLE, "rita:reviewer")
    assert run("rules", "save", str(file)).code == 2


def test_plans_that_are_kept_are_listed_and_discarded(run: CommandLine) -> None:
    assert "No plan is kept" in run("plan", "list").out
    kept = run("plan", "delete", "a2", "--keep", "--reason", "old").out.strip()
    assert kept in run("plan", "list").out
    assert [one["plan_id"] for one in run("plan", "list", "--json").json["plans"]] == [kept]
    assert run("plan", "discard", kept).code == 0
    assert run("plan", "discard", kept).code == 1
    assert run("plan", "list", "--json").json["plans"] == []


def test_a_plan_of_a_rule_has_at_most_so_many_changes(run: CommandLine) -> None:
    assert len(json.loads(run("plan", "expire", "--max", "1").out)["changes"]) == 1


def test_a_validation_counts_what_is_there(run: CommandLine) -> None:
    assert json.loads(run("plan", "validate", "a1", "never").out)["title"] == "Confirm that 1 memory still holds true"


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        pytest.param({"expiry": {"rulez": []}}, "The expiry rules have no 'rulez'", id="unknown"),
        pytest.param({"expiry": {"rules": [{"name": "x"}]}}, "The fields of expiry rule 1 lack after_days", id="missing"),
        pytest.param({"expiry": {"rules": {"name": "x"}}}, "write a list of objects", id="no-list"),
        pytest.param({"expiry": {"rules": [3]}}, "The fields of expiry rule 1 are 3", id="no-object"),
        pytest.param({"expiry": {"never": 3}}, "The expiry rules cannot be read", id="type"),
        pytest.param({"decay": {"half_lives": {"episodic": -1}}}, "The half-life of episodic is -1", id="days"),
        pytest.param({"decay": []}, "The decay rules are []", id="decay"),
    ],
)
def test_rules_without_sense_are_refused_in_words(run: CommandLine, rules: dict[str, Any], said: str) -> None:
    ran = run("rules", "save", "-", stdin=json.dumps(rules).encode())
    assert ran.code == 2
    assert said in ran.err
    assert "__init__" not in ran.err
