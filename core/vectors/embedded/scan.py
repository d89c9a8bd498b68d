"""A whole index as one Arrow table, kept between calls and refreshed by difference."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from core.vectors.arrow import Typed, joined, nulls, typed, vector_array
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN
from core.vectors.columns import Column
from core.vectors.embedded.reading import Reading
from core.vectors.embedded.segment import View

__all__ = ["Scanner"]

_BODIES = "SELECT seq, key, body FROM rec WHERE seq > ? ORDER BY seq"
_Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Bodies:
    """Keys and non-filterable metadata of rows in order of sequence, read up to `head`."""

    head: int = 0
    seqs: _Ints = field(default_factory=lambda: np.empty(0, np.int64))
    keys: pa.Array = field(default_factory=lambda: pa.nulls(0, pa.string()))  # pa.array would import pandas: 0.5 s
    columns: dict[str, Typed] = field(default_factory=dict)

    def only(self, rows: _Ints) -> _Bodies:
        """Return some of the rows."""
        if len(rows) == len(self.seqs):
            return self
        columns = {name: column.take(rows).settled() for name, column in self.columns.items()}
        return _Bodies(self.head, self.seqs[rows], self.keys.take(pa.array(rows)), columns)

    def extended(self, rows: list[tuple[int, str, bytes]], head: int) -> _Bodies:
        """Return the rows and newer ones behind them."""
        if not rows:
            return _Bodies(head, self.seqs, self.keys, self.columns)
        seqs, keys, texts = zip(*rows, strict=True)
        parsed = [orjson.loads(text) for text in texts]
        columns = {}
        for name in {*self.columns, *(key for body in parsed for key in body)}:
            old = self.columns.get(name) or nulls(len(self.seqs))
            columns[name] = joined([old, typed([body.get(name) for body in parsed])])
        return _Bodies(
            head,
            np.concatenate([self.seqs, np.array(seqs, np.int64)]),
            pa.concat_arrays([self.keys, pa.array(keys)]),
            columns,
        )


class Scanner:
    """Keeps the keys and the non-filterable metadata of one index; the rest is in the replica's columns already."""

    def __init__(self) -> None:
        self._bodies = _Bodies()
        self._distinct: weakref.WeakKeyDictionary[Column, tuple[int, Typed]] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()

    def scan(self, reading: Reading, *, columns: Sequence[str] | None, vectors: bool, dimension: int) -> pa.Table:
        """Return `$key`, the asked metadata columns (all, sorted by name, when None) and `$vector` if asked."""
        with self._lock:
            bodies = self._current(reading)
            found = bodies.columns | {name: self._filterable(name, reading.views) for name in _names(reading.views, columns)}
        # A key whose every record is gone is no column any more.
        found = {name: column for name, column in sorted(found.items()) if column.array.null_count < len(column.array)}
        if columns is not None:
            found = {name: found.get(name) or nulls(len(bodies.keys)) for name in columns}
        fields = [pa.field(KEY_COLUMN, pa.string())]
        fields += [pa.field(name, column.array.type, metadata=column.field_metadata) for name, column in found.items()]
        arrays = [bodies.keys, *(column.array for column in found.values())]
        if vectors:
            arrays.append(_vectors(reading.views, dimension))
            fields.append(pa.field(VECTOR_COLUMN, arrays[-1].type))
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def _current(self, reading: Reading) -> _Bodies:
        """Return keys and bodies of exactly the living rows of the reading."""
        living = np.concatenate([view.seqs[view.alive] for view in reading.views] or [np.empty(0, np.int64)])
        if np.array_equal(self._bodies.seqs, living):
            return self._bodies
        for known in (self._bodies, _Bodies()):  # from nothing when another thread's reading was ahead of this one
            kept = known.only(np.flatnonzero(np.isin(known.seqs, living, assume_unique=True)))
            bodies = kept.extended(list(reading.connection.execute(_BODIES, (known.head,))), reading.head.seq)
            if len(bodies.seqs) == len(living):
                break
        if bodies.head >= self._bodies.head:
            self._bodies = bodies
        return bodies

    def _filterable(self, name: str, views: list[View]) -> Typed:
        parts = []
        for view in views:
            column = view.segment.columns.get(name)
            if column is None:
                parts.append(nulls(int(view.alive.sum())))
                continue
            codes = column.codes[: view.rows]
            parts.append(self._taken(column, codes if view.whole else codes[view.alive]))
        return joined(parts) if parts else nulls(0)

    def _taken(self, column: Column, codes: npt.NDArray[np.int32]) -> Typed:
        """Return the values of living rows; those of dead rows have no say in the type."""
        values = self._values(column)
        used = np.unique(codes[codes >= 0]) if values.json else ()
        if not values.json or len(used) == len(values.array):
            return values.take(codes)
        return typed([column.values[code] for code in used]).take(np.where(codes < 0, -1, np.searchsorted(used, codes)))

    def _values(self, column: Column) -> Typed:
        """Return a column's distinct values, kept until there are more."""
        count, values = self._distinct.get(column, (-1, None))
        if values is None or count < len(column.values):
            count = len(column.values)
            values = typed(column.values[:count])
            self._distinct[column] = (count, values)
        return values


def _names(views: list[View], columns: Sequence[str] | None) -> Iterable[str]:
    names = {name for view in views for name in list(view.segment.columns)}
    return names if columns is None else names & set(columns)


def _vectors(views: list[View], dimension: int) -> pa.Array:
    parts = [view.vectors if view.whole else view.vectors[view.alive] for view in views]
    if not parts:
        return vector_array(np.empty((0, dimension), np.float32))
    return vector_array(parts[0] if len(parts) == 1 else np.concatenate(parts))
