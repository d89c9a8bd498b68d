"""`restore`: bring back what an index held at a moment."""

from __future__ import annotations

import argparse
from typing import Final

from core.commands.applying import add_yes_option, apply_plan, print_plan, say_left_out
from core.commands.console import Console
from core.commands.options import (
    actor,
    add_index_option,
    add_scope_options,
    add_store_options,
    moment,
    open_catalog_of,
    open_store_of,
    scope_of,
)

EXAMPLE: Final = """\
  python -m core restore --as-of 2h --agent planner --dry-run
  python -m core restore --as-of 2026-11-01T09:30:00Z --index team --later retire --yes

It takes back every change in the journal since then, for the memories that the filters chose at that moment. What agents
wrote themselves is not in the journal, and stays. The exit code is 1 where something was left or failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--as-of", required=True, type=moment, metavar="WHEN", help="the moment: 2h, 2026-11-01, an ISO time"
    )
    parser.add_argument(
        "--later",
        choices=("keep", "retire"),
        default="keep",
        help="what becomes of memories that a plan added since (default: keep)",
    )
    parser.add_argument("--dry-run", action="store_true", help="print the plan as JSON; nothing is changed")
    add_yes_option(parser)
    add_scope_options(parser)
    add_index_option(parser)
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Plan the way back and apply it."""
    from core.curation.desk import open_desk

    with open_catalog_of(args, read_only=args.dry_run) as catalog:
        desk = open_desk(open_store_of(catalog, args.index))
        scope = scope_of(args, include_expired=True, include_hidden=True)
        plan = desk.restore_plan(args.as_of, actor=actor(), scope=scope, later=args.later)
        say_left_out(plan, console)
        if args.dry_run:
            print_plan(plan, console)
            return 0
        return apply_plan(desk, plan, args, console)
