"""What a scheduled merge proposes: groups of duplicates, and consolidations of related episodic memories."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, Final

from core.access import Actor, Permission
from core.curation.conflicts.disputed import disputed
from core.curation.consolidating import Proposal, Proposer
from core.curation.consolidation import WAYS, Draft, SourceGroup, Way, groups_of, summarise
from core.curation.consolidation.grouping import Within
from core.curation.consolidation.planning import CONSOLIDATION, merges_of
from core.curation.consolidation.summary import SHARE
from core.curation.corpus import corpus_of
from core.curation.decay import DecayRules
from core.curation.desk import Desk
from core.curation.duplicates import groups, near_pairs
from core.curation.duplicates.merge import DUPLICATES, MergePolicy
from core.curation.duplicates.rejected import load_rejections
from core.curation.lifecycle import load_lifecycle
from core.curation.merges import text_mark
from core.curation.merging import duplicates_plan
from core.curation.proposals import merge_id
from core.errors import CancelledError, ConfigError
from core.hostile import one_line
from core.models.summary import Summariser, summariser_for
from core.snapshots.content import Snapshot
from core.store import MemoryStore

__all__ = ["KINDS", "Kind", "drafts_of", "proposer", "summariser_of"]

Kind = str
KINDS: Final[tuple[Kind, ...]] = (DUPLICATES, CONSOLIDATION)
Stop = Callable[[], bool]


@dataclass(frozen=True)
class _Look:
    """Who looks where: `snapshot` is the index, read with vectors a moment ago, None for one that is read now."""

    desk: Desk
    actor: Actor
    now: datetime
    snapshot: Snapshot | None
    stop: Stop | None

    @cached_property
    def rules(self) -> DecayRules:
        """How confidence fades in the index: who survives, and how sure a merge is, goes by the same as on the pages."""
        return load_lifecycle(self.desk.store, self.desk.ledger.documents, actor=self.actor).rules.decay


def proposer(
    desk: Desk,
    *,
    actor: Actor,
    now: datetime,
    kinds: tuple[Kind, ...] = KINDS,
    by: Way = "task",
    summariser: Summariser | None = None,
    snapshot: Snapshot | None = None,
    stop: Stop | None = None,
) -> Proposer:
    """Return what proposes merges of these kinds for an index, duplicates first; `by` groups what is consolidated.

    It raises CancelledError soon after `stop` returns true.
    """
    unknown = [kind for kind in kinds if kind not in KINDS] + [by] * (by not in WAYS or by == "given")
    if unknown or not kinds:
        raise ConfigError(f"There is no merge {(unknown or [''])[0]!r}: choose of {', '.join((*KINDS, *WAYS[:-1]))}.")

    look = _Look(desk, actor, now, snapshot, stop)

    def propose(avoid: dict[str, str]) -> Iterator[Proposal]:
        touched = disputed(desk.store, desk.ledger, actor=actor) | avoid
        made = {
            DUPLICATES: partial(_duplicates, look),
            CONSOLIDATION: partial(_consolidations, look, by=by, summariser=summariser),
        }
        for kind in (each for each in KINDS if each in kinds):
            for proposal in made[kind](touched):
                # A memory is in one merge of a run at most: two would be planned over the same record.
                touched.update((change.key, "is in another merge of this run") for change in proposal.changes)
                yield proposal

    return propose


def _duplicates(look: _Look, avoid: Mapping[str, str]) -> Iterator[Proposal]:
    desk, actor, now = look.desk, look.actor, look.now
    seen, corpus = corpus_of(desk.store, snapshot=look.snapshot, now=now, actor=actor)
    pairs = near_pairs(seen.frame, corpus.matrix, now=now, stop=look.stop)
    pairs = load_rejections(desk.store, desk.ledger.documents, actor=actor).without(pairs)
    found = groups(pairs, stop=look.stop)
    recalls = {key: used.recalls for key, used in desk.store.used(actor=actor).items()}
    told: dict[str, Any] = {"actor": actor, "now": now, "decay": look.rules, "recalls": recalls}
    for place, group in enumerate(found, start=1):
        if any(key in avoid for key in group.keys):
            continue
        plan = duplicates_plan(desk.store, [group], policy=MergePolicy.UNION, plan_id="proposal", **told)
        if len(plan):
            yield Proposal(plan.changes, DUPLICATES, group.certainty, plan.reason, plan.title, len(found) - place)


def _consolidations(look: _Look, avoid: Mapping[str, str], *, by: Way, summariser: Summariser | None) -> Iterator[Proposal]:
    desk, actor, now = look.desk, look.actor, look.now
    found = _groups(desk.store, snapshot=look.snapshot, actor=actor, now=now, by=by, avoid=avoid, stop=look.stop)
    decided = desk.decided(actor=actor) if summariser is not None else None
    for place, group in enumerate(found, start=1):
        sources = desk.store.get(group.keys, actor=actor)
        texts = {key: text_mark(memory.content) for key, memory in sources.items()}
        # What a model writes has its price: nothing is drafted of what was decided before.
        priced = decided is not None and decided.has(merge_id(texts, name=CONSOLIDATION), texts)
        if priced or len(sources) < len(group.keys):
            continue
        draft = summarise(list(sources.values()), embedder=desk.store.embedder(), summariser=summariser)
        for changes in merges_of(
            desk.store, [draft], actor=actor, now=now, avoid=avoid, accept_unsupported=True, rules=look.rules, left_out={}
        ):
            title = f"Consolidate {len(changes) - 1:,} memories into one: {one_line(group.name, 80)}"
            yield Proposal(changes, CONSOLIDATION, draft.faithfulness, group.why, title, len(found) - place)


def drafts_of(
    store: MemoryStore,
    *,
    by: Way,
    actor: Actor,
    now: datetime,
    given: Collection[str] = (),
    within: Within | None = None,
    avoid: Mapping[str, str] | None = None,
    share: float = SHARE,
    summariser: Summariser | None = None,
    stop: Stop | None = None,
    progress: Callable[[float], None] | None = None,
) -> Iterator[tuple[SourceGroup, Draft]]:
    """Yield the groups of an index that could be one memory, the most coherent first, each with its draft.

    `progress` is of the search for groups, 0 to 1. Raises CancelledError soon after `stop` returns true.
    """
    told: dict[str, Any] = {"given": given, "within": within, "avoid": avoid, "stop": stop, "progress": progress}
    embedder = store.embedder()
    for group in _groups(store, snapshot=None, actor=actor, now=now, by=by, **told):
        if stop is not None and stop():
            raise CancelledError("The drafts were stopped.")
        sources = store.get(group.keys, actor=actor)
        if len(sources) == len(group.keys):
            yield group, summarise(list(sources.values()), embedder=embedder, share=share, summariser=summariser)


def summariser_of(store: MemoryStore, *, actor: Actor, name: str | None = None) -> Summariser | None:
    """Return the summariser of a name, else of the environment, for the memories of an index (see summariser_for).

    Raises NotAllowedError where a model elsewhere would read them, at a price, for somebody who may only look.
    """
    found = summariser_for(name)
    if found is not None:
        info = store.info
        what = f"drafts of index {info.name!r} by {found.model_id}"
        actor.require(Permission.WRITE, what=what, tenant=info.tenant, known=info.tags_known)
    return found


def _groups(
    store: MemoryStore, *, snapshot: Snapshot | None, actor: Actor, now: datetime, by: Way, **options: Any
) -> tuple[SourceGroup, ...]:
    seen, corpus = corpus_of(store, snapshot=snapshot, now=now, actor=actor)
    return groups_of(seen.frame, corpus.matrix, by=by, now=now, **options)
