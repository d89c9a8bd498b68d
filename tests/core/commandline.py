"""Running commands in this process: what the tests of the command line share."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from core.__main__ import main

ROWS: list[dict[str, Any]] = [
    {"key": "a1", "content": "The quarterly report is due on Friday.", "agent_id": "planner", "memory_type": "semantic"},
    {
        "key": "a2",
        "content": "Refunds above 100 euros need a manager.",
        "agent_id": "support",
        "team_id": "help",
        "tags": ["rule"],
    },
    {"key": "a3", "content": "\x1b[31mRed\x1b[0m alert", "agent_id": "planner", "expires_at": "2020-01-01T00:00:00Z"},
]


class Ran(NamedTuple):
    """What a command left: its exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Return the one JSON object on stdout."""
        (line,) = self.out.splitlines()
        parsed: dict[str, Any] = json.loads(line)
        return parsed


class CommandLine:
    """Runs commands on a store of its own, without a model."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.store = directory / "store"
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        monkeypatch.setenv("MNEMOSCOPE_STORE", str(self.store))
        monkeypatch.setenv("MNEMOSCOPE_EMBEDDER", "hashing")

    def __call__(self, *argv: str, stdin: bytes = b"") -> Ran:
        """Run one command."""
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
        try:
            code = main(argv)
        except SystemExit as leaving:  # argparse
            code = int(leaving.code or 0)
        printed = self._capfd.readouterr()
        return Ran(code, printed.out, printed.err)


def rows_file(directory: Path) -> Path:
    """Return a file with ROWS as JSON lines."""
    path = directory / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return path
