"""The derived copy of an index's rows that opens in milliseconds: one folder of memory-mapped arrays.

It is never the truth: a snapshot that does not fit its database (identity, last row, sizes) is passed over, and the rows
are read from SQLite again.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from core.vectors.columns import ABSENT, Column
from core.vectors.embedded.segment import Segment, View

__all__ = ["FORMAT", "Head", "drop", "load", "save"]

FORMAT = 1
_PREFIX = "snapshot-"
_TYPES = {"shadow": np.int8, "seqs": np.int64}  # the others are float32
_ARRAYS = ("vectors", "shadow", "scale", "error", "size", "factor", "seqs")


@dataclass(frozen=True)
class Head:
    """How far a copy of an index has read its database: last sequence number and last entry of the list of the gone."""

    seq: int
    gone: int


def save(folder: Path, *, identity: str, head: Head, views: list[View]) -> None:
    """Write the living rows of the views as the index's snapshot and drop older ones."""
    target = folder / f"{_PREFIX}{head.seq}-{head.gone}"
    draft = folder / f"{target.name}.tmp"
    if target.exists():
        return
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    sizes = {}
    for name in _ARRAYS:
        parts = [view.array(name) if view.whole else view.array(name)[view.alive] for view in views]
        sizes[f"{name}.npy"] = _write_array(draft / f"{name}.npy", np.concatenate(parts) if len(parts) > 1 else parts[0])
    names = sorted({name for view in views for name in list(view.segment.columns)})  # others may add some meanwhile
    for number, name in enumerate(names):
        values, codes = _merged(name, views)
        sizes[f"codes-{number}.npy"] = _write_array(draft / f"codes-{number}.npy", codes)
        sizes[f"values-{number}.json"] = _write_bytes(draft / f"values-{number}.json", orjson.dumps(values))
    about = {"format": FORMAT, "identity": identity, "head": asdict(head), "columns": names, "sizes": sizes}
    _write_bytes(draft / "head.json", orjson.dumps(about))
    draft.rename(target)
    for other in folder.glob(f"{_PREFIX}*"):
        if other != target:
            shutil.rmtree(other, ignore_errors=True)


def drop(folder: Path) -> None:
    """Remove every snapshot of an index, and what is being written of one."""
    for path in folder.glob(f"{_PREFIX}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def load(folder: Path, *, identity: str, dimension: int, cosine: bool, at_most: Head) -> tuple[Segment, Head] | None:
    """Return the newest snapshot that fits as a segment over memory-mapped files, with its head; None if there is none."""
    found = sorted(folder.glob(f"{_PREFIX}*[0-9]"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found:
        try:
            about = orjson.loads((path / "head.json").read_bytes())
            head = Head(**about["head"])
            fits = about["format"] == FORMAT and about["identity"] == identity
            fits = fits and head.seq <= at_most.seq and head.gone <= at_most.gone
            if not fits or any((path / name).stat().st_size != size for name, size in about["sizes"].items()):
                continue
            return _map(path, about["columns"], dimension=dimension, cosine=cosine), head
        except (OSError, ValueError, KeyError, TypeError):
            continue  # unreadable or half removed by another process: the database has everything
    return None


def _map(path: Path, names: list[str], *, dimension: int, cosine: bool) -> Segment:
    """Return the files as a segment; ValueError if they do not belong together."""
    arrays: dict[str, Any] = {name: _read_array(path / f"{name}.npy") for name in _ARRAYS}
    rows = len(arrays["seqs"])
    for name, array in arrays.items():
        shape = (rows, dimension) if name in ("vectors", "shadow") else (rows,)
        if array.dtype != _TYPES.get(name, np.float32) or array.shape != shape:
            raise ValueError(name)
    arrays["alive"] = np.ones(rows, np.bool_)
    columns = {name: _column(path, number, rows) for number, name in enumerate(names)}
    return Segment(cosine=cosine, columns=columns, **arrays)


def _column(path: Path, number: int, rows: int) -> Column:
    codes = _read_array(path / f"codes-{number}.npy")
    values = orjson.loads((path / f"values-{number}.json").read_bytes())
    if codes.dtype != np.int32 or codes.shape != (rows,) or codes.max(initial=ABSENT) >= len(values):
        raise ValueError(number)
    return Column(values, codes)


def _read_array(path: Path) -> np.ndarray:
    # The plain view: numpy's memmap subclass costs microseconds on every slice.
    return np.asarray(np.load(path, mmap_mode="r"))


def _merged(name: str, views: list[View]) -> tuple[list[Any], np.ndarray]:
    """Return one dictionary and the codes of the living rows, values that no living row has left out."""
    merged = Column([], np.empty(0, np.int32))
    parts = []
    for view in views:
        column = view.segment.columns.get(name)
        codes = column.codes[: view.rows][view.alive] if column else np.full(int(view.alive.sum()), ABSENT, np.int32)
        if column:
            used = np.unique(codes[codes != ABSENT])
            table = np.full(len(column.values) + 1, ABSENT, np.int32)
            merged.reserve(1)
            for code in used.tolist():
                merged.set(0, column.values[code])
                table[code] = merged.codes[0]
            codes = table[codes]
        parts.append(codes)
    return merged.values, np.concatenate(parts)


def _write_array(path: Path, array: np.ndarray) -> int:
    with path.open("wb") as file:
        np.save(file, array)
        file.flush()
        os.fsync(file.fileno())
    return path.stat().st_size


def _write_bytes(path: Path, data: bytes) -> int:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return path.stat().st_size
