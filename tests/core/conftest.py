"""The command line over a store of its own, as the tests of its commands use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.commandline import CommandLine, rows_file


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path, monkeypatch, capfd)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return rows_file(tmp_path)


@pytest.fixture
def filled(run: CommandLine, file: Path) -> CommandLine:
    assert run("import", str(file), "--index", "team").code == 0
    return run
