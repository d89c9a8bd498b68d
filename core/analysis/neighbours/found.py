"""What a search for neighbours found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["METRICS", "Distances", "Floats", "Neighbours", "Rows"]

METRICS: Final = ("cosine", "euclidean")

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]
Distances = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The k nearest other rows of each row: `rows` int32 and `distances` float32, (n, k), nearest first, ties by row.

    k is at most n − 1. `recall` is the share of the true neighbours that was found: 1.0 where the search was exact, else
    measured on a sample of the rows. A cosine distance is 1 − cos, 0 to 2; a vector of zeros is at 1 from everything.
    """

    rows: Rows
    distances: Distances
    recall: float
    metric: str

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def k(self) -> int:
        """How many neighbours each row has."""
        return int(self.rows.shape[1])
