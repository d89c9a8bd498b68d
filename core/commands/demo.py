"""`demo load`: the demo world."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Final

from core.commands.console import Console
from core.commands.options import actor, add_store_options, open_catalog_of
from core.commands.progress import Bar

EXAMPLE: Final = """\
  python -m core demo load --store ./demo-store"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("what", choices=("load",), help="load: write the demo world; what is there already is left alone")
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Load the demo world."""
    from core.demo import load

    with open_catalog_of(args) as catalog, Bar(console, "Loading", unit="memories") as bar:
        report = load(catalog, actor=actor(), now=datetime.now(UTC), progress=bar.update)
    lines = [f"{report.memories:,} memories of the demo world in {', '.join(report.indexes)}: {report.written:,} written."]
    lines += [f"Failed: {failure.key}: {failure.reason}" for failure in report.failed]
    console.result(
        {
            "indexes": report.indexes,
            "created": list(report.created),
            "written": report.written,
            "unchanged": report.unchanged,
            "failed": [vars(failure) for failure in report.failed],
        },
        lines,
    )
    return 1 if report.failed else 0
