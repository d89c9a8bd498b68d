"""`conflicts scan` and `list`, `sweep --policy conflicts`: what may contradict what, put into the inbox and listed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.commands.applying import stopping
from core.commands.console import Console
from core.commands.options import actor, open_catalog_of, open_store_of, positive, share
from core.commands.progress import Bar
from core.hostile import one_line
from core.memory.fields import iso

if TYPE_CHECKING:
    from core.curation.conflicts.queue import QueueEntry
    from core.curation.conflicts.scanned import ScanReport
    from core.store import MemoryStore

__all__ = ["CONFLICTS", "SCAN_ACTIONS", "add_scan_options", "sweep_conflicts"]

CONFLICTS: Final = "conflicts"
_TEXT: Final = 96
_SHOWN: Final = 10
_ORDERS: Final = ("oldest", "likely", "used")
_STANDINGS: Final = ("open", "assigned", "decided", "closed", "all")


def add_scan_options(parser: argparse.ArgumentParser, name: str) -> None:
    """Add the options of `scan` or `list`, less those of store and index."""
    if name == "list":
        parser.add_argument("--status", choices=_STANDINGS, help="only cards that stand so (default: what waits for you)")
        parser.add_argument("--order", choices=_ORDERS, default="likely", help="what comes first (default: likely)")
        parser.add_argument("--max", type=positive, default=20, metavar="N", help="so many cards (default: 20)")
        return
    parser.add_argument("--judge", metavar="NAME", help="cues, onnx:PATH or bedrock:MODEL (default: $MNEMOSCOPE_JUDGE)")
    parser.add_argument("--threshold", type=share, metavar="P", help="from which probability on (default: the judge's)")
    parser.add_argument("--max", type=positive, metavar="N", help="at most so many cards, the likeliest (default: 2000)")
    parser.add_argument(
        "--pairs",
        type=positive,
        metavar="N",
        help="judge so many, the next scan goes on (default: 40000, 5000 with a model)",
    )
    parser.add_argument("--full", action="store_true", help="judge again what the judge has looked at")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="which pairs are drawn as samples")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be found")


def scan(args: argparse.Namespace, console: Console) -> int:
    """Look for possible conflicts in an index and put them into its inbox."""
    with open_catalog_of(args, read_only=args.dry_run) as catalog:
        return _scan(open_store_of(catalog, args.index), args, console)


def sweep_conflicts(store: MemoryStore, args: argparse.Namespace, console: Console) -> int:
    """Scan an index as `sweep` asks for it: with the defaults."""
    given = {"judge": None, "threshold": None, "max": None, "pairs": None, "full": False, "seed": 0, "dry_run": args.dry_run}
    return _scan(store, argparse.Namespace(**given), console)


def _scan(store: MemoryStore, args: argparse.Namespace, console: Console) -> int:
    from core.curation.conflicts.scanned import scan_index
    from core.curation.conflicts.scanning import DEFAULT_ORDER, ScanOrder
    from core.models.judges.choice import judge_of

    order = ScanOrder(
        threshold=args.threshold,
        most=args.max or DEFAULT_ORDER.most,
        pairs=args.pairs or DEFAULT_ORDER.pairs,
        seed=args.seed,
    )
    with Bar(console, "Scanning", unit="%") as bar, stopping() as stopped:
        report = scan_index(
            store,
            judge_of(args.judge),
            actor=actor(),
            now=datetime.now(UTC),
            order=order,
            full=args.full,
            dry_run=args.dry_run,
            stop=stopped.is_set,
            progress=lambda done: bar.update(int(100 * done), share=done),
        )
    value = {"index": store.info.name, "dry_run": args.dry_run} | report.to_json()
    console.result(value, _lines(report, store.info.name, dry_run=args.dry_run))
    return 0 if report.stopped is None else 1


def _lines(report: ScanReport, index: str, *, dry_run: bool) -> Iterator[str]:
    exact = "all that are near" if report.recall == 1 else f"about {report.recall:.1%} of what is near"
    judged = f"{report.judged:,} of {report.near:,} near pairs judged by {report.judge}"
    yield f"{report.compared:,} memories compared, {exact}; {judged}."
    for _, verdict, clash, left, right in report.shown[:_SHOWN]:
        yield f"  {clash:.2f} {verdict:<14}{one_line(left, _TEXT)}"
        yield f"  {'':<19}{one_line(right, _TEXT)}"
    if report.found > _SHOWN:
        yield f"  … and {report.found - _SHOWN:,} more"
    what = (
        "found"
        if dry_run
        else f"found, {report.new:,} new in the inbox with {report.samples:,} samples from below the threshold"
    )
    yield f"{report.found:,} possible conflicts of at least {report.threshold:.2f} {what}."
    for count, why in (
        (report.left, "pairs are for the next scan"),
        (report.cut, "memories have more likely partners than were judged"),
        (report.series, "memories of a series, which differ in numbers alone, were left out"),
        (report.momentary, "pairs are of a state that comes and goes"),
        (report.over, "more were found than are taken at once: decide some, then scan again"),
    ):
        if count:
            yield f"{count:,} {why}."
    if report.found and not dry_run:
        yield f"To see them: python -m core conflicts list --index {index}"
    if report.stopped:
        yield f"Stopped: {report.stopped}"


def list_cards(args: argparse.Namespace, console: Console) -> int:
    """Print the cards of an index's inbox."""
    from core.curation.conflicts.card import Standing
    from core.curation.conflicts.inbox import open_inbox
    from core.curation.conflicts.queue import CardFilter

    standing = None if args.status is None else tuple(Standing) if args.status == "all" else (Standing(args.status),)
    with open_catalog_of(args, read_only=True) as catalog:
        store = open_store_of(catalog, args.index)
        queue = open_inbox(store).queue(actor=actor(), only=CardFilter(standing=standing), order=args.order)
    entries = queue.entries[: args.max]
    value = {"index": store.info.name, "total": len(queue.entries), "cards": [_entry(each) for each in entries]}
    console.result(value, _listed(entries, len(queue.entries)))
    return 0


