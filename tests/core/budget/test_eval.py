"""How much evidence reaches the prompt: the arithmetic, the ways beside each other, and what is printed last."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.budget import ESTIMATE
from core.eval.context import covered, cut_off
from tests.core.budget.hits import make_hit, make_result
from tests.core.commandline import CommandLine

CROWD = [make_hit(f"same{n}", "The stove in the kitchen is idle.", 0.9 - n / 1_000) for n in range(6)]
FACT = make_hit("fact", "The party is at the cafe on Tuesday.", 0.6)
LONG = make_hit("long", "All of it, from the start. " * 60, 0.7)


def test_a_copy_of_the_evidence_counts_and_what_was_not_recalled_does_not() -> None:
    result = make_result([*CROWD, FACT])
    assert covered(result, ["same0"], ["same3"]) == 1
    assert covered(result, ["same0"], ["same3", "fact"]) == 0.5
    assert covered(result, ["fact"], ["lost", "fact"]) == 0.5
    assert covered(result, [], ["fact"]) == 0


def test_cutting_off_stops_at_what_does_not_fit_and_filling_goes_on() -> None:
    result = make_result([CROWD[0], LONG, FACT])
    assert cut_off(result, 150, ESTIMATE, fill=False) == ["same0"]
    assert cut_off(result, 150, ESTIMATE, fill=True) == ["same0", "fact"]
    assert cut_off(result, 10, ESTIMATE, fill=True) == []


def rows_file(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("\n".join(map(json.dumps, rows)))
    return str(path)


def test_a_run_prints_the_ways_beside_each_other(run: CommandLine, tmp_path: Path) -> None:
    memories = [
        {"key": f"idle{n}", "content": "The espresso machine in the kitchen is idle.", "team_id": "alpha"} for n in range(8)
    ]
    memories.append({"key": "broken", "content": "The espresso machine leaks, the repair is on Monday.", "team_id": "alpha"})
    memories.append({"key": "asks", "content": "What about the espresso machine in the kitchen?", "team_id": "alpha"})
    questions = [{"reflection_key": "asks", "evidence_keys": ["broken"]}]
    files = ["--memories", rows_file(tmp_path / "m", memories), "--questions", rows_file(tmp_path / "q", questions)]
    ran = run("eval", "context", *files, "--budgets", "120,2000", "--json")
    assert ran.code == 0
    assert (ran.json["memories"], ran.json["questions"], ran.json["k"]) == (9, 1, 100)
    small, large = ran.json["budgets"]["120"], ran.json["budgets"]["2000"]
    assert (small["cut_off"], small["filled"], small["chosen"]) == (0, 0, 1)
    assert (large["cut_off"], large["chosen"]) == (1, 1)
    assert 0 < small["tokens"] <= 120
    table = run("eval", "context", *files, "--budgets", "120").out.splitlines()
    assert table[1].split() == ["budget", "cut", "off", "filled", "chosen", "tokens", "ms"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param(["--budgets", "500,x"], "are no budgets", id="budgets"),
        pytest.param(["--k", "0"], "--k is 0", id="k"),
        pytest.param(["--tokenizer", "gpt"], "There is no tokenizer 'gpt'", id="tokenizer"),
    ],
)
def test_what_makes_no_sense_is_refused(run: CommandLine, tmp_path: Path, options: list[str], said: str) -> None:
    files = ["--memories", rows_file(tmp_path / "m", []), "--questions", rows_file(tmp_path / "q", [])]
    ran = run("eval", "context", *files, *options)
    assert (ran.code, said in ran.err) == (2, True)
