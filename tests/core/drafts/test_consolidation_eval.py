"""The evaluation of consolidation: its figures on a file small enough to know them, and what it refuses."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import FileReadError
from core.eval.consolidation import Kept, answerable, read_labelled
from core.memory import Memory
from tests.core.commandline import CommandLine
from tests.core.memory_builders import make_memory, make_store

MEMORIES = [
    {
        "key": f"m{n}",
        "content": text,
        "memory_type": "episodic",
        "agent_id": "ann",
        "team_id": "port",
        "session_id": f"s{n // 4}",
    }
    for n, text in enumerate(
        f"{what} {where} was checked by the {who} crew."
        for what in ("Crane", "Pump")
        for where in ("north", "south")
        for who in ("night", "day")
    )
]
QUESTIONS = [
    {"question": "Who checked the crane north?", "evidence_keys": ["m0", "m1"], "team_id": "port"},
    {"question": "Who checked the pump south?", "evidence_keys": ["m7"], "team_id": "port"},
    {"question": "What is unknown?", "evidence_keys": []},
    {"reflection_key": "m5", "evidence_keys": ["m4"]},
]


def written(path: Path, rows: list[Any]) -> Path:
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    return path


def test_what_is_answered_before_and_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    run = CommandLine(tmp_path, monkeypatch, capfd)
    files = [str(written(tmp_path / f"{name}.gz", rows)) for name, rows in (("m", MEMORIES), ("q", QUESTIONS))]
    done = run("eval", "consolidation", "--memories", files[0], "--questions", files[1], "--fewer", "25,50", "--k", "3")
    assert done.code == 0, done.err
    figures = json.loads(done.out.splitlines()[-1])
    assert (figures["questions"], figures["k"], figures["memories"], set(figures["fewer"])) == (3, 3, 7, {"25", "50"})
    for each in figures["fewer"].values():
        assert (each["unsupported"], each["memories"] < 7) == (0, True)
        assert 0 < each["coverage"] <= 1
        assert all(0 <= each[name] <= 1 for name in ("after", "same_size", "random", "newest"))
        assert each["seconds"] >= 0
    assert figures["before"] == 1.0


def test_a_merged_memory_answers_by_the_sources_that_it_says(tmp_path: Path) -> None:
    merged = make_memory("merged", "The crane is red.\nThe pump is new.", derived_from=("a", "b", "c"))
    store = make_store(tmp_path, merged)
    _, questions = read_labelled(
        written(tmp_path / "m", [{"key": key, "content": key} for key in "abc"]),
        written(tmp_path / "q", [{"question": "The crane?", "evidence_keys": [key]} for key in "abc"]),
    )
    kept = Kept((merged,), {"merged": frozenset({"a", "b"})})
    row = answerable(store, kept, questions, k=5)
    assert (row["said"], row["source"]) == (pytest.approx(2 / 3), 1.0)
    assert answerable(store, kept, questions, k=5, budget=0.001)["same size"] == 0.0


@pytest.mark.parametrize(
    ("memories", "questions", "said"),
    [
        pytest.param(
            MEMORIES, [{"text": "Who?", "evidence_keys": ["m0"]}], "line 1: a question needs the text", id="no question"
        ),
        pytest.param(MEMORIES, [{"question": "Who?", "evidence_keys": "m0"}], "the list `evidence_keys`", id="no list"),
        pytest.param(
            MEMORIES, [{"question": "Who?", "evidence_keys": ["m0"], "team_id": 3}], "team_id 3 must be", id="team"
        ),
        pytest.param(
            MEMORIES, [{"question": "Who?", "evidence_keys": ["x"]}], "must be keys of these memories", id="no key"
        ),
        pytest.param([{"key": "m0"}], QUESTIONS, "line 1 is no memory", id="no memory"),
    ],
)
def test_what_cannot_be_measured_is_refused(tmp_path: Path, memories: list[Any], questions: list[Any], said: str) -> None:
    with pytest.raises(FileReadError, match=said):
        read_labelled(written(tmp_path / "m", memories), written(tmp_path / "q", questions))


def test_memories_are_chosen_by_type_and_team(tmp_path: Path) -> None:
    files = written(tmp_path / "m", MEMORIES), written(tmp_path / "q", QUESTIONS)
    memories, questions = read_labelled(*files, teams="port", types="episodic")
    assert [type(one) for one in memories] == [Memory] * 7
    assert [one.evidence for one in questions][1:] == [("m7",), ("m4",)]
    assert questions[-1].text == MEMORIES[5]["content"]
    with pytest.raises(FileReadError, match="None of the 0 questions"):
        read_labelled(*files, teams="elsewhere")
