"""The dashboard's own process and the optional part of the map: the two never meet."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from core.maps.process import WORKER_VARIABLE

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from pathlib import Path
import pytest
from tests.pages.app import open_app, seed, team_memories
from tests.pages.mapped import keep_map
store = keep_map(seed(Path(sys.argv[1]), team_memories()))
with pytest.MonkeyPatch.context() as patch:
    at = open_app(patch, store, page="pages/explore/map.py")
assert not at.exception, at.exception
assert "pages.shared.map.source" in sys.modules, "the page did not ask for a map"
print(*sorted({"umap", "numba", "sklearn", "hdbscan", "scipy", "pynndescent"} & set(sys.modules)))
"""


def test_the_dashboards_process_imports_nothing_of_the_optional_part(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {WORKER_VARIABLE: "asked"},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
