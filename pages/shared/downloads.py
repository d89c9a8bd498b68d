"""What a drawing shows or what was chosen in it, as files: CSV for people, JSON lines that an import reads back."""

from __future__ import annotations

from typing import Final

import streamlit as st

from core.transfer.exporting import csv_lines, json_lines
from pages.shared.here import Here
from pages.shared.past import file_stamp
from pages.shared.rows import RowNumbers, Rows
from pages.shared.words import plural

__all__ = ["download_buttons", "file_name"]

# More take a minute and hundreds of megabytes of this server's memory.
_MOST: Final = 100_000


def file_name(here: Here, what: str) -> str:
    """Return a file's name without its ending: the index, what it holds, when it was made and as of when."""
    return f"{here.index}-{what}-{here.today:%Y%m%d-%H%M}{file_stamp(here)}"


def download_buttons(here: Here, source: Rows, rows: RowNumbers, *, what: str, key: str) -> None:
    """Offer rows as CSV and as JSON lines; the file is made when it is asked for."""

    def as_csv() -> bytes:
        return "".join(csv_lines(source.memories(rows))).encode("utf-8", "replace")

    def as_json_lines() -> bytes:
        return "".join(json_lines(source.memories(rows))).encode("utf-8", "replace")

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
