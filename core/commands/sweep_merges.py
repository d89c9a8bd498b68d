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

__all__ = ["MERGES", "sweep_merges"]

MERGES: Final = ("merge", "duplicates", "consolidation")
_SHOWN: Final = 10


def sweep_merges(store: MemoryStore, args: argparse.Namespace, console: Console) -> int:
    """Look for merges all over an index, and print what became of them."""
    from core.curation.desk import open_desk
    from core.curation.proposing import summariser_of
    from core.curation.scheduled import scheduled_merge

    report = scheduled_merge(
        open_desk(store),
        args.policy,
        actor=actor(),
        now=datetime.now(UTC),
        dry_run=args.dry_run,
        summariser=summariser_of(store, actor=actor()),
    )
    console.result({"index": store.info.name, "dry_run": args.dry_run} | report.to_json(), _lines(report, store.info.name))
    return 0 if report.stopped is None and report.held is None else 1


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
    if report.withdrawn:
        yield f"{report.withdrawn:,} that waited were withdrawn, as their memories changed."
    if report.held:
        yield f"Not applied: {report.held}"
    if report.stopped:
        yield f"Stopped: {report.stopped}{f' {report.left:,} groups were not looked at.' if report.left else ''}"
