"""The snapshot frame: every memory of an index as one row, from a scan, for pages that look at everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.memory.fields import ABSENT, FIELDS, iso
from core.memory.places import content_places, read_at
from core.memory.schema import INSIDE, OURS, Schema, container_of
from core.memory.status import HIDDEN, STATUS_KEY
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN

if TYPE_CHECKING:
    from core.store import IndexInfo

__all__ = ["COLUMNS", "to_frame"]

_CATEGORIES: Final = ("memory_type", "agent_id", "team_id", "task_id", "session_id", "source")
_TIMES: Final = ("created_at", "expires_at", "last_recalled_at")
_LISTS: Final = ("tags", "derived_from")
_MOMENT: Final = pa.timestamp("us", "UTC")
_YEAR_1, _YEAR_10000 = -62_135_596_800_000_000, 253_402_300_800_000_000

# Name → dtype. A missing text is NA (never an invented word), a missing time NaT, a missing list an empty one.
COLUMNS: Final[dict[str, str]] = {
    "key": "str",
    "content": "str",
    "memory_type": "category",
    "agent_id": "category",
    "team_id": "category",
    "task_id": "category",
    "session_id": "category",
    "created_at": "datetime64[us, UTC]",
    "expires_at": "datetime64[us, UTC]",
    "confidence": "float64",
    "source": "category",
    "tags": "object",
    "derived_from": "object",
    "recall_count": "int64",
    "last_recalled_at": "datetime64[us, UTC]",
    "notes": "str",
    "status": "category",
    "content_bytes": "int64",
    "metadata_bytes": "int64",
    "filterable_bytes": "int64",
}


def to_frame(table: pa.Table, *, info: IndexInfo, schema: Schema = OURS) -> pd.DataFrame:
    """Return a scan's table as a frame with exactly COLUMNS, read with the schema of its index.

    A value of another type than its column's counts as missing.
    """
    columns: dict[str, pd.Series[Any]] = {"key": pd.Series(table[KEY_COLUMN].to_pandas(), dtype="str")}
    content = _content(table, schema)
    columns["content"] = _text_series(content).fillna("")
    columns |= {name: _READERS[name](table, name, schema) for name in COLUMNS if name in _READERS}
    total, filterable = _sizes(table, info)
    columns["content_bytes"] = pd.Series(_filled(pc.binary_length(content)))
    columns["metadata_bytes"] = pd.Series(total)
    columns["filterable_bytes"] = pd.Series(filterable)
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _content(table: pa.Table, schema: Schema) -> pa.ChunkedArray:
    """Return the text of each row: at the schema's place, else where well-known software keeps it."""
    own = schema.place("content")
    found = _at(table, own, "content", pa.string(), schema)
    plain = own is not None and INSIDE not in own and own in table.column_names
    settled = table[own].is_valid() if plain else found.is_valid()
    for place in content_places(schema):
        if place == own or container_of(place) not in table.column_names or pc.all(settled, min_count=0).as_py():
            continue
        other = _at(table, place, "content", pa.string(), schema)
        found = pc.if_else(settled, found, other)
        settled = pc.or_(settled, other.is_valid())
    return found


def _plain(table: pa.Table, name: str, kind: pa.DataType, schema: Schema) -> pa.ChunkedArray:
    return _at(table, schema.place(name), name, kind, schema)


def _at(table: pa.Table, place: str | None, name: str, kind: pa.DataType, schema: Schema) -> pa.ChunkedArray:
    """Return what is at a place as exactly that type; values that the field does not read become null."""
    key = container_of(place) if place else ""
    if place is None or key not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    column = table[key]
    if INSIDE in place:
        return _read(_inside(_values(table, key), place), name, kind, schema)
    if _is_json(table, key):
        return _read(_values(table, key), name, kind, schema)
    if column.type.equals(kind) or (pa.types.is_floating(kind) and pa.types.is_integer(column.type)):
        return column.cast(kind)
    if pa.types.is_large_string(column.type) and pa.types.is_string(kind):
        return column.cast(kind)
    if schema.is_ours:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    return _read(column.to_pylist(), name, kind, schema)


def _is_json(table: pa.Table, name: str) -> bool:
    return (table.schema.field(name).metadata or {}).get(b"encoding") == b"json"


def _values(table: pa.Table, key: str) -> list[Any]:
    texts = table[key].to_pylist()
    return [None if text is None else json.loads(text) for text in texts] if _is_json(table, key) else texts


def _inside(values: list[Any], place: str) -> list[Any]:
    """Return what is inside the JSON texts, None where there is nothing."""
    key = container_of(place)
    found = (read_at({key: value}, place) for value in values)
    return [None if value is ABSENT else value for value in found]


def _read(values: list[Any], name: str, kind: pa.DataType, schema: Schema) -> pa.ChunkedArray:
    """Return the values that the field can read, as its type has them."""
    field = FIELDS[name]
    read = field.parse if schema.is_ours else field.parse_foreign
    known: dict[Any, Any] = {}

    def fitting(value: Any) -> Any:
        try:
            said = read(value)
        except ValueError:
            return None
        if said == field.empty:
            return None
        if isinstance(said, datetime) and pa.types.is_string(kind):
            return iso(said)
        return list(said) if isinstance(said, tuple) else said

    def once(value: Any) -> Any:
        if isinstance(value, list | dict):
            return fitting(value)
        mark = (type(value), value)
        if mark not in known:
            known[mark] = fitting(value)
        return known[mark]

    return pa.chunked_array([pa.array([None if value is None else once(value) for value in values], kind)])


def _texts(table: pa.Table, name: str, schema: Schema) -> pd.Series[Any]:
    return _text_series(_stated(_plain(table, name, pa.string(), schema)))


