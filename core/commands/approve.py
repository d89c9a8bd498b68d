"""`approve`: say as a second admin that a plan may erase."""

from __future__ import annotations

import argparse
from typing import Final

from core.commands.applying import given_plan
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of

EXAMPLE: Final = """\
  python -m core approve erasure.json
  python -m core approve 4f1c… --index team
  MNEMOSCOPE_ACTOR=ada:admin python -m core apply erasure.json --confirm "erase 3 memories"

Where MNEMOSCOPE_SECOND_PERSON=1 is set, an erasure needs the approval of another admin than the one who applies it. It is
for this very plan: one that was changed afterwards needs a new one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("plan", metavar="PLAN", help="a file of `plan`, - for stdin, or the id of a plan that was kept")
    add_index_option(parser)
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Approve the plan."""
    with open_catalog_of(args) as catalog:
        desk, plan = given_plan(catalog, args, console)
        desk.approve(plan, actor=actor())
    said = {"plan_id": plan.id, "hash": plan.hash, "by": actor().name}
    console.result(said, [f"Plan {plan.id} ({plan.title}) is approved by {actor().name}."])
    return 0
