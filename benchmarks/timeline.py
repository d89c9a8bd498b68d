"""A timeline of 1,000, 100,000 and 1,000,000 memories: what the core takes, and first paint and interaction in Chromium.

    python benchmarks/timeline.py [--sizes 1000,100000,1000000] [--runs 3] [--core-only] [--dir DIR]

Beside it, in the same run, a bare Streamlit page and Plotly's scattergl (up to 100,000 points). Needs Chromium
(CHROMIUM=/path overrides) and the development requirements (Playwright). Writing a million takes three minutes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from benchmarks.timeline_browser import Figures, bare_page, plotly_page, timeline_page
from core.access import LOCAL_ADMIN
from core.analysis.timeline import EXACT, Picture, colouring, events, inside, lanes, marks, picture, structure
from core.config import open_catalog
from core.memory import Memory
from core.memory.record import Record
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore

DAYS = 180
END = datetime(2026, 11, 1, tzinfo=UTC)
_BATCH, _DIMENSION = 5_000, 8
_TYPES = ("episodic", "semantic", "procedural")
_PLOTLY_MOST = 100_000
_T = TypeVar("_T")


def fill(store: MemoryStore, count: int, *, seed: int = 5) -> None:
    """Put memories of 40 agents over half a year: tasks of 20, sessions of 50, one in ten with an expiry to come."""
    random = np.random.default_rng(seed)
    seconds = np.sort(random.random(count)) * DAYS * 86_400
    metadata_of = store.metadata_of()
    for start in range(0, count, _BATCH):
        numbers = range(start, min(start + _BATCH, count))
        vectors = random.standard_normal((len(numbers), _DIMENSION), dtype=np.float32)
        memories = [_memory(number, END - timedelta(days=DAYS) + timedelta(seconds=seconds[number])) for number in numbers]
        records = {memory.key: Record(metadata_of(memory), vector) for memory, vector in zip(memories, vectors, strict=True)}
        store.records.put(records, actor=LOCAL_ADMIN)


def _memory(number: int, at: datetime) -> Memory:
    return Memory(
        f"m{number:07}",
        f"Note {number}: the report of customer {number % 997} was checked and sent to the team.",
        memory_type=_TYPES[number % 3],
        agent_id=f"agent-{number * 7 % 40}",
        team_id="team",
        task_id=f"task-{number // 20}",
        session_id=f"session-{number // 50}",
        created_at=at,
        confidence=number % 100 / 100,
        expires_at=at + timedelta(days=90) if number % 10 == 0 else None,
    )


def core_figures(store: MemoryStore) -> tuple[dict[str, float], tuple[int, int]]:
    """Return milliseconds for each part of a picture, the median of five, and a window with points one by one."""
    frame = store.frame(actor=LOCAL_ADMIN)
    took: dict[str, float] = {}

    def timed(name: str, made: Callable[[], _T]) -> _T:
        runs = []
        for _ in range(5):
            start = time.perf_counter()
            found = made()
            runs.append(time.perf_counter() - start)
        took[f"{name}_ms"] = round(1e3 * statistics.median(runs), 1)
        return found

    placed = timed("events", lambda: events(frame))
    rows = timed("lanes", lambda: lanes(placed, frame))
    colours = timed("colouring", lambda: colouring(placed, frame))
    bits = timed("marks", lambda: marks(frame, now=END))
    between = timed("structure", lambda: structure(placed, rows, frame))

    def drawn(window: tuple[int, int] | None = None) -> Picture:
        return picture(placed, rows, colours, frame, now=END, window=window, marks=bits, between=between)

    lo, hi = timed("picture_all", drawn).extent
    middle, most = (lo + hi) // 2, min(EXACT, len(placed)) - 1
    window = int(placed.x[len(placed) // 2 - most // 2]), int(placed.x[len(placed) // 2 + most // 2])
    timed("picture_points", lambda: drawn(window))
    box = [(lo, 0), (middle, 0), (middle, len(rows) / 2), (lo, len(rows) / 2)]
    timed("inside_box", lambda: inside(placed, rows, box))
    return took, window


def measure(size: int, folder: Path, runs: int, *, core_only: bool) -> dict[str, Any]:
    """Write a store of a size, unless it is there, and return its figures."""
    directory, found = folder / f"store-{size}", dict[str, Any]()
    catalog = open_catalog(directory, embedder_factory=lambda: HashingEmbedder(_DIMENSION))
    store, start = catalog.open_or_create("agents", actor=LOCAL_ADMIN), time.perf_counter()
    if not store.count(LOCAL_ADMIN):
        fill(store, size)
        found["written_s"] = round(time.perf_counter() - start, 1)
    found["core"], window = core_figures(store)
    catalog.close()
    if core_only:
        return found
    found["timeline"] = _rounded(timeline_page(directory, runs=runs, window=window))
    if size <= _PLOTLY_MOST:
        found["plotly"] = _rounded(plotly_page(size, folder, runs=runs))
    found["bare"] = _rounded(bare_page(folder, runs=runs))
    return found


def _rounded(figures: Figures) -> dict[str, float]:
    return {name: round(value, 2) for name, value in figures.items()}


def _table(size: int, parts: Mapping[str, Any]) -> str:
    lines = [f"{size:,} memories"]
    for name, figures in parts.items():
        said = figures if not isinstance(figures, dict) else ", ".join(f"{k} {v:,}" for k, v in figures.items())
        lines.append(f"  {name:<10} {said}")
    return "\n".join(lines)


def main() -> int:
    """Measure each size and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000,1000000", help="how many memories, each in a store of its own")
    parser.add_argument("--runs", type=int, default=3, help="visits of each page, of which the median counts")
    parser.add_argument("--core-only", action="store_true", help="leave the browser out")
    parser.add_argument("--dir", type=Path, help="keep the stores here, and use those that are (default: a temporary one)")
    args = parser.parse_args()
    found = {}
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        for size in map(int, args.sizes.split(",")):
            found[size] = measure(size, args.dir or Path(folder), args.runs, core_only=args.core_only)
            print(_table(size, found[size]), flush=True)
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
