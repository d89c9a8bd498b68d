"""Where journals are kept: SQLite beside the engine, or a bucket of Amazon S3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from core.curation.journal import Ledger
from core.curation.ledgers.sqlite import SqliteLedger
from core.errors import ConfigError
from core.memory.fields import preview

__all__ = ["open_ledger"]


def _now() -> datetime:
    return datetime.now(UTC)


def open_ledger(where: str | Path, *, read_only: bool = False, clock: Callable[[], datetime] = _now) -> Ledger:
    """Return the ledger in a directory, or at s3://BUCKET/PREFIX?region=…&endpoint_url=…; made when first written to."""
    if isinstance(where, str) and where.strip().lower().startswith("s3://"):
        from core.curation.ledgers.s3 import S3Ledger  # boto3 takes a fifth of a second, which a directory need not wait for
        from core.curation.ledgers.s3.location import s3_location

        return S3Ledger(s3_location(where.strip()), read_only=read_only, clock=clock)
    return SqliteLedger(_directory(where), read_only=read_only, clock=clock)


def _directory(where: str | Path) -> Path:
    from core.config import parse_store_uri  # it opens ledgers itself

    directory = parse_store_uri(where).directory if isinstance(where, str) else where
    if directory is None:
        raise ConfigError(f"Journal {preview(str(where))} is no place for one: name a directory, or s3://BUCKET/PREFIX.")
    return directory
