"""A number for the content of each record, and one for all: equal content has equal numbers, whatever its order or form.

A scan types a column by all its values, so one new record may turn numbers into JSON text. The digests look through that:
they are of values, as the service means them (1 and 1.0 are one number, true is none). An integer beyond 2⁵³ that comes to
stand beside fractions is rounded by the scan: its record counts as changed, and is read again.
"""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.vectors.client import VECTOR_COLUMN

__all__ = ["content_digest", "row_digests", "vector_digests"]

Digests = npt.NDArray[np.uint64]

_TEXT: Final = np.uint64(0x9E3779B97F4A7C15)
_NUMBER: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_WIDE: Final = np.uint64(0x165667B19E3779F9)
_TRUTH: Final = np.uint64(0x27D4EB2F165667C5)
_LIST: Final = np.uint64(0x85EBCA77C2B2AE63)
_ROWS: Final = 4_096  # vectors looked at together: a few MB


def row_digests(table: pa.Table) -> Digests:
    """Return a digest of each row of a scan, (n,) uint64: its key and metadata, absent values left out, vectors too."""
    total: Digests = np.zeros(table.num_rows, np.uint64)
    for name in table.column_names:
        if name == VECTOR_COLUMN:
            continue
        column, named = table[name].combine_chunks(), _texts(pa.array([name]))[0]
        json_text = (table.schema.field(name).metadata or {}).get(b"encoding") == b"json"
        values = _json_values(column) if json_text else _values(column)
        total += np.where(np.asarray(column.is_valid()), _mixed(values ^ named), np.uint64(0))
    return total


def vector_digests(matrix: npt.NDArray[np.float32]) -> Digests:
    """Return a digest of each vector, (n,) uint64."""
    weights = _mixed(np.arange(1, matrix.shape[1] + 1, dtype=np.uint64)) | np.uint64(1)
    found = np.zeros(len(matrix), np.uint64)
    for start in range(0, len(matrix), _ROWS):
        bits = np.ascontiguousarray(matrix[start : start + _ROWS]).view(np.uint32).astype(np.uint64)
        found[start : start + _ROWS] = _mixed((bits * weights).sum(axis=1, dtype=np.uint64))
    return found


def content_digest(digests: Digests) -> str:
    """Return one short text for all rows together, the same in any order."""
    mixed = _mixed(digests)
    return f"{int(np.sum(digests)):016x}{int(np.sum(mixed)):016x}{len(digests):x}"


def _mixed(values: Digests) -> Digests:
    """Spread every bit over all of them (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _values(column: pa.Array) -> Digests:
    """Return a digest of each value of one type; that of a null means nothing."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _texts(column)
    if pa.types.is_boolean(kind):
        return _mixed(np.asarray(pc.fill_null(column, False)).astype(np.uint64) + _TRUTH)
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _lists(column)
    if pa.types.is_null(kind):
        return np.zeros(len(column), np.uint64)
    return _numbers(np.asarray(pc.fill_null(column, 0)))


def _texts(column: pa.Array) -> Digests:
    coded = column.dictionary_encode()
    if not len(coded.dictionary):
        return np.zeros(len(column), np.uint64)
    texts = coded.dictionary.to_numpy(zero_copy_only=False).astype(object)
    digests = np.asarray(pd.util.hash_array(texts, categorize=False), np.uint64) ^ _TEXT
    found: Digests = digests[np.asarray(pc.fill_null(coded.indices, 0))]
    return found


def _numbers(values: np.ndarray) -> Digests:
    near = values.astype(np.float64) + 0.0  # no −0
    digests = _mixed(near.view(np.uint64) ^ _NUMBER)
    if values.dtype.kind == "i":  # beyond 2⁵³ some whole numbers are no float64
        with np.errstate(invalid="ignore"):
            wide = near.astype(values.dtype) != values
        digests = np.where(wide, _mixed(values.astype(np.uint64) ^ _WIDE), digests)
    return digests


def _lists(column: pa.Array) -> Digests:
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0)).astype(np.int64)
    ends = np.cumsum(lengths)
    place = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)
    each = _mixed(_values(pc.list_flatten(column)) + place.astype(np.uint64) * _LIST)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(each, dtype=np.uint64)])
    return _mixed(sums[ends] - sums[ends - lengths] + _LIST)


def _json_values(column: pa.Array) -> Digests:
    """Return the digests of values of several types, written as JSON, as a column of their own type would have them."""
    coded = column.dictionary_encode()
    values = [json.loads(text) for text in coded.dictionary.to_pylist()]
    digests = np.zeros(len(values) + 1, np.uint64)
    kinds: dict[pa.DataType, list[int]] = {}
    for place, value in enumerate(values):
        kinds.setdefault(_kind(value), []).append(place)
    for kind, places in kinds.items():
        chosen = [values[place] for place in places]
        if pa.types.is_list(kind) and not pa.types.is_string(kind.value_type):
            chosen = [[float(item) for item in value] for value in chosen]
        digests[places] = _values(pa.array(chosen, kind))
    found: Digests = digests[np.asarray(pc.fill_null(coded.indices, len(values)))]
    return found


def _kind(value: Any) -> pa.DataType:
    if isinstance(value, list):
        return pa.list_(pa.string() if value and isinstance(value[0], str) else pa.float64())
    if isinstance(value, bool):
        return pa.bool_()
    if isinstance(value, str):
        return pa.string()
    return pa.int64() if isinstance(value, int) and -(2**63) <= value < 2**63 else pa.float64()
