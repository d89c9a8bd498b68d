"""`plan`: what would be changed, as JSON to review, keep in a repository and apply; nothing is changed."""

from __future__ import annotations

import argparse
import json
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from core.commands.console import Console
from core.commands.options import (
    actor,
    add_actions,
    add_index_option,
    add_scope_options,
    add_store_options,
    open_catalog_of,
    open_store_of,
    positive,
    scope_of,
)
from core.commands.plan_consolidation import (
    add_consolidation_options,
    add_unmerge_options,
    plan_consolidation,
    plan_unmerge,
)
from core.commands.plan_duplicates import add_duplicate_options, plan_duplicates
from core.commands.rule_options import add_rule_options, rules_of
from core.errors import ConfigError
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.plan import Plan
    from core.scope import Scope
    from core.store import MemoryStore

EXAMPLE: Final = """\
  python -m core plan delete --agent planner --until 2026-01-01 --reason "the old planner" > plan.json
  python -m core plan edit planner:q3:6f… --set type=semantic --set confidence=0.9 > plan.json
  python -m core plan expire --index team --keep
  python -m core plan duplicates --within team --policy reinforce > plan.json
  python -m core plan consolidate --by task > plan.json
  python -m core plan unmerge planner:20260301T120000Z:6f… --source planner:q3:6f… > plan.json
  python -m core preflight plan.json && python -m core apply plan.json

The plan goes to stdout, a summary to stderr. With --keep it is kept beside the journal instead, for a page or another
person, and its id is printed: `plan list` has those that are kept, `plan discard` forgets one. The exit code is 1 where
there is nothing to change."""
_SHOWN: Final = 10
_KEPT: Final = ("list", "discard")
_MERGES: Final = {
    "duplicates": add_duplicate_options,
    "consolidate": add_consolidation_options,
    "unmerge": add_unmerge_options,
}

