"""The embedded engine: S3 Vectors' contract on one machine, on SQLite."""

from core.vectors.embedded.engine import EmbeddedClient

__all__ = ["EmbeddedClient"]
