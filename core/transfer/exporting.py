"""Write memories out: JSON lines that an import reads back exactly, or CSV for spreadsheets."""

from __future__ import annotations

import csv
import dataclasses
import errno
import gzip
import io
import json
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, cast

import numpy as np

from core.access import Actor
from core.errors import StorageError, StorageFullError, StorageReadOnlyError
from core.hostile import csv_cell
from core.memory import Memory, to_row
from core.store import MemoryStore

__all__ = ["CSV_COLUMNS", "csv_lines", "json_lines", "open_output", "read_memories"]

# One column a field; what other metadata a memory carries is one JSON object in `extra`.
CSV_COLUMNS: Final = tuple(field.name for field in dataclasses.fields(Memory) if field.name not in ("as_written", "origin"))
_PAGE: Final = 500
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def read_memories(store: MemoryStore, keys: Sequence[str], *, actor: Actor) -> Iterator[Memory]:
    """Yield the memories of the keys in that order, a page at a time; one deleted meanwhile is left out."""
    for start in range(0, len(keys), _PAGE):
        page = keys[start : start + _PAGE]
        found = store.get(page, actor=actor)
        yield from (found[key] for key in page if key in found)


def json_lines(
    memories: Iterable[Memory],
    *,
    vectors: Callable[[Sequence[str]], Mapping[str, np.ndarray]] | None = None,
    ascii_only: bool = False,
) -> Iterator[str]:
    """Yield a JSON line for each memory, with its vector where `vectors` gives it; importing them gives equal memories."""
    for page in _pages(memories):
        found = vectors([memory.key for memory in page]) if vectors else {}
        for memory in page:
            row = to_row(memory)
            if memory.key in found:
                # The shortest decimal that gives the same float32 again.
                row["vector"] = [float(str(number)) for number in found[memory.key]]
            yield _json_line(row, ascii_only=ascii_only)


def csv_lines(memories: Iterable[Memory]) -> Iterator[str]:
    """Yield CSV text, the header first: every cell quoted and made harmless to spreadsheets. Not meant for import."""
    yield _csv_line(CSV_COLUMNS)
    for memory in memories:
        yield _csv_line([_cell(getattr(memory, name)) for name in CSV_COLUMNS])


@contextmanager
def open_output(path: str, *, stdout: BinaryIO) -> Iterator[BinaryIO]:
    """Open a file to write, `-` being stdout and a name that ends in .gz being compressed.

    The file appears whole or not at all: it is written beside its place, synced, then renamed over it. A device or a pipe
    is written directly. Raise StorageError where that cannot be done.
    """
    target = Path(path)
    try:
        if path == "-":
            yield stdout
        elif target.exists() and not target.is_file():
            if target.is_dir():
                raise StorageError(f"{path!r} is a directory: name a file in it.")
            with target.open("wb") as direct, _packed(direct, path) as out:
                yield out
        else:
            with _replacing(target.resolve()) as raw, _packed(raw, path) as out:
                yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _explained(path, error) from error


@contextmanager
def _replacing(target: Path) -> Iterator[BinaryIO]:
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _packed(raw: BinaryIO, path: str) -> Iterator[BinaryIO]:
    if not path.endswith(".gz"):
        yield raw
        return
    # No name and no time inside: equal memories give equal files.
    with gzip.GzipFile(filename="", mode="wb", fileobj=cast(IO[bytes], raw), mtime=0) as packed:
        yield cast(BinaryIO, packed)


def _pages(memories: Iterable[Memory]) -> Iterator[list[Memory]]:
    page: list[Memory] = []
    for memory in memories:
        page.append(memory)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


def _json_line(row: Mapping[str, Any], *, ascii_only: bool) -> str:
    line = json.dumps(row, ensure_ascii=ascii_only)
    # Half a surrogate pair has no UTF-8: only its escape can be written.
    return (json.dumps(row) if _SURROGATE.search(line) else line) + "\n"


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value) or None
    if isinstance(value, tuple):
        return list(value) or None
    return value


def _csv_line(values: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([csv_cell(value) for value in values])
    return out.getvalue()


def _explained(path: str, error: OSError) -> StorageError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFullError(f"No space is left to write {path!r}: free some or choose another place.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageReadOnlyError(f"{path!r} cannot be written (no permission): choose another place.")
    if error.errno == errno.ENOENT:
        return StorageError(f"{path!r} cannot be written: its directory does not exist; create it first.")
    return StorageError(f"{path!r} cannot be written ({error.strerror or error}): choose another place.")
