"""Options that look back at a moment, and the index as it was then."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.commands.options import actor, moment

if TYPE_CHECKING:
    from core.past.then import Then
    from core.store import MemoryStore

__all__ = ["add_clock_option", "add_past_options", "as_of_line", "as_of_values", "then_of"]


def add_past_options(parser: argparse.ArgumentParser) -> None:
    """Add --as-of and --clock."""
    parser.add_argument(
        "--as-of", type=moment, metavar="WHEN", help="as the index was then: 2h, 2026-11-01, an ISO time (default: now)"
    )
    add_clock_option(parser)


def add_clock_option(parser: argparse.ArgumentParser) -> None:
    """Add --clock."""
    parser.add_argument(
        "--clock",
        choices=("created", "recorded"),
        default="created",
        help="what a memory counts from: when it was made, or when it came into the store (default: created)",
    )


def then_of(store: MemoryStore, at: datetime, clock: str, *, vectors: bool = False) -> Then:
    """Return the index as it was at a moment; with `vectors` those of now are read too, for a recall."""
    from core.past.moment import Clock, Moment
    from core.past.then import look_back
    from core.snapshots.job import Job
    from core.snapshots.reading import Wish, read_in_process

    now, job = datetime.now(UTC), Job(store.info.name, clock=lambda: datetime.now(UTC))
    snapshot = read_in_process(store, None, Wish(vectors=vectors), actor=actor(), now=now, job=job)
    return look_back(store, snapshot, Moment(at, Clock(clock)), actor=actor())


def as_of_line(then: Then) -> str:
    """Return in one line what was looked back at."""
    clock = "made by then" if then.moment.clock == "created" else "in the store by then"
    return f"As of {then.moment.in_words()}: {then.rows:,} {'memory' if then.rows == 1 else 'memories'}, {clock}."


def as_of_values(then: Then) -> dict[str, Any]:
    """Return what was looked back at, for --json."""
    return {
        "as_of": then.moment.text,
        "clock": str(then.moment.clock),
        "erased_since": len(then.erased),
        "undated": then.undated,
        "notes": list(then.notes),
    }
