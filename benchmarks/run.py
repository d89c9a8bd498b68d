"""Run the benchmarks that need no data of yours, one after the other: engine, search, pages, curation, duplicates, the map.

python benchmarks/run.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PARTS = (
    ("Engine", ["-m", "core", "eval", "engine"]),
    ("Search", ["benchmarks/search.py"]),
    ("Cache of answers", ["benchmarks/cache.py", "--rows", "20000"]),
    ("First page", ["benchmarks/first_page.py"]),
    ("Pre-flight", ["benchmarks/curation_preflight.py"]),
    ("Curation: apply", ["benchmarks/curation.py"]),
    ("Curation: sweep", ["benchmarks/curation_sweep.py"]),
    ("Curation: kill -9", ["benchmarks/curation_kills.py"]),
    ("Curation: log, import, erasure", ["benchmarks/curation_log.py"]),
    ("Duplicates", ["benchmarks/duplicates.py"]),
    ("Timeline", ["benchmarks/timeline.py", "--sizes", "1000,100000"]),
    ("The past", ["benchmarks/past.py"]),
    ("Neighbours", ["benchmarks/neighbours.py", "--sizes", "1000,20000"]),
    ("The map", ["benchmarks/projection.py", "--sizes", "1000,5000"]),
    ("The map in a browser", ["benchmarks/map_browser.py", "--sizes", "10000,100000"]),
)


def main() -> int:
    """Return the number of benchmarks that failed."""
    failed = 0
    for name, command in _PARTS:
        print(f"\n== {name}", flush=True)
        failed += subprocess.run([sys.executable, *command], cwd=_ROOT, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
