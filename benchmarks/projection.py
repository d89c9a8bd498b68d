"""Seconds to the first picture and to the final map of an index, beside a plain `umap.UMAP().fit_transform` in the same run.

    python benchmarks/projection.py [--sizes 1000,5000,20000] [--dimension 384] [--without-plain]

Both get the same vectors, in processes of their own. Ours is timed from the start of a server to the final places, with the
reading of the index (cold); then once more with the worker warm; and after a restart. Theirs is timed from the start of its
process (cold), and once more in it (warm). Then memories are added: some are placed on the map, more need a refit, which
moves those of before by `moved` of the map's width (median). `search_s` is their neighbours and places without all else,
beside the bare product of the two matrices, `product_s`; `landed` is how far from where the refit lays them out they were
placed (median), `landed_5` the share within 5 % of the width. `--sizes 100000` takes some minutes and 2 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import numpy.typing as npt

from benchmarks.projection_plain import peak_mb, plain

_ROOT = Path(__file__).resolve().parents[1]
_TOPICS = "invoice parser deploy meeting report billing schema outage review onboarding cache budget".split()
_BATCH = 500
_REPEATED = 3
_NEW = 6  # per cent of new memories, of which some are placed and all together need a refit
_COLUMNS = (
    ("memories", "{:,.0f}"),
    ("first_picture_s", "{:.2f}"),
    ("cold_s", "{:.1f}"),
    ("warm_s", "{:.1f}"),
    ("clusters_s", "{:.1f}"),
    ("restart_s", "{:.2f}"),
    ("placed", "{:,.0f}"),
    ("placing_s", "{:.2f}"),
    ("search_s", "{:.2f}"),
    ("product_s", "{:.2f}"),
    ("landed", "{:.3f}"),
    ("landed_5", "{:.2f}"),
    ("refit_s", "{:.1f}"),
    ("moved", "{:.3f}"),
    ("plain_cold_s", "{:.1f}"),
    ("plain_warm_s", "{:.1f}"),
    ("trust", "{:.3f}"),
    ("plain_trust", "{:.3f}"),
    ("kept15", "{:.3f}"),
    ("plain_kept15", "{:.3f}"),
    ("server_mb", "{:,.0f}"),
    ("worker_mb", "{:,.0f}"),
    ("plain_mb", "{:,.0f}"),
    ("graph_difference", "{:.0e}"),
)


def clustered(count: int, dimension: int, *, seed: int = 0) -> npt.NDArray[np.float32]:
    """Return vectors of length 1 in groups of uneven size, each on a surface of six dimensions with noise around it."""
    random = np.random.default_rng(seed)
    groups = max(8, int(np.sqrt(count) / 4))
    wide = random.standard_normal((12, dimension)).astype(np.float32)
    centres = random.standard_normal((groups, 12)).astype(np.float32) @ wide * 0.8
    centres += random.standard_normal((groups, dimension)).astype(np.float32) * 0.9
    group = random.choice(groups, count, p=random.dirichlet(np.ones(groups)))
    surfaces = random.standard_normal((groups, 6, dimension)).astype(np.float32)
    found = centres[group] + random.standard_normal((count, dimension)).astype(np.float32) * 0.45
    for each in range(groups):
        rows = np.flatnonzero(group == each)
        found[rows] += random.standard_normal((len(rows), 6)).astype(np.float32) * 0.5 @ surfaces[each]
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def fill(store: Path, vectors: npt.NDArray[np.float32], *, first: int = 0) -> None:
    """Put memories with these vectors into an index, numbered from `first` on."""
    from core.access import LOCAL_ADMIN
    from core.config import open_catalog
    from core.memory import Memory
    from core.memory.record import Record
    from core.models.embedding import HashingEmbedder

    dimension = vectors.shape[1]
    with closing(open_catalog(store, embedder_factory=lambda: HashingEmbedder(dimension), log_recalls=False)) as catalog:
        index = catalog.open_or_create("agents", actor=LOCAL_ADMIN)
        metadata_of = index.metadata_of()
        for start in range(0, len(vectors), _BATCH):
            records = {}
            for row in range(start, min(start + _BATCH, len(vectors))):
                words = " ".join(_TOPICS[(row * step) % len(_TOPICS)] for step in (1, 5, 7))
                memory = Memory(f"m{first + row:08}", f"Note on {words}.", agent_id=f"agent-{row % 20}")
                records[memory.key] = Record(metadata_of(memory), vectors[row])
            index.records.put(records, actor=LOCAL_ADMIN)


class _Server:
    """What a server does for the map page: reads the index with its vectors, and looks at its map."""

    def __init__(self, folder: str) -> None:
        from core.access import LOCAL_ADMIN
        from core.analysis.snapshot import Snapshots
        from core.config import open_catalog
        from core.maps import MapParameters, Maps

        self.parameters, self._actor = MapParameters, LOCAL_ADMIN
        self.maps = Maps()
        self._snapshots = Snapshots(None, local=True)
        self._catalog = open_catalog(folder, log_recalls=False)
        self._store = self._catalog.open("agents", actor=LOCAL_ADMIN)
        self.read()

    def read(self) -> None:
        """Read what is new."""
        found = self._snapshots.look(self._store, actor=self._actor, wait_s=300, vectors=True).snapshot
        assert found is not None
        self._snapshot = found

    def until(self, there: Callable[[Any], bool], *, seed: int = 0) -> tuple[Any, float]:
        """Return the map once it is so, and the seconds that it took."""
        start = time.perf_counter()
        state = self.maps.look(
            self._store, self._snapshot, self.parameters(seed=seed), actor=self._actor, wait_s=1_800, until=there
        )
        if not there(state):
            raise SystemExit(f"The map ended as {state.stage}: {state.problem}")
        return state, time.perf_counter() - start

    def close(self) -> None:
        """End the worker and close the store."""
        self.maps.close()
        self._catalog.close()


def _drawn(state: Any) -> bool:
    return state.coords is not None or not state.running


def _final(state: Any) -> bool:
    return state.final or state.stage == "failed"


def _done(state: Any) -> bool:
    return not state.running


def ours(folder: str, began: float) -> dict[str, Any]:
    """Return the figures of a server in this process, which began at that moment."""
    server = _Server(folder)
    server.maps.warm()
    _, first = server.until(_drawn)
    server.until(_final)
    cold = time.time() - began
    whole, clusters = server.until(_done)
    _, warm = server.until(_final, seed=1)
    server.until(_done, seed=1)
    worker = _peak_of(server.maps.pid)
    server.close()
    return {
        "first_picture_s": first,
        "cold_s": cold,
        "clusters_s": clusters,
        "warm_s": warm,
        "trust": whole.quality.trustworthiness,
        "kept15": whole.quality.preservation,
        "server_mb": peak_mb(),
        "worker_mb": worker,
    }


def later(folder: str, _began: float) -> dict[str, Any]:
    """Return the figures of a server that was started again, while memories are added: first some, then more."""
    server = _Server(folder)
    former, restarted = server.until(_done)
    new = np.load(Path(folder, "new.npy"))
    count, few = len(former.coords), min(1_000, len(new) // 2)
    fill(Path(folder), new[:few], first=count)
    server.read()
    placed, placing = server.until(_drawn)
    server.until(_done)
    fill(Path(folder), new[few:], first=count + few)
    server.read()
    refit, refitting = server.until(_done)
    server.close()
    assert (placed.placed, refit.placed) == (few, 0)
    width = float(np.ptp(former.coords, axis=0).max())
    moved = np.linalg.norm(refit.coords[:count] - former.coords, axis=1) / width
    landed = np.linalg.norm(placed.coords[count:] - refit.coords[count : count + few], axis=1) / width
    search, product = _placing(np.load(Path(folder, "vectors.npy")), new[:few], former.coords)
    return {
        "restart_s": restarted,
        "placed": few,
        "placing_s": placing,
        "search_s": search,
        "product_s": product,
        "landed": float(np.median(landed)),
        "landed_5": float((landed < 0.05).mean()),
        "refit_s": refitting,
        "moved": float(np.median(moved)),
    }


def _placing(old: npt.NDArray[np.float32], new: npt.NDArray[np.float32], coords: npt.NDArray[np.float32]) -> list[float]:
    """Return the seconds that new memories take to be placed, and those of a bare product of the same matrices."""
    from core.analysis.neighbours import nearest_to
    from core.analysis.projection import placed

    def seconds(run: Callable[[], object]) -> float:
        start = time.perf_counter()
        run()
        return time.perf_counter() - start

    runs = (lambda: placed(coords, *nearest_to(old, new)), lambda: new @ old.T)
    return [min(seconds(run) for _ in range(_REPEATED)) for run in runs]


def _peak_of(pid: int | None) -> float:
    """Return the largest memory of a process so far in MB, 0 where the system does not say."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text(encoding="utf-8").splitlines() if status.exists() else []
    return sum(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))


