"""Very many points at once, each looked for in the few cells of a matrix that are nearest to it: nearly all that is near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.analysis.neighbours.blocked import SPARE, ordered, searched
from core.analysis.neighbours.cells import cell_of, cell_scores, centres_of
from core.analysis.neighbours.filed import File, filed
from core.analysis.neighbours.found import Distances, Floats, Rows
from core.analysis.neighbours.inverted import probes_for
from core.analysis.neighbours.space import space_of
from core.analysis.neighbours.threads import workers

__all__ = ["Probed"]

_SAMPLE: Final = 512
_CHUNK: Final = 8_192


@dataclass(frozen=True, eq=False)
class Probed:
    """Rows by cell, and in how many cells a point is looked for."""

    file: File
    centres: Floats
    probes: int

    @classmethod
    def of(cls, matrix: Floats, asked: Floats, *, k: int, metric: str = "cosine", seed: int = 0) -> Probed:
        """Return a matrix (n, dim) for searches like those for some points (m, dim), which tell how many cells it takes.

        Where that is most of them, all are looked in.
        """
        space = space_of(matrix, metric, others=np.zeros((1, matrix.shape[1]), np.float32))
        centres = centres_of(space.vectors, max(1, int(len(space) ** 0.5)), seed=seed)
        cells = cell_of(space.vectors, centres)
        points = space.placed(asked[:: max(1, len(asked) // _SAMPLE)])
        true, _ = searched(space, points, min(k, len(space)))
        probes = probes_for(cell_scores(points, centres), cells, true) or len(centres)
        return cls(filed(space, cells, len(centres), coarse=True), centres, probes)

    def nearest(self, queries: Floats, k: int) -> tuple[Rows, Distances]:
        """Return nearly always the k nearest rows of each query (m, dim), and the distances, (m, k), nearest first."""
        k = min(k, len(self.file.rows))
        found, distances = np.empty((len(queries), k), np.int32), np.empty((len(queries), k), np.float32)
        for start in range(0, len(queries), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part], distances[part] = self._nearest(queries[part], k)
        return found, distances

    def _nearest(self, queries: Floats, k: int) -> tuple[Rows, Distances]:
        points, last = self.file.space.placed(queries), len(self.centres) - self.probes
        near = np.argpartition(cell_scores(points, self.centres), last, axis=1)[:, last:]
        order = np.argsort(near.ravel(), kind="stable")
        ends = np.concatenate([[0], np.cumsum(np.bincount(near.ravel(), minlength=len(self.centres)))])
        codes, most = self.file.coded(points), k + SPARE
        places = np.full((len(points), self.probes, most), -1, np.int32)
        scores = np.full(places.shape, np.iinfo(np.int32).min, np.int32)

        def look(cell: int) -> None:
            first, size = int(self.file.starts[cell]), int(self.file.starts[cell + 1] - self.file.starts[cell])
            point, slot = np.divmod(order[ends[cell] : ends[cell + 1]], self.probes)
            if not size or not len(point):
                return
            products, few = self.file.products(codes[point], cell), min(size, most)
            best = np.argpartition(products, size - few, axis=1)[:, size - few :]
            places[point, slot, :few], scores[point, slot, :few] = best + first, np.take_along_axis(products, best, axis=1)

        with workers() as pool:
            list(pool.map(look, range(len(self.centres))))
        several = (len(points), self.probes * most)
        best = np.argpartition(scores.reshape(several), several[1] - most, axis=1)[:, several[1] - most :]
        found, distances = ordered(self.file.space, points, np.take_along_axis(places.reshape(several), best, axis=1), k)
        short = np.flatnonzero(np.isinf(distances[:, -1]))  # in cells that hold fewer than k
        if len(short):
            found[short], distances[short] = searched(self.file.space, points[short], k)
        return self.file.rows[found], distances
