"""Duplicates on the command line: figures of pairs, and the plan of what says the same."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.curation.desk import open_desk
from core.curation.duplicates import content_hash, exact_groups
from core.curation.duplicates.rejected import Rejections, save_rejections
from core.curation.plan import plan_from_json
from core.errors import FileReadError
from core.eval import pairs
from tests.core.commandline import CommandLine
from tests.core.memory_builders import NOW, make_catalog, make_memory, make_store

TEXT = "The quarterly report of the platform team is sent to finance."
LABELLED: list[dict[str, Any]] = [
    {"text_a": TEXT, "text_b": TEXT.lower(), "label": 1, "split": "test"},
    {"text_a": TEXT, "text_b": f"{TEXT}!", "score": 4.0, "split": "test"},
    {"text_a": TEXT, "text_b": TEXT.replace("is sent", "is not sent"), "label": "0", "split": "test"},
    {"text_a": TEXT, "text_b": "Cats sleep.", "score": 0.5, "split": "dev"},
]


def evaluate(path: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    pairs.add_arguments(parser)
    return pairs.run(parser.parse_args(["--pairs", str(path), *arguments]))


def rows_at(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_a_run_ends_with_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rows_at(tmp_path / "pairs.jsonl", LABELLED)
    assert evaluate(path) == 0
    printed = capsys.readouterr().out.strip().splitlines()
    last = json.loads(printed[-1])
    assert list(last) == ["auc", "best_f1", "precision", "recall", "found", "pairs", "ms_per_pair"]
    assert [last[name] for name in ("auc", "best_f1", "precision", "recall", "pairs")] == [1.0, 1.0, 1.0, 1.0, 4]
    assert printed[0].startswith("4 pairs, 2 duplicate")
    assert evaluate(path, "--split", "test") == 0
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["pairs"] == 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        pytest.param([{"text_a": "x", "label": 1}], "line 1: a pair needs the texts", id="text"),
        pytest.param([{"text_a": "x", "text_b": "y"}], "line 1: a pair needs a label", id="label"),
        pytest.param([{"text_a": "x", "text_b": "y", "score": "high"}], "line 1: a pair needs a label", id="score"),
        pytest.param([], "holds no pairs", id="empty"),
        pytest.param(
            [{"text_a": "x", "text_b": "y", "score": 6}], "line 1: .* from 0 to 5, and has the score 6", id="too-much"
        ),
        pytest.param([{"text_a": "x", "text_b": "y", "score": "nan"}], "line 1: .* from 0 to 5", id="nan"),
        pytest.param(
            [{"text_a": "x", "text_b": "y", "label": "perhaps"}], "line 1: the label 'perhaps'", id="unknown-label"
        ),
        pytest.param([{"text_a": "x", "text_b": "y", "label": 2}], "line 1: the label 2", id="number-for-a-label"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_line(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(FileReadError, match=message):
        pairs.read_pairs(rows_at(tmp_path / "pairs.jsonl", rows), yes=frozenset({"1"}))


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        *((1, 0), (True, False), ("1.0", "0"), ("True", "false"), ("Duplicate", "not duplicate"), ("yes", "non-duplicate")),
        *(("entailment", "neutral"), ("consistent", "contradiction"), ("paraphrase", "not_paraphrase")),
    ],
)
def test_labels_are_read_as_sets_write_them(tmp_path: Path, yes: object, no: object) -> None:
    rows = [{"text_a": "x", "text_b": "y", "label": label} for label in (yes, no)]
    assert pairs.read_pairs(rows_at(tmp_path / "pairs.jsonl", rows), yes=pairs.TASKS["duplicate"]().yes).labels == (
        True,
        False,
    )


def test_where_there_is_nothing_to_judge_by_nothing_is_wrong() -> None:
    scores = np.array([0.1, 0.2])
    none = pairs.judged(scores, [True, False], threshold=0.5)
    assert (none.precision, none.recall, none.found) == (1.0, 0.0, 0)
    alone = pairs.judged(scores, [False, False], threshold=0.15)
    assert (alone.auc, alone.best_f1, alone.precision, alone.recall, alone.found) == (0.5, 1.0, 0.0, 1.0, 1)
    assert pairs.judged(scores, [True, True], threshold=0.15).auc == 0.5


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
@settings(max_examples=60, deadline=None)
def test_the_figures_are_those_of_their_definitions(drawn: list[tuple[int, bool]]) -> None:
    labels = [label for _, label in drawn]
    scores = np.array([score / 5 for score, _ in drawn])
    if len(set(labels)) < 2:
        return
    found = pairs.judged(scores, labels, threshold=0.6)
    yes = [score for score, label in zip(scores, labels, strict=True) if label]
    no = [score for score, label in zip(scores, labels, strict=True) if not label]
    won = sum((a > b) + 0.5 * (a == b) for a in yes for b in no)
    assert found.auc == pytest.approx(won / (len(yes) * len(no)))
    f1 = max(2 * sum(s >= t for s in yes) / (sum(s >= t for s in scores) + len(yes)) for t in scores)
    assert found.best_f1 == pytest.approx(f1)
    assert found.recall == sum(score >= 0.6 for score in yes) / len(yes)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a command line over a store with five memories, three of which say the same."""
    run = CommandLine(tmp_path, monkeypatch, capfd)
    texts = {"a": TEXT, "b": TEXT, "c": TEXT.lower(), "d": TEXT.replace("is sent", "is not sent"), "e": "Cats sleep."}
    make_store(run.store, *(make_memory(key, text) for key, text in texts.items()), name="team")
    return run


def keys(run: CommandLine, *argv: str) -> list[str]:
    ran = run("plan", "duplicates", *argv, "--index", "team")
    assert ran.code == 0
    return [change.key for change in plan_from_json(json.loads(ran.out))]


def test_what_says_the_same_is_planned_and_what_clashes_is_said(run: CommandLine) -> None:
    assert keys(run) == ["a", "b", "c"]
    assert keys(run, "--exact") == ["a", "b"]
    assert keys(run, "--survivor", "oldest", "--policy", "keep", "--max", "1", "--threshold", "0.9") == ["a", "b", "c"]
    ran = run("plan", "duplicates", "--index", "team")
    assert "5 memories compared within agent: 1 pairs, all of them." in ran.err
    assert "a and d: status differs: sent | not sent" in ran.err


def test_what_was_rejected_is_not_planned_again(run: CommandLine) -> None:
    store = make_catalog(run.store).open("team", actor=LOCAL_ADMIN)
    (group,) = exact_groups(store.frame(actor=LOCAL_ADMIN))
    assert group.hashes == (content_hash(TEXT),)
    rejected = Rejections().rejecting(group, by="ann", at=NOW)
    save_rejections(store, open_desk(store).ledger.documents, rejected, actor=LOCAL_ADMIN)
    ran = run("plan", "duplicates", "--exact", "--index", "team")
    assert ran.code == 1
