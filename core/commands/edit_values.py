"""The new values of `plan edit`: options for some keys, or JSON lines with a key each."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from core.commands.console import Console
from core.errors import ConfigError
from core.memory.fields import preview

__all__ = ["edits_of"]

# What people call the fields on the command line, beside the names that they have in a record.
_SHORT: Final[Mapping[str, str]] = {
    "text": "content",
    "type": "memory_type",
    "agent": "agent_id",
    "team": "team_id",
    "task": "task_id",
    "session": "session_id",
    "expires": "expires_at",
    "created": "created_at",
}


def edits_of(args: argparse.Namespace, keys: Sequence[str], console: Console) -> dict[str, dict[str, Any]]:
    """Return new values by key and field; None takes a field away."""
    values = _values(args)
    if args.lines:
        if keys or values:
            raise ConfigError("--from has the keys and values of each line: leave out the others.")
        return _from_lines(_lines(args.lines, console))
    if not keys or not values:
        raise ConfigError("Nothing to edit: give keys, and --text, --set FIELD=VALUE or --unset FIELD; or --from FILE.")
    return dict.fromkeys(keys, values)


def _values(args: argparse.Namespace) -> dict[str, Any]:
    values: dict[str, Any] = {} if args.text is None else {"content": args.text}
    for given in args.set:
        name, value = _pair(given)
        values[name] = value
    for given in args.set_json:
        name, text = _pair(given)
        try:
            values[name] = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ConfigError(f"--set-json {preview(given)} is no JSON ({error}): write it as in 'level=3'.") from None
    return values | {_SHORT.get(name, name): None for name in args.unset}


def _pair(given: str) -> tuple[str, str]:
    name, found, value = given.partition("=")
    if not name or not found:
        raise ConfigError(f"{preview(given)} sets nothing: write FIELD=VALUE, as in confidence=0.9.")
    return _SHORT.get(name, name), value


def _lines(path: str, console: Console) -> list[str]:
    if path == "-":
        return list(console.stdin)
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise ConfigError(f"The edits {path!r} cannot be read ({error}): name a file of JSON lines.") from None


def _from_lines(lines: Iterable[str]) -> dict[str, dict[str, Any]]:
    edits: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            key = value.pop("key")
        except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
            raise ConfigError(f"Line {number} of the edits is no object with a key ({error}).") from None
        if not isinstance(key, str) or key in edits:
            raise ConfigError(f"Line {number} of the edits has the key {preview(key)}: give a text, and each key once.")
        edits[key] = value
    if not edits:
        raise ConfigError("The edits have no line: give one JSON object a line.")
    return edits
