"""`plan consolidate` and `plan unmerge`: related memories made one, and taken apart again."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.commands.options import positive, share
from core.errors import ConfigError, NotFoundError
from core.hostile import one_line
from core.memory.fields import preview

if TYPE_CHECKING:
    from core.access import Actor
    from core.curation.consolidation import Draft
    from core.curation.plan import Plan
    from core.models.summary import Summariser
    from core.store import MemoryStore

__all__ = ["add_consolidation_options", "add_unmerge_options", "plan_consolidation", "plan_unmerge"]


def add_consolidation_options(parser: argparse.ArgumentParser) -> None:
    """Add what chooses the groups, and how much of them is kept."""
    parser.add_argument("keys", nargs="*", metavar="KEY", help="make these memories one; or choose groups with --by")
    parser.add_argument(
        "--by", choices=["task", "session", "window", "cluster"], help="what belongs together (default: task)"
    )
    parser.add_argument("--within", choices=["agent", "team", "anyone"], help="whose memories become one")
    parser.add_argument("--share", type=share, default=0.3, metavar="0-1", help="how much of the sentences stays (0.3)")
    parser.add_argument("--max", type=positive, metavar="N", help="at most so many groups, the most coherent")


def add_unmerge_options(parser: argparse.ArgumentParser) -> None:
    """Add the memory, and which of its sources."""
    parser.add_argument("key", metavar="KEY", help="the memory that stands for others")
    parser.add_argument("--source", action="append", metavar="KEY", help="only this source; repeat it (default: all)")


def plan_consolidation(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:
    """Draft a memory of each group, say what it would be, and plan them."""
    from core.curation.conflicts.disputed import disputed
    from core.curation.consolidation.planning import consolidation_plan
    from core.curation.desk import open_desk
    from core.curation.lifecycle import load_lifecycle
    from core.curation.proposing import drafts_of, summariser_of

    if args.keys and args.by:
        raise ConfigError("Both keys and --by were given: choose one of them.")
    actor, now, desk = common["actor"], common["now"], open_desk(store)
    avoid = disputed(store, desk.ledger, actor=actor)
    avoid |= {key: f"waits for a decision in plan {plan}" for key, (plan, _) in desk.proposed(actor=actor).items()}
    summariser = summariser_of(store, actor=actor)
    if args.keys:
        drafts = [("chosen by hand", _of_keys(store, args, actor, summariser))]
    else:
        found = drafts_of(
            store,
            by=args.by or "task",
            within=args.within,
            actor=actor,
            now=now,
            avoid=avoid,
            share=args.share,
            summariser=summariser,
        )
        drafts = [(group.why, draft) for group, draft in islice(found, args.max)]
    for line in _said(drafts):
        console.say(line)
    rules = load_lifecycle(store, desk.ledger.documents, actor=actor).rules.decay
    return consolidation_plan(store, [draft for _, draft in drafts], avoid=avoid, rules=rules, **common)


def _of_keys(store: MemoryStore, args: argparse.Namespace, actor: Actor, summariser: Summariser | None) -> Draft:
    """Return the draft of chosen memories."""
    from core.curation.consolidation import summarise

    sources = store.get(dict.fromkeys(args.keys), actor=actor)
    if missing := [key for key in args.keys if key not in sources]:
        raise NotFoundError(f"There is no memory {preview(missing[0])} in index {store.info.name!r}.")
    return summarise(list(sources.values()), embedder=store.embedder(), share=args.share, summariser=summariser)


def plan_unmerge(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:  # noqa: ARG001
    """Plan the way back to the sources of a memory."""
    from core.curation.desk import open_desk

    desk = open_desk(store)
    plan = desk.unmerge_plan(args.key, actor=common["actor"], sources=args.source, reason=common["reason"])
    return replace(plan, id=common["plan_id"])


def _said(drafts: list[tuple[str, Draft]]) -> list[str]:
    """Return what each group would become."""
    lines = []
    for why, draft in drafts:
        lines.append(f"{len(draft.sources):,} memories ({one_line(why, 100)}), {draft.method}:")
        lines += [f"  {'' if each.supported else 'nobody says: '}{one_line(each.text, 120)}" for each in draft.sentences]
    return lines
