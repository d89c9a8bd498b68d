"""The search for groups: over the snapshot, in the background, once for each question and each edition of the index."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from core.analysis.snapshot import Snapshot
from core.curation.conflicts.disputed import disputed
from core.curation.consolidation import SourceGroup, groups_of, spared
from core.curation.consolidation.grouping import FEWEST
from core.curation.pending import PROPOSAL
from core.scope import Scope
from pages.shared.consolidate.asked import Asked
from pages.shared.disputes import digest
from pages.shared.here import Here
from pages.shared.planning import desk_of
from pages.shared.words import plural
from pages.shared.work import Errand, Work, index_of

__all__ = ["Found", "fitting", "group_id", "search_errand", "waiting"]

_REASONS: Final = 6
_FEWEST_CHOSEN: Final = 2


@dataclass(frozen=True)
class Found:
    """The groups, the most coherent first; how many memories were left alone for which reason, and of a choice which.

    `looked_at` is among how many.
    """

    groups: tuple[SourceGroup, ...]
    alone: tuple[tuple[str, int], ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    looked_at: int = 0

    def still(self, keys: Collection[str]) -> Found:
        """Return this without the groups of which a memory has left the index."""
        there = set(keys)
        return replace(self, groups=tuple(group for group in self.groups if there.issuperset(group.keys)))

    @property
    def memories(self) -> int:
        """How many memories are in groups."""
        return sum(len(group.keys) for group in self.groups)

    def group(self, name: str) -> SourceGroup | None:
        """Return the group of an id, None where it is not among them."""
        return self._by_id.get(name)

    @cached_property
    def _by_id(self) -> dict[str, SourceGroup]:
        return {group_id(group): group for group in self.groups}


def group_id(group: SourceGroup) -> str:
    """Return a short name of a group that stays the same as long as its memories do."""
    said = "\0".join(sorted(group.keys)).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(said, digest_size=6).hexdigest()


def search_errand(here: Here, snapshot: Snapshot, asked: Asked) -> Errand:
    """Return the search for what is asked, among the memories that fit the filters; a choice is looked at all the same."""
    desk = desk_of(here)
    queue = tuple(sorted(each.plan_id for each in desk.pending(actor=here.actor) if each.plan_id.startswith(PROPOSAL)))
    queue += (digest(disputed(desk.store, desk.ledger, actor=here.actor)),)
    fits = None if asked.by == "given" else fitting(here, snapshot.frame)
    mark = "" if fits is None else hashlib.blake2b(np.packbits(fits).tobytes(), digest_size=8).hexdigest()
    count = snapshot.rows if fits is None else int(fits.sum())
    of = ("groups", *index_of(here), asked.groups_by, queue, mark)
    words = f"Comparing {plural(count, 'memory')}"
    return Errand(
        of, snapshot.revision, words, lambda work: _find(work, here, snapshot, asked, fits), heavy=asked.by == "cluster"
    )


def fitting(here: Here, frame: pd.DataFrame) -> npt.NDArray[np.bool_] | None:
    """Return which memories fit the filters, None where all do.

    Those that are hidden or over count as fitting: they are left alone, which the page says with its reason.
    """
    scope = replace(here.scope, include_expired=True, include_hidden=True)
    if scope == Scope(include_expired=True, include_hidden=True):
        return None
    return scope.mask(frame, now=here.now).to_numpy(dtype=bool)


def waiting(here: Here) -> dict[str, str]:
    """Return the keys for which a person is to decide first, each with why it is left alone: a proposal, a conflict."""
    desk = desk_of(here)
    found = desk.proposed(actor=here.actor)
    proposed = {key: f"waits for a decision in plan {plan}" for key, (plan, _) in found.items()}
    return disputed(desk.store, desk.ledger, actor=here.actor) | proposed


def _find(work: Work, here: Here, snapshot: Snapshot, asked: Asked, fits: npt.NDArray[np.bool_] | None) -> Found:
    avoid, chosen = waiting(here), asked.by == "given"
    frame, vectors = snapshot.frame, snapshot.vectors()
    if fits is not None:
        frame, vectors = frame[fits].reset_index(drop=True), vectors[fits]
    groups = groups_of(
        frame,
        vectors,
        by=asked.by,
        now=here.now,
        within=asked.within,
        given=asked.given,
        hours=asked.hours,
        likeness=asked.likeness,
        fewest=_FEWEST_CHOSEN if chosen else FEWEST,
        avoid=avoid,
        stop=work.stop.is_set,
        progress=work.at,
    )
    out = spared(frame, now=here.now, avoid=avoid, given=asked.given if chosen else None)
    counted = Counter("it waits for a decision in a plan or a conflict" if key in avoid else why for key, why in out.items())
    return Found(groups, tuple(counted.most_common(_REASONS)), out if chosen else {}, len(frame))
