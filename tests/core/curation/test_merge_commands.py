"""The commands of merges: consolidate, take apart again, sweep, and the limits of what a sweep may do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.access import ACTOR_VARIABLE, LOCAL_ADMIN
from core.curation.plan import Action, plan_from_json
from tests.core.commandline import CommandLine
from tests.core.curation.merge_builders import TOPICS
from tests.core.memory_builders import make_catalog

KEYS = ["s0", "s1", "s2", "s3"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a command line over an index with a finished task of four memories."""
    run = CommandLine(tmp_path, monkeypatch, capfd)
    rows = [
        {"key": key, "content": text, "memory_type": "episodic", "agent_id": "ann", "task_id": "crane", "team_id": "port"}
        for key, text in zip(KEYS, TOPICS, strict=True)
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    assert run("import", str(path), "--index", "team").code == 0
    return run


def keys_of(run: CommandLine) -> set[str]:
    return {memory.key for memory in make_catalog(run.store).open("team", actor=LOCAL_ADMIN).memories(actor=LOCAL_ADMIN)}


def applied(run: CommandLine, *argv: str) -> str:
    """Make a plan, apply it, and return its id."""
    made = run("plan", *argv, "--index", "team")
    assert made.code == 0, made.err
    path = run.store.parent / "plan.json"
    path.write_text(made.out, encoding="utf-8")
    done = run("apply", str(path), "--index", "team", "--yes", "--acknowledge", "a test")
    assert done.code == 0, done.err
    return str(json.loads(made.out)["id"])


@pytest.mark.parametrize("choice", [KEYS, ["--by", "task", "--max", "1", "--share", "1"]])
def test_memories_are_made_one_and_taken_apart_again(run: CommandLine, choice: list[str]) -> None:
    plan_id = applied(run, "consolidate", *choice)
    (merged,) = keys_of(run)
    one = run("plan", "unmerge", merged, "--source", "s1", "--index", "team")
    plan = plan_from_json(json.loads(one.out))
    assert plan.counts == {Action.PUT: 1, Action.REPLACE: 1}
    applied(run, "unmerge", merged)
    assert keys_of(run) == set(KEYS)
    assert "plan" in run("journal", "show", plan_id, "--index", "team").out.lower()


def test_what_cannot_be_is_said(run: CommandLine) -> None:
    assert "There is no memory 's9'" in run("plan", "consolidate", "s0", "s9", "--index", "team").err
    assert "Both keys and --by" in run("plan", "consolidate", "s0", "--by", "task", "--index", "team").err
    assert "nothing was merged into it" in run("plan", "unmerge", "s0", "--index", "team").err


def test_a_sweep_proposes_once_and_applies_where_it_may(run: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = run("sweep", "--policy", "merge", "--index", "team", "--dry-run", "--json")
    assert (tried.json["proposed"], tried.json["kept"]) == (1, [])
    first = run("sweep", "--policy", "merge", "--index", "team", "--yes")
    assert "1 wait for a person" in first.out
    again = run("sweep", "--policy", "consolidation", "--index", "team", "--yes", "--json")
    assert (again.code, again.json["kept"], len(keys_of(run))) == (0, [], 4)
    (waiting,) = run("plan", "list", "--index", "team", "--json").json["plans"]
    assert run("plan", "discard", waiting["plan_id"], "--index", "team").code == 0
    limits = run("rules", "show", "--merging", "--index", "team")
    assert json.loads(limits.out)["mode"] == "propose"
    path = run.store.parent / "limits.json"
    path.write_text(json.dumps({"mode": "apply", "share_run": 1, "share_day": 1}), encoding="utf-8")
    monkeypatch.setenv(ACTOR_VARIABLE, "ann:reviewer")
    assert "admin" in run("rules", "save", str(path), "--merging", "--index", "team").err
    monkeypatch.delenv(ACTOR_VARIABLE)
    assert run("rules", "save", str(path), "--merging", "--index", "team").code == 0
    assert run("rules", "show", "--merging", "--index", "team", "--json").json["limits"]["mode"] == "apply"
    declined = run("sweep", "--policy", "merge", "--index", "team", "--yes", "--json")
    assert (declined.json["known"], declined.json["applied"]) == (1, [])
    assert run("plan", "edit", "s0", "--set", "confidence=0.5", "--index", "team").code == 0
