"""What a consolidation retires, what stays because nothing was proved to stand for it, and whether that was right.

    python benchmarks/curation_merges.py --memories FILE [--agents A,B] [--most N] [--by cluster,window]

For each agent and way of grouping: the memories before and after, how many sources went and stayed, whether the pre-flight
foresaw each of them, and how many of those that went are not found through what stands for them once all is done: by a
recall of their own text, among its first 10. Then all of it is undone and compared to the byte.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.consolidation.planning import consolidation_plan
from core.curation.desk import Desk, open_desk
from core.curation.plan import Plan
from core.curation.proposing import drafts_of
from core.eval.rows import read_rows
from core.memory import Memory, from_row
from core.past.stand_ins import stand_ins
from core.past.versions import versions_of
from core.recall import recall
from core.store import MemoryStore

_COLUMNS = ("before", "after", "sources", "went", "stayed", "lost", "foreseen", "undone", "ms a proof")


def main() -> int:
    """Print a table and, as the last line, JSON."""
    arguments = _arguments()
    memories = [from_row(row, fallback_key=f"line:{number}") for number, row in read_rows(arguments.memories)]
    agents = arguments.agents or sorted({one.agent_id or "" for one in memories})
    now = max(one.created_at for one in memories if one.created_at is not None)
    table: dict[str, dict[str, Any]] = {}
    for agent in agents:
        own = [one for one in memories if (one.agent_id or "") == agent][: arguments.most]
        for way in arguments.by:
            with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
                table[f"{agent} by {way}"] = _measured(Path(folder), own, way, now.astimezone(UTC))
    print(f"{'':<36}" + "".join(f"{name:>11}" for name in _COLUMNS))
    for name, row in table.items():
        print(f"{name[:35]:<36}" + "".join(f"{row[one]:>11}" for one in _COLUMNS))
    print(json.dumps(table))
    return 0


def _measured(folder: Path, memories: list[Memory], way: Any, now: datetime) -> dict[str, Any]:
    catalog = open_catalog(folder)
    store = catalog.create("agents", actor=LOCAL_ADMIN)
    store.write(memories, actor=LOCAL_ADMIN)
    desk = open_desk(store, clock=lambda: now)
    drafts = [draft for _, draft in drafts_of(store, by=way, actor=LOCAL_ADMIN, now=now)]
    plan = consolidation_plan(store, drafts, actor=LOCAL_ADMIN, now=now, plan_id="merge")
    whole = _bytes(store)
    preflight = desk.preflight(plan, actor=LOCAL_ADMIN)
    started = time.perf_counter()
    report = desk.apply(plan, actor=LOCAL_ADMIN, preflight=preflight)
    seconds = time.perf_counter() - started
    after = store.count(LOCAL_ADMIN)
    lost = _lost(store, desk, plan, {one.key: one for one in memories}, now)
    desk.apply(desk.undo_plan("merge", actor=LOCAL_ADMIN), actor=LOCAL_ADMIN, measured=False)
    sources = sum(change.replaced_by is not None for change in plan)
    row = {
        "before": len(memories),
        "after": after,
        "sources": sources,
        "went": sources - len(report.spared),
        "stayed": len(report.spared),
        "lost": lost,
        "foreseen": "all" if dict(report.spared) == preflight.unproved else "not all",
        "undone": "all" if _bytes(store) == whole else "not all",
        "ms a proof": round(1e3 * seconds / max(1, sources), 1),
    }
    catalog.close()
    return row


def _lost(store: MemoryStore, desk: Desk, plan: Plan, memories: dict[str, Memory], now: datetime) -> int:
    """Return how many that went are not found through what stands for them."""
    done = desk.changes_of(plan.id, actor=LOCAL_ADMIN)
    went = [change.key for change in done if change.done and change.replaced_by is not None]
    ends = stand_ins(versions_of(desk.ledger.journal, desk.stream).table(), went)
    lost = 0
    for key in went:
        found = recall(store, memories[key].content, actor=LOCAL_ADMIN, now=now, k=10, log=False)
        lost += ends[key] not in {hit.memory.key for hit in found.hits}
    return lost


def _bytes(store: MemoryStore) -> dict[str, Any]:
    keys = [record["key"] for page, _ in store.records.listed() for record in page]
    records = store.records.get(keys, actor=LOCAL_ADMIN)
    return {key: (sorted(map(str, one.metadata.items())), one.to_json().get("vector")) for key, one in records.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=Path, required=True)
    parser.add_argument("--agents", type=lambda text: text.split(","), help="with commas (default: each)")
    parser.add_argument("--most", type=int, default=600, help="memories of an agent")
    parser.add_argument("--by", type=lambda text: text.split(","), default=["cluster", "window"])
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
