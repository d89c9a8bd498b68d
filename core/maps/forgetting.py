"""Forgetting memories, and whole indexes, in the maps that were kept of them, by whatever address they were read."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import StorageError
from core.maps.folders import sweep_folders
from core.maps.keeping import VERSION, Kept, key_digests, mark_erased, read_map, write_map
from core.maps.sealed import remove_drafts, sealed_part
from core.maps.state import ClusterView

__all__ = ["forget_maps", "forget_memories"]


def forget_memories(directory: Path, arn: str, keys: Collection[str]) -> None:
    """Take memories out of every map of the index with this ARN, with the words that their clusters were described with.

    A map that cannot be read is removed, for nobody can say what is in it. OSError as it comes.
    """
    gone = key_digests(keys)
    for path in _maps_of(directory, arn):
        try:
            kept = read_map(path)
        except (ValueError, FileNotFoundError):  # or another process removed it
            path.unlink(missing_ok=True)
            continue
        if np.isin(kept.keys, gone).any():
            write_map(path, _without(kept, np.isin(kept.keys, gone)))


def forget_maps(directory: Path, arn: str) -> None:
    """Remove every map of the index with this ARN, and those that cannot be read; StorageError where that cannot be done."""
    try:
        for path in _maps_of(directory, arn):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"The maps of an index in '{directory}' could not be removed ({error}): delete that directory, nothing is lost "
            "with it."
        ) from error


def _maps_of(directory: Path, arn: str) -> Iterator[Path]:
    """Say that what was begun before is not to be kept, remove what is half done, and yield the maps of an index."""
    try:
        mark_erased(directory / VERSION, arn)
    except OSError:
        if directory.is_dir():
            raise
        return  # where nothing can be written nothing was kept
    sweep_folders(directory / "work")
    for folder in directory.glob("v*/*/"):
        remove_drafts(folder, all_of_them=True)
    for path in directory.glob("v*/*/*.map"):
        with contextlib.suppress(FileNotFoundError):  # another process removed it
            if _arn_of(path) in (arn, None):
                yield path


def _without(kept: Kept, gone: npt.NDArray[np.bool_]) -> Kept:
    left = np.flatnonzero(~gone)
    views = {}
    for name, view in kept.clusters.items():
        arrays = view.clusters.to_arrays()
        arrays |= {part: arrays[part][left] for part in ("codes", "strength", "nearest")}
        views[name] = ClusterView(type(view.clusters).of_arrays(arrays))
    return replace(
        kept,
        keys=kept.keys[left],
        marks=kept.marks[left],
        fitted=kept.fitted[left],
        coords=kept.coords[left],
        neighbours=None,
        clusters=views,
    )


def _arn_of(path: Path) -> str | None:
    """Return the ARN of a map's index without reading the map, None where it does not say; FileNotFoundError."""
    try:
        return str(json.loads(sealed_part(path, "about"))["arn"])
    except FileNotFoundError:
        raise
    except Exception:  # noqa: BLE001  (whatever the readers of zip, npy and JSON make of a file that is none of ours)
        return None
