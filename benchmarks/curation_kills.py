"""kill -9 in the middle of an apply, again and again: what was done must be in the journal, and nothing may be lost.

    python benchmarks/curation_kills.py [--changes 10000] [--kills 10]

One process applies a plan that puts, replaces and retires. The parent kills it at a random moment, recovers, and checks the
index key by key against the journal; the next process goes on with the same plan. A plan that gets to its end is undone by
the next one, under the same conditions.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from core.access import LOCAL_ADMIN
from core.catalog import Catalog
from core.config import open_catalog
from core.curation.desk import Desk, State, open_desk
from core.curation.plan import Action, Change, Plan, plan_from_json, plan_to_json
from core.curation.verification import verify
from core.memory.record import Record
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore

_DIMENSION = 32
_INDEX = "agents"
_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Figures:
    """What happened over all kills: `untold` keys are not as the journal says, `lost` have neither record nor image.

    `between` counts kills that left a batch of which the journal could not say yet what became of it.
    """

    kills: int
    changes: int
    plans_ended: int
    between: int
    untold: int
    lost: int
    broken: int
    undone_to_the_byte: bool


def open_index(directory: Path) -> Catalog:
    """Return the catalog of a store with small vectors."""
    return open_catalog(directory, embedder_factory=lambda: HashingEmbedder(_DIMENSION), log_recalls=False)


def fill(store: MemoryStore, count: int) -> None:
    """Put memories of which a plan can replace and retire some."""
    store.records.put({f"k{number:06}": _record(number, "first") for number in range(count)}, actor=LOCAL_ADMIN)


def make_plan(store: MemoryStore, count: int) -> Plan:
    """Return a plan of so many changes: half of them retire, a quarter each replace and put."""
    changes: list[Change] = []
    for number in range(count):
        key, before = f"k{number:06}", Record(_record(number, "first").metadata)
        if number % 4 == 0:
            changes.append(Change(key, Action.REPLACE, "better", "edit", before, _record(number, "second")))
        elif number % 4 == 1:
            new = f"n{number:06}"
            changes.append(Change(new, Action.PUT, "new", "edit", None, _record(number, "new")))
        else:
            changes.append(Change(key, Action.RETIRE, "old", "delete", before))
    return Plan("killed", store.bucket, store.info.name, "Killed", "edit", "bench", _NOW, tuple(changes))


def _record(number: int, word: str) -> Record:
    vector = np.random.default_rng([number, *word.encode()]).standard_normal(_DIMENSION, dtype=np.float32)
    return Record({"content": f"The {word} note of customer {number}.", "confidence": number / 1_000_000}, vector)


def apply(directory: Path, said: str, progress: Connection) -> None:
    """Apply a plan and tell how far it is, until killed."""
    with closing(open_index(directory)) as catalog:
        desk = open_desk(catalog.open(_INDEX, actor=LOCAL_ADMIN))
        plan = plan_from_json(json.loads(said))
        desk.apply(plan, actor=LOCAL_ADMIN, measured=False, progress=lambda done, _: progress.send(done))


def _kill_after(directory: Path, plan: Plan, after: int, wait_s: float) -> None:
    """Let a process do some more changes, and kill it a moment later."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=apply, args=(directory, json.dumps(plan_to_json(plan)), sender))
    process.start()
    sender.close()
    first: int | None = None
    try:
        while True:
            done = receiver.recv()
            first = done if first is None else first
            if done - first >= after:
                time.sleep(wait_s)
                process.kill()
                break
    except EOFError:
        pass  # it came to its end
    process.join()
    receiver.close()


def contents(store: MemoryStore) -> dict[str, Record]:
    """Return everything that the index holds."""
    keys = [record["key"] for page, _ in store.records.listed(returnMetadata=False) for record in page]
    return store.records.get(keys, actor=LOCAL_ADMIN)


def run(directory: Path, *, kills: int, changes: int, seed: int = 0, wait_s: float = 0.3) -> Figures:
    """Kill whoever applies `kills` times, up to `wait_s` after one of its steps, and return what was found."""
    rng = random.Random(seed)
    between = untold = lost = broken = ended = 0
    exact = onward = True  # whether the plan does the changes, or takes them back
    with closing(open_index(directory)) as catalog:
        store = catalog.create(_INDEX, actor=LOCAL_ADMIN)
        fill(store, changes)
        desk, plan, start = open_desk(store), make_plan(store, changes), contents(store)
        for _ in range(kills):
            before = contents(store)
            _kill_after(directory, plan, rng.randrange(max(1, changes // 4)), rng.random() * wait_s)
            between += _is_between(desk, plan.id)
            desk.recover(actor=LOCAL_ADMIN)
            after = contents(store)
            untold += _untold(desk, plan, after)
            lost += _lost(desk, plan, before, after)
            broken += len(verify(desk.ledger.journal, desk.stream).broken)
            if desk.deed(plan.id, actor=LOCAL_ADMIN).state is State.APPLIED:
                ended += 1
                exact = exact and (onward or after == start)
                plan, onward = desk.undo_plan(plan.id, actor=LOCAL_ADMIN), not onward
        desk.apply(plan, actor=LOCAL_ADMIN, measured=False)
        if onward:
            back = desk.undo_plan(plan.id, actor=LOCAL_ADMIN)
            desk.apply(back, actor=LOCAL_ADMIN, measured=False)
        exact = exact and contents(store) == start
    return Figures(kills, changes, ended, between, untold, lost, broken, exact)


def _is_between(desk: Desk, plan_id: str) -> bool:
    """Say whether the last entry of the plan is a batch that was about to be sent."""
    kinds = [str(entry.kind) for entry in desk.ledger.journal.entries(desk.stream, plan_id=plan_id)]
    return bool(kinds) and kinds[-1] == "prepared"


def _untold(desk: Desk, plan: Plan, after: dict[str, Record]) -> int:
    """Return how many keys are not what the journal says that they are."""
    done = {each.key for each in desk.changes_of(plan.id, actor=LOCAL_ADMIN) if each.done}
    return sum((change.key in done) != _is_done(change, after.get(change.key)) for change in plan)


def _is_done(change: Change, now: Record | None) -> bool:
    return now is None if change.after is None else now == change.after


def _lost(desk: Desk, plan: Plan, before: dict[str, Record], after: dict[str, Record]) -> int:
    """Return how many records are not there any more as they were, and not in the journal either."""
    kept: dict[str, Any] = {each.key: each.before for each in desk.changes_of(plan.id, actor=LOCAL_ADMIN)}
    return sum(after.get(key) != record and kept.get(key) != record for key, record in before.items())


def main() -> int:
    """Run and print; return 1 if anything was lost, untold or broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=10)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mnemoscope-bench-") as directory:
        figures = run(Path(directory), kills=args.kills, changes=args.changes)
    for name, value in asdict(figures).items():
        print(f"{name.replace('_', ' '):>24}  {value}")
    print(json.dumps(asdict(figures)))
    return int(bool(figures.lost or figures.untold or figures.broken or not figures.undone_to_the_byte))


if __name__ == "__main__":
    sys.exit(main())
