"""`forget`: delete memories by key."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from core.commands.console import Console
from core.commands.options import ACTOR, add_index_option, add_store_options, open_catalog_of, open_store_of
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.memory import Memory

EXAMPLE: Final = """\
  python -m core forget planner:q3-report:20261101T093000Z:6f… --index team
  python -m core export --index team --task old --format jsonl | jq -r .key | python -m core forget - --yes

There is no undo: export first what you may want back. Keys that do not exist are listed, and the exit code is then 1."""
_SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("keys", nargs="+", metavar="KEY", help="keys to delete; - reads them from stdin, one a line")
    add_index_option(parser)
    add_store_options(parser)
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")


def run(args: argparse.Namespace, console: Console) -> int:
    """Show what would be deleted, ask, delete."""
    keys = _keys(args.keys, console)
    with open_catalog_of(args) as catalog:
        store = open_store_of(catalog, args.index)
        found = store.get(keys, actor=ACTOR)
        there = [key for key in keys if key in found]
        missing = [key for key in keys if key not in found]
        if there and not args.yes:
            _confirm_or_refuse(there, found, store.info.name, console)
        store.records.delete(there, actor=ACTOR)
    lines = [f"{len(there):,} forgotten."] if there else []
    lines += [f"Not found: {one_line(key, 120)}" for key in missing[:_SHOWN]]
    if len(missing) > _SHOWN:
        lines.append(f"… and {len(missing) - _SHOWN:,} more keys were not found.")
    console.result({"index": store.info.name, "forgotten": there, "not_found": missing}, lines)
    return 1 if missing else 0


def _keys(given: Sequence[str], console: Console) -> list[str]:
    keys = [key for key in given if key != "-"]
    if "-" in given:
        keys += [line.rstrip("\r\n") for line in console.stdin if line.strip()]
    if not keys:
        raise ConfigError("No keys were given on stdin: pass one a line.")
    return list(dict.fromkeys(keys))


def _confirm_or_refuse(keys: Sequence[str], found: Mapping[str, Memory], index: str, console: Console) -> None:
    what = f"{len(keys):,} {'memory' if len(keys) == 1 else 'memories'} of index {index!r}"
    if not console.can_ask:
        raise ConfigError(f"This deletes {what} for good, and nobody is there to confirm it: add --yes.")
    for key in keys[:_SHOWN]:
        console.say(f"  {one_line(key, 60)}  {one_line(found[key].content, max(console.width - 66, 20))}")
    if len(keys) > _SHOWN:
        console.say(f"  … and {len(keys) - _SHOWN:,} more")
    if not console.ask(f"Delete {what} for good?"):
        raise ConfigError("Nothing was deleted.")
