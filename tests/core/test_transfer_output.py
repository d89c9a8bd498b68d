"""Writing out: CSV that no spreadsheet runs, files that are whole or not there."""

from __future__ import annotations

import csv
import gzip
import io
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import StorageError
from core.memory import Memory
from core.transfer import csv_lines, open_output


def memories() -> Iterator[Memory]:
    yield Memory("k1", "=cmd()", tags=("a", "b"), created_at=datetime(2026, 1, 1, tzinfo=UTC), extra={"x": [1, None]})
    yield Memory("-k2", 'quote " and\nnewline', confidence=0.5)


def test_csv_is_whole_and_harmless() -> None:
    rows = list(csv.DictReader(io.StringIO("".join(csv_lines(memories())), newline="")))
    assert [row["key"] for row in rows] == ["k1", "'-k2"]
    assert rows[0]["content"] == "'=cmd()"
    assert (rows[0]["tags"], rows[0]["created_at"], rows[0]["extra"]) == (
        '["a", "b"]',
        "2026-01-01T00:00:00+00:00",
        '{"x": [1, null]}',
    )
    assert (rows[1]["content"], rows[1]["confidence"], rows[1]["agent_id"]) == ('quote " and\nnewline', "0.5", "")


def write_half(target: Path) -> None:
    with open_output(str(target), stdout=io.BytesIO()) as out:
        out.write(b"half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz"])
def test_a_file_appears_whole_or_not_at_all(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    target.write_bytes(b"before")
    target.chmod(0o640)
    with pytest.raises(KeyboardInterrupt):
        write_half(target)
    assert (target.read_bytes(), [path.name for path in tmp_path.iterdir()]) == (b"before", [name])
    with open_output(str(target), stdout=io.BytesIO()) as out:
        out.write(b"whole")
    data = target.read_bytes()
    assert (gzip.decompress(data) if name.endswith(".gz") else data) == b"whole"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_equal_memories_give_equal_gzip_files(tmp_path: Path) -> None:
    for name in ("one.gz", "two.gz"):
        with open_output(str(tmp_path / name), stdout=io.BytesIO()) as out:
            out.write(b"same")
    assert (tmp_path / "one.gz").read_bytes() == (tmp_path / "two.gz").read_bytes()


def test_a_link_keeps_being_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with open_output(str(tmp_path / "link"), stdout=io.BytesIO()) as out:
        out.write(b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"x"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("{tmp}", "is a directory", id="directory"),
        pytest.param("{tmp}/none/out", "does not exist", id="no-parent"),
        pytest.param("/dev/full", "No space is left", id="full"),
    ],
)
def test_what_cannot_be_written_is_explained(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(StorageError, match=message), open_output(path.format(tmp=tmp_path), stdout=io.BytesIO()) as out:
        out.write(b"x")
