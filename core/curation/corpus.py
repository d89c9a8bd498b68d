"""All records of an index in memory, laid out for many searches at once; kept between pre-flights of the same content."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from core.access import Actor
from core.curation.wordindex import ABSENT, WordIndex
from core.index import IndexInfo
from core.memory import TEXT_KEY, Memory, Schema, from_metadata
from core.memory.record import Record
from core.snapshots.content import Snapshot
from core.snapshots.job import Job
from core.snapshots.keeping import key_of
from core.snapshots.reading import Wish, read_in_process
from core.store import MemoryStore
from core.vectors.arrow import Typed, joined, nulls, typed
from core.vectors.client import KEY_COLUMN
from core.vectors.columns import Column, Mask, evaluate
from core.vectors.filters import parse_filter

__all__ = ["Corpus", "corpus_of", "of_records", "record_table", "stacked", "typed_column"]

_KEPT: Final = 2
_MASKS: Final = 64
# Squares of lengths beyond which float32 cannot be trusted to order the rows.
_SMALL, _LARGE = 1e-30, 1e30

_Floats = npt.NDArray[np.float32]
_Ints = npt.NDArray[np.int64]


class Corpus:
    """Records in the order in which the index has them; everything derived is made at the first need."""

    def __init__(
        self, table: pa.Table, matrix: _Floats, *, info: IndexInfo, schema: Schema, former: Corpus | None = None
    ) -> None:
        self.table, self.matrix = table, matrix
        self.info, self.schema = info, schema
        self.rows = len(matrix)
        self._former = former
        self._memories: dict[int, Memory] = {}
        self._masks: dict[str, Mask] = {}
        self._products: dict[bytes, _Floats] = {}

    @cached_property
    def keys(self) -> list[str]:
        """The keys, row for row."""
        keys: list[str] = self.table[KEY_COLUMN].to_pylist()
        return keys

    @cached_property
    def places(self) -> dict[str, int]:
        """The row of each key."""
        return {key: row for row, key in enumerate(self.keys)}

    @property
    def text_key(self) -> str:
        """The metadata key with the text."""
        return self.schema.place(TEXT_KEY) or TEXT_KEY

    @cached_property
    def words(self) -> WordIndex | None:
        """The words of the texts; None where the index cannot be searched by words."""
        if self.text_key not in self.info.text_keys:
            return None
        place = self.info.text_keys.index(self.text_key)
        language = self.info.text_languages[place] if place < len(self.info.text_languages) else "en"
        former, self._former = self._former, None
        known = former.words if former is not None and former.text_key == self.text_key else None
        same = None if former is None or known is None or known.language != language else self._same_texts(former)
        return WordIndex.of(self._texts(), language=language, former=known if same is not None else None, same=same)

    def memories(self, rows: Sequence[int]) -> list[Memory]:
        """Return the memories of some rows, in their order."""
        missing = [row for row in rows if row not in self._memories]
        if missing:
            for row, metadata in zip(missing, self.metadata(missing), strict=True):
                self._memories[row] = from_metadata(self.keys[row], metadata, self.schema)
        return [self._memories[row] for row in rows]

    def metadata(self, rows: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield the metadata of some rows, as it is stored."""
        names = [name for name in self.table.column_names if name != KEY_COLUMN]
        part = self.table.select(names).take(pa.array(rows, pa.int64()))
        columns = [(name, typed_column(part, name).values()) for name in names if part[name].null_count < len(rows)]
        for place in range(len(rows)):
            yield {name: values[place] for name, values in columns if values[place] is not None}

    def mask(self, condition: Mapping[str, Any] | None) -> Mask:
        """Return which rows satisfy a filter of the service."""
        if condition is None:
            return np.ones(self.rows, np.bool_)
        name = json.dumps(condition, sort_keys=True)
        if name not in self._masks:
            node = parse_filter(condition, non_filterable=self.info.non_filterable)
            while len(self._masks) >= _MASKS:
                self._masks.pop(next(iter(self._masks)))
            self._masks[name] = evaluate(node, self._columns, self.rows)
        return self._masks[name]

    @cached_property
    def lengths(self) -> npt.NDArray[np.float64]:
        """The square of each vector's length."""
        squares: npt.NDArray[np.float64] = np.einsum("ij,ij->i", self.matrix, self.matrix, dtype=np.float64)
        return squares

    @cached_property
    def extreme(self) -> bool:
        """Whether some vector is so short or long that float32 cannot order them."""
        return bool(((self.lengths < _SMALL) | (self.lengths > _LARGE)).any())

    def prepare(self, queries: Sequence[_Floats]) -> None:
        """Multiply all vectors with those of several queries at once; what was prepared before is let go."""
        self._products = {}
        if queries and self.rows:
            with np.errstate(all="ignore"):
                products = np.stack(queries) @ self.matrix.T
            self._products = {query.tobytes(): row for query, row in zip(queries, products, strict=True)}

    def products(self, query: _Floats) -> _Floats:
        """Return the product of each vector with a query's, (rows,) float32: not exact."""
        known = self._products.get(query.tobytes())
        if known is None:
            with np.errstate(all="ignore"):
                known = self.matrix @ query
        return known

    def _texts(self) -> list[Any]:
        if self.text_key not in self.table.column_names:
            return [None] * self.rows
        return typed_column(self.table, self.text_key).values()

    def _same_texts(self, former: Corpus) -> _Ints | None:
        """Return the row of the former corpus that has a row's key and text, ABSENT where none has."""
        tables = (self.table, former.table)
        if not all(self.text_key in table.column_names for table in tables) or not former.rows:
            return None
        now, then = (table[self.text_key].combine_chunks() for table in tables)
        if not (pa.types.is_string(now.type) and now.type == then.type):
            return None
        found = pc.index_in(self.table[KEY_COLUMN], value_set=former.table[KEY_COLUMN].combine_chunks())
        places = np.asarray(pc.fill_null(found, ABSENT)).astype(np.int64)
        equal = pc.fill_null(pc.equal(now, then.take(pa.array(np.maximum(places, 0)))), False)
        return np.where(np.asarray(equal) & (places >= 0), places, ABSENT)

    @cached_property
    def _columns(self) -> _Columns:
        return _Columns(self.table)


