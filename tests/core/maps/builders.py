"""Indexes and snapshots to make maps of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core.access import LOCAL_ADMIN
from core.analysis.clusters import GRANULARITIES, ClusterInfo, Clusters
from core.analysis.neighbours import Neighbours, nearest
from core.analysis.projection import Quality
from core.analysis.snapshot import Snapshot
from core.config import open_catalog
from core.maps.keeping import Kept
from core.maps.matching import marks_of
from core.maps.order import Order, arrays_of, json_of, write_arrays
from core.maps.state import ClusterView
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore
from core.vectors.client import KEY_COLUMN

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WAIT_S = 120.0


def make_store(folder: Path, *, dimension: int = 16, name: str = "agents") -> MemoryStore:
    """Return an empty index; a map is of the snapshot that it is given."""
    catalog = open_catalog(folder, embedder_factory=lambda: HashingEmbedder(dimension), log_recalls=False)
    return catalog.open_or_create(name, actor=LOCAL_ADMIN)


def make_vectors(count: int, *, dimension: int = 16, groups: int = 4, seed: int = 0) -> np.ndarray:
    """Return vectors in groups, (count, dimension) float32; the group of row i is i % groups."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(groups, dimension)) * 3
    return (centres[np.arange(count) % groups] + random.normal(size=(count, dimension))).astype(np.float32)


def make_snapshot(matrix: np.ndarray, *, keys: Sequence[str] | None = None, revision: str = "1") -> Snapshot:
    """Return a snapshot of memories with these vectors."""
    named = list(keys) if keys is not None else [f"m{row:06}" for row in range(len(matrix))]
    table = pa.table({KEY_COLUMN: pa.array(named, pa.string())})
    words = ("harbour cranes", "violin lessons", "tax returns", "mountain huts")
    frame = pd.DataFrame({"key": pd.Series(named, dtype="str")})
    frame["content"] = pd.Series([f"About {words[row % 4]}." for row in range(len(named))], dtype="str")
    for name in ("memory_type", "agent_id", "team_id", "task_id"):
        frame[name] = pd.Categorical([f"{name}-{row % 3}" for row in range(len(named))])
    frame["created_at"] = pd.Series([NOW] * len(named), dtype="datetime64[us, UTC]")
    return Snapshot("agents", table, frame, revision, NOW, len(named), True, matrix=np.asarray(matrix, np.float32))


def make_neighbours(matrix: np.ndarray, k: int = 5) -> Neighbours:
    return nearest(matrix, k=k)


def make_kept(matrix: np.ndarray, *, keys: Sequence[str] | None = None, arn: str = "arn:one", label: str = "cranes") -> Kept:
    """Return a map of these memories at their first two numbers, with the groups of `make_vectors` as clusters."""
    snapshot = make_snapshot(matrix, keys=keys)
    key_marks, vector_marks = marks_of(snapshot.table[KEY_COLUMN], snapshot.vectors())
    codes = (np.arange(len(matrix)) % 4).astype(np.int32)
    found = Clusters(codes, np.ones(len(codes), np.float32), codes, np.arange(4, dtype=np.int32), 4, 5)
    infos = tuple(
        ClusterInfo(code, code, f"{label} {code}", (label,), code, len(codes) // 4, (), (), (), (), NOW, NOW, 0.9)
        for code in range(4)
    )
    return Kept(
        arn,
        "1",
        "umap",
        key_marks,
        vector_marks,
        np.ones(len(codes), np.bool_),
        np.ascontiguousarray(matrix[:, :2], np.float32),
        20.0,
        make_neighbours(snapshot.vectors()),
        Quality(0.9, 0.5, 10, 5),
        {name: ClusterView(found, infos) for name in GRANULARITIES},
    )


class WorkerHere:
    """A worker in this process: each memory lies at its first two numbers. `heed` is called before the end of an order."""

    pid = 0

    def __init__(self, heed: Callable[[Order], None] = lambda _: None, *, label: str = "cranes") -> None:
        self._heed, self._label = heed, label
        self._order: Order | None = None
        self.alive = True

    def send(self, order: Order) -> None:
        self._order = order

    def events(self) -> Iterator[dict[str, object]]:
        assert self._order is not None
        order, folder = self._order, Path(self._order.folder)
        kept = make_kept(np.array(order.vectors.open()), label=self._label)
        near = kept.neighbours
        layout = {"coords": kept.coords, "side": np.array(20.0), "recall": np.array(1.0)}
        write_arrays(folder / "layout.npz", layout | {"neighbours": near.rows, "distances": near.distances})
        write_arrays(folder / "clusters.npz", arrays_of(kept.clusters) | {"quality": np.array([0.9, 0.5, 10, 5])})
        (folder / "infos.json").write_bytes(json_of(kept.clusters))
        for event in ({"stage": "reading", "part": 1.0}, {"stage": "clusters", "part": 0.0}):
            yield {"order": order.number} | event
        self._heed(order)
        if self.alive:
            yield {"order": order.number, "done": True}

    def kill(self) -> None:
        self.alive = False

    def ended(self) -> str:
        return "by signal 9"
