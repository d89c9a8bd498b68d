"""`sweep`: what the rules of an index let go, planned and applied over all of it; for a schedule."""

from __future__ import annotations

import argparse
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.commands.applying import add_yes_option, undo_line
from core.commands.conflicts_scan import CONFLICTS, sweep_conflicts
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of, open_store_of
from core.commands.progress import Bar
from core.commands.rule_options import read_rules, rules_of
from core.commands.sweep_merges import MERGES, sweep_merges
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.sweep import Sweep, SweepReport
    from core.store import MemoryStore

EXAMPLE: Final = """\
  python -m core sweep --index team --dry-run
  python -m core sweep --policy expiry,decay --max 10% --yes
  python -m core sweep --policy merge --index team --yes
  python -m core sweep --policy conflicts --index team
  python -m core sweep --store 's3vectors://memories?region=us-east-1' --index team --segment 0/4 --yes

--policy takes expiry and decay with the rules saved for the index (see `rules`), or a JSON file of rules. What golden
queries there are is measured before anything is applied: a sweep that would lose an answer stops, and its plan is kept for a
person. Running it again goes on where it was stopped. --policy merge (or duplicates, consolidation) looks for what can be
one memory: a merge waits for a person, or is applied within the limits of `rules show --merging`. --policy conflicts looks
for what may contradict what: it puts cards into the inbox and changes no memory. The exit code is 1 where it stopped early
or something failed."""
_SHOWN: Final = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--policy",
        default="expiry,decay",
        metavar="A,B|FILE",
        help="expiry, decay or both (default), merge, conflicts, or a file of rules",
    )
    parser.add_argument("--rules", metavar="FILE", help="rules as JSON (default: those saved for the index)")
    parser.add_argument("--segment", type=segment, metavar="I/N", help="only the I-th of N parts, from 0, for N workers")
    parser.add_argument("--max", type=limit, metavar="N|SHARE", help="at most so many changes: 500, or 5%% of the memories")
    parser.add_argument("--write-back", action="store_true", help="write the confidence that is left into what stays")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    parser.add_argument("--by-pages", action="store_true", help="list a local index a page at a time too")
    add_yes_option(parser)
    add_index_option(parser)
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Sweep the index and print the report."""
    from core.curation.desk import open_desk
    from core.curation.sweep import sweep

    with ExitStack() as stack:
        catalog = stack.enter_context(open_catalog_of(args, read_only=args.dry_run))
        store = open_store_of(catalog, args.index)
        if args.policy == CONFLICTS:
            return sweep_conflicts(store, args, console)
        if args.policy in MERGES:
            if not args.dry_run and not args.yes:
                _ask(store.info.name, console)
            return sweep_merges(store, args, console)
        order = _order(args, store, remote=catalog.remote)
        if not args.dry_run and not args.yes:
            _ask(store.info.name, console)
        with Bar(console, "Sweeping") as bar:
            report = sweep(open_desk(store), order, actor=actor(), progress=bar.update)
    console.result(
        {"index": store.info.name, "dry_run": args.dry_run} | report.to_json(), _lines(report, args, store.info.name)
    )
    return 0 if report.complete else 1


def _order(args: argparse.Namespace, store: MemoryStore, *, remote: bool) -> Sweep:
    from core.curation.sweep import Sweep
    from core.curation.upkeep import POLICIES

    names = tuple(name.strip() for name in args.policy.split(",") if name.strip())
    named = all(name in POLICIES for name in names)
    if args.rules and not named:
        raise ConfigError("Both --rules and a file in --policy were given: leave one of them.")
    most, share = args.max or (None, None)
    return Sweep(
        run=uuid.uuid4().hex[:12],
        now=datetime.now(UTC),
        rules=rules_of(store, args) if named else read_rules(args.policy),
        policies=names if named and names else POLICIES,
        segment=args.segment,
        most=most,
        share=share,
        write_back=args.write_back,
        dry_run=args.dry_run,
        by_pages=args.by_pages or remote,
    )


def _ask(index: str, console: Console) -> None:
    if not console.can_ask:
        raise ConfigError("A sweep retires memories, and nobody is there to confirm it: add --yes, or --dry-run to look.")
    if not console.ask(f"Retire what the rules and limits of index {index!r} let go? It can be undone."):
        raise ConfigError("Nothing was swept.")


def _lines(report: SweepReport, args: argparse.Namespace, index: str) -> Iterator[str]:
    verb = "would be changed" if args.dry_run else "proposed"
    yield f"{report.seen:,} memories seen, {report.proposed:,} {verb}."
    for name, count in report.counts.items():
        yield f"  {name}: {count:,}"
    for key, action, reason in report.shown[:_SHOWN]:
        yield f"  {action:<8}{one_line(key, 60)}  {one_line(reason, 100)}"
    if report.proposed > _SHOWN:
        yield f"  … and {report.proposed - _SHOWN:,} more"
    if not args.dry_run:
        yield f"{report.done:,} done, {len(report.failed):,} failed."
        yield from (f"  failed: {one_line(key, 60)}  {one_line(why, 100)}" for key, why in _first(report.failed))
    yield from (f"  left alone: {one_line(key, 60)}  {one_line(why, 100)}" for key, why in _first(report.left_out))
    if report.unmeasured:
        yield f"Not measured: {report.unmeasured}."
    yield from (undo_line(plan, index) for plan in report.plans[:_SHOWN])
    if report.stopped:
        yield f"Stopped: {report.stopped}"


def _first(items: dict[str, str]) -> list[tuple[str, str]]:
    return list(items.items())[:_SHOWN]


def segment(text: str) -> tuple[int, int]:
    """Return the parts of "0/4"."""
    place, _, count = text.partition("/")
    if not (place.isdecimal() and count.isdecimal() and int(place) < int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is no segment: write 0/4 for the first of four")
    return int(place), int(count)


def limit(text: str) -> tuple[int | None, float | None]:
    """Return the number of "500", or the share of "5%" or "0.05"."""
    try:
        value: Any = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = 0.0
    if text.isdecimal() and value >= 1:
        return int(text), None
    if 0 < value <= 1:
        return None, value
    raise argparse.ArgumentTypeError(f"{text!r} is no limit: write a number of memories, or a share as 5%")
