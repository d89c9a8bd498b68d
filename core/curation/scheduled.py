"""A scheduled merge from its name to its report: the same for the command, from cron, and for AWS Lambda."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from core.access import Actor
from core.curation.consolidating import MergeReport, merge_sweep
from core.curation.consolidation.limits import load_limits
from core.curation.consolidation.planning import CONSOLIDATION
from core.curation.corpus import corpus_of
from core.curation.desk import Desk
from core.curation.duplicates.merge import DUPLICATES
from core.curation.proposing import KINDS, Kind, proposer
from core.errors import ConfigError
from core.models.summary import Summariser
from core.snapshots.content import Snapshot

__all__ = ["MERGES", "most_memories", "scheduled_merge"]

# As a policy of a sweep: all kinds of merges, or one.
MERGES: Final[Mapping[str, tuple[Kind, ...]]] = {
    "merge": KINDS,
    DUPLICATES: (DUPLICATES,),
    CONSOLIDATION: (CONSOLIDATION,),
}
# Measured: what the program takes itself, and what a memory of 250 characters takes beside its vectors, of which there are
# up to four copies while neighbours are looked for.
_PROGRAM_MB: Final = 500
_MEMORY_BYTES: Final = 6_000
_VECTOR_BYTES: Final = 16
_OVER: Final = "The time is over: the next run goes on with what is left."


def scheduled_merge(
    desk: Desk,
    policy: str,
    *,
    actor: Actor,
    now: datetime,
    dry_run: bool = False,
    summariser: Summariser | None = None,
    most: int | None = None,
    seconds_left: Callable[[], float] | None = None,
    cancelled: Callable[[], bool] | None = None,
    **waiting: Any,
) -> MergeReport:
    """Look for merges all over an index, and propose or apply them as its limits say; the index is read once.

    Once `seconds_left` is 0 nothing more is looked for. Raises ConfigError for a policy that is none, and for more memories
    than `most`, which is what fits into the memory of the machine. `waiting` is for the wait for another plan.
    """
    if policy not in MERGES:
        raise ConfigError(f"There is no merge {policy!r}: choose one of {', '.join(MERGES)}.")

    def ended() -> str | None:
        if cancelled is not None and cancelled():
            return "It was stopped."
        return _OVER if seconds_left is not None and seconds_left() <= 0 else None

    snapshot = _read(desk, policy, actor=actor, now=now, most=most)
    common: dict[str, Any] = {"actor": actor, "now": now, "snapshot": snapshot}
    propose = proposer(desk, kinds=MERGES[policy], summariser=summariser, stop=lambda: ended() is not None, **common)
    return merge_sweep(desk, propose, dry_run=dry_run, ended=ended, cancelled=cancelled, **common, **waiting)


def _read(desk: Desk, policy: str, *, actor: Actor, now: datetime, most: int | None) -> Snapshot | None:
    """Return the index with its vectors; None where merging is switched off."""
    if load_limits(desk.store, desk.ledger.documents, actor=actor).limits.mode == "off":
        return None
    if most is not None and (count := desk.store.count(actor)) > most:
        raise ConfigError(
            f"Index {desk.store.info.name!r} has {count:,} memories, and at most {most:,} fit into the memory here: nothing "
            f"was looked at. Give it more memory, or run 'python -m core sweep --policy {policy}' on a larger machine."
        )
    return corpus_of(desk.store, snapshot=None, now=now, actor=actor)[0]


def most_memories(megabytes: int, dimension: int) -> int:
    """Return how many memories of a dimension a merge may look at in so much memory, at least 1."""
    return max(1, (megabytes - _PROGRAM_MB) * 1_000_000 // (_MEMORY_BYTES + _VECTOR_BYTES * dimension))
