"""The command line as a process: killed, interrupted, piped, at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.memory import Memory, to_row

ROOT = Path(__file__).parents[2]
ROWS = [{"key": f"k{n:05}", "content": f"memory number {n}", "agent_id": f"agent-{n % 7}"} for n in range(4_000)]
DATA = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
PATIENCE_S = 60.0


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "core", *argv]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "MNEMOSCOPE_STORE": str(tmp_path / "store"), "MNEMOSCOPE_EMBEDDER": "hashing", "COLUMNS": "100"}


def memories(environment: dict[str, str]) -> dict[str, Memory]:
    with closing(open_catalog(environment["MNEMOSCOPE_STORE"], read_only=True)) as catalog:
        if "team" not in [info.name for info in catalog.indexes(actor=LOCAL_ADMIN)]:
            return {}
        return {memory.key: memory for memory in catalog.open("team", actor=LOCAL_ADMIN).memories(actor=LOCAL_ADMIN)}


@pytest.fixture
def importing(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Yield an import from stdin that has written something and waits for more."""
    process = subprocess.Popen(
        command("import", "-", "--index", "team"),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin
    process.stdin.write(DATA[: len(DATA) * 3 // 4])
    process.stdin.flush()
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if (Path(environment["MNEMOSCOPE_STORE"]) / "mnemoscope.sqlite").exists() and memories(environment):
            break
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill-9", "ctrl-c"])
def test_a_stopped_import_goes_on_with_the_same_command(
    importing: subprocess.Popen[bytes], environment: dict[str, str], how: signal.Signals
) -> None:
    importing.send_signal(how)
    _, told = importing.communicate(timeout=PATIENCE_S)
    if how is signal.SIGINT:
        assert importing.returncode == 130
        assert b"run the same command again" in told
        assert b"Traceback" not in told
    partly = memories(environment)
    assert 0 < len(partly) < len(ROWS)
    again = subprocess.run(
        command("import", "-", "--index", "team", "--json"),
        cwd=ROOT,
        env=environment,
        input=DATA,
        capture_output=True,
        check=True,
    )
    report = json.loads(again.stdout)
    assert (report["unchanged"], report["written"]) == (len(partly), len(ROWS) - len(partly))
    assert sorted((to_row(memory) for memory in memories(environment).values()), key=lambda row: row["key"]) == ROWS


@pytest.fixture
def filled(environment: dict[str, str]) -> dict[str, str]:
    subprocess.run(
        command("import", "-", "--index", "team"), cwd=ROOT, env=environment, input=DATA, capture_output=True, check=True
    )
    return environment


def test_a_reader_that_leaves_is_no_error_on_the_screen(filled: dict[str, str]) -> None:
    process = subprocess.Popen(command("export"), cwd=ROOT, env=filled, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    assert json.loads(process.stdout.readline()) == ROWS[0]
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=PATIENCE_S) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("argv", [["export"], ["recall", "memory"]], ids=" ".join)
def test_a_full_disk_behind_stdout_is_told(filled: dict[str, str], argv: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command(*argv), cwd=ROOT, env=filled, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    assert b"space" in done.stderr


def test_help_is_quick() -> None:
    """It imports no numpy, pandas, pyarrow or model: that is what takes time, and can be said exactly."""
    heavy = "numpy", "pandas", "pyarrow", "apsw", "onnxruntime", "streamlit"
    code = (
        "import sys; from core.__main__ import main\n"
        f"try: main(sys.argv[1:])\nexcept SystemExit: print([name for name in {heavy} if name in sys.modules])"
    )
    for argv in (["--help"], ["import", "--help"], ["export", "--help"], ["recall", "--help"], ["stats", "--help"]):
        done = subprocess.run([sys.executable, "-c", code, *argv], cwd=ROOT, capture_output=True, check=True, text=True)
        assert done.stdout.splitlines()[-1] == "[]"


def at_a_terminal(argv: list[str], environment: dict[str, str], *, typed: bytes = b"") -> tuple[int, str]:
    """Run the command with a terminal for stdin and stderr; return its exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    os.write(ours, typed)
    shown = b""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if not select.select([ours], [], [], 1.0)[0]:
            continue
        try:
            part = os.read(ours, 65_536)
        except OSError:  # EIO: the other side has closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    return process.wait(timeout=PATIENCE_S), shown.decode()


@pytest.mark.parametrize(
    ("answer", "code", "left"), [("y", 0, 3_999), ("n", 2, 4_000), ("", 2, 4_000)], ids=["yes", "no", "enter"]
)
def test_forget_asks_at_a_terminal(filled: dict[str, str], answer: str, code: int, left: int) -> None:
    ended, shown = at_a_terminal(command("forget", "k00001"), filled, typed=f"{answer}\n".encode())
    assert (ended, len(memories(filled))) == (code, left)
    assert "memory number 1" in shown
    assert "Forget 1 memory of index 'team'? [y/N]" in shown


def test_a_bar_is_drawn_at_a_terminal_and_taken_away(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(DATA)
    code, shown = at_a_terminal(command("import", str(path), "--index", "team"), environment)
    assert code == 0
    assert "Importing  █" in shown
    assert "rows" in shown
    after = shown.rsplit("\r\x1b[K", 1)[-1]
    assert after.startswith("4,000 rows for index 'team'")


def test_an_export_to_a_terminal_holds_no_escape(filled: dict[str, str]) -> None:
    hostile = json.dumps({"key": "a", "content": "\x9b31m red \u202e"}, ensure_ascii=False).encode()
    subprocess.run(
        command("import", "-", "--index", "team"), cwd=ROOT, env=filled, input=hostile, capture_output=True, check=True
    )
    _, shown = at_a_terminal(command("export", "--tag", "unknown"), filled)
    assert '"\\u009b31m red \\u202e"' in shown
    assert "\x9b" not in shown