class _Columns(Mapping[str, Column]):
    """The metadata of a table as filters want it, a column at the first need."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._known: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._known:
            if name == KEY_COLUMN or name not in self._table.column_names:
                raise KeyError(name)
            self._known[name] = _coded(typed_column(self._table, name))
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._table.column_names if name != KEY_COLUMN)

    def __len__(self) -> int:
        return int(self._table.num_columns) - 1


def _coded(column: Typed) -> Column:
    kind = column.array.type
    if not column.json and not pa.types.is_list(kind):
        coded = column.array.dictionary_encode()
        codes = pc.fill_null(coded.indices, ABSENT).to_numpy(zero_copy_only=False).astype(np.int32)
        return Column(coded.dictionary.to_pylist(), codes)
    found = Column.empty(len(column.array))
    for row, value in enumerate(column.values()):
        if value is not None:
            found.set(row, value)
    return found


def typed_column(table: pa.Table, name: str) -> Typed:
    """Return a column of a scan with what its field says of its encoding."""
    is_json = (table.schema.field(name).metadata or {}).get(b"encoding") == b"json"
    column = table[name].combine_chunks()
    return Typed(column if isinstance(column, pa.Array) else pa.concat_arrays(column.chunks), is_json)


def stacked(parts: Sequence[tuple[pa.Table, Mask]]) -> pa.Table:
    """Return the chosen rows of several scans as one table, one behind the other."""
    names = sorted({name for table, _ in parts for name in table.column_names} - {KEY_COLUMN})
    columns = {name: joined([_chosen(*part, name) for part in parts]) for name in (KEY_COLUMN, *names)}
    fields = [pa.field(name, column.array.type, metadata=column.field_metadata) for name, column in columns.items()]
    fields[0] = pa.field(KEY_COLUMN, pa.string())
    return pa.Table.from_arrays([column.array for column in columns.values()], schema=pa.schema(fields))


def _chosen(table: pa.Table, rows: Mask, name: str) -> Typed:
    if name not in table.column_names:
        return nulls(int(np.count_nonzero(rows)))
    column = typed_column(table, name)
    return Typed(column.array.filter(pa.array(rows)), column.json)


def record_table(records: Mapping[str, Record]) -> pa.Table:
    """Return keys and metadata of records as a scan has them, in their order."""
    names: Collection[str] = sorted({name for record in records.values() for name in record.metadata})
    columns = [typed([record.metadata.get(name) for record in records.values()]) for name in names]
    fields = [pa.field(KEY_COLUMN, pa.string())]
    fields += [
        pa.field(name, column.array.type, metadata=column.field_metadata)
        for name, column in zip(names, columns, strict=True)
    ]
    arrays = [pa.array(list(records), pa.string()), *(column.array for column in columns)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def of_records(records: Mapping[str, Record], *, info: IndexInfo, schema: Schema) -> Corpus:
    """Return records, each with its vector, as a corpus in their order."""
    matrix = np.zeros((len(records), info.dimension), np.float32)
    for row, record in enumerate(records.values()):
        matrix[row] = record.vector
    return Corpus(record_table(records), matrix, info=info, schema=schema)


_kept: OrderedDict[str, tuple[Snapshot, Corpus]] = OrderedDict()
_lock = threading.Lock()


def corpus_of(store: MemoryStore, *, snapshot: Snapshot | None, now: datetime, actor: Actor) -> tuple[Snapshot, Corpus]:
    """Return what an index holds, from a snapshot with vectors if it is as new as the service can tell, else read now."""
    name, revision = key_of(store), store.revision()
    with _lock:
        former = _kept.get(name)
    usable = [each for each in (snapshot, former[0] if former and revision is not None else None) if each is not None]
    found = next((each for each in usable if each.has_vectors and (revision is None or each.revision == revision)), None)
    if found is None:
        found = read_in_process(
            store, None, Wish(vectors=True), actor=actor, now=now, job=Job(store.info.name, clock=lambda: now)
        )
    if former and former[0].revision == found.revision and former[1].info == store.info:
        return found, former[1]
    before = former[1] if former and former[1].info == store.info else None
    corpus = Corpus(found.table, found.vectors(), info=store.info, schema=store.schema, former=before)
    with _lock:
        _kept[name] = (found, corpus)
        _kept.move_to_end(name)
        while len(_kept) > _KEPT:
            _kept.popitem(last=False)
    return found, corpus
