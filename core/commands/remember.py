"""`remember`: write one memory."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import (
    actor,
    add_guard_option,
    add_index_option,
    add_store_options,
    guard_for,
    moment,
    open_catalog_of,
    open_store_of,
    share,
    span,
    split_list,
)
from core.errors import ConfigError, InvalidMemoryError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.catalog import Catalog
    from core.guard import Findings
    from core.memory import Memory
    from core.store import MemoryStore

EXAMPLE: Final = """\
  python -m core remember "The Q3 numbers are final." --index team --agent planner --task q3-report --type semantic
  python -m core remember "Standup moved to 10:00." --tags meeting,today --ttl 7d"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("text", metavar="TEXT", help="what to remember; - reads it from stdin")
    add_index_option(parser)
    add_store_options(parser)
    parser.add_argument("--create", action="store_true", help="create the index if it does not exist")
    for name, what in (
        ("agent", "who"),
        ("team", "for which team"),
        ("task", "in which task"),
        ("session", "in which session"),
    ):
        parser.add_argument(f"--{name}", metavar="ID", help=f"{what} ({name}_id)")
    parser.add_argument("--type", metavar="TYPE", help="episodic, semantic, procedural, or any other")
    parser.add_argument("--tags", action="append", default=[], metavar="A,B", help="tags, with commas or repeated")
    parser.add_argument("--confidence", type=share, metavar="0-1", help="how sure")
    parser.add_argument("--source", metavar="TEXT", help="where it is from")
    parser.add_argument(
        "--derived-from", action="append", default=[], metavar="KEY", help="a memory that this one was made from"
    )
    parser.add_argument("--notes", metavar="TEXT", help="a note for people")
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument("--ttl", type=span, metavar="SPAN", help="how long it holds: 90s, 15m, 6h, 7d or 2w")
    ends.add_argument("--expires", type=moment, metavar="WHEN", help="until when it holds: an ISO time")
    parser.add_argument("--key", metavar="KEY", help="its key (default: a new one)")
    add_guard_option(parser)
    parser.add_argument("--replace", action="store_true", help="replace the memory that has this key")


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the memory and print its key."""
    from core.curation.writing import write_journalled

    text = console.stdin.read().strip() if args.text == "-" else args.text
    if not text.strip():
        raise ConfigError("The text is empty: a memory needs words.")
    memory = _memory(args, text)
    with open_catalog_of(args) as catalog:
        store = _store(args, catalog)
        if args.key and not args.replace and store.get([args.key], actor=actor()):
            raise ConfigError(
                f"Index {store.info.name!r} has a memory with the key {args.key!r}: add --replace, or leave out --key."
            )
        memory, findings = _guarded(store, memory, args)
        report, plan_id = write_journalled(store, [memory], actor=actor(), title=_title(memory), policy="remember")
    if report.failed:
        raise InvalidMemoryError(report.failed[0].reason)
    for finding in findings:
        console.say(f"Guard: {one_line(finding.reason, 200)} ({finding.mode}).")
    value = {"index": store.info.name, "key": memory.key, "plan_id": plan_id, "guard": findings.to_json()}
    console.result(value, [memory.key])
    return 0


def _guarded(store: MemoryStore, memory: Memory, args: argparse.Namespace) -> tuple[Memory, Findings]:
    """Return the memory as it is to be written; what says the same is only told, for a person named no other key."""
    from core.guard import Findings

    guard = guard_for(store, args)
    return (memory, Findings()) if guard is None else guard.screen(memory)


def _title(memory: Memory) -> str:
    return f"Remember {one_line(memory.key, 80)}"


def _memory(args: argparse.Namespace, text: str) -> Memory:
    from core.memory import Memory, check_key, new_key

    now = datetime.now(UTC)
    return Memory(
        key=check_key(args.key) if args.key else new_key(agent_id=args.agent, task_id=args.task, created_at=now),
        content=text,
        memory_type=args.type,
        agent_id=args.agent,
        team_id=args.team,
        task_id=args.task,
        session_id=args.session,
        created_at=now,
        expires_at=_after(now, args.ttl) if args.ttl else args.expires,
        confidence=args.confidence,
        source=args.source,
        tags=split_list(args.tags),
        derived_from=tuple(args.derived_from),
        notes=args.notes,
    )


def _after(now: datetime, ttl: timedelta) -> datetime:
    try:
        return now + ttl
    except OverflowError:
        raise ConfigError(
            f"--ttl of {ttl.days:,} days ends beyond the year 9999: leave it out, it never expires then."
        ) from None


def _store(args: argparse.Namespace, catalog: Catalog) -> MemoryStore:
    if args.create:
        if args.index is None:
            raise ConfigError("--create needs the index's name: give it with --index.")
        return catalog.open_or_create(args.index, actor=actor())
    return open_store_of(catalog, args.index)
