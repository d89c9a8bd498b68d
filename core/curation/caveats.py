"""What a reader of a pre-flight must know: what it was measured on, and what an erasure leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.access import Actor
from core.curation.consolidation.remnants import erasure_notes, left_behind, remnants
from core.curation.plan import Plan
from core.memory.fields import iso
from core.operate.recalls import LoggedRecall
from core.snapshots.content import Snapshot
from core.store import MemoryStore

__all__ = ["caveats"]


def caveats(
    store: MemoryStore, plan: Plan, seen: Snapshot, recent: Sequence[LoggedRecall], odd: int, actor: Actor
) -> Iterator[str]:
    """Yield what a reader must know of the measure, and of what a plan erases; `odd` recent queries could not be read."""
    behind = left_behind(store, plan, actor=actor)
    yield from erasure_notes(remnants(store, plan, actor=actor, frame=seen.frame), behind)
    if seen.sampled:
        whole = f" of {seen.total:,}" if seen.total is not None else ""
        yield f"Measured on a sample of {seen.rows:,}{whole} memories: answers outside it are not seen."
    if store.uri.startswith("s3vectors:"):
        yield f"Measured on what was read at {iso(seen.taken_at)}."
        if store.has_text:
            yield "The words half is ours (BM25 as SQLite has it): Amazon S3 Vectors may rank by words in another way."
    hidden = sum(each.query is None for each in recent)
    if hidden:
        yield f"{hidden:,} recent {'query was' if hidden == 1 else 'queries were'} not kept by the recall log and not asked."
    if odd:
        yield f"{odd:,} recent {'query' if odd == 1 else 'queries'} of the recall log could not be read."
