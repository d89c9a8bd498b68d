"""The search for groups: over the snapshot, in the background, once for each question and each edition of the index."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from core.analysis.snapshot import Snapshot
from core.curation.consolidation import SourceGroup, groups_of, spared
from core.curation.consolidation.grouping import FEWEST
from core.curation.pending import PROPOSAL
from pages.shared.consolidate.asked import Asked
from pages.shared.consolidate.work import Work, of_index, work
from pages.shared.here import Here
from pages.shared.planning import desk_of
from pages.shared.words import plural

__all__ = ["Found", "group_id", "search", "waiting"]

_REASONS: Final = 6
_FEWEST_CHOSEN: Final = 2


@dataclass(frozen=True)
class Found:
    """The groups, the most coherent first; how many memories were left alone for which reason, and of a choice which."""

    groups: tuple[SourceGroup, ...]
    alone: tuple[tuple[str, int], ...]
    left_out: Mapping[str, str] = field(default_factory=dict)

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


def search(here: Here, snapshot: Snapshot, asked: Asked) -> tuple[Work, Hashable]:
    """Return the search for what is asked, begun if it was not yet, and the key of its result."""
    desk = desk_of(here)
    queue = tuple(sorted(each.plan_id for each in desk.pending(actor=here.actor) if each.plan_id.startswith(PROPOSAL)))
    key = ("groups", of_index(here), asked.groups_by, queue)
    words = f"Comparing {plural(snapshot.rows, 'memory')}"
    return work(key, words, lambda one: _find(one, here, snapshot, asked)), key


def waiting(here: Here) -> dict[str, str]:
    """Return the keys that a waiting proposal would change, each with why it is left alone."""
    found = desk_of(here).proposed(actor=here.actor)
    return {key: f"waits for a decision in plan {plan}" for key, (plan, _) in found.items()}


def _find(one: Work, here: Here, snapshot: Snapshot, asked: Asked) -> Found:
    avoid, chosen = waiting(here), asked.by == "given"
    groups = groups_of(
        snapshot.frame,
        snapshot.vectors(),
        by=asked.by,
        now=here.now,
        within=asked.within,
        given=asked.given,
        hours=asked.hours,
        likeness=asked.likeness,
        fewest=_FEWEST_CHOSEN if chosen else FEWEST,
        avoid=avoid,
        stop=one.stop.is_set,
    )
    out = spared(snapshot.frame, now=here.now, avoid=avoid, given=asked.given if chosen else None)
    counted = Counter("it waits for a decision in a plan" if key in avoid else why for key, why in out.items())
    return Found(groups, tuple(counted.most_common(_REASONS)), out if chosen else {})
