"""What a consolidation retires, what stays because nothing was proved to stand for it, and whether that was right.

    python benchmarks/curation_merges.py --memories FILE [--agents A,B] [--most N] [--by cluster,window]
    python benchmarks/curation_merges.py --rows 100000 [--changes 10000]

For each agent and way of grouping: the memories before and after, how many sources went and stayed, whether the pre-flight
foresaw each of them, and how many of those that went are not found through what stands for them once all is done: by a
recall of their own text, among its first 10. Then all of it is undone and compared to the byte.

With --rows: seconds of the pre-flight of a plan that merges planted copies, five of each text, in an index of so many
made-up memories, and how many texts it embeds; beside it as many plain products of the matrix with a vector as it tries
memories.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.curation.consolidation.planning import consolidation_plan
from core.curation.desk import Desk, open_desk
from core.curation.plan import Action, Change, Plan
from core.curation.planning import plan_of
from core.curation.proposing import drafts_of
from core.demo import build
from core.eval.rows import read_rows
from core.memory import Memory, from_row
from core.memory.record import Record
from core.models.embedding import CachedEmbedder, HashingEmbedder
from core.past.stand_ins import stand_ins
from core.past.versions import versions_of
from core.recall import recall
from core.snapshots.job import Job
from core.snapshots.reading import Wish, read_in_process
from core.store import MemoryStore

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_WRAPS = ("{}", "{}!", "Note: {}", "- {}", "({})")
_COPIES = len(_WRAPS)
_BATCH = 5_000
_COLUMNS = ("before", "after", "sources", "went", "stayed", "lost", "foreseen", "undone", "ms a proof")


def main() -> int:
    """Print a table and, as the last line, JSON."""
    arguments = _arguments()
    if arguments.rows:
        with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as folder:
            figures = _preflight(Path(folder), arguments.rows, arguments.changes)
        for name, value in figures.items():
            print(f"{name.replace('_', ' '):>24}  {value:,}")
        print(json.dumps(figures))
        return 0
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


def _preflight(folder: Path, rows: int, changes: int) -> dict[str, float]:
    """Return how long the pre-flight of a merge of planted copies takes, cold and warm, and what its peer takes."""
    counting = _Counting()
    with closing(
        open_catalog(folder, embedder_factory=lambda: CachedEmbedder(counting, max_entries=1), log_recalls=False)
    ) as catalog:
        store = catalog.create("agents", actor=LOCAL_ADMIN)
        texts = _planted(rows, changes // _COPIES)
        memories = (Memory(f"k{row:07d}", text, agent_id="a", created_at=_NOW) for row, text in enumerate(texts))
        while part := list(islice(memories, _BATCH)):
            store.write(part, actor=LOCAL_ADMIN)
        desk, plan = open_desk(store, clock=lambda: _NOW), _merge_of_copies(store, changes)
        snapshot = read_in_process(
            store, None, Wish(vectors=True), actor=LOCAL_ADMIN, now=_NOW, job=Job("agents", clock=lambda: _NOW)
        )
        counting.texts, times, found = 0, [], None
        for _ in range(3):
            started, busy = time.perf_counter(), time.process_time()
            found = desk.preflight(plan, actor=LOCAL_ADMIN, snapshot=snapshot)
            times.append((time.perf_counter() - started, time.process_time() - busy, counting.texts))
        assert found is not None
        matrix, tried = snapshot.vectors(), len(found.proofs)
        started = time.perf_counter()
        for row in range(tried):
            matrix @ matrix[row]
        products = time.perf_counter() - started
    figures = {"cold_s": times[0][0], "cold_cpu_s": times[0][1], "warm_s": times[2][0], "warm_cpu_s": times[2][1]}
    counted = {"rows": rows, "changes": len(plan), "tried": tried, "stay": len(found.unproved), "embedded": times[0][2]}
    return counted | {name: round(value, 2) for name, value in (figures | {"as_many_products_s": products}).items()}


class _Counting(HashingEmbedder):
    """Counts the texts that it is asked for; the index was written with it."""

    texts = 0

    def __init__(self) -> None:
        super().__init__(384)

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.texts += len(texts)
        return super().embed(texts)


def _planted(rows: int, groups: int) -> Iterator[str]:
    """Yield texts of the demo world's words; the first are copies of one another."""
    drawn, texts = random.Random(0), [memory.content for memory in build(_NOW).memories()]
    words = sorted({word for text in texts for word in text.split()})
    for row in range(rows - groups * (_COPIES - 1)):
        said = f"{drawn.choice(texts).rstrip('.')} {' '.join(drawn.choices(words, k=6))}"
        yield from (wrap.format(said) for wrap in (_WRAPS if row < groups else _WRAPS[:1]))


def _merge_of_copies(store: MemoryStore, changes: int) -> Plan:
    keys = [f"k{row:07d}" for row in range(changes)]
    records = store.records.get(keys, actor=LOCAL_ADMIN, vectors=False)
    made: list[Change] = []
    for start in range(0, changes, _COPIES):
        by, *others = keys[start : start + _COPIES]
        after = Record({**records[by].metadata, "recall_count": _COPIES})
        made.append(Change(by, Action.REPLACE, "the same", "duplicates", before=records[by], after=after))
        made += [Change(key, Action.RETIRE, "the same", "duplicates", before=records[key], replaced_by=by) for key in others]
    return plan_of(store, made, actor=LOCAL_ADMIN, now=_NOW, plan_id="copies", title="Merge copies", policy="duplicates")


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
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--memories", type=Path)
    what.add_argument("--rows", type=int, help="memories of a made-up index")
    parser.add_argument("--changes", type=int, default=10_000, help="of the plan in a made-up index")
    parser.add_argument("--agents", type=lambda text: text.split(","), help="with commas (default: each)")
    parser.add_argument("--most", type=int, default=600, help="memories of an agent")
    parser.add_argument("--by", type=lambda text: text.split(","), default=["cluster", "window"])
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
