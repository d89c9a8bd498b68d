"""Memories that a page shows, as rows of a frame, and each of them with all of its fields where it is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from core.analysis.columns import values_of
from core.memory import Memory, Schema, from_metadata
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN

__all__ = ["RowNumbers", "Rows"]

_PAGE: Final = 500

RowNumbers = Sequence[int] | npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Rows:
    """A frame with COLUMNS, and the tables that its rows were read from: row for row, one table behind the other."""

    frame: pd.DataFrame
    tables: tuple[pa.Table, ...]
    schema: Schema
    found: dict[str, int | None] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.frame)

    def key(self, row: int) -> str:
        """Return the key of a row."""
        return str(self.frame["key"].iat[row])

    def keys(self, rows: RowNumbers) -> list[str]:
        """Return the keys of rows."""
        return list(map(str, self.frame["key"].iloc[np.asarray(rows, dtype=np.int64)]))

    def row(self, key: str) -> int | None:
        """Return the row of a key, None where it is not among them."""
        if key not in self.found:
            rows = np.flatnonzero((self.frame["key"] == key).to_numpy(dtype=bool))
            self.found[key] = int(rows[0]) if len(rows) else None
        return self.found[key]

    def mask(self, keys: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Return which rows have one of these keys, bool (n,)."""
        found: npt.NDArray[np.bool_] = self.frame["key"].isin(keys).to_numpy(dtype=bool)
        return found

    def memories(self, rows: RowNumbers) -> Iterator[Memory]:
        """Yield the memories of rows in their order, each with all of its fields."""
        for start in range(0, len(rows), _PAGE):
            page = np.asarray(rows[start : start + _PAGE], dtype=np.int64)
            found: dict[str, Memory] = {}
            first = 0
            for table in self.tables:
                found |= _read(table, page[(first <= page) & (page < first + table.num_rows)] - first, self.schema)
                first += table.num_rows
            yield from (found[key] for key in self.keys(page))


def _read(table: pa.Table, rows: npt.NDArray[np.int64], schema: Schema) -> dict[str, Memory]:
    if not len(rows):
        return {}
    taken = table.take(pa.array(rows))
    keys: list[str] = taken[KEY_COLUMN].to_pylist()
    columns = {name: values_of(taken, name) for name in taken.column_names if name not in (KEY_COLUMN, VECTOR_COLUMN)}
    return {
        key: from_metadata(key, {name: of[row] for name, of in columns.items() if of[row] is not None}, schema)
        for row, key in enumerate(keys)
    }
