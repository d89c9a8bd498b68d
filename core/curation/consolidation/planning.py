"""The plan of a consolidation: the merged memory is put, and each source retired in its favour once that is proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from core.access import Actor
from core.curation.consolidation.draft import Draft, text_hash
from core.curation.consolidation.merged import merged_memory
from core.curation.decay import DEFAULT_DECAY, DecayRules
from core.curation.plan import Action, Change, Plan
from core.curation.planning import memories, plan_of
from core.curation.sparing import spared
from core.errors import InvalidMemoryError, ValidationError
from core.hostile import one_line
from core.memory import Memory, new_key
from core.memory.fields import preview
from core.memory.record import Record
from core.store import MemoryStore
from core.vectors.validation import check_metadata

__all__ = ["CONSOLIDATION", "consolidation_plan", "merges_of"]

CONSOLIDATION: Final = "consolidation"
_NOTHING: Final[Mapping[str, str]] = {}
_NAMED: Final = 60


def consolidation_plan(
    store: MemoryStore,
    drafts: Draft | Sequence[Draft],
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    reason: str = "",
    avoid: Mapping[str, str] = _NOTHING,
    accept_unsupported: bool = False,
    rules: DecayRules = DEFAULT_DECAY,
) -> Plan:
    """Return the plan of some drafts: each a memory that is put, and its sources, retired with `replaced_by`.

    A draft is left out whole, its sources named with the reason, where one of them is gone, changed since it was read,
    hidden, expired or of another status, is in `avoid` (with why: in conflict, quarantined), is in a draft before it, or
    where it says what no source says, unless somebody takes that upon himself (`accept_unsupported`).
    """
    every = [drafts] if isinstance(drafts, Draft) else list(drafts)
    left_out: dict[str, str] = {}
    told: dict[str, Any] = {"avoid": avoid, "accept_unsupported": accept_unsupported, "rules": rules, "left_out": left_out}
    merges = merges_of(store, every, actor=actor, now=now, **told)
    changes = [change for merge in merges for change in merge]
    retired = memories(len(changes) - len(merges))
    return plan_of(
        store,
        changes,
        actor=actor,
        now=now,
        plan_id=plan_id,
        title=f"Consolidate {retired} into {len(merges):,}" if merges else "Consolidate: nothing to do",
        policy=CONSOLIDATION,
        reason=reason,
        parameters=_told(every),
        left_out=left_out,
    )


def merges_of(
    store: MemoryStore,
    drafts: Sequence[Draft],
    *,
    actor: Actor,
    now: datetime,
    left_out: dict[str, str],
    avoid: Mapping[str, str] = _NOTHING,
    accept_unsupported: bool = False,
    rules: DecayRules = DEFAULT_DECAY,
    unique: Callable[[], str] | None = None,
) -> list[tuple[Change, ...]]:
    """Return the changes of each draft that can be done, what is put first; the others go into `left_out` (see above)."""
    records = store.records.get(dict.fromkeys(key for draft in drafts for key in draft.sources), actor=actor, vectors=False)
    sources = {key: store.memory_of(key, record.metadata) for key, record in records.items()}
    fit: list[Draft] = []
    taken: set[str] = set()
    for draft in drafts:
        unfit = _unfit(draft, sources, taken, avoid, now=now, accept_unsupported=accept_unsupported)
        if unfit:
            left_out.update(unfit)
        else:
            fit.append(draft)
            taken.update(draft.sources)
    found: list[tuple[Change, ...]] = []
    vectors = store.embedder().embed([draft.text for draft in fit]) if fit else ()
    for draft, vector in zip(fit, vectors, strict=True):
        own = {key: sources[key] for key in draft.sources}
        try:
            put = _put(store, _merged(draft, list(own.values()), now=now, rules=rules, unique=unique), draft, vector)
        except (InvalidMemoryError, ValidationError) as error:
            left_out.update(dict.fromkeys(draft.sources, f"would be in a memory that cannot be written: {error}"))
            continue
        found.append((put, *(_retirement(key, records[key], put) for key in draft.sources)))
    return found


def _unfit(
    draft: Draft,
    sources: Mapping[str, Memory],
    taken: set[str],
    avoid: Mapping[str, str],
    *,
    now: datetime,
    accept_unsupported: bool,
) -> dict[str, str]:
    """Return for the sources of a draft that cannot be done why, for those at fault and for those beside them."""
    why = {key: found for key in draft.sources if (found := _barred(key, draft, sources, taken, avoid, now)) is not None}
    if why:
        first, because = next(iter(why.items()))
        return {key: why.get(key, f"was to be merged with {preview(first)}, which {because}") for key in draft.sources}
    if not draft.text.strip():
        return dict.fromkeys(draft.sources, "would be in a memory without a text")
    if draft.unsupported and not accept_unsupported:
        said = one_line(draft.unsupported[0].text, _NAMED)
        return dict.fromkeys(draft.sources, f"would be in a memory that says what no source says: “{said}”")
    return {}


def _barred(
    key: str, draft: Draft, sources: Mapping[str, Memory], taken: set[str], avoid: Mapping[str, str], now: datetime
) -> str | None:
    """Return why a source may not be merged, None where it may."""
    source = sources.get(key)
    if source is None:
        return "is not there"
    if key in draft.seen and draft.seen[key] != text_hash(source.content):
        return "was changed since the draft was made"
    if key in taken:
        return "is in another draft"
    return avoid.get(key) or spared(source, now=now)


def _merged(
    draft: Draft, sources: Sequence[Memory], *, now: datetime, rules: DecayRules, unique: Callable[[], str] | None
) -> Memory:
    named = merged_memory(draft, sources, key="", now=now, rules=rules)
    given: dict[str, Any] = {} if unique is None else {"unique": unique}
    return replace(named, key=new_key(agent_id=named.agent_id, task_id=named.task_id, created_at=now, **given))


def _put(store: MemoryStore, merged: Memory, draft: Draft, vector: Any) -> Change:
    metadata = store.metadata_of()(merged)
    check_metadata(merged.key, metadata, non_filterable=store.info.non_filterable)
    reason = f"Merged from {memories(len(draft.sources))}: {one_line(draft.text, _NAMED)}"
    return Change(merged.key, Action.PUT, reason, CONSOLIDATION, after=Record(metadata, vector))


def _retirement(key: str, record: Record, put: Change) -> Change:
    reason = f"Merged into {preview(put.key)}."
    return Change(key, Action.RETIRE, reason, CONSOLIDATION, before=record, replaced_by=put.key)


def _told(drafts: Sequence[Draft]) -> dict[str, Any]:
    """Return what the journal is told of the drafts: how they were made and how faithful they are."""
    unsupported = sum(len(draft.unsupported) for draft in drafts)
    faithful = min((draft.faithfulness for draft in drafts), default=1.0)
    told = {"drafts": len(drafts), "methods": sorted({draft.method for draft in drafts}), "faithfulness": round(faithful, 4)}
    return told | ({"unsupported": unsupported} if unsupported else {})
