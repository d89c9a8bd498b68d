"""The recall log: who asked what, and which memories came back; appended in the background, bounded."""

from __future__ import annotations

from pathlib import Path

__all__ = ["RecallLog"]


class RecallLog:
    """The log of one store."""

    def __init__(self, directory: Path, *, read_only: bool = False) -> None:
        self._directory, self._read_only = directory, read_only

    def close(self) -> None:
        """Write what waits and stop."""
