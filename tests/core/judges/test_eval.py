"""`eval pairs --task contradiction`: labels of many sets, times and agents, the tables, the last line."""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import FileReadError
from core.eval import pairs
from core.eval.conflicts import read_labelled
from core.models.judge import ConflictVerdict
from core.models.judges.cues import CuesJudge

A, B = "The limit of gate is 5.", "The limit of gate is 7."


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps({"text_a": A, "text_b": B} | row) for row in rows), encoding="utf-8")
    return path


def evaluated(path: Path, *arguments: str) -> int:
    parser = argparse.ArgumentParser()
    pairs.add_arguments(parser)
    return pairs.run(parser.parse_args(["--pairs", str(path), "--task", "contradiction", *arguments]))


def test_the_last_line_has_the_figures_and_the_table_every_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(
        tmp_path / "pairs.jsonl",
        {"verdict": "contradiction", "at_a": "2026-01-01T00:00:00Z", "at_b": None, "agent_a": "x", "agent_b": "y"},
        {"verdict": "superseded", "at_a": "2026-01-01", "at_b": 1_772_000_000},
        {"verdict": "duplicate", "text_b": A},
        {"verdict": "unrelated", "text_b": "Leila reads crime novels on the train."},
    )
    assert evaluated(path) == 0
    *table, last = capsys.readouterr().out.strip().splitlines()
    found = json.loads(last)
    assert {"precision", "recall", "f1", "auc", "best_f1", "pairs", "ms_per_pair"} <= set(found)
    assert (found["auc"], found["pairs"], found["judge"]) == (1.0, 4, CuesJudge.tag)
    assert table[0].startswith("4 pairs, 2 contradiction or superseded")
    assert all(any(line.startswith(verdict) for line in table) for verdict in ConflictVerdict)


@pytest.mark.parametrize(
    ("row", "clash", "verdict"),
    [
        pytest.param({"verdict": "both_true"}, False, ConflictVerdict.BOTH_TRUE, id="verdict"),
        pytest.param({"verdict": "superseded", "label": 0}, True, ConflictVerdict.SUPERSEDED, id="verdict-before-label"),
        pytest.param({"label": "contradiction"}, True, None, id="nli"),
        pytest.param({"label": "ENTAILMENT"}, False, None, id="capitals"),
        pytest.param({"label": "neutral"}, False, None, id="neutral"),
        pytest.param({"label": "consistent"}, False, None, id="consistent"),
        pytest.param({"label": True}, True, None, id="true"),
        pytest.param({"label": 1}, True, None, id="one"),
        pytest.param({"label": "No_Conflict"}, False, None, id="underscore"),
        pytest.param({"gold_label": "contradiction"}, True, None, id="gold"),
    ],
)
def test_labels_of_many_sets_are_read(
    tmp_path: Path, row: dict[str, Any], clash: bool, verdict: ConflictVerdict | None
) -> None:
    (found,) = read_labelled(written(tmp_path / "pairs.jsonl", row))
    assert (found.clash, found.verdict) == (clash, verdict)


def test_other_fields_and_forms_of_files_are_read(tmp_path: Path) -> None:
    packed = tmp_path / "pairs.csv.gz"
    lines = 'claim_a,claim_b,label,split\n"a, b",c,1,x\nd,e,0,y\n'
    packed.write_bytes(gzip.compress(lines.encode()))
    assert [each.left.text for each in read_labelled(packed, texts="claim")] == ["a, b", "d"]
    assert [each.clash for each in read_labelled(packed, texts="claim", split="y")] == [False]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param({"label": "perhaps"}, "line 1: the label 'perhaps' is none that is known", id="label"),
        pytest.param({}, "line 1: the label None", id="no-label"),
        pytest.param({"label": 1, "text_b": 5}, "line 1: a pair needs the texts text_a and text_b", id="no-text"),
        pytest.param({"label": 1, "at_a": "soon"}, "line 1: 'soon' is no time", id="time"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path: Path, row: dict[str, Any], said: str) -> None:
    with pytest.raises(FileReadError, match=said):
        read_labelled(written(tmp_path / "pairs.jsonl", row))


def test_a_file_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileReadError, match="holds no pairs of the split 'x'"):
        read_labelled(written(tmp_path / "pairs.jsonl", {"label": 1}), split="x")
