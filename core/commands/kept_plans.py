"""`plan list` and `plan discard`: the plans that wait for a person."""

from __future__ import annotations

import argparse

from core.commands.console import Console
from core.commands.options import actor, open_catalog_of, open_store_of

__all__ = ["discard_plan", "list_plans"]


def list_plans(args: argparse.Namespace, console: Console) -> int:
    """Print the plans that are kept, the latest first."""
    from core.curation.desk import open_desk

    with open_catalog_of(args, read_only=True) as catalog:
        store = open_store_of(catalog, args.index)
        found = open_desk(store).pending(actor=actor())
    rows = [["kept (UTC)", "by", "what", "changes", "plan"]] if found else []
    rows += [[f"{one.kept_at:%Y-%m-%d %H:%M}", one.kept_by, one.title, f"{one.changes:,}", one.plan_id] for one in found]
    lines = console.table(rows, right=(3,)) if rows else ["No plan is kept for this index."]
    console.result({"index": store.info.name, "plans": [one.to_json() for one in found]}, lines)
    return 0


def discard_plan(args: argparse.Namespace, console: Console) -> int:
    """Forget a plan that was kept; 1 where none is."""
    from core.curation.desk import open_desk

    with open_catalog_of(args) as catalog:
        desk = open_desk(open_store_of(catalog, args.index))
        there = any(one.plan_id == args.plan for one in desk.pending(actor=actor()))
        if there:
            desk.discard(args.plan, actor=actor())
    said = "Discarded." if there else "No such plan is kept for this index: `python -m core plan list` has all."
    console.result({"plan": args.plan, "discarded": there}, [said])
    return 0 if there else 1
