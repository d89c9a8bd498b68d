"""A snapshot: every record of one index as it was at one moment, or a sample of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.errors import ConfigError

__all__ = ["Snapshot"]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Keys and metadata of an index as a table and as the pages' frame, row for row; vectors where they were asked for.

    `revision` changes whenever the content does: the service's own, or a digest of keys and metadata where it has none.
    `taken_at` is the last moment at which this was known to be what is stored. `total` is how many records the index has,
    None where the snapshot is a sample and the service does not say. `digests` has a number for the content of each row.
    """

    index: str
    table: pa.Table
    frame: pd.DataFrame
    revision: str
    taken_at: datetime
    total: int | None
    from_service: bool = False
    notes: tuple[str, ...] = ()
    digests: npt.NDArray[np.uint64] = field(repr=False, default_factory=lambda: np.zeros(0, np.uint64))
    matrix: npt.NDArray[np.float32] | None = field(repr=False, default=None)

    @property
    def rows(self) -> int:
        """How many records it holds."""
        return int(self.table.num_rows)

    @property
    def sampled(self) -> bool:
        """Say whether the index has more records than this."""
        return self.total is None or self.total > self.rows

    @property
    def has_vectors(self) -> bool:
        """Say whether the vectors were read too."""
        return self.matrix is not None

    def vectors(self) -> npt.NDArray[np.float32]:
        """Return the vectors, (rows, dimension) float32, read-only, in the order of the table and the frame."""
        if self.matrix is None:
            raise ConfigError(
                f"The snapshot of index {self.index!r} was read without vectors: look(…, vectors=True) reads them too."
            )
        return self.matrix
