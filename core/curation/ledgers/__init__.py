"""Where journals are kept: SQLite beside the engine, or a bucket of Amazon S3."""

from __future__ import annotations

from pathlib import Path

from core.curation.journal import Ledger

__all__ = ["open_ledger"]


def open_ledger(where: str | Path, *, read_only: bool = False) -> Ledger:
    """Return the ledger in a directory, or at s3://BUCKET/PREFIX?region=…&endpoint_url=…; made when first written to."""
    raise NotImplementedError