def _listed(entries: tuple[QueueEntry, ...], total: int) -> Iterator[str]:
    for each in entries:
        card = each.card
        said = card.judgement
        who = " | ".join(one_line(side.agent or "unknown", 24) for side in (card.left, card.right))
        yield f"{card.id}  {each.standing}  {said.clash:.2f} {said.verdict}  {said.cue or 'no cue'}  {who}"
        yield f"    {one_line(card.left.text, _TEXT)}"
        yield f"    {one_line(card.right.text, _TEXT)}"
    if total > len(entries):
        yield f"… and {total - len(entries):,} more"
    yield f"{total:,} cards." if total else "No card waits: the inbox is all caught up."


def _entry(each: QueueEntry) -> dict[str, Any]:
    card = each.card
    sides = {
        name: {
            "key": side.key,
            "others": list(side.others),
            "text": side.text,
            "agent": side.agent,
            "team": side.team,
            "task": side.task,
            "at": None if side.at is None else iso(side.at),
        }
        for name, side in (("left", card.left), ("right", card.right))
    }
    return {
        "id": card.id,
        "standing": str(each.standing),
        "verdict": str(card.judgement.verdict),
        "clash": round(card.judgement.clash, 6),
        "cue": card.judgement.cue,
        "rationale": card.judgement.rationale,
        "judge": card.judgement.judge,
        "cosine": card.cosine,
        "why": card.why,
        "sample": card.sample,
        "found_at": iso(card.found_at),
        "claimed_by": each.claimed_by,
        "assigned_to": each.assigned_to,
        "closed": each.closed,
        **sides,
    }


SCAN_ACTIONS: Final = {
    "scan": ("look for possible conflicts and put them into the inbox", scan),
    "list": ("list the cards of the inbox", list_cards),
}
