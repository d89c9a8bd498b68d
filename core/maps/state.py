"""What there is to see of a map now: the best picture so far, how far the work is, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from core.analysis.clusters import ClusterInfo, Clusters, Granularity
    from core.analysis.neighbours import Neighbours
    from core.analysis.projection import Quality

__all__ = ["ClusterView", "MapState", "Method", "Stage", "Unavailable", "undescribed"]

Stage = Literal["reading", "first picture", "neighbours", "layout", "clusters", "done", "failed", "cancelled"]
Method = Literal["", "pca", "umap", "umap of landmarks"]


@dataclass(frozen=True, eq=False)
class ClusterView:
    """The clusters of a map at one granularity, `clusters.codes` row for row, and what is said of each of them, by id.

    `infos` is empty while the clusters are being described.
    """

    clusters: Clusters
    infos: tuple[ClusterInfo, ...] = ()


@dataclass(frozen=True, eq=False)
class MapState:
    """A map as it is now; every array is row for row that of the snapshot that was given to `look`, and read-only.

    `coords` is float32 (n, dims) within [0, 1], its longest side filled, and a little beyond after a refit; None until the
    first picture. `method` says what drew it: PCA at first, UMAP at the end. `final`: nothing better is being computed.
    While a former map stands in for one that is computed anew, `coords` are those of the former and `final` is False.
    `placed` memories came after the layout and lie between their neighbours. `progress` is 0 to 1 over all stages, `eta_s`
    seconds to the end, None while nobody knows. `problem` says what failed and what to do; `missing` that the optional part
    of the program is not installed, `off` that whoever runs the server switched the computation off: to start again helps
    against neither.
    `serial` changes with every change of what is drawn (coords, clusters), and never returns.
    """

    stage: Stage
    progress: float = 0.0
    eta_s: float | None = None
    coords: npt.NDArray[np.float32] | None = field(default=None, repr=False)
    final: bool = False
    method: Method = ""
    quality: Quality | None = None
    neighbours: Neighbours | None = field(default=None, repr=False)
    clusters: Mapping[Granularity, ClusterView] = field(default_factory=dict, repr=False)
    placed: int = 0
    problem: str = ""
    missing: bool = False
    off: bool = False
    revision: str = ""
    serial: int = 0

    @property
    def running(self) -> bool:
        """Say whether something is being computed."""
        return self.stage not in ("done", "failed", "cancelled")


@dataclass(frozen=True)
class Unavailable:
    """Why no worker computes maps: a part that is not installed, switched off, or a setting that says nothing."""

    problem: str
    missing: bool = False
    off: bool = False


def undescribed(views: Mapping[Granularity, ClusterView]) -> dict[Granularity, ClusterView]:
    """Return clusters without what is said of them, which is words of memories."""
    return {name: ClusterView(view.clusters) for name, view in views.items()}