Planner = Callable[..., "Plan"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions, each with its own options."""
    actions = {
        "delete": ("retire memories, or erase them for good", _delete),
        "hide": ("leave memories out of recall, though they stay", _hide),
        "unhide": ("show hidden memories again", _unhide),
        "validate": ("note that memories are still true", _validate),
        "edit": ("give memories new values", _edit),
        "expire": ("retire memories whose time is over by the rules of the index", _expire),
        "decay": ("retire memories that nobody can be sure of any more", _decay),
        "duplicates": ("merge memories that say the same", plan_duplicates),
        "consolidate": ("make one memory of several that belong together", plan_consolidation),
        "unmerge": ("bring back what was merged into a memory", plan_unmerge),
        "list": ("list the plans that are kept", None),
        "discard": ("forget a plan that is kept", None),
    }
    for name, child in add_actions(parser, actions, example=EXAMPLE):
        if name not in _KEPT:
            _add_options(child, name)
        elif name == "discard":
            child.add_argument("plan", metavar="PLAN_ID", help="as `plan list` prints it")
        add_index_option(child)
        add_store_options(child)


def _add_options(child: argparse.ArgumentParser, name: str) -> None:
    """Add what the action takes that makes a plan."""
    if name in ("delete", "hide", "unhide", "validate"):
        _add_choice(child)
    elif name == "edit":
        _add_values(child)
    elif name in _MERGES:
        _MERGES[name](child)
    else:
        add_rule_options(child, decay=name == "decay")
        child.add_argument("--max", type=positive, metavar="N", help="at most so many changes")
    if name == "delete":
        child.add_argument("--erase", action="store_true", help="for good: applying it purges the journal's copies too")
    child.add_argument("--reason", default="", metavar="TEXT", help="why, for the journal")
    child.add_argument("--id", metavar="ID", help="the plan's id (default: a new one)")
    child.add_argument("--keep", action="store_true", help="keep the plan beside the journal and print its id")


def run(args: argparse.Namespace, console: Console) -> int:
    """Make the plan and print or keep it, or say which are kept."""
    if args.action in _KEPT:
        from core.commands.kept_plans import discard_plan, list_plans

        return list_plans(args, console) if args.action == "list" else discard_plan(args, console)
    with open_catalog_of(args, read_only=not args.keep) as catalog:
        store = open_store_of(catalog, args.index)
        common = {"actor": actor(), "now": datetime.now(UTC), "plan_id": args.id or uuid.uuid4().hex, "reason": args.reason}
        plan: Plan = args.run_action(store, args, console, common)
        for line in _summary(plan):
            console.say(line)
        if args.keep and len(plan):
            from core.curation.desk import open_desk

            open_desk(store).keep(plan, actor=actor())
    _print(plan, args, console)
    return 0 if len(plan) else 1


def _print(plan: Plan, args: argparse.Namespace, console: Console) -> None:
    from core.curation.plan import plan_to_json

    if args.keep:
        console.result({"plan": plan.id, "kept": len(plan) > 0, "changes": len(plan)}, [plan.id] if len(plan) else [])
        return
    value = plan_to_json(plan)
    console.result(value, [json.dumps(value, ensure_ascii=True, indent=1)])


def _summary(plan: Plan) -> Iterator[str]:
    yield f"{one_line(plan.title)}. Index {plan.index!r}, plan {plan.id}."
    for change in plan.changes[:_SHOWN]:
        yield f"  {change.action:<8}{one_line(change.key, 60)}  {one_line(change.reason, 100)}"
    if len(plan) > _SHOWN:
        yield f"  … and {len(plan) - _SHOWN:,} more"
    left_out = plan.parameters.get("left_out", {})
    for key, why in list(left_out.items())[:_SHOWN]:
        yield f"  left out: {one_line(key, 60)} {one_line(why, 100)}"
    if (count := plan.parameters.get("left_out_count", 0)) > _SHOWN:
        yield f"  … and {count - _SHOWN:,} more were left out"


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("keys", nargs="*", metavar="KEY", help="keys; - reads them from stdin, one a line; or use filters")
    parser.add_argument("--all", action="store_true", help="every memory of the index")
    parser.add_argument("--active", action="store_true", help="of the filters' memories none that expired or are hidden")
    add_scope_options(parser)


def _add_values(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("keys", nargs="*", metavar="KEY", help="keys; - reads them from stdin, one a line")
    parser.add_argument("--text", metavar="TEXT", help="a new text: it gets a new vector")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="a new value: confidence=0.9, tags=a,b, type=…"
    )
    parser.add_argument(
        "--set-json", action="append", default=[], metavar="FIELD=JSON", help="a value as JSON, for fields of your own"
    )
    parser.add_argument("--unset", action="append", default=[], metavar="FIELD", help="take a field away")
    parser.add_argument("--from", dest="lines", metavar="FILE", help='JSON lines of {"key": …, FIELD: VALUE, …}; - is stdin')


def _choice(args: argparse.Namespace, console: Console) -> list[str] | Scope:
    from core.scope import EVERYTHING

    keys = _keys(args, console)
    scope = scope_of(args, include_expired=not args.active, include_hidden=not args.active)
    filtered = scope != EVERYTHING
    if keys and (filtered or args.all):
        raise ConfigError("Both keys and filters were given: choose one of them.")
    if not keys and not filtered and not args.all:
        raise ConfigError("Nothing was chosen: give keys, filters as --agent NAME, or --all for every memory of the index.")
    return keys or scope


def _keys(args: argparse.Namespace, console: Console) -> list[str]:
    keys = [key for key in args.keys if key != "-"]
    if "-" in args.keys:
        keys += [line.rstrip("\r\n") for line in console.stdin if line.strip()]
        if not keys:
            raise ConfigError("No keys were given on stdin: pass one a line.")
    return list(dict.fromkeys(keys))


def _delete(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:
    from core.curation.deletion import plan_deletion

    return plan_deletion(store, _choice(args, console), erase=args.erase, **common)


def _hide(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:
    from core.curation.hiding import plan_hiding

    return plan_hiding(store, _choice(args, console), **common)


def _unhide(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:
    from core.curation.hiding import plan_hiding

    return plan_hiding(store, _choice(args, console), hidden=False, **common)


def _validate(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:
    from core.curation.editing import plan_validation

    return plan_validation(store, _choice(args, console), **common)


def _edit(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:
    from core.commands.edit_values import edits_of
    from core.curation.editing import plan_edit

    return plan_edit(store, edits_of(args, _keys(args, console), console), **common)


def _expire(store: MemoryStore, args: argparse.Namespace, _: Console, common: dict[str, Any]) -> Plan:
    return _upkeep(store, args, "expiry", common)


def _decay(store: MemoryStore, args: argparse.Namespace, _: Console, common: dict[str, Any]) -> Plan:
    return _upkeep(store, args, "decay", common)


def _upkeep(store: MemoryStore, args: argparse.Namespace, policy: str, common: dict[str, Any]) -> Plan:
    from core.curation.planning import read_whole
    from core.curation.upkeep import plan_upkeep, usage_of

    return plan_upkeep(
        store,
        rules_of(store, args),
        policies=(policy,),
        write_back=policy == "decay" and args.write_back,
        usage=usage_of(store),
        snapshot=None if args.by_pages else read_whole(store, actor=common["actor"]),
        most=args.max,
        **common,
    )
