"""The commands import and export: what goes in, what is told, what comes out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.core.commandline import ROWS, CommandLine


def test_import_says_what_came_of_every_row(run: CommandLine, file: Path) -> None:
    first = run("import", str(file), "--index", "team")
    assert (first.code, first.err) == (0, "")
    assert "3 rows for index 'team'" in first.out
    assert "3 written" in first.out
    again = run("import", str(file), "--index", "team", "--json")
    assert again.code == 0
    assert again.json | {"seconds": 0} == {
        "index": "team",
        "stopped": False,
        "rows": 3,
        "written": 0,
        "replaced": 0,
        "unchanged": 3,
        "repeated": 0,
        "failed": 0,
        "vectors_left_out": 0,
        "redacted": 0,
        "quarantined": 0,
        "dry_run": False,
        "seconds": 0,
        "plan_id": None,
        "errors": [],
    }


def test_import_reports_bad_lines_and_goes_on(run: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    path.write_bytes(b'{"content": "good"}\nbad\n\n{"content": "\xff"}\n[1]\n')
    log = tmp_path / "failed.jsonl"
    ran = run("import", str(path), "--index", "team", "--errors", str(log))
    assert ran.code == 1
    assert [line.split(": ")[0] for line in ran.err.splitlines()] == [f"{path}:{n}" for n in (2, 4, 5)]
    assert "1 written, 3 failed" in ran.out
    assert [json.loads(line)["line"] for line in log.read_text(encoding="utf-8").splitlines()] == [2, 4, 5]


def test_import_shows_the_first_bad_lines_only(run: CommandLine) -> None:
    ran = run("import", "-", "--index", "team", stdin=b"bad\n" * 50)
    assert ran.code == 1
    assert len(ran.err.splitlines()) == 21
    assert "--errors FILE lists them all" in ran.err
    assert len(run("import", "-", "--index", "team", "--json", stdin=b"bad\n" * 50).json["errors"]) == 50


def test_import_reads_gzip_from_stdin_whatever_its_name(run: CommandLine, tmp_path: Path) -> None:
    data = gzip.compress(b'{"content": "one"}\n') + gzip.compress(b'{"content": "two"}\n')
    (tmp_path / "rows.jsonl").write_bytes(data)
    assert run("import", "-", "--index", "team", "--json", stdin=data).json["written"] == 2
    assert run("import", str(tmp_path / "rows.jsonl"), "--index", "team", "--json").json["unchanged"] == 2


def test_import_of_nothing_is_1(run: CommandLine) -> None:
    ran = run("import", "-", "--index", "team")
    assert (ran.code, "Nothing to import" in ran.out) == (1, True)


def test_tenants(run: CommandLine, file: Path) -> None:
    assert run("import", str(file), "--index", "notes", "--tenant", "acme").code == 0
    assert run("import", str(file), "--index", "notes", "--tenant", "acme").code == 0
    ran = run("import", str(file), "--index", "notes", "--tenant", "other")
    assert (ran.code, "acme" in ran.err) == (2, True)


def test_a_dry_run_creates_nothing(run: CommandLine, file: Path) -> None:
    ran = run("import", str(file), "--index", "team", "--dry-run")
    assert (ran.code, "3 would be written" in ran.out) == (0, True)
    assert not (file.parent / "store").exists()
    run("remember", "x", "--index", "other", "--create")
    assert "3 would be written" in run("import", str(file), "--index", "team", "--dry-run").out
    assert "no index 'team'" in run("recall", "q", "--index", "team").err


def test_export_imports_back_to_the_same(filled: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl.gz"
    assert filled("export", "--output", str(out), "--json").json["memories"] == 3
    assert [json.loads(line) for line in gzip.decompress(out.read_bytes()).splitlines()] == ROWS
    assert filled("import", str(out), "--index", "team", "--json").json["unchanged"] == 3
    assert [json.loads(line) for line in filled("export").out.splitlines()] == ROWS


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        pytest.param([], ["a1", "a2", "a3"], id="everything"),
        pytest.param(["--agent", "planner"], ["a1", "a3"], id="agent"),
        pytest.param(["--agent", "planner", "--active"], ["a1"], id="active"),
        pytest.param(["--team", "unknown"], ["a1", "a3"], id="unknown-team"),
        pytest.param(["--tag", "rule"], ["a2"], id="tag"),
        pytest.param(["--since", "1d"], [], id="since"),
    ],
)
def test_export_of_a_scope(filled: CommandLine, options: list[str], keys: list[str]) -> None:
    ran = filled("export", *options)
    assert (ran.code, [json.loads(line)["key"] for line in ran.out.splitlines()]) == (0, keys)


def test_export_with_vectors_imports_without_embedding(filled: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert filled("export", "--vectors", "--output", str(out)).code == 0
    assert len(json.loads(out.read_text(encoding="utf-8").splitlines()[0])["vector"]) == 384
    left = filled("import", str(out), "--index", "other")
    assert "3 rows brought a vector of their own, which was left out" in left.out
    assert filled("import", str(out), "--index", "third", "--use-vectors", "--json").json["written"] == 3
    assert filled("import", str(out), "--index", "third", "--use-vectors", "--json").json["unchanged"] == 3


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["import", "dry-run"])
def test_another_embedder_is_refused_before_the_first_line(
    filled: CommandLine, file: Path, options: tuple[str, ...]
) -> None:
    ran = filled("import", str(file), "--index", "team", "--embedder", "default", *options)
    assert (ran.code, ran.out) == (2, "")
    assert "was written with hashing" in ran.err


def test_export_to_csv_has_the_mark_in_files_only(filled: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert filled("export", "--format", "csv", "--output", str(out)).out == f"3 memories written to {out}.\n"
    assert out.read_bytes().startswith(b'\xef\xbb\xbf"key","content"')
    assert filled("export", "--format", "csv").out.startswith('"key","content"')
