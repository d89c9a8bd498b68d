"""What an import says: how far it is, what became of the rows, which lines failed and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["ERRORS_KEPT", "ImportReport", "LineError", "Progress"]

ERRORS_KEPT: Final = 1_000


@dataclass(frozen=True)
class LineError:
    """A line that was not brought in, and why."""

    source: str
    line: int
    reason: str
    key: str | None = None


@dataclass(frozen=True)
class Progress:
    """How far an import is: bytes of its files (None where unknown), rows dealt with, rows that failed."""

    bytes_read: int
    bytes_total: int | None
    rows: int
    failed: int


@dataclass
class ImportReport:
    """What an import did: every row counts in exactly one of written, replaced, unchanged, repeated and failed.

    `redacted` and `quarantined` count the rows of which the guard cut something out, and that it holds; of those that were
    there already too. `plan_id` undoes it, None where it wrote nothing.
    """

    written: int = 0
    replaced: int = 0
    unchanged: int = 0
    repeated: int = 0
    failed: int = 0
    vectors_left_out: int = 0
    redacted: int = 0
    quarantined: int = 0
    dry_run: bool = False
    seconds: float = 0.0
    plan_id: str | None = None
    errors: list[LineError] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Return how many rows were read, good or bad."""
        return self.written + self.replaced + self.unchanged + self.repeated + self.failed

    def fail(self, error: LineError) -> None:
        """Count a failed line and keep the first ones."""
        self.failed += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(error)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values; `errors` holds the first ERRORS_KEPT of `failed`."""
        return {
            "rows": self.rows,
            "written": self.written,
            "replaced": self.replaced,
            "unchanged": self.unchanged,
            "repeated": self.repeated,
            "failed": self.failed,
            "vectors_left_out": self.vectors_left_out,
            "redacted": self.redacted,
            "quarantined": self.quarantined,
            "dry_run": self.dry_run,
            "seconds": round(self.seconds, 3),
            "plan_id": self.plan_id,
            "errors": [vars(error) for error in self.errors],
        }
