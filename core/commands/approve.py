"""`approve`: say as a second admin that a plan may erase."""

from __future__ import annotations

import argparse
from typing import Final

from core.commands.applying import given_plan
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of
from core.hostile import one_line

EXAMPLE: Final = """\
  python -m core approve erasure.json
  python -m core approve 4f1c… --index team
  MNEMOSCOPE_ACTOR=ada:admin python -m core apply erasure.json --confirm "erase 3 memories"

Where MNEMOSCOPE_SECOND_PERSON=1 is set, an erasure needs the approval of another admin than the one who applies it. It is
for this very plan: one that was changed afterwards needs a new one."""
_SHOWN: Final = 20


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
    does = ", ".join(f"{action} {count:,}" for action, count in plan.counts.items())
    first = plan.changes[:_SHOWN]
    lines = [f"  {change.action:<8}{one_line(change.key, 60)}  {one_line(change.reason, 80)}" for change in first]
    lines += [f"  … and {len(plan) - _SHOWN:,} more"] if len(plan) > _SHOWN else []
    lines += [f"Plan {plan.id} ({one_line(plan.title)}: {does}) is approved by {one_line(actor().name, 80)}."]
    console.result(said, lines)
    return 0
