"""What the worker left in the folder of an order, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.analysis.clusters import Granularity
from core.analysis.neighbours import Neighbours
from core.analysis.projection import Quality
from core.maps.order import infos_of, read_arrays, views_of
from core.maps.state import ClusterView, Method

__all__ = ["Result", "quality_of", "read_layout", "read_result"]


@dataclass(frozen=True, eq=False)
class Result:
    """The places of all rows, the side of their box in UMAP's own scale and, but for landmarks, their neighbours.

    Quality and clusters come later.
    """

    coords: npt.NDArray[np.float32]
    side: float
    neighbours: Neighbours | None
    quality: Quality | None = None
    clusters: Mapping[Granularity, ClusterView] = field(default_factory=dict)

    @property
    def method(self) -> Method:
        """How the places were found."""
        return "umap" if self.neighbours is not None else "umap of landmarks"


def read_layout(folder: Path, *, metric: str) -> Result:
    """Return the layout of an order that got to its clusters; OSError, ValueError or KeyError where it is not whole."""
    arrays = read_arrays(folder / "layout.npz")
    neighbours = None
    if "neighbours" in arrays:
        neighbours = Neighbours(arrays["neighbours"], arrays["distances"], float(arrays["recall"]), metric)
    return Result(arrays["coords"], float(arrays["side"]), neighbours)


def read_result(folder: Path, *, metric: str) -> Result:
    """Return all that an order left that is done; errors as of `read_layout`."""
    layout, arrays = read_layout(folder, metric=metric), read_arrays(folder / "clusters.npz")
    views = views_of(arrays, infos_of((folder / "infos.json").read_bytes()))
    return replace(layout, quality=quality_of(arrays["quality"]), clusters=views)


def quality_of(values: npt.NDArray[np.float64]) -> Quality:
    """Return a quality from its four numbers."""
    trust, preserved, sample, k = values.tolist()
    return Quality(trust, preserved, int(sample), int(k))
