"""`plan duplicates`: what says the same, merged; the groups of which somebody can be sure."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.commands.console import Console
from core.commands.options import positive, share
from core.hostile import one_line

if TYPE_CHECKING:
    from core.curation.duplicates import Pairs
    from core.curation.plan import Plan
    from core.store import MemoryStore

__all__ = ["add_duplicate_options", "plan_duplicates"]

_SHOWN = 10


def add_duplicate_options(parser: argparse.ArgumentParser) -> None:
    """Add what chooses the groups, and what becomes of them."""
    parser.add_argument(
        "--within", choices=["agent", "team", "anyone"], default="agent", help="whose memories are compared (default: agent)"
    )
    parser.add_argument("--threshold", type=share, metavar="P", help="the least probability that two say the same")
    parser.add_argument("--exact", action="store_true", help="only memories with the same text")
    parser.add_argument(
        "--policy",
        choices=["keep", "union", "reinforce"],
        default="union",
        help="the survivor as it is, with the metadata of all, or surer by them as well (default: union)",
    )
    parser.add_argument(
        "--survivor",
        choices=["confidence", "usage", "completeness", "newest", "oldest"],
        default="confidence",
        help="what decides which memory stays (default: confidence)",
    )
    parser.add_argument("--max", type=positive, metavar="N", help="at most so many groups, the most certain")


def plan_duplicates(store: MemoryStore, args: argparse.Namespace, console: Console, common: dict[str, Any]) -> Plan:
    """Look for duplicates, say what only looks like one, and plan the merge of what was never rejected."""
    from core.curation.conflicts.disputed import disputed
    from core.curation.desk import open_desk
    from core.curation.duplicates import DEFAULT_THRESHOLD, exact_groups, groups, near_pairs
    from core.curation.duplicates.rejected import load_rejections
    from core.curation.lifecycle import load_lifecycle
    from core.curation.merging import duplicates_plan
    from core.snapshots.job import Job
    from core.snapshots.reading import Wish, read_in_process

    actor, now = common["actor"], common["now"]
    ledger = open_desk(store).ledger
    documents = ledger.documents
    rejections = load_rejections(store, documents, actor=actor)
    if args.exact:
        found = exact_groups(store.frame(actor=actor), within=args.within, now=now)
        accepted = [group for group in found if rejections.rejects(group.hashes) is None]
    else:
        content = read_in_process(
            store, None, Wish(vectors=True), actor=actor, now=now, job=Job(store.info.name, clock=lambda: now)
        )
        threshold = DEFAULT_THRESHOLD if args.threshold is None else args.threshold
        pairs = near_pairs(content.frame, content.vectors(), threshold=threshold, within=args.within, now=now)
        for line in _said(pairs):
            console.say(line)
        accepted = list(groups(rejections.without(pairs)))
    accepted = sorted(accepted, key=lambda group: (-group.certainty, group.keys))[: args.max]
    decay = load_lifecycle(store, documents, actor=actor).rules.decay
    recalls = {key: used.recalls for key, used in store.used(actor=actor).items()}
    told = {"avoid": disputed(store, ledger, actor=actor), "policy": args.policy, "rule": args.survivor}
    return duplicates_plan(store, accepted, decay=decay, recalls=recalls, **told, **common)


def _said(pairs: Pairs) -> list[str]:
    """Return what was looked at, and what is no duplicate however alike it looks."""
    exact = "all of them" if pairs.recall == 1 else f"about {pairs.recall:.1%} of the near ones"
    lines = [f"{pairs.compared:,} memories compared within {pairs.within}: {len(pairs.pairs):,} pairs, {exact}."]
    if pairs.cut:
        lines.append(f"{pairs.cut:,} memories have more neighbours than were compared.")
    if pairs.suspects:
        lines.append(f"{len(pairs.suspects):,} pairs look alike and clash, so they are left as they are:")
        lines += [
            f"  {one_line(each.first, 40)} and {one_line(each.second, 40)}: {one_line(each.reason, 120)}"
            for each in pairs.suspects[:_SHOWN]
        ]
    return lines