def _stated(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the texts, an empty one as a missing one, as in a Memory."""
    if pc.any(pc.equal(column, "")).as_py():
        return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    return column


def _text_series(column: pa.ChunkedArray) -> pd.Series[Any]:
    return pd.Series(column.to_pandas(), dtype="str")


def _categories(table: pa.Table, name: str, schema: Schema) -> pd.Series[Any]:
    column = _stated(_plain(table, name, pa.string(), schema))
    coded = column.combine_chunks().dictionary_encode() if table.num_rows else pa.array([], pa.string()).dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(coded.dictionary.to_pandas(), dtype="str")))


def _times(table: pa.Table, name: str, schema: Schema) -> pd.Series[Any]:
    times = _arrow_times(table, name, schema)
    if times is None and schema.is_ours:
        # Times that others wrote: dates alone, some with a zone and some without, or no times at all.
        times = _read(_plain(table, name, pa.string(), schema).to_pylist(), name, _MOMENT, schema)
    elif times is None:
        times = _plain(table, name, _MOMENT, schema)
    return pd.Series(times.to_pandas()).astype("datetime64[us, UTC]")


def _arrow_times(table: pa.Table, name: str, schema: Schema) -> pa.ChunkedArray | None:
    """Return times that are all ISO 8601 with a zone, or all without one; None where they must be read one by one."""
    place = schema.place(name)
    if not schema.is_ours and (
        place not in table.column_names or _is_json(table, str(place)) or not _is_text(table[place].type)
    ):
        return None
    column = _plain(table, name, pa.string(), schema)
    for kind in (_MOMENT, pa.timestamp("us")):
        try:
            times = pc.cast(column, kind)
        except pa.ArrowInvalid:
            continue
        within = pc.and_(
            pc.less_equal(_YEAR_1, pc.cast(times, pa.int64())), pc.less(pc.cast(times, pa.int64()), _YEAR_10000)
        )
        if pc.all(within, min_count=0).as_py():  # Python has no others
            return times if kind.tz else pc.assume_timezone(times, "UTC")
    return None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _numbers(table: pa.Table, name: str, schema: Schema) -> pd.Series[Any]:
    values = _plain(table, name, pa.float64(), schema).to_numpy()
    within = (values >= 0) & (values <= 1)
    return pd.Series(np.where(within, values, np.nan))


def _counts(table: pa.Table, name: str, schema: Schema) -> pd.Series[Any]:
    values = _plain(table, name, pa.float64(), schema).to_numpy()
    whole = (values >= 0) & (values <= 2**53) & (values == np.floor(values))
    return pd.Series(np.where(whole, values, 0).astype(np.int64))


def _lists(table: pa.Table, name: str, schema: Schema) -> pd.Series[Any]:
    column = _plain(table, name, pa.list_(pa.string()), schema)
    cells = np.empty(table.num_rows, dtype=object)
    if column.null_count == len(column):
        cells[:] = [[] for _ in range(table.num_rows)]
    else:
        cells[:] = [cell or [] for cell in column.to_pylist()]
    return pd.Series(cells)


def _status(table: pa.Table, _name: str, schema: Schema) -> pd.Series[Any]:
    """Return what recall leaves out: any value of the status's key counts, one that is no text as hidden."""
    if schema.place(STATUS_KEY) not in table.column_names:
        return pd.Series(pd.Categorical([None] * table.num_rows, categories=pd.Index([], dtype="str")))
    values = _values(table, STATUS_KEY)
    said = [value if value is None or (isinstance(value, str) and value) else HIDDEN for value in values]
    return pd.Series(pd.Categorical(pd.Series(said, dtype="str")))


_READERS: Final[Mapping[str, Callable[[pa.Table, str, Schema], pd.Series[Any]]]] = {
    "notes": _texts,
    **dict.fromkeys(_CATEGORIES, _categories),
    **dict.fromkeys(_TIMES, _times),
    **dict.fromkeys(_LISTS, _lists),
    "confidence": _numbers,
    "recall_count": _counts,
    "status": _status,
}


def _filled(column: pa.ChunkedArray) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.cast(column, pa.int64()), 0).to_numpy())


def _sizes(table: pa.Table, info: IndexInfo) -> tuple[np.ndarray, np.ndarray]:
    """Return the bytes of all metadata and of its filterable part, by AWS's measure (S3VECTORS.md, limits)."""
    total = np.full(table.num_rows, 4, dtype=np.int64)
    filterable = total.copy()
    for name in table.column_names:
        if name in (KEY_COLUMN, VECTOR_COLUMN):
            continue
        size = _column_bytes(table, name) + np.where(table[name].is_valid().to_numpy(), 8 + len(name.encode()), 0)
        total += size
        if name not in info.non_filterable:
            filterable += size
    return total, filterable


def _column_bytes(table: pa.Table, name: str) -> np.ndarray:
    """Return the bytes of each value; of a mixed column the length of its JSON, a few bytes off."""
    column = table[name]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _filled(pc.binary_length(column))
    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        return _list_bytes(column)
    each = 0 if pa.types.is_boolean(column.type) else 4
    return np.where(column.is_valid().to_numpy(), each, 0)


def _list_bytes(column: pa.ChunkedArray) -> np.ndarray:
    sizes = []
    for chunk in column.chunks:
        rows, items = pc.list_parent_indices(chunk).to_numpy(), pc.list_flatten(chunk)
        each = 4 + (_filled(pc.binary_length(items)) if pa.types.is_string(items.type) else np.full(len(items), 4))
        sizes.append(np.bincount(rows, weights=each, minlength=len(chunk)).astype(np.int64))
    return np.concatenate(sizes) if sizes else np.zeros(0, dtype=np.int64)