def _apart(part: str, folder: str) -> dict[str, Any]:
    """Return what a part finds in a process of its own."""
    command = [sys.executable, "-W", "ignore", __file__, "--part", part, "--folder", folder, "--began", str(time.time())]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True, env=os.environ | {"PYTHONHASHSEED": "0"})
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(count: int, dimension: int, *, with_plain: bool) -> dict[str, float]:
    """Return the figures at one size."""
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
        vectors = clustered(count + count * _NEW // 100, dimension)
        fill(Path(folder), vectors[:count])
        np.save(Path(folder, "vectors.npy"), vectors[:count])
        np.save(Path(folder, "new.npy"), vectors[count:])
        figures = {"memories": count} | _apart("ours", folder) | _apart("later", folder)
        return figures | (_apart("plain", folder) if with_plain else {})


def main() -> int:
    """Measure and print a table and, as the last line, JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,5000,20000")
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--without-plain", action="store_true")
    parser.add_argument("--part", choices=("ours", "later", "plain"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    parser.add_argument("--began", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        print(json.dumps({"ours": ours, "later": later, "plain": plain}[args.part](args.folder, args.began)))
        return 0
    found = [measure(int(size), args.dimension, with_plain=not args.without_plain) for size in args.sizes.split(",")]
    for name, form in _COLUMNS:
        cells = [form.format(figures[name]) if name in figures else "–" for figures in found]
        print(f"{name:18}" + "".join(f"{cell:>12}" for cell in cells))
    print(json.dumps([{name: round(value, 4) for name, value in figures.items()} for figures in found]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
