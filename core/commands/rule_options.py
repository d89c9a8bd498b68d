"""Options for the rules of expiry and decay: those that were saved for the index, a file's, or changed for one run."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from core.commands.options import actor, days, share
from core.errors import ConfigError

if TYPE_CHECKING:
    from core.curation.lifecycle import Lifecycle
    from core.store import MemoryStore

__all__ = ["add_rule_options", "half_life", "read_json", "read_rules", "rules_of"]


def add_rule_options(parser: argparse.ArgumentParser, *, decay: bool) -> None:
    """Add --rules and what changes the rules for this run: of decay, or of expiry."""
    parser.add_argument(
        "--rules", metavar="FILE", help="rules as JSON (default: those saved for the index, else the usual ones)"
    )
    parser.add_argument("--by-pages", action="store_true", help="read the index a page at a time: slower, for any size")
    if decay:
        parser.add_argument("--threshold", type=share, metavar="0-1", help="retire below this confidence")
        parser.add_argument(
            "--half-life", type=half_life, action="append", default=[], metavar="TYPE=DAYS", help="episodic=30, or =never"
        )
        parser.add_argument("--write-back", action="store_true", help="write the confidence that is left into what stays")
    else:
        parser.add_argument("--grace", type=float, metavar="DAYS", help="days after expires_at")


def rules_of(store: MemoryStore, args: argparse.Namespace) -> Lifecycle:
    """Return the rules that the options ask for."""
    from core.curation.lifecycle import DEFAULT_LIFECYCLE, load_lifecycle

    if args.rules:
        rules = read_rules(args.rules)
    elif store.archive is not None:
        rules = load_lifecycle(store, store.archive.ledger.documents, actor=actor()).rules
    else:
        rules = DEFAULT_LIFECYCLE
    if getattr(args, "grace", None) is not None:
        rules = replace(rules, expiry=replace(rules.expiry, grace_days=args.grace))
    if getattr(args, "threshold", None) is not None:
        rules = replace(rules, decay=replace(rules.decay, threshold=args.threshold))
    if getattr(args, "half_life", None):
        half_lives = {**rules.decay.half_lives, **dict(args.half_life)}
        rules = replace(rules, decay=replace(rules.decay, half_lives=half_lives))
    return rules


def read_rules(path: str, stdin: TextIO | None = None) -> Lifecycle:
    """Return the rules of a JSON file, or of stdin for "-"."""
    from core.curation.lifecycle import Lifecycle

    return Lifecycle.from_json(read_json(path, stdin))


def read_json(path: str, stdin: TextIO | None = None) -> Any:
    """Return what a JSON file of rules holds, or stdin for "-"."""
    try:
        return json.loads(stdin.read() if stdin and path == "-" else Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The rules {path!r} cannot be read ({error}): name a JSON file.") from None


def half_life(text: str) -> tuple[str, float | None]:
    """Return the type and days of "episodic=30"; "never" is None."""
    name, found, number = text.partition("=")
    if not name or not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no half-life: write a type and days, as episodic=30")
    return name, None if number == "never" else days(number)
