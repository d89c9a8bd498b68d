"""The retrieval figures: their arithmetic, the files they read, and what they print last."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, FileReadError
from core.eval import retrieval
from core.eval.retrieval import Outcome, Question


def outcome(ranks: tuple[int, ...], evidence: int) -> Outcome:
    return Outcome(Question("q", tuple(f"k{n}" for n in range(evidence))), ranks, 10.0)


def test_the_arithmetic() -> None:
    found = retrieval.figures([outcome((2, 3), 4), outcome((), 1), outcome((1,), 1)])
    assert (found.questions, found.hit, found.ms_per_query) == (3, pytest.approx(2 / 3), 10)
    assert found.recall == pytest.approx((0.5 + 0 + 1) / 3)
    assert found.mrr == pytest.approx((0.5 + 0 + 1) / 3)
    assert retrieval.figures([]).questions == 0


MEMORIES = [
    {"key": "a", "content": "The espresso machine in the kitchen is broken.", "team_id": "alpha"},
    {"key": "b", "content": "Invoices are paid within thirty days.", "team_id": "alpha"},
    {"key": "c", "content": "The espresso machine is new.", "team_id": "beta", "expires_at": "2020-01-01T00:00:00Z"},
    {"content": None},
]
QUESTIONS = [
    {"question": "What about the espresso machine?", "team_id": "beta", "evidence_keys": ["c"], "category": "kitchen"},
    {"question": "When are invoices paid?", "team_id": "alpha", "evidence_keys": ["b"], "answer": 30},
    {"question": "No evidence", "evidence_keys": []},
]


@pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
def test_a_run_ends_with_json(tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str) -> None:
    memories, questions = tmp_path / "m.jsonl.gz", tmp_path / "q.jsonl"
    memories.write_bytes(gzip.compress("\n".join(map(json.dumps, MEMORIES)).encode()))
    questions.write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(map(json.dumps, QUESTIONS)).encode())
    parser = argparse.ArgumentParser()
    retrieval.add_arguments(parser)
    args = ["--memories", str(memories), "--questions", str(questions), "--k", "1", "--mode", mode, "--per-team"]
    assert retrieval.run(parser.parse_args(args)) == 0
    printed = capsys.readouterr()
    last = json.loads(printed.out.strip().splitlines()[-1])
    assert {name: last[name] for name in ("hit", "recall", "mrr", "questions", "memories", "mode")} == {
        "hit": 1.0,
        "recall": 1.0,
        "mrr": 1.0,
        "questions": 2,
        "memories": 3,
        "mode": mode,
    }
    assert last["ms_per_query"] > 0
    assert [line.split()[0] for line in printed.out.splitlines()[1:-1]] == ["category", "kitchen", "other", "all"]
    assert "line 4: content is missing" in printed.err


def evaluate(directory: Path, memories: list[Any], questions: list[Any], *options: str) -> int:
    paths = []
    for name, rows in (("memories", memories), ("questions", questions)):
        path = directory / f"{name}.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)))
        paths += [f"--{name}", str(path)]
    parser = argparse.ArgumentParser()
    retrieval.add_arguments(parser)
    return retrieval.run(parser.parse_args([*paths, *options]))


def test_evidence_that_no_memory_has_counts_as_not_found_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = [{"question": "invoices?", "evidence_keys": ["b", "zz"]}, {"question": "espresso?", "evidence_keys": ["zz"]}]
    evaluate(tmp_path, [*MEMORIES, MEMORIES[1]], questions, "--mode", "text", "--k", "10", "--per-team")
    printed = capsys.readouterr()
    last = json.loads(printed.out.strip().splitlines()[-1])
    assert (last["hit"], last["recall"], last["memories"]) == (0.5, 0.25, 3)
    assert "1 of 2 evidence keys are not among the memories" in printed.err


@pytest.mark.parametrize("k", ["0", "10001"])
def test_a_k_that_makes_no_sense_is_refused_before_anything_is_embedded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], k: str
) -> None:
    with pytest.raises(ConfigError, match=f"--k is {k}"):
        evaluate(tmp_path, MEMORIES, QUESTIONS, "--k", k)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b'{"question": "a"', "line 1 is not JSON", id="broken"),
        pytest.param(b"[1]", "line 1 must be a JSON object", id="list"),
        pytest.param(b'{"evidence_keys": []}', "line 1: a question needs", id="no-question"),
        pytest.param(b'{"question": "q", "team_id": 5}', "line 1: team_id 5 must be text", id="team-number"),
        pytest.param(b"\xff\xfe", "line 1 is not JSON", id="bytes"),
        pytest.param(b"\x1f\x8b\x08broken", "cannot be read", id="half-a-gzip"),
        pytest.param(None, "cannot be read", id="missing"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, data: bytes | None, said: str) -> None:
    path = tmp_path / "questions.jsonl"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileReadError, match=said):
        retrieval.read_questions(path)
