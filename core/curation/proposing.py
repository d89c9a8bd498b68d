"""What a scheduled merge proposes: groups of duplicates, and consolidations of related episodic memories."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from core.access import Actor
from core.curation.consolidating import Proposal, Proposer
from core.curation.consolidation import WAYS, Draft, SourceGroup, Way, groups_of, summarise
from core.curation.consolidation.grouping import Within
from core.curation.consolidation.planning import CONSOLIDATION, merges_of
from core.curation.consolidation.summary import SHARE
from core.curation.corpus import corpus_of
from core.curation.desk import Desk
from core.curation.duplicates import groups, near_pairs
from core.curation.duplicates.merge import DUPLICATES, MergePolicy
from core.curation.duplicates.rejected import load_rejections
from core.curation.merging import duplicates_plan
from core.errors import ConfigError
from core.hostile import one_line
from core.models.summary import Summariser
from core.store import MemoryStore

__all__ = ["KINDS", "Kind", "drafts_of", "proposer"]

Kind = str
KINDS: Final[tuple[Kind, ...]] = (DUPLICATES, CONSOLIDATION)
Stop = Callable[[], bool]


def proposer(
    desk: Desk,
    *,
    actor: Actor,
    now: datetime,
    kinds: tuple[Kind, ...] = KINDS,
    by: Way = "task",
    summariser: Summariser | None = None,
    stop: Stop | None = None,
) -> Proposer:
    """Return what proposes merges of these kinds for an index, duplicates first; `by` groups what is consolidated."""
    unknown = [kind for kind in kinds if kind not in KINDS] + [by] * (by not in WAYS or by == "given")
    if unknown or not kinds:
        raise ConfigError(f"There is no merge {(unknown or [''])[0]!r}: choose of {', '.join((*KINDS, *WAYS[:-1]))}.")

    def propose(avoid: dict[str, str]) -> Iterator[Proposal]:
        touched = dict(avoid)
        made = {
            DUPLICATES: partial(_duplicates, desk, actor, now, stop=stop),
            CONSOLIDATION: partial(_consolidations, desk, actor, now, by=by, summariser=summariser, stop=stop),
        }
        for kind in (each for each in KINDS if each in kinds):
            for proposal in made[kind](touched):
                # A memory is in one merge of a run at most: two would be planned over the same record.
                touched.update((change.key, "is in another merge of this run") for change in proposal.changes)
                yield proposal

    return propose


def _duplicates(
    desk: Desk, actor: Actor, now: datetime, avoid: Mapping[str, str], *, stop: Stop | None
) -> Iterator[Proposal]:
    seen, corpus = corpus_of(desk.store, snapshot=None, now=now, actor=actor)
    pairs = near_pairs(seen.frame, corpus.matrix, now=now, stop=stop)
    pairs = load_rejections(desk.store, desk.ledger.documents, actor=actor).without(pairs)
    for group in groups(pairs):
        if any(key in avoid for key in group.keys):
            continue
        plan = duplicates_plan(desk.store, [group], policy=MergePolicy.UNION, actor=actor, now=now, plan_id="proposal")
        if len(plan):
            yield Proposal(plan.changes, DUPLICATES, group.certainty, plan.reason, plan.title)


def _consolidations(
    desk: Desk,
    actor: Actor,
    now: datetime,
    avoid: Mapping[str, str],
    *,
    by: Way,
    summariser: Summariser | None,
    stop: Stop | None,
) -> Iterator[Proposal]:
    for group, draft in drafts_of(desk.store, by=by, actor=actor, now=now, avoid=avoid, summariser=summariser, stop=stop):
        for changes in merges_of(
            desk.store, [draft], actor=actor, now=now, avoid=avoid, accept_unsupported=True, left_out={}
        ):
            title = f"Consolidate {len(changes) - 1:,} memories into one: {one_line(group.name, 80)}"
            yield Proposal(changes, CONSOLIDATION, draft.faithfulness, group.why, title)


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
    **options: Any,
) -> Iterator[tuple[SourceGroup, Draft]]:
    """Yield the groups of an index that could be one memory, the most coherent first, each with its draft."""
    seen, corpus = corpus_of(store, snapshot=None, now=now, actor=actor)
    embedder = store.embedder()
    found = groups_of(
        seen.frame, corpus.matrix, by=by, now=now, within=within, given=given, avoid=avoid, stop=stop, **options
    )
    for group in found:
        sources = store.get(group.keys, actor=actor)
        if len(sources) == len(group.keys):
            yield group, summarise(list(sources.values()), embedder=embedder, share=share, summariser=summariser)
