"""Rows of a file to measure with: JSON lines or CSV, plain or gzip, each with the number of its line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from core.errors import FileReadError
from core.memory.fields import preview

__all__ = ["read_rows"]

_GZIP: Final = b"\x1f\x8b"
_CSV: Final = (".csv", ".csv.gz")


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each row that is not blank with the number of its line; a name ending with .csv or .csv.gz is CSV with a header.

    Raises FileReadError for a file that cannot be read, and names the line that is no JSON object.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
        with cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb") as lines:
            yield from _csv(path, lines) if path.name.lower().endswith(_CSV) else _json(path, lines)
    except (OSError, EOFError, zlib.error) as error:
        raise FileReadError(f"{path} cannot be read: {error}") from error


def _json(path: Path, lines: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, _parse(path, number, line)


def _parse(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise FileReadError(f"{path} line {number} is not JSON, an object on each line: {error}") from error
    if not isinstance(row, dict):
        raise FileReadError(f"{path} line {number} must be a JSON object, not {preview(row)}.")
    return row


def _csv(path: Path, lines: BinaryIO) -> Iterator[tuple[int, dict[str, Any]]]:
    with io.TextIOWrapper(lines, encoding="utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        try:
            for row in reader:
                yield reader.line_num, row
        except (csv.Error, UnicodeDecodeError) as error:
            raise FileReadError(f"{path} line {reader.line_num + 1} is not CSV: {error}") from error
