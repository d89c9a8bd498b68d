"""Folders of work: private, kept while their maker lives, swept when it does not."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.maps.folders import WorkFolder, sweep_folders, write_inputs
from tests.core.maps.builders import make_snapshot, make_vectors

ROOT = Path(__file__).resolve().parents[3]
KILLED = (
    "import os, sys\nfrom pathlib import Path\nfrom core.maps.folders import WorkFolder\n"
    "folder = WorkFolder(Path(sys.argv[1]))\n(folder.path / 'frame.arrow').write_text('a memory')\n"
    "print(folder.path.name, flush=True)\nos.kill(os.getpid(), 9)\n"
)


def test_what_a_killed_server_left_is_swept_and_what_is_held_is_not(tmp_path):
    """Whatever their numbers are: in a container every server has the same one."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, capture_output=True, timeout=120)
    left = tmp_path / done.stdout.decode().strip()
    assert (left / "frame.arrow").exists(), done.stderr
    held = WorkFolder(tmp_path)
    assert {path.stat().st_mode & 0o077 for path in (held.path, tmp_path)} == {0}
    sweep_folders(tmp_path)
    assert [path.exists() for path in (left, held.path)] == [False, True]
    held.remove()
    assert [path.name for path in tmp_path.iterdir()] == ["turn"]
    sweep_folders(tmp_path / "none")


def test_without_a_directory_work_lies_in_a_private_folder_among_the_temporary_ones(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "file").write_text("in the way")
    elsewhere = WorkFolder(tmp_path / "file" / "work")  # where nothing can be written
    folder = WorkFolder(None)
    assert folder.path.parent.parent == elsewhere.path.parent.parent == tmp_path
    elsewhere.remove()
    assert folder.path.parent.stat().st_mode & 0o077 == 0
    folder.remove()
    sweep_folders(None)
    another = os.getuid() + 1
    monkeypatch.setattr("os.getuid", lambda: another)
    folder.path.parent.rename(tmp_path / f"mnemoscope-maps-{another}")
    for attempt in (lambda: WorkFolder(None), lambda: sweep_folders(None)):
        with pytest.raises(PermissionError):
            attempt()


def test_vectors_of_a_snapshot_stay_when_a_newer_one_takes_its_place(tmp_path):
    matrix = make_vectors(40)
    file = tmp_path / "vectors.f32"
    for pruned in (False, True):
        matrix.tofile(file)
        mapped = np.memmap(file, np.float32, "r", shape=matrix.shape)
        if pruned:
            file.unlink()
        folder = WorkFolder(tmp_path / "work")
        given = write_inputs(folder.path, replace(make_snapshot(matrix), matrix=mapped), {})
        file.unlink(missing_ok=True)
        assert np.array_equal(given.open(), matrix)
        folder.remove()
