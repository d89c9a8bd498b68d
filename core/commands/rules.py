"""`rules`: what expires, what decays and what the guard lets into an index, shown and saved as JSON."""

from __future__ import annotations

import argparse
import json
from typing import Final

from core.commands.console import Console
from core.commands.options import actor, add_actions, add_index_option, add_store_options, open_catalog_of, open_store_of
from core.commands.rule_options import read_json, read_rules

EXAMPLE: Final = """\
  python -m core rules show --index team > rules.json
  python -m core rules save rules.json --index team
  python -m core sweep --index team --rules rules.json --dry-run
  python -m core rules show --index team --merging > limits.json
  python -m core rules show --index team --guard > guard.json

Saving takes the role admin, and holds for the dashboard and for sweeps on a schedule too. A recall may rank by the old rules
for half a minute more. With --merging these are the limits of what a sweep may merge by itself; "mode" is off, propose or
apply. With --guard these are the rules of writes: "modes" by rule (block, quarantine, redact, tag, off), other modes for
single "patterns" of secrets, bounds, and "duplicates" (keep, merge, reinforce, off)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two actions, each with its own options."""
    actions = {
        "show": ("print the rules that hold for an index", None),
        "save": ("save the rules of an index", None),
    }
    for name, child in add_actions(parser, actions, example=EXAMPLE):
        if name == "save":
            child.add_argument("file", metavar="FILE", help="rules as JSON, as `rules show` prints them; - is stdin")
        which = child.add_mutually_exclusive_group()
        which.add_argument("--merging", action="store_true", help="the limits of merging, not the rules")
        which.add_argument("--guard", action="store_true", help="the rules of the guard, which looks at what is written")
        add_index_option(child)
        add_store_options(child)


def run(args: argparse.Namespace, console: Console) -> int:
    """Show or save the rules, or the limits of merging."""
    if args.merging:
        return _merging(args, console)
    if args.guard:
        return _guard(args, console)
    from core.curation.desk import open_desk
    from core.curation.lifecycle import load_lifecycle, save_lifecycle

    rules = read_rules(args.file, console.stdin) if args.action == "save" else None
    with open_catalog_of(args, read_only=rules is None) as catalog:
        store = open_store_of(catalog, args.index)
        documents = open_desk(store).ledger.documents
        if rules is not None:
            save_lifecycle(store, documents, rules, actor=actor())
            console.result({"index": store.info.name, "rules": rules.to_json()}, [f"Saved for index {store.info.name!r}."])
            return 0
        found = load_lifecycle(store, documents, actor=actor())
    if found.version is None:
        console.say("Nobody saved rules for this index: these are the usual ones.")
    value = found.rules.to_json()
    saved = found.version is not None
    console.result({"index": store.info.name, "saved": saved, "rules": value}, [json.dumps(value, indent=1)])
    return 0


def _merging(args: argparse.Namespace, console: Console) -> int:
    """Show or save how far merging may go by itself."""
    from core.curation.consolidation.limits import MergeLimits, load_limits, save_limits
    from core.curation.desk import open_desk

    limits = MergeLimits.from_json(read_json(args.file, console.stdin)) if args.action == "save" else None
    with open_catalog_of(args, read_only=limits is None) as catalog:
        store = open_store_of(catalog, args.index)
        documents = open_desk(store).ledger.documents
        if limits is not None:
            save_limits(store, documents, limits, actor=actor())
            console.result({"index": store.info.name, "limits": limits.to_json()}, [f"Saved for index {store.info.name!r}."])
            return 0
        found = load_limits(store, documents, actor=actor())
    value = found.limits.to_json()
    if found.version is None:
        console.say("Nobody saved limits for this index: these are the usual ones.")
    console.result(
        {"index": store.info.name, "saved": found.version is not None, "limits": value}, [json.dumps(value, indent=1)]
    )
    return 0


def _guard(args: argparse.Namespace, console: Console) -> int:
    """Show or save what the guard does about what is written."""
    from core.curation.desk import open_desk
    from core.guard import GuardSettings, load_guard, save_guard

    settings = GuardSettings.from_json(read_json(args.file, console.stdin)) if args.action == "save" else None
    with open_catalog_of(args, read_only=settings is None) as catalog:
        store = open_store_of(catalog, args.index)
        documents = open_desk(store).ledger.documents
        if settings is not None:
            save_guard(store, documents, settings, actor=actor())
            value = {"index": store.info.name, "guard": settings.to_json()}
            console.result(value, [f"Saved for index {store.info.name!r}."])
            return 0
        found = load_guard(store, documents, actor=actor())
    value = found.settings.to_json()
    saved = found.version is not None
    if not saved:
        console.say("Nobody saved rules of the guard for this index: these are the usual ones.")
    console.result({"index": store.info.name, "saved": saved, "guard": value}, [json.dumps(value, indent=1)])
    return 0
