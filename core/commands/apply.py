"""`apply`: do what a plan says, journalled so that it can be taken back."""

from __future__ import annotations

import argparse
from typing import Final

from core.commands.applying import add_yes_option, apply_plan, given_plan, print_plan, unmeasured
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of
from core.errors import StalePlanError

EXAMPLE: Final = """\
  python -m core apply plan.json --yes
  python -m core plan delete --agent planner --until 2026-01-01 | python -m core apply - --yes
  python -m core apply plan.json --acknowledge "the launch is over, nobody asks that any more"
  python -m core apply erasure.json --confirm "erase 3 memories"

A plan that was made of something that has changed since is refused, and so is one that takes answers away from golden
queries, until somebody says why that is right. The same plan applied again does what is left of it, and nothing twice.
The exit code is 1 where something was left or failed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("plan", metavar="PLAN", help="a file of `plan`, - for stdin, or the id of a plan that was kept")
    parser.add_argument("--acknowledge", metavar="REASON", help="why answers may be lost; it goes to the journal")
    parser.add_argument("--confirm", metavar="TEXT", help="what an erasure asks for, as in 'erase 3 memories'")
    parser.add_argument("--no-preflight", metavar="REASON", help="measure nothing before, and why; it goes to the journal")
    parser.add_argument("--replan", action="store_true", help="print a stale plan made anew; nothing is changed")
    add_yes_option(parser)
    add_index_option(parser)
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Apply the plan and print what became of each key that was not done."""
    with open_catalog_of(args) as catalog:
        desk, plan = given_plan(catalog, args, console)
        if args.replan:
            print_plan(desk.replan(plan, actor=actor()), console)
            return 0
        try:
            return apply_plan(
                desk,
                plan,
                args,
                console,
                acknowledged=args.acknowledge,
                measured=args.no_preflight is None,
                unmeasured=unmeasured(args.no_preflight),
            )
        except StalePlanError as error:
            said = f"{error} The same command with --replan prints it made anew over what is there now."
            raise StalePlanError(said, keys=error.keys) from error
