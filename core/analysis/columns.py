"""The metadata keys of an index: how many records have each, and what is in it. Pure, over a scan's table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN

__all__ = ["MetadataKey", "extra_columns", "metadata_keys", "records", "values_of"]


@dataclass(frozen=True)
class MetadataKey:
    """A metadata key: in which share of the records it is, and the first value found."""

    name: str
    coverage: float
    example: Any


def metadata_keys(table: pa.Table) -> list[MetadataKey]:
    """Return the metadata keys of a scan, the most frequent first."""
    found = []
    for name in table.column_names:
        column = table[name]
        filled = len(column) - column.null_count
        if name in (KEY_COLUMN, VECTOR_COLUMN) or not filled:
            continue
        place = pc.index(column.is_valid(), value=True).as_py()
        found.append(MetadataKey(name, filled / len(column), _value(table, name, place)))
    return sorted(found, key=lambda key: (-key.coverage, key.name))


def records(table: pa.Table, *, limit: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Return key and metadata of the first records of a scan, as the service has them."""
    names = [name for name in table.column_names if name not in (KEY_COLUMN, VECTOR_COLUMN)]
    return [
        (table[KEY_COLUMN][row].as_py(), {name: value for name in names if (value := _value(table, name, row)) is not None})
        for row in range(min(limit, table.num_rows))
    ]


def values_of(table: pa.Table, name: str) -> list[Any]:
    """Return the values of a column of a scan, as the service has them."""
    values: list[Any] = table[name].to_pylist()
    if (table.schema.field(name).metadata or {}).get(b"encoding") != b"json":
        return values
    return [None if value is None else json.loads(value) for value in values]


def extra_columns(table: pa.Table | None, names: Sequence[str]) -> dict[str, pd.Series[Any]]:
    """Return the columns of a snapshot's table that are there, as they are stored, whatever their types."""
    there = [name for name in names if table is not None and name in table.column_names]
    return {name: pd.Series(values_of(table, name), dtype=object) for name in there}


def _value(table: pa.Table, name: str, row: int) -> Any:
    value = table[name][row].as_py()
    mixed = (table.schema.field(name).metadata or {}).get(b"encoding") == b"json"
    return json.loads(value) if mixed and value is not None else value
