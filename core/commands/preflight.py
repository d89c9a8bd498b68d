"""`preflight`: what a plan would do to the answers, before anything is changed."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from core.commands.applying import given_plan
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of, positive
from core.commands.progress import Bar
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.effects import QueryEffect, Tally
    from core.curation.preflight import Preflight

EXAMPLE: Final = """\
  python -m core preflight plan.json
  python -m core plan delete --agent planner | python -m core preflight - --json

The golden queries and what was really asked lately are run against the index as it is and as it would be. The exit code is
1 where an answer that somebody vouched for would be lost, or a query would find nothing any more."""
_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("plan", metavar="PLAN", help="a file of `plan`, - for stdin, or the id of a plan that was kept")
    parser.add_argument("--k", type=positive, metavar="N", help="how many memories each query gets (default: its own)")
    add_index_option(parser)
    add_store_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Measure the plan and print the report."""
    with open_catalog_of(args, read_only=True) as catalog:
        desk, plan = given_plan(catalog, args, console)
        with Bar(console, "Asking", unit="queries") as bar:
            report = desk.preflight(
                plan,
                actor=actor(),
                k=args.k,
                progress=lambda done, total: bar.update(done, share=done / max(total, 1)),
            )
    console.result(report.to_json(), _lines(report))
    return 1 if report.blocked else 0


def _lines(report: Preflight) -> Iterator[str]:
    yield report.sentence()
    shown = report.regressions[:_SHOWN]
    for effect in shown:
        yield from _effect(effect)
    if len(report.regressions) > len(shown):
        yield f"… and {len(report.regressions) - len(shown):,} more regressions (--json has them all)."
    yield f"Memories  {report.rows_before:,} before, {report.rows_after:,} after"
    for name, queries in (("Golden", report.golden), ("Recent", report.real)):
        if queries:
            means = report.figures(queries)
            yield (
                f"{name}    recall {means['recall_before']:.3f} → {means['recall_after']:.3f}, "
                f"MRR {means['mrr_before']:.3f} → {means['mrr_after']:.3f}"
            )
    yield f"Frees     {report.freed.tokens:,} tokens, {report.freed.bytes:,} bytes"
    if report.freed.storage_usd_month is not None:
        freed = report.freed
        yield f"Saves     ${freed.storage_usd_month:.4f} a month; applying costs ${freed.applying_usd or 0:.4f}"
    for name, tallies in (("Agents", report.affected.agents), ("Teams", report.affected.teams)):
        if tallies:
            yield f"{name:<10}{', '.join(_tally(each) for each in tallies[:_SHOWN])}"
    yield from report.notes


def _effect(effect: QueryEffect) -> Iterator[str]:
    kind = f"golden {one_line(effect.name or '', 60)}" if effect.is_golden else f"asked {effect.times:,} times lately"
    yield f"✗ {one_line(effect.text, 120)} ({kind})"
    yield from (f"    {one_line(problem.what, 300)}" for problem in effect.regressions[:_SHOWN])


def _tally(each: Tally) -> str:
    name = "unknown" if each.value is None else one_line(each.value, 40)
    return f"{name} {each.taken + each.changed + each.added:,} of {each.total:,}"
