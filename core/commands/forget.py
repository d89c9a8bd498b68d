"""`forget`: take memories out of an index by key, undoable, or erase them for good."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from core.commands.applying import add_yes_option, applied, undo_line, unmeasured
from core.commands.console import Console
from core.commands.options import actor, add_index_option, add_store_options, open_catalog_of, open_store_of
from core.errors import ConfigError, CurationError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.apply import ApplyReport
    from core.curation.desk import Desk
    from core.curation.plan import Plan

EXAMPLE: Final = """\
  python -m core forget planner:q3-report:20261101T093000Z:6f… --index team
  python -m core export --index team --task old --format jsonl | jq -r .key | python -m core forget - --yes

What is forgotten can be brought back: the id of its plan is printed, for `python -m core undo`. With --erase it goes for
good, with its copies in the journal; that takes the role admin, and the words that are asked for. Keys that do not exist
are listed, and the exit code is then 1. Where answers would be lost (see `golden`), it is refused unless --acknowledge
gives a reason."""
_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("keys", nargs="+", metavar="KEY", help="keys to forget; - reads them from stdin, one a line")
    add_index_option(parser)
    add_store_options(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the journal")
    parser.add_argument("--erase", action="store_true", help="for good: the journal's copies go too")
    parser.add_argument("--confirm", metavar="TEXT", help='confirms --erase, as in "erase 2 memories"')
    parser.add_argument("--acknowledge", metavar="REASON", help="go on though answers would be lost")
    parser.add_argument("--no-preflight", metavar="REASON", help="do not measure what it does to the answers")
    add_yes_option(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Show what would be forgotten, ask, measure, do it."""
    from core.curation.deletion import plan_deletion
    from core.curation.desk import open_desk

    keys = _keys(args.keys, console)
    with open_catalog_of(args) as catalog:
        store = open_store_of(catalog, args.index)
        desk, now = open_desk(store), datetime.now(UTC)
        plan = plan_deletion(store, keys, actor=actor(), now=now, plan_id=uuid4().hex, reason=args.reason, erase=args.erase)
        going = {change.key for change in plan}
        missing = [key for key in keys if key not in going]
        report = _apply(desk, plan, args, console) if going else None
    done = list(report.done) if report else []
    failed = dict(report.failed) if report else {}
    value = {"index": plan.index, "plan_id": plan.id if done else None, "erased": args.erase, "forgotten": done}
    console.result(value | {"failed": failed, "not_found": missing}, _lines(plan, report, missing))
    return 1 if missing or (report and not report.complete) else 0


def _keys(given: Sequence[str], console: Console) -> list[str]:
    keys = [key for key in given if key != "-"]
    if "-" in given:
        keys += [line.rstrip("\r\n") for line in console.stdin if line.strip()]
    if not keys:
        raise ConfigError("No keys were given on stdin: pass one a line.")
    return list(dict.fromkeys(keys))


def _apply(desk: Desk, plan: Plan, args: argparse.Namespace, console: Console) -> ApplyReport:
    if args.erase and desk.needs_second_person:
        desk.keep(plan, actor=actor())  # for the second person, who has nothing else to approve
    report = applied(
        desk,
        plan,
        console,
        confirmation=_confirmed(desk, plan, args, console),
        acknowledged=args.acknowledge,
        measured=args.no_preflight is None,
        unmeasured=unmeasured(args.no_preflight),
    )
    if not report.done and report.why:
        raise CurationError(report.sentence())
    return report


def _confirmed(desk: Desk, plan: Plan, args: argparse.Namespace, console: Console) -> str | None:
    """Have a person confirm the plan, and return what they typed where it erases."""
    wanted = desk.confirmation_for(plan)
    typed: str | None = args.confirm
    if typed is not None or (args.yes and not wanted):
        return typed
    what = f"{len(plan):,} {'memory' if len(plan) == 1 else 'memories'} of index {plan.index!r}"
    if not console.can_ask:
        give = f"--confirm {wanted!r}" if wanted else "--yes"
        raise ConfigError(f"This {'erases' if wanted else 'forgets'} {what}, and nobody is there to confirm it: add {give}.")
    for change in plan.changes[:_SHOWN]:
        content = desk.store.memory_of(change.key, change.before.metadata).content if change.before else ""
        console.say(f"  {one_line(change.key, 60)}  {one_line(content, max(console.width - 66, 20))}")
    if len(plan) > _SHOWN:
        console.say(f"  … and {len(plan) - _SHOWN:,} more")
    if wanted:
        _say_remnants(desk, plan, console)
        return console.typed(f"This erases {what} for good. Type {wanted!r} to confirm it:")
    if not console.ask(f"Forget {what}?"):
        raise ConfigError("Nothing was forgotten.")
    return None


def _say_remnants(desk: Desk, plan: Plan, console: Console) -> None:
    """Tell what still says the text of what is erased, and what can be done."""
    from core.curation.consolidation.remnants import erasure_notes, left_behind, remnants

    found, behind = remnants(desk.store, plan, actor=actor()), left_behind(desk.store, plan, actor=actor())
    for note in erasure_notes(found, behind):
        console.say(note)


def _lines(plan: Plan, report: ApplyReport | None, missing: Sequence[str]) -> Iterator[str]:
    if report and report.done:
        erased = "erase" in {str(change.action) for change in plan}
        yield f"{len(report.done):,} {'erased' if erased else 'forgotten'}."
        if not erased:
            yield undo_line(plan.id, plan.index)
    if report and not report.complete:
        yield report.sentence()
        yield from (f"Failed: {one_line(key, 120)}: {one_line(why)}" for key, why in list(report.failed.items())[:_SHOWN])
    yield from (f"Not found: {one_line(key, 120)}" for key in missing[:_SHOWN])
    if len(missing) > _SHOWN:
        yield f"… and {len(missing) - _SHOWN:,} more keys were not found."
