"""`undo`: take back what a plan did."""

from __future__ import annotations

import argparse
from typing import Final

from core.commands.applying import add_yes_option, apply_plan, print_plan, say_left_out
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of, open_store_of

EXAMPLE: Final = """\
  python -m core undo 4f1c… --yes
  python -m core undo 4f1c… --key planner:q3:6f… --reason "this one was right"
  python -m core undo 4f1c… --dry-run > undo.json

An undo is a plan like any other: it is journalled, and can be undone. What was changed again since is left as it is, and
what was erased cannot come back. The exit code is 1 where something was left or failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("plan", metavar="PLAN_ID", help="the id of the plan, as `journal list` and `apply` print it")
    parser.add_argument("--key", action="append", metavar="KEY", help="only this memory; repeat it for several")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the journal")
    parser.add_argument("--dry-run", action="store_true", help="print the plan as JSON; nothing is changed")
    add_yes_option(parser)
    add_index_option(parser)
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Plan the way back and apply it."""
    from core.curation.desk import open_desk

    with open_catalog_of(args, read_only=args.dry_run) as catalog:
        desk = open_desk(open_store_of(catalog, args.index))
        plan = desk.undo_plan(args.plan, actor=actor(), keys=args.key, reason=args.reason)
        say_left_out(plan, console)
        if args.dry_run:
            print_plan(plan, console)
            return 0
        return apply_plan(desk, plan, args, console)
