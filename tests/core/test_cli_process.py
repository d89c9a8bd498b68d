"""The command line as a process: killed, interrupted, piped, at a terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.memory import Memory, to_row
from tests.core.forked import ForkedCommand

ROOT = Path(__file__).parents[2]
ROWS = [{"key": f"k{n:05}", "content": f"memory number {n}", "agent_id": f"agent-{n % 7}"} for n in range(4_000)]
DATA = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
PATIENCE_S = 60.0


def started(*argv: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start `python -m core` as people do."""
    return subprocess.Popen([sys.executable, "-m", "core", *argv], cwd=ROOT, **options)


def forked(*argv: str, **options: Any) -> subprocess.Popen[bytes]:
    """Run it in a process that has imported everything already, where the start is not what is tested."""
    return ForkedCommand(argv, cwd=ROOT, **options)


def import_rows(environment: dict[str, str], rows: bytes, *options: str) -> bytes:
    """Import rows from stdin and return what was printed."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with forked("import", "-", "--index", "team", *options, env=environment, **pipes) as process:
        out, err = process.communicate(rows)
    assert process.returncode == 0, err
    return out


def variables(directory: Path) -> dict[str, str]:
    return {**os.environ, "MNEMOSCOPE_STORE": str(directory), "MNEMOSCOPE_EMBEDDER": "hashing", "COLUMNS": "100"}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return variables(tmp_path / "store")


def memories(environment: dict[str, str]) -> dict[str, Memory]:
    with closing(open_catalog(environment["MNEMOSCOPE_STORE"], read_only=True)) as catalog:
        if "team" not in [info.name for info in catalog.indexes(actor=LOCAL_ADMIN)]:
            return {}
        return {memory.key: memory for memory in catalog.open("team", actor=LOCAL_ADMIN).memories(actor=LOCAL_ADMIN)}


@pytest.fixture
def importing(environment: dict[str, str], request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[bytes]]:
    """Yield an import from stdin that has written something and waits for more."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    process = request.param("import", "-", "--index", "team", env=environment, **pipes)
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


@pytest.mark.parametrize(
    ("importing", "how"),
    [(forked, signal.SIGKILL), (started, signal.SIGINT)],
    ids=["kill-9", "ctrl-c"],
    indirect=["importing"],
)
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
    report = json.loads(import_rows(environment, DATA, "--json"))
    assert (report["unchanged"], report["written"]) == (len(partly), len(ROWS) - len(partly))
    assert sorted((to_row(memory) for memory in memories(environment).values()), key=lambda row: row["key"]) == ROWS


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with the rows, to be copied."""
    directory = tmp_path_factory.mktemp("imported") / "store"
    import_rows(variables(directory), DATA)
    return directory


@pytest.fixture
def filled(environment: dict[str, str], imported: Path) -> dict[str, str]:
    shutil.copytree(imported, environment["MNEMOSCOPE_STORE"])
    return environment


def test_a_reader_that_leaves_is_no_error_on_the_screen(filled: dict[str, str]) -> None:
    process = started("export", env=filled, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    assert json.loads(process.stdout.readline()) == ROWS[0]
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=PATIENCE_S) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(("run", "argv"), [(started, "export"), (forked, "recall memory")], ids=["export", "recall"])
def test_a_full_disk_behind_stdout_is_told(filled: dict[str, str], run: Callable[..., Any], argv: str) -> None:
    buffered = {name: value for name, value in filled.items() if name != "PYTHONUNBUFFERED"}
    with (
        Path("/dev/full").open("wb") as full,
        run(*argv.split(), env=buffered, stdout=full, stderr=subprocess.PIPE) as process,
    ):
        _, told = process.communicate()
    assert process.returncode == 2
    assert b"Traceback" not in told
    assert b"space" in told


def test_help_is_quick() -> None:
    """It imports no numpy, pandas, pyarrow or model: that is what takes time, and can be said exactly."""
    heavy = "numpy", "pandas", "pyarrow", "apsw", "onnxruntime", "streamlit"
    code = (
        "import sys; from core.__main__ import main\n"
        "for argv in ([], ['import'], ['export'], ['recall'], ['stats']):\n"
        "    try: main([*argv, '--help'])\n"
        f"    except SystemExit: print('loaded', [name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    assert [line for line in done.stdout.splitlines() if line.startswith("loaded")] == ["loaded []"] * 5


def at_a_terminal(run: Callable[..., Any], *argv: str, environment: dict[str, str], typed: bytes = b"") -> tuple[int, str]:
    """Run the command with a terminal for stdin and stderr; return its exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    process = run(*argv, env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
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
    ("run", "answer", "code", "left"),
    [(started, "y", 0, 3_999), (forked, "n", 2, 4_000), (forked, "", 2, 4_000)],
    ids=["yes", "no", "enter"],
)
def test_forget_asks_at_a_terminal(
    filled: dict[str, str], run: Callable[..., Any], answer: str, code: int, left: int
) -> None:
    ended, shown = at_a_terminal(run, "forget", "k00001", environment=filled, typed=f"{answer}\n".encode())
    assert (ended, len(memories(filled))) == (code, left)
    assert "memory number 1" in shown
    assert "Forget 1 memory of index 'team'? [y/N]" in shown


def test_a_bar_is_drawn_at_a_terminal_and_taken_away(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(DATA)
    code, shown = at_a_terminal(forked, "import", str(path), "--index", "team", environment=environment)
    assert code == 0
    assert "Importing  █" in shown
    assert "rows" in shown
    after = shown.rsplit("\r\x1b[K", 1)[-1]
    assert after.startswith("4,000 rows for index 'team'")


def test_an_export_to_a_terminal_holds_no_escape(filled: dict[str, str]) -> None:
    hostile = json.dumps({"key": "a", "content": "\x9b31m red \u202e"}, ensure_ascii=False).encode()
    import_rows(filled, hostile)
    _, shown = at_a_terminal(forked, "export", "--tag", "unknown", environment=filled)
    assert '"\\u009b31m red \\u202e"' in shown
    assert "\x9b" not in shown
