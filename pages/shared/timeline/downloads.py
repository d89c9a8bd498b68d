"""What a timeline shows or what was chosen on it, as files: CSV for people, JSON lines that an import reads back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import streamlit as st

from core.analysis.columns import values_of
from core.memory import Memory, Schema, from_metadata
from core.transfer.exporting import csv_lines, json_lines
from core.vectors.client import KEY_COLUMN, VECTOR_COLUMN
from pages.shared.here import Here
from pages.shared.past import file_stamp
from pages.shared.timeline.prepared import Prepared
from pages.shared.words import plural

__all__ = ["download_buttons", "file_name", "memories_of"]

_PAGE: Final = 500
# More take a minute and hundreds of megabytes of this server's memory.
_MOST: Final = 100_000


def memories_of(here: Here, prepared: Prepared, rows: Sequence[int] | npt.NDArray[np.int32]) -> Iterator[Memory]:
    """Yield the memories of rows in their order, each with all of its fields, retired ones as they were."""
    assert here.snapshot is not None
    assert here.store is not None
    stored, retired = prepared.memories.stored, prepared.memories.retired
    schema = here.store.schema
    for start in range(0, len(rows), _PAGE):
        page = np.asarray(rows[start : start + _PAGE], dtype=np.int64)
        found = _read(here.snapshot.table, page[page < stored], schema)
        if retired is not None:
            found |= _read(retired.table, page[page >= stored] - stored, schema)
        yield from (found[key] for key in prepared.keys(page))


def _read(table: pa.Table, rows: npt.NDArray[np.int64], schema: Schema) -> dict[str, Memory]:
    taken = table.take(pa.array(rows))
    keys: list[str] = taken[KEY_COLUMN].to_pylist()
    columns = {name: values_of(taken, name) for name in taken.column_names if name not in (KEY_COLUMN, VECTOR_COLUMN)}
    return {
        key: from_metadata(key, {name: of[row] for name, of in columns.items() if of[row] is not None}, schema)
        for row, key in enumerate(keys)
    }


def file_name(here: Here, what: str) -> str:
    """Return a file's name without its ending: the index, what it holds, when it was made and as of when."""
    return f"{here.index}-{what}-{here.today:%Y%m%d-%H%M}{file_stamp(here)}"


def download_buttons(
    here: Here, prepared: Prepared, rows: Sequence[int] | npt.NDArray[np.int32], *, what: str, key: str
) -> None:
    """Offer rows as CSV and as JSON lines; the file is made when it is asked for."""

    def as_csv() -> bytes:
        return "".join(csv_lines(memories_of(here, prepared, rows))).encode("utf-8", "replace")

    def as_json_lines() -> bytes:
        return "".join(json_lines(memories_of(here, prepared, rows))).encode("utf-8", "replace")

    for label, make, ending, mime in (
        ("CSV", as_csv, "csv", "text/csv"),
        ("JSONL", as_json_lines, "jsonl", "application/x-ndjson"),
    ):
        st.download_button(
            label,
            make,
            file_name=f"{file_name(here, what)}.{ending}",
            mime=mime,
            key=f"{key}_{ending}",
            icon=":material/download:",
            type="tertiary",
            on_click="ignore",
            disabled=not 0 < len(rows) <= _MOST,
            help=f"{plural(len(rows), 'memory')} as {label}, with all their fields."
            if len(rows) <= _MOST
            else f"{len(rows):,} are too many for a file made here: zoom in until {_MOST:,} are in view, "
            "or take `python -m core export`.",
        )
