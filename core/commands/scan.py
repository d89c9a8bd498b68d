"""`scan`: the rules of the guard over what an index holds already, and the plan that puts it right."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from core.commands.applying import add_yes_option, apply_plan, print_plan, say_left_out, stopping, unmeasured
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of, open_store_of, positive
from core.commands.progress import Bar
from core.commands.rule_options import read_json
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.guard import GuardSettings
    from core.guard.scanning import Scan
    from core.store import MemoryStore

EXAMPLE: Final = """\
  python -m core scan --index team
  python -m core scan --index team --plan > scan.json
  python -m core scan --index team --apply --yes

Nothing of a text is printed, only what was found where. Secrets are cut out and orders to the reader go into quarantine, as
the rules of the index say (`python -m core rules show --guard`). The plan and the journal hold what a memory was before, so
that it can be taken back: a secret that was found must be changed where it is in use, and `forget --erase` takes its
memory out of the journal too. The exit code is 1 where something was found, or was left with --apply."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_index_option(parser)
    add_store_options(parser)
    parser.add_argument("--rules", metavar="FILE", help="rules of the guard as JSON (default: those of the index)")
    parser.add_argument("--limit", type=positive, default=20, metavar="N", help="show at most so many (default: 20)")
    parser.add_argument("--patterns", action="store_true", help="list the patterns of secrets with their sources, and end")
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--plan", action="store_true", help="print the plan that puts it right, as JSON")
    does.add_argument("--apply", action="store_true", help="put it right: redact, tag and quarantine")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the journal")
    parser.add_argument("--acknowledge", metavar="REASON", help="go on though answers would be lost; it goes to the journal")
    parser.add_argument("--no-preflight", metavar="REASON", help="measure nothing before, and why; it goes to the journal")
    add_yes_option(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Scan the index, and print what was found, the plan, or what became of it."""
    from core.curation.desk import open_desk
    from core.guard import Guard
    from core.guard.scanning import plan_scan, scan

    if args.patterns:
        return _patterns(console)
    why = unmeasured(args.no_preflight)
    with open_catalog_of(args, read_only=not args.apply) as catalog:
        store = open_store_of(catalog, args.index)
        settings = _settings(store, args, console)
        with Bar(console, "Scanning", unit="memories") as bar, stopping() as stopped:
            found = scan(store, Guard(settings), actor=actor(), progress=_drawn(bar), stop=stopped.is_set)
        if not (args.plan or args.apply):
            value = {"index": store.info.name} | found.to_json()
            console.result(value, _lines(found, args, store.info.name))
            return 1 if found.found else 0
        plan = plan_scan(
            store, found, settings, actor=actor(), now=datetime.now(UTC), plan_id=uuid4().hex, reason=args.reason
        )
        say_left_out(plan, console)
        if args.plan:
            print_plan(plan, console)
            return 1 if found.found else 0
        if not len(plan):
            console.result({"plan": None, "seen": found.seen}, [f"{found.seen:,} memories seen: nothing was changed."])
            return 1 if found.found else 0
        options: dict[str, Any] = {"acknowledged": args.acknowledge, "measured": args.no_preflight is None}
        code = apply_plan(open_desk(store), plan, args, console, unmeasured=why, **options)
        return 1 if plan.parameters.get("left_out_count") else code


def _settings(store: MemoryStore, args: argparse.Namespace, console: Console) -> GuardSettings:
    from core.guard import GuardSettings, guard_of

    if args.rules:
        return GuardSettings.from_json(read_json(args.rules, console.stdin))
    return guard_of(store, actor=actor()).settings


def _drawn(bar: Bar) -> Any:
    return lambda seen: bar.update(seen)


def _patterns(console: Console) -> int:
    from core.guard.secrets import PATTERNS

    if not PATTERNS:
        raise ConfigError("The table of patterns is empty: install Mnemoscope anew.")
    rows = [{"id": each.id, "what": each.what, "source": each.source} for each in PATTERNS]
    table = [["id", "what", "source"], *([row["id"], row["what"], row["source"]] for row in rows)]
    console.result({"patterns": rows}, [*console.table(table), f"{len(rows)} patterns."])
    return 0


def _lines(found: Scan, args: argparse.Namespace, index: str) -> Iterator[str]:
    count = len(found.found)
    yield f"{found.seen:,} memories seen: {count:,} with findings."
    for name, number in found.counts.items():
        yield f"  {name}: {number:,}"
    for each in found.found[: args.limit]:
        yield f"{each.findings.mode:<11}{one_line(each.key, 90)}"
        yield f"           {one_line(each.findings.reason, 240)}"
    if count > args.limit:
        yield f"… and {count - args.limit:,} more: --limit {count} shows all."
    if count:
        yield f"To put them right: python -m core scan --index {index} --apply"
