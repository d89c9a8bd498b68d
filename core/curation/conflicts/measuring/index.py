"""The measures of one index, from its register."""

from __future__ import annotations

from collections.abc import Sequence

from core.access import Actor, Permission
from core.curation.conflicts.measuring.measures import Measures, measure
from core.curation.conflicts.measuring.outlook import GRID
from core.errors import ConfigError
from core.store import MemoryStore

__all__ = ["measure_index"]


def measure_index(
    store: MemoryStore, *, actor: Actor, judge: str | None = None, seed: int = 0, grid: Sequence[float] = GRID
) -> Measures:
    """Return what the decisions of an index tell (see `measure`); raise ConfigError where nothing is kept beside it."""
    info = store.info
    what = f"the conflicts of index {info.name!r}"
    actor.require(Permission.READ, what=what, tenant=info.tenant, known=info.tags_known)
    if store.archive is None:
        raise ConfigError(f"Index {info.name!r} was opened without a journal, beside which the decisions are kept.")
    register = store.archive.ledger.register(store.stream)
    return measure(register.cards(), register.decisions(), judge=judge, seed=seed, grid=grid)
