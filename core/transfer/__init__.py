"""Import and export: memories as JSON lines in, JSON lines or CSV out."""

from __future__ import annotations

from core.transfer.exporting import csv_lines, json_lines, open_output, read_memories
from core.transfer.given import GivenVectors
from core.transfer.importing import ERRORS_KEPT, Importer, ImportReport, LineError, Progress
from core.transfer.lines import LINE_BYTES_MAX, Line, Source, read_lines

__all__ = [
    "ERRORS_KEPT",
    "LINE_BYTES_MAX",
    "GivenVectors",
    "ImportReport",
    "Importer",
    "Line",
    "LineError",
    "Progress",
    "Source",
    "csv_lines",
    "json_lines",
    "open_output",
    "read_lines",
    "read_memories",
]
