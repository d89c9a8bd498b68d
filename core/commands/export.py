"""`export`: memories to JSON lines or CSV."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import (
    actor,
    add_index_option,
    add_scope_options,
    add_store_options,
    open_catalog_of,
    open_store_of,
    scope_of,
)
from core.commands.progress import Bar
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.memory import Memory
    from core.store import MemoryStore

EXAMPLE: Final = """\
  python -m core export --index team --output team.jsonl.gz
  python -m core export --index team --agent planner --since 30d | jq .content
  python -m core export --index team --format csv --output team.csv

JSON lines hold every field as it was written, and `import` reads them back to equal memories. CSV is for spreadsheets:
cells that a spreadsheet would run get an apostrophe. A file appears whole or not at all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--output", "-o", default="-", metavar="FILE", help="where to write; .gz is compressed (default: stdout)"
    )
    parser.add_argument("--format", choices=("jsonl", "csv"), default="jsonl", help="jsonl (default) or csv")
    parser.add_argument("--vectors", action="store_true", help="with each memory's vector, for import --use-vectors")
    parser.add_argument("--active", action="store_true", help="without memories whose time is over")
    add_index_option(parser)
    add_store_options(parser)
    add_scope_options(parser)


def run(args: argparse.Namespace, console: Console) -> int:
    """Write the memories of the scope, ordered by key."""
    from core.transfer import open_output, read_memories

    if console.as_json and args.output == "-":
        raise ConfigError("--json prints a summary on stdout, where the export itself would go: name a file with --output.")
    if args.vectors and args.format == "csv":
        raise ConfigError("--vectors needs JSON lines: leave out --format csv.")
    written = 0
    with ExitStack() as stack:
        store = open_store_of(stack.enter_context(open_catalog_of(args, read_only=True)), args.index)
        keys = _keys(store, args)
        bar = stack.enter_context(Bar(console, "Exporting"))
        raw = stack.enter_context(open_output(args.output, stdout=console.stdout_bytes))
        for line in _lines(args, console, store, _counted(read_memories(store, keys, actor=actor()), bar, len(keys))):
            raw.write(line.encode("utf-8"))
            written += 1
        raw.flush()
    written -= args.format == "csv"
    if args.output != "-":
        console.result(
            {"index": store.info.name, "output": args.output, "memories": written}, [_summary(written, args.output)]
        )
    return 0


def _keys(store: MemoryStore, args: argparse.Namespace) -> list[str]:
    from core.vectors.client import KEY_COLUMN

    scope = scope_of(args, include_expired=not args.active, include_hidden=not args.active)
    if scope.to_filter(now=datetime.now(UTC)) is None:
        return sorted(store.scan(actor=actor(), columns=[]).column(KEY_COLUMN).to_pylist())
    frame = store.frame(actor=actor())
    return sorted(frame.loc[scope.mask(frame, now=datetime.now(UTC)), "key"])


def _lines(args: argparse.Namespace, console: Console, store: MemoryStore, memories: Iterator[Memory]) -> Iterator[str]:
    from core.transfer import csv_lines, json_lines

    if args.format == "csv":
        # Spreadsheets take a file without the mark for the local 8-bit encoding; a pipe's reader would trip over it.
        return _marked(csv_lines(memories)) if args.output != "-" else csv_lines(memories)
    vectors = (lambda keys: store.vectors(keys, actor=actor())) if args.vectors else None
    on_screen = args.output == "-" and console.stdout.isatty()
    return json_lines(memories, vectors=vectors, ascii_only=on_screen)


def _marked(lines: Iterator[str]) -> Iterator[str]:
    yield "\ufeff" + next(lines)
    yield from lines


def _counted(memories: Iterator[Memory], bar: Bar, total: int) -> Iterator[Memory]:
    for count, memory in enumerate(memories, start=1):
        yield memory
        bar.update(count, share=count / total)


def _summary(written: int, output: str) -> str:
    return f"{written:,} {'memory' if written == 1 else 'memories'} written to {output}."
