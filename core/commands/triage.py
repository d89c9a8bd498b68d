"""`triage`: memories that may have been planted, where they got to, out of recall and back, and a report."""

from __future__ import annotations

import argparse
from typing import Final

from core.commands.applying import add_yes_option
from core.commands.console import Console
from core.commands.options import add_actions, add_index_option, add_store_options, positive
from core.commands.triage_actions import list_suspects, quarantine, release, report, show

EXAMPLE: Final = """\
  python -m core triage list --index team
  python -m core triage show mail-importer:refunds:8c3b… --index team
  python -m core triage quarantine mail-importer:refunds:8c3b… --descendants --reason "forged mail" --yes
  python -m core triage report mail-importer:refunds:8c3b… --out incident.md
  python -m core triage release mail-importer:refunds:8c3b… --yes

A suspect is no verdict: each sign is named with what it adds, and a person decides. What is in quarantine is out of recall
and stays in the index; the id of its plan is printed, and `undo` takes that back as well. The exit code of list is 1 where
there is a suspect."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its own options."""
    actions = {
        "list": ("rank what may have been planted, with what is in quarantine", list_suspects),
        "show": ("say why a memory is suspect and where it got to", show),
        "quarantine": ("take memories out of recall until they are released", quarantine),
        "release": ("let memories in quarantine be recalled again", release),
        "report": ("write the report of an incident, as Markdown", report),
    }
    for name, child in add_actions(parser, actions, example=EXAMPLE):
        if name == "list":
            child.add_argument("--limit", type=positive, default=20, metavar="N", help="at most so many (default: 20)")
        elif name == "show":
            child.add_argument("key", metavar="KEY", help="the memory")
        else:
            child.add_argument("keys", nargs="+", metavar="KEY", help="keys; - reads them from stdin, one a line")
            child.add_argument("--reason", default="", metavar="TEXT", help="why, for the journal or the report")
        if name == "report":
            child.add_argument("--out", metavar="FILE", help="a file that does not exist yet (default: stdout)")
        elif name in ("quarantine", "release"):
            _add_plan_options(child, with_descendants=name == "quarantine")
        add_index_option(child)
        add_store_options(child)


def run(args: argparse.Namespace, console: Console) -> int:
    """Do what the action says."""
    code: int = args.run_action(args, console)
    return code


def _add_plan_options(child: argparse.ArgumentParser, *, with_descendants: bool) -> None:
    if with_descendants:
        child.add_argument("--descendants", action="store_true", help="with what was made from them")
    child.add_argument("--dry-run", action="store_true", help="print the plan as JSON; nothing is changed")
    child.add_argument("--acknowledge", metavar="REASON", help="go on though answers would be lost; it goes to the journal")
    child.add_argument("--no-preflight", metavar="REASON", help="measure nothing before, and why; it goes to the journal")
    add_yes_option(child)
