"""What a computation of a map is for: the memories, what a kept map says of them, and the order that follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.analysis.projection import pca
from core.analysis.snapshot import Snapshot
from core.maps.folders import write_inputs
from core.maps.keeping import Kept
from core.maps.matching import Carried, carried_over, marks_of
from core.maps.order import Arrays, Order, arrays_of
from core.maps.parameters import MapParameters
from core.maps.results import Result
from core.vectors.client import KEY_COLUMN

__all__ = ["Content", "Plan", "first_picture"]

Digests = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Content:
    """The memories that a map is of; `snapshot` has vectors."""

    snapshot: Snapshot
    metric: str
    arn: str

    def same_rows(self, other: Content) -> bool:
        """Say whether what is row for row of the one is row for row of the other."""
        if self.snapshot.revision != other.snapshot.revision:
            return False
        mine, theirs = self.snapshot.table, other.snapshot.table
        return mine is theirs or bool(mine[KEY_COLUMN].equals(theirs[KEY_COLUMN]))


@dataclass(frozen=True, eq=False)
class Plan:
    """A map to be: its content with its digests, the former map on it, and whether that is to be laid out anew."""

    content: Content
    parameters: MapParameters
    keys: Digests
    marks: Digests
    former: Kept | None
    carried: Carried | None
    refit: bool
    erasures: int

    @classmethod
    def of(cls, content: Content, parameters: MapParameters, former: Kept | None, *, refit: bool, erasures: int) -> Plan:
        """Return the plan of a content; reads every vector."""
        matrix = content.snapshot.vectors()
        keys, marks = marks_of(content.snapshot.table[KEY_COLUMN], matrix)
        carried = carried_over(former, keys, marks, matrix, metric=content.metric) if former is not None else None
        return cls(content, parameters, keys, marks, former if carried else None, carried, refit, erasures)

    def again(self, former: Kept | None) -> Plan:
        """Return the plan after another map of the index was finished, which may be all that is needed."""
        matrix = self.content.snapshot.vectors()
        carried = carried_over(former, self.keys, self.marks, matrix, metric=self.content.metric) if former else None
        return replace(self, former=former if carried else None, carried=carried)

    @property
    def stays(self) -> bool:
        """Say whether the places of the former map stay."""
        return self.carried is not None and not self.refit and not self.carried.drifted

    @property
    def whole(self) -> bool:
        """Say whether the former map is all that is needed."""
        if self.carried is None or self.former is None or not self.carried.exact or not self.stays:
            return False
        described = all(len(view.infos) == view.clusters.count for view in self.carried.clusters.values())
        return described and (self.carried.neighbours is not None or self.former.method == "umap of landmarks")

    def order(self, number: int, folder: Path) -> Order:
        """Write what the worker needs into a folder and return the order."""
        inputs: Arrays = {}
        if self.carried is None or self.former is None:
            inputs["start"] = first_picture(self.content, self.parameters)
        else:  # a layout begins at the places of before, so that all of it stays familiar
            known = self.carried.fitted[:, None] | np.bool_(self.stays)
            inputs = {"start": self.carried.coords, "former": np.where(known, self.carried.coords, np.float32(np.nan))}
            inputs |= {"side": np.array(self.former.side)} | arrays_of(self.carried.clusters)
        vectors = write_inputs(folder, self.content.snapshot, inputs)
        return Order(number, str(folder), vectors, self.content.metric, self.parameters, self.stays)

    def kept(self, result: Result) -> Kept:
        """Return the map that was computed, to be kept."""
        stays = self.former is not None and self.carried is not None and self.stays
        return Kept(
            self.content.arn,
            self.content.snapshot.revision,
            self.former.method if stays and self.former is not None else result.method,
            self.keys,
            self.marks,
            self.carried.fitted if stays and self.carried is not None else np.ones(len(self.keys), np.bool_),
            result.coords,
            result.side,
            result.neighbours,
            result.quality,
            result.clusters,
        )


def first_picture(content: Content, parameters: MapParameters) -> npt.NDArray[np.float32]:
    """Return the memories along their first principal components, (n, dims)."""
    return pca(content.snapshot.vectors(), dims=parameters.dims, seed=parameters.seed, metric=content.metric)
