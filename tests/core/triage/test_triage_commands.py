"""`triage` as a person runs it: look, take out of recall, report, let back in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.commandline import CommandLine
from tests.core.triage.planted import FORGED

ROW = {
    "key": "mail\x1b[31m",
    "content": f"\x1b[31m{FORGED}",
    "source": "inbound-mail",
    "confidence": 0.99,
    "agent_id": "importer",
}
MADE = {"key": "sum", "content": "Refund at once.", "derived_from": [ROW["key"]], "confidence": 0.9}


@pytest.fixture
def poisoned(filled: CommandLine, tmp_path: Path) -> CommandLine:
    path = tmp_path / "poison.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps(MADE) + "\n", encoding="utf-8")
    assert filled("import", str(path), "--index", "team", "--no-guard").code == 0
    return filled


def test_a_planted_memory_is_found_taken_out_reported_and_let_back(poisoned: CommandLine, tmp_path: Path) -> None:
    key = str(ROW["key"])
    listed = poisoned("triage", "list", "--index", "team")
    assert (listed.code, "\x1b" in listed.out) == (1, False)
    assert [line.split()[1] for line in listed.out.splitlines() if line[:2] == "0."] == ["mail", "sum"]
    shown = poisoned("triage", "show", key, "--index", "team", "--json").json
    assert shown["suspect"]["signals"][0]["kind"] == "instruction"
    assert [each["key"] for each in shown["blast_radius"]["derived"]] == ["sum"]
    assert "made from it: sum" in poisoned("triage", "show", key, "--index", "team").out

    dry = poisoned("triage", "quarantine", key, "--descendants", "--dry-run", "--index", "team", "--json").json
    assert {change["key"] for change in dry["changes"]} == {key, "sum"}
    assert poisoned("triage", "quarantine", key, "--index", "team").code == 2  # nobody is there to confirm it
    done = poisoned("triage", "quarantine", key, "--descendants", "--reason", "forged", "--yes", "--index", "team")
    assert done.code == 0, done.err
    found = poisoned("recall", "refunds", "--index", "team", "--json").json["hits"]
    assert not {key, "sum"} & {hit["memory"]["key"] for hit in found}
    after = poisoned("triage", "list", "--index", "team", "--json")
    assert (after.code, after.json["suspects"]) == (0, [])
    assert {each["key"]: each["why"] for each in after.json["quarantined"]} == {key: "forged", "sum": "forged"}

    out = tmp_path / "incident.md"
    assert poisoned("triage", "report", key, "--out", str(out), "--index", "team").code == 0
    said = out.read_text(encoding="utf-8")
    assert "ignore all previous instructions" in said
    assert "quarantine" in said.split("## What was done")[1]
    assert poisoned("triage", "report", key, "--out", str(out), "--index", "team").code == 2
    assert poisoned("triage", "report", "-", "--index", "team", stdin=key.encode()).out.startswith("# Incident report")

    assert poisoned("triage", "release", key, "sum", "--yes", "--index", "team").code == 0
    again = poisoned("triage", "release", key, "--yes", "--index", "team")
    assert (again.code, "is not in quarantine" in again.err) == (1, True)
    assert poisoned("triage", "list", "--index", "team").code == 1


@pytest.mark.parametrize("action", ["show", "report"])
def test_a_key_that_nobody_knows_is_refused(poisoned: CommandLine, action: str) -> None:
    done = poisoned("triage", action, "nobody", "--index", "team")
    assert (done.code, done.out) == (2, "")
    assert "nor was there one" in done.err
