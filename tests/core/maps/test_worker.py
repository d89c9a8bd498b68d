"""The worker process on its own: how it ends, what it is told and not told, and what it may not be hurt by."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import StorageError
from core.maps.kernel import compiled
from core.maps.layout import laid_out
from core.maps.memory import machine_bytes
from core.maps.order import Order, Vectors
from core.maps.parameters import MapParameters
from core.maps.process import Process
from core.maps.worker import _dropped
from tests.core.maps.builders import make_neighbours, make_vectors

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-m", "core.maps.worker", "0", "cold"]


def test_it_ends_at_what_is_no_order_and_reads_those_before(tmp_path):
    order = Order(3, str(tmp_path), Vectors(str(tmp_path / "none"), 0, 3, 2), "cosine", MapParameters())
    given = order.to_line() + b'{"number": 4}\n'
    done = subprocess.run(COMMAND, cwd=ROOT, input=given, capture_output=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert b"TypeError" in done.stderr or b"KeyError" in done.stderr
    assert b"Fatal" not in done.stderr


def test_a_mistake_leaves_it_working_and_its_end_is_no_crash(tmp_path):
    """What it is given is not there; then its input ends while a thread of its own is reading it."""
    process = subprocess.Popen(COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with process:
        assert json.loads(process.stdout.readline()) == {"order": 0, "ready": True}
        for number in (1, 2):
            order = Order(number, str(tmp_path), Vectors(str(tmp_path / "none"), 0, 3, 2), "cosine", MapParameters())
            line = order.to_line()
            for part in (line[:9], line[9:]):
                process.stdin.write(part)
                process.stdin.flush()
            assert json.loads(process.stdout.readline()) == {"order": number, "stage": "reading", "part": 0.0}
            assert json.loads(process.stdout.readline())["said"] == "No such file or directory"
        nice = os.getpriority(os.PRIO_PROCESS, process.pid)
        first_to_go = Path(f"/proc/{process.pid}/oom_score_adj")
        assert nice > os.getpriority(os.PRIO_PROCESS, 0) or nice == 19
        assert not first_to_go.exists() or first_to_go.read_text().strip() == "1000"
        process.stdin.close()
        assert process.wait(60) == 0


def test_it_is_told_no_secrets_and_where_the_program_lies(tmp_path, monkeypatch):
    """Also under PYTHONSAFEPATH, and from a folder with another `core` in it."""
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('the wrong program')\n")
    monkeypatch.chdir(tmp_path)
    secrets = ("AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "OPENAI_API_KEY", "hf_token", "PGPASSWORD")
    for name in secrets:
        monkeypatch.setenv(name, "s3cret")
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        worker = Process(memory_bytes=0, warm=False)
    try:
        assert next(worker.events()) == {"order": 0, "ready": True}
        told = Path(f"/proc/{worker.pid}/environ")
        if told.exists():
            names = {entry.split("=")[0]: entry for entry in told.read_text().split("\0")}
            assert not names.keys() & set(secrets)
            assert names["OMP_NUM_THREADS"] == "OMP_NUM_THREADS=1"
        fds = Path(f"/proc/{worker.pid}/fd")
        if fds.exists():
            assert not any(str(tmp_path) in str(each.readlink()) for each in fds.iterdir()), "it holds files of the server"
    finally:
        worker.kill()
    assert worker.ended() == "by signal 9"
    assert not Path(f"/proc/{worker.pid}").exists(), "it is not waited for"


def test_what_was_compiled_and_cannot_be_read_is_compiled_anew(tmp_path, monkeypatch):
    import numba

    matrix = make_vectors(30)

    def fit():
        return laid_out(make_neighbours(matrix, 15), matrix[:, :2], MapParameters())

    wanted = fit()
    with monkeypatch.context() as patch:
        patch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
        compiled.cache_clear()
        cache = Path(compiled().stats.cache_path)
        cache.mkdir(parents=True, exist_ok=True)
        (index,) = [Path(compiled()._cache._cache_file._index_path)]
        index.write_bytes(b"")
        with pytest.raises(EOFError) as caught:
            fit()
        assert _dropped(caught.value)
        assert np.array_equal(fit(), wanted)
        assert index.stat().st_size
        assert not _dropped(ValueError("another mistake"))
    compiled.cache_clear()


@pytest.mark.parametrize("linked", [pytest.param(False, id="a folder"), pytest.param(True, id="a link")])
def test_what_others_could_have_compiled_is_not_run(tmp_path, monkeypatch, linked):
    """Two places are tried, the cache directory and the temporary one; in both somebody else was first."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    another = os.getuid() + 1
    monkeypatch.setattr("os.getuid", lambda: another)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    theirs.chmod(0o755)
    for place in (tmp_path / "cache" / "mnemoscope" / "compiled", tmp_path / f"mnemoscope-compiled-{another}"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(theirs) if linked else place.mkdir()
    with pytest.raises(StorageError, match="belongs to another user"):
        Process(memory_bytes=0, warm=False)
    assert theirs.stat().st_mode & 0o777 == 0o755, "a link led to a folder whose rights were changed"


@pytest.mark.parametrize(
    ("groups", "files", "most"),
    [
        pytest.param("0::/\n", {"memory.max": "300000000"}, 300_000_000, id="a container"),
        pytest.param("0::/a/b\n", {"a/memory.max": "200000000", "a/b/memory.max": "max"}, 200_000_000, id="around it"),
        pytest.param("4:memory:/x\n0::/\n", {"memory/memory.limit_in_bytes": "5000000"}, 5_000_000, id="version 1"),
        pytest.param("3:cpu,memory:/\n", {"memory/memory.limit_in_bytes": "6000000"}, 6_000_000, id="with processors"),
        pytest.param("0::/../outside\n", {"memory.max": "7000000"}, 7_000_000, id="a group that is not to be seen"),
        pytest.param("nonsense\n\n", {"memory.max": "8"}, None, id="no groups"),
        pytest.param("0::/\n", {"memory.max": "9223372036854771712"}, None, id="no limit"),
        pytest.param(None, {}, None, id="another system"),
    ],
)
def test_a_container_has_as_much_memory_as_it_is_allotted(tmp_path, groups, files, most):
    if groups is not None:
        (tmp_path / "proc" / "self").mkdir(parents=True)
        (tmp_path / "proc" / "self" / "cgroup").write_text(groups)
    for name, value in files.items():
        path = tmp_path / "sys" / "fs" / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n")
    everything = machine_bytes(tmp_path / "nowhere")
    assert machine_bytes(tmp_path) == (everything if most is None else most)
