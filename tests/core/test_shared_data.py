"""Real data goes in and comes out whole: every memory set of shared/data, beside the repository, where it is there."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main

DATA = Path(__file__).parents[2].parent / "shared" / "data"
SETS = {
    "generative_agents": 2_105,
    "whowhen_captainagent": 1_099,
    "taubench_airline": 5_109,
    "locomo_a": 4_401,
    "memorybank": 1_132,
}


def rows_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def set_file(name: str) -> Path:
    path = DATA / name / "memories.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no {name}/memories.jsonl.gz in {DATA}: the set is not part of the repository")
    return path


Command = Callable[..., dict[str, Any]]


def command_over(store: Path) -> Command:
    """Return what runs a command over a store and returns what it says as JSON."""

    def command(*argv: str) -> dict[str, Any]:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
            patch.setenv("MNEMOSCOPE_STORE", str(store))
            patch.setenv("MNEMOSCOPE_EMBEDDER", "hashing")
            assert main([*argv, "--json"]) == 0
        answer: dict[str, Any] = json.loads(out.buffer.getvalue())
        return answer

    return command


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return command_over(tmp_path / "store")


@dataclass(frozen=True)
class Team:
    """The index of all sets: what its import said, and what came out of it again, by key."""

    command: Command
    imported: dict[str, Any]
    exported: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    directory = tmp_path_factory.mktemp("team")
    command, out = command_over(directory / "store"), directory / "out.jsonl.gz"
    imported = command("import", *(str(set_file(name)) for name in SETS), "--index", "team", "--no-guard")
    command("export", "--index", "team", "--output", str(out))
    rows = rows_of(out)
    assert [row["key"] for row in rows] == sorted(row["key"] for row in rows)
    return Team(command, imported, {row["key"]: row for row in rows})


@pytest.mark.parametrize(("name", "count"), SETS.items())
def test_a_set_comes_back_with_every_field_equal(team: Team, name: str, count: int) -> None:
    source = rows_of(set_file(name))
    assert len(source) == count
    assert [team.exported.get(row["key"]) for row in source] == source
    report = team.command("import", str(set_file(name)), "--index", "team", "--no-guard")
    assert (report["unchanged"], report["written"]) == (count, 0)


def test_all_sets_share_one_index(team: Team) -> None:
    assert (team.imported["written"], team.imported["failed"]) == (sum(SETS.values()), 0)
    assert len(team.exported) == sum(SETS.values())


def test_reflections_that_expired_are_swept_and_brought_back(command: Command, tmp_path: Path) -> None:
    source, before, after = set_file("generative_agents"), tmp_path / "before.jsonl.gz", tmp_path / "after.jsonl.gz"
    command("import", str(source), "--index", "team")
    command("export", "--index", "team", "--vectors", "--output", str(before))
    dry = command("sweep", "--policy", "expiry", "--dry-run")
    assert (dry["seen"], dry["proposed"], dry["counts"]) == (2_105, 364, {"expiry: retire": 364})
    swept = command("sweep", "--policy", "expiry", "--yes")
    assert (swept["done"], swept["failed"], swept["complete"]) == (364, {}, True)
    assert command("stats", "--index", "team")["memories"] == 2_105 - 364
    for plan in swept["plans"]:
        command("undo", plan, "--index", "team", "--yes")
    command("export", "--index", "team", "--vectors", "--output", str(after))
    assert rows_of(after) == rows_of(before)
