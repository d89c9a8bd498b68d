"""Real data goes in and comes out whole: every memory set of shared/data, beside the repository, where it is there."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
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


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, Any]]:
    monkeypatch.setenv("MNEMOSCOPE_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("MNEMOSCOPE_EMBEDDER", "hashing")

    def command(*argv: str) -> dict[str, Any]:
        assert main([*argv, "--json"]) == 0
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return command


@pytest.mark.parametrize(("name", "count"), SETS.items())
def test_a_set_comes_back_with_every_field_equal(
    command: Callable[..., dict[str, Any]], tmp_path: Path, name: str, count: int
) -> None:
    source, out = set_file(name), tmp_path / "out.jsonl.gz"
    report = command("import", str(source), "--index", "team")
    assert (report["written"], report["failed"]) == (count, 0)
    command("export", "--index", "team", "--output", str(out))
    assert rows_of(out) == sorted(rows_of(source), key=lambda row: row["key"])
    report = command("import", str(source), "--index", "team")
    assert (report["unchanged"], report["written"]) == (count, 0)


def test_all_sets_share_one_index(command: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    files = [str(set_file(name)) for name in SETS]
    report = command("import", *files, "--index", "team")
    assert (report["written"], report["failed"]) == (sum(SETS.values()), 0)
    out = tmp_path / "out.jsonl"
    assert command("export", "--index", "team", "--output", str(out))["memories"] == sum(SETS.values())


def test_reflections_that_expired_are_swept_and_brought_back(command: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
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
