"""What apply, undo and restore share: which plan is meant, a last question, progress, Ctrl-C, the report."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

from core.commands.console import Console
from core.commands.options import actor, open_store_of
from core.commands.progress import Bar
from core.errors import ConfigError, NotFoundError, RegressionError, StalePlanError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.curation.desk import ApplyReport, Desk
    from core.curation.plan import Plan

__all__ = [
    "add_yes_option",
    "applied",
    "apply_plan",
    "given_plan",
    "print_plan",
    "say_left_out",
    "stopping",
    "undo_line",
    "unmeasured",
]

_SHOWN: Final = 20


def unmeasured(reason: str | None) -> str:
    """Return why nothing is measured before; raise ConfigError for a reason that says nothing."""
    if reason is not None and not reason.strip():
        raise ConfigError("--no-preflight needs a reason: it goes to the journal, where others read it.")
    return reason or ""


def add_yes_option(parser: argparse.ArgumentParser) -> None:
    """Add --yes."""
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")


def given_plan(catalog: Catalog, args: argparse.Namespace, console: Console) -> tuple[Desk, Plan]:
    """Return the plan in a file, on stdin, or kept under an id, and the desk of the index that it is for."""
    from core.curation.desk import open_desk
    from core.curation.reading import plan_from_text

    text = _text_of(args.plan, console)
    if text is None:
        desk = open_desk(open_store_of(catalog, args.index))
        plan = desk.kept(args.plan, actor=actor())
        if plan is None:
            raise NotFoundError(
                f"No plan {one_line(args.plan, 120)!r} is kept for index {desk.store.info.name!r}, and no file is called so."
            )
        return desk, plan
    plan = plan_from_text(text, name="What came by stdin" if args.plan == "-" else one_line(args.plan, 120))
    there = catalog if plan.bucket == catalog.bucket else catalog.in_bucket(plan.bucket)
    return open_desk(open_store_of(there, args.index or plan.index)), plan


def apply_plan(desk: Desk, plan: Plan, args: argparse.Namespace, console: Console, **options: Any) -> int:
    """Ask, apply, print the report; return 1 if anything was left or failed."""
    report = applied(desk, plan, console, confirmation=_agreed(desk, plan, args, console), **options)
    console.result(report.to_json(), [*_lines(report), *_way_back(desk, plan, report)])
    return 0 if report.complete else 1


def applied(desk: Desk, plan: Plan, console: Console, *, confirmation: str | None, **options: Any) -> ApplyReport:
    """Apply a plan that was agreed to, and list what stands in its way."""
    with Bar(console, "Applying", unit="changes") as bar, stopping() as stopped:
        try:
            return desk.apply(
                plan,
                actor=actor(),
                confirmation=confirmation,
                progress=lambda done, total: bar.update(done, share=done / max(total, 1)),
                cancelled=stopped.is_set,
                **options,
            )
        except StalePlanError as error:
            bar.clear()
            _list(console, [f"{one_line(key, 80)} {what}" for key, what in error.keys.items()])
            raise
        except RegressionError as error:
            bar.clear()
            _list(console, _losses(error.report))
            raise RegressionError(f"{error} Here that is --acknowledge REASON.", report=error.report) from error


def print_plan(plan: Plan, console: Console) -> None:
    """Print a plan as JSON."""
    from core.curation.plan import plan_to_json

    value = plan_to_json(plan)
    console.result(value, [json.dumps(value, ensure_ascii=True, indent=1)])


def say_left_out(plan: Plan, console: Console) -> None:
    """Tell what a plan that goes back leaves as it is, and why."""
    count = plan.parameters.get("left_out_count", 0)
    for key, why in list(plan.parameters.get("left_out", {}).items())[:_SHOWN]:
        console.say(f"Left as it is: {one_line(key, 80)} {one_line(why, 120)}")
    if count > _SHOWN:
        console.say(f"… and {count - _SHOWN:,} more are left as they are.")


def _text_of(name: str, console: Console) -> str | None:
    """Return what the file or stdin holds, None where the name can only be an id."""
    from core.curation.reading import read_bounded

    path = Path(name)
    try:
        if not (name == "-" or path.is_file() or path.suffix == ".json" or len(path.parts) > 1):
            return None
        with nullcontext(console.stdin) if name == "-" else path.open(encoding="utf-8-sig") as stream:
            return read_bounded(stream)
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or error
        raise ConfigError(f"{one_line(name, 120)} cannot be read ({said}): name a plan's file, or its id.") from error


def _agreed(desk: Desk, plan: Plan, args: argparse.Namespace, console: Console) -> str | None:
    """Return what was typed to confirm an erasure; raise ConfigError where a person does not want the plan."""
    said = ", ".join(f"{action} {count:,}" for action, count in plan.counts.items()) or "no changes"
    console.say(f"{one_line(plan.title)} (plan {plan.id}, index {plan.index!r}): {said}.")
    wanted, typed = desk.confirmation_for(plan), getattr(args, "confirm", None)
    if wanted is not None and typed is None and console.can_ask:
        console.say(f"This cannot be undone. To go on, type: {wanted}")
        return console.stdin.readline()
    if args.yes or wanted is not None:
        return typed
    if not console.can_ask:
        raise ConfigError("Nobody is there to confirm it: add --yes.")
    _list(console, [f"{change.action:<8}{one_line(change.key, 60)}  {one_line(change.reason, 80)}" for change in plan])
    if not console.ask("Apply it?"):
        raise ConfigError("Nothing was changed.")
    return typed


def undo_line(plan_id: str, index: str) -> str:
    """Return the sentence that says how to take a plan back."""
    return f"To take it back: python -m core undo {plan_id} --index {index}"


def _way_back(desk: Desk, plan: Plan, report: ApplyReport) -> Iterator[str]:
    """Yield how to take it back: what was erased there is not, and what was taken back already is said."""
    undone = desk.deed(plan.id, actor=actor()) if report.already else None
    if undone is not None and undone.undone:
        yield f"{undone.undone:,} {'was' if undone.undone == 1 else 'were'} taken back since. To do that again:"
        yield from (f"  python -m core undo {each} --index {plan.index}" for each in undone.undone_by)
    elif not {change.key for change in plan if change.action == "erase"}.issuperset(report.done):
        yield undo_line(plan.id, plan.index)


def _lines(report: ApplyReport) -> Iterator[str]:
    yield report.sentence()
    for key, why in list(report.failed.items())[:_SHOWN]:
        yield f"Failed: {one_line(key, 80)} {one_line(why, 200)}"
    if len(report.failed) > _SHOWN:
        yield f"… and {len(report.failed) - _SHOWN:,} more failed."
    for key, why in list(report.spared.items())[:_SHOWN]:
        yield f"Stays: {one_line(key, 80)}: {one_line(why, 200)}"
    if len(report.spared) > _SHOWN:
        yield f"… and {len(report.spared) - _SHOWN:,} more stay."
    for key, why in list(report.taken_back.items())[:_SHOWN]:
        yield f"Taken out again: {one_line(key, 80)}: {one_line(why, 200)}"
    for key in report.left[:_SHOWN]:
        yield f"Left: {one_line(key, 120)}"
    if len(report.left) > _SHOWN:
        yield f"… and {len(report.left) - _SHOWN:,} more are left."


def _losses(report: Any) -> list[str]:
    return [
        f"{one_line(effect.text, 80)}: {one_line(problem.what, 200)}"
        for effect in report.regressions
        for problem in effect.regressions
    ]


def _list(console: Console, lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        console.say(f"  {line}")
    if len(lines) > _SHOWN:
        console.say(f"  … and {len(lines) - _SHOWN:,} more")


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Yield what Ctrl-C sets: the batch that is under way is done first; a second Ctrl-C does not wait for it."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if event.is_set():
            signal.default_int_handler(number, frame)
        event.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)
