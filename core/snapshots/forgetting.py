"""Forgetting an index in the snapshots that were kept of it, by whatever address it was read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa

from core.snapshots.files import manifest

__all__ = ["forget_index"]


def forget_index(directory: Path, arn: str) -> None:
    """Remove every snapshot of the index with this ARN, and those of which nobody can say what they are of."""
    for folder in directory.glob("v*/*/"):
        snapshots = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
        if not snapshots or any(_may_be_of(path, arn) for path in snapshots):
            shutil.rmtree(folder)


def _may_be_of(folder: Path, arn: str) -> bool:
    try:
        return bool(manifest(folder)["arn"] == arn)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return True
