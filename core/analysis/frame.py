"""The snapshot frame: every memory of an index as one row, from a scan, for pages that look at everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.memory.fields import FIELDS
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN

if TYPE_CHECKING:
    from core.store import IndexInfo

__all__ = ["COLUMNS", "to_frame"]

_TEXTS: Final = ("content", "notes")
_CATEGORIES: Final = ("memory_type", "agent_id", "team_id", "task_id", "session_id", "source")
_TIMES: Final = ("created_at", "expires_at", "last_recalled_at")
_LISTS: Final = ("tags", "derived_from")

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
    "content_bytes": "int64",
    "metadata_bytes": "int64",
    "filterable_bytes": "int64",
}


def to_frame(table: pa.Table, *, info: IndexInfo) -> pd.DataFrame:
    """Return a scan's table as a frame with exactly COLUMNS; a value of another type than its column's counts as missing."""
    readers: dict[str, Callable[[pa.Table, str], pd.Series[Any]]] = {
        **dict.fromkeys(_TEXTS, _texts),
        **dict.fromkeys(_CATEGORIES, _categories),
        **dict.fromkeys(_TIMES, _times),
        **dict.fromkeys(_LISTS, _lists),
        "confidence": _numbers,
        "recall_count": _counts,
    }
    columns: dict[str, pd.Series[Any]] = {"key": pd.Series(table[KEY_COLUMN].to_pandas(), dtype="str")}
    columns |= {name: readers[name](table, name) for name in COLUMNS if name in readers}
    columns["content"] = columns["content"].fillna("")
    total, filterable = _sizes(table, info)
    content = _plain(table, "content", pa.string())
    columns["content_bytes"] = pd.Series(_filled(pc.binary_length(content)))
    columns["metadata_bytes"] = pd.Series(total)
    columns["filterable_bytes"] = pd.Series(filterable)
    return pd.DataFrame({name: columns[name] for name in COLUMNS})


def _plain(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """Return a column of exactly that type; values of mixed or other types that do not fit become null."""
    if name not in table.column_names:
        return pa.chunked_array([pa.nulls(table.num_rows, kind)])
    column = table[name]
    if _is_json(table, name):
        return pa.chunked_array([pa.array([_fitting(name, text) for text in column.to_pylist()], kind)])
    if column.type.equals(kind) or (pa.types.is_floating(kind) and pa.types.is_integer(column.type)):
        return column.cast(kind)
    if pa.types.is_large_string(column.type) and pa.types.is_string(kind):
        return column.cast(kind)
    return pa.chunked_array([pa.nulls(table.num_rows, kind)])


def _is_json(table: pa.Table, name: str) -> bool:
    return (table.schema.field(name).metadata or {}).get(b"encoding") == b"json"


def _fitting(name: str, text: str | None) -> Any:
    """Return one value of a mixed column if the field can read it."""
    value = None if text is None else json.loads(text)
    try:
        return value if FIELDS[name].parse(value) != FIELDS[name].empty else None
    except ValueError:
        return None


def _texts(table: pa.Table, name: str) -> pd.Series[Any]:
    return pd.Series(_plain(table, name, pa.string()).to_pandas(), dtype="str")


def _categories(table: pa.Table, name: str) -> pd.Series[Any]:
    column = _plain(table, name, pa.string())
    # An empty text is a missing one, as in a Memory.
    if pc.any(pc.equal(column, "")).as_py():
        column = pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)
    coded = column.combine_chunks().dictionary_encode() if table.num_rows else pa.array([], pa.string()).dictionary_encode()
    codes = pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False)
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(coded.dictionary.to_pandas(), dtype="str")))


def _times(table: pa.Table, name: str) -> pd.Series[Any]:
    column = _plain(table, name, pa.string())
    kind = pa.timestamp("us", "UTC")
    try:
        times = pc.cast(column, kind)
    except pa.ArrowInvalid:
        # Times that others wrote: without a zone, dates alone, or no times at all.
        times = pa.chunked_array([pa.array([_time(name, text) for text in column.to_pylist()], kind)])
    return pd.Series(times.to_pandas()).astype("datetime64[us, UTC]")


def _time(name: str, text: str | None) -> Any:
    try:
        return FIELDS[name].parse(text)
    except ValueError:
        return None


def _numbers(table: pa.Table, name: str) -> pd.Series[Any]:
    values = _plain(table, name, pa.float64()).to_numpy()
    within = (values >= 0) & (values <= 1)
    return pd.Series(np.where(within, values, np.nan))


def _counts(table: pa.Table, name: str) -> pd.Series[Any]:
    values = _filled(_plain(table, name, pa.int64()))
    return pd.Series(np.maximum(values, 0))


def _lists(table: pa.Table, name: str) -> pd.Series[Any]:
    column = _plain(table, name, pa.list_(pa.string()))
    cells = np.empty(table.num_rows, dtype=object)
    if column.null_count == len(column):
        cells[:] = [[] for _ in range(table.num_rows)]
    else:
        cells[:] = [cell or [] for cell in column.to_pylist()]
    return pd.Series(cells)


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
