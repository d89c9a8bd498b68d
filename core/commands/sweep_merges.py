"""`sweep --policy merge`: duplicates and consolidations, proposed for a person or applied within the limits of the index."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import actor
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.consolidating import MergeReport
    from core.store import MemoryStore

__all__ = ["MERGE", "sweep_merges"]

# As a policy of a sweep: all kinds of merges, or one.
MERGE: Final = {"merge": ("duplicates", "consolidation"), "duplicates": ("duplicates",), "consolidation": ("consolidation",)}
_SHOWN: Final = 10


def sweep_merges(store: MemoryStore, args: argparse.Namespace, console: Console) -> int:
    """Look for merges all over an index, and print what became of them."""
    from core.curation.consolidating import merge_sweep
    from core.curation.desk import open_desk
    from core.curation.proposing import proposer
    from core.models.summary import summariser_for

    desk, now = open_desk(store), datetime.now(UTC)
    propose = proposer(desk, actor=actor(), now=now, kinds=MERGE[args.policy], summariser=summariser_for())
    report = merge_sweep(desk, propose, actor=actor(), now=now, dry_run=args.dry_run)
    console.result({"index": store.info.name, "dry_run": args.dry_run} | report.to_json(), _lines(report, store.info.name))
    return 0 if report.stopped is None else 1


def _lines(report: MergeReport, index: str) -> Iterator[str]:
    yield f"{report.proposed:,} merges proposed, {report.known:,} known before."
    if report.applied:
        yield f"{report.retired:,} memories merged."
        yield from (f"To undo it: python -m core undo {plan} --index {index}" for plan in report.applied)
    if report.kept:
        yield f"{len(report.kept):,} wait for a person: on the page Plan, or python -m core plan list --index {index}"
    for plan, why in list(report.refused.items())[:_SHOWN]:
        yield f"  {plan}  {one_line(why, 100)}"
    yield from (f"  stays: {one_line(key, 60)}  {one_line(why, 100)}" for key, why in list(report.spared.items())[:_SHOWN])
    if report.stopped:
        yield f"Stopped: {report.stopped}"
