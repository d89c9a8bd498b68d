"""The plan of a decision: what of a pair leaves the index, what is written in its place, and what stays with a note."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.access import Actor
from core.curation.conflicts.card import Card, CardSide, Decision, Resolution
from core.curation.conflicts.case import Ruling, keys_of
from core.curation.conflicts.deciding import newer_side
from core.curation.conflicts.presence import GONE
from core.curation.conflicts.told import CONFLICT, QUOTED, quoted
from core.curation.consolidation import checked, summarise
from core.curation.consolidation.planning import merges_of
from core.curation.desk import Desk
from core.curation.duplicates.exact import content_hash
from core.curation.editing import plan_edit
from core.curation.plan import Action, Change, Plan
from core.curation.planning import plan_of
from core.curation.sparing import spared
from core.errors import StalePlanError
from core.hostile import one_line
from core.memory import Memory, MemoryType, new_key
from core.memory.fields import iso, preview
from core.memory.record import Record
from core.store import MemoryStore
from core.vectors.validation import check_metadata

__all__ = ["SCOPE_NOTE", "draft_of", "plan_for"]

# The field of a memory that says in which scope it holds, where another one only seems to contradict it.
SCOPE_NOTE: Final = "scope_note"
_NAMED: Final = 60


@dataclass(frozen=True)
class _There:
    """What of both sides is in the index with the text that the person saw: records by key."""

    left: Mapping[str, Record]
    right: Mapping[str, Record]


def plan_for(desk: Desk, card: Card, ruling: Ruling, *, actor: Actor) -> Plan | None:
    """Return the plan of a decision over what is in the index now, None where nothing is to be changed.

    Raise StalePlanError where a side that is needed changed or left (what was to be retired may be gone), or where the two
    may not be merged. The same memories give the same plan: its times and keys come from the decision.
    """
    store, decision = desk.store, ruling.decision
    kept = _kept(card, decision)
    there = _read(store, card, actor=actor, needed=(card.left, card.right) if kept is None else (kept,))
    if decision.resolution is Resolution.MERGE:
        changes = _merge(store, there, ruling, actor=actor)
    elif kept is not None:
        _require_recalled(store, there.left if kept is card.left else there.right, decision)
        changes = _retirements(card, there, decision, kept)
    elif decision.note:
        changes = _notes(store, there, decision, actor=actor)
    else:
        changes = []
    if ruling.remember and decision.resolution is not Resolution.MERGE:  # a merged memory is what is to be remembered
        changes.append(_memory_of(store, card, there, decision))
    if not changes:
        return None
    return plan_of(
        store,
        changes,
        actor=actor,
        now=decision.at,
        plan_id=decision.plan_id or "",
        title=f"Resolve a conflict: {_title(card, decision)}",
        policy=CONFLICT,
        reason=decision.why,
        parameters={"card": card.id, "resolution": str(decision.resolution), "verdict": str(decision.verdict)},
    )


def draft_of(store: MemoryStore, card: Card, *, actor: Actor) -> str:
    """Return the text that a merge of both sides would have without an edit."""
    there = _read(store, card, actor=actor, needed=(card.left, card.right))
    return summarise(_memories(store, there), embedder=store.embedder(), share=1.0).text


def _read(store: MemoryStore, card: Card, *, actor: Actor, needed: Collection[CardSide]) -> _There:
    records = store.records.get([*keys_of(card.left), *keys_of(card.right)], actor=actor, vectors=False)
    found = [
        {key: records[key] for key in keys_of(side) if key in records and _is_same(store, key, records[key], side.hash)}
        for side in (card.left, card.right)
    ]
    sides = zip((card.left, card.right), found, strict=True)
    gone = {side.key: GONE for side, rows in sides if not rows and side in needed}
    if gone:
        names = " and ".join(preview(key) for key in gone)
        raise StalePlanError(f"{names} {GONE} since the card was made: nothing was done.", keys=gone)
    return _There(*found)


def _is_same(store: MemoryStore, key: str, record: Record, digest: str) -> bool:
    return content_hash(store.memory_of(key, record.metadata).content) == digest


def _kept(card: Card, decision: Decision) -> CardSide | None:
    """Return the side that is kept alone, None where both are or neither is."""
    if decision.resolution is Resolution.KEEP_NEWER:
        return newer_side(card)
    return {Resolution.KEEP_LEFT: card.left, Resolution.KEEP_RIGHT: card.right}.get(decision.resolution)


def _require_recalled(store: MemoryStore, kept: Mapping[str, Record], decision: Decision) -> None:
    """Refuse to keep what no recall returns: with the other one retired, agents would know neither."""
    whys = {key: spared(store.memory_of(key, record.metadata), now=decision.at) for key, record in kept.items()}
    if all(whys.values()):
        key, why = next(iter(whys.items()))
        raise StalePlanError(
            f"{preview(key)} {why}, so that agents would know neither of the two: nothing was done. Let it be recalled "
            "again first, or keep the other.",
            keys={key: str(why) for key, why in whys.items()},
        )


def _retirements(card: Card, there: _There, decision: Decision, kept: CardSide) -> list[Change]:
    lost = there.right if kept is card.left else there.left
    reason = f"In conflict with {preview(kept.key)}, which {one_line(decision.by, _NAMED)} kept"
    reason += f": {decision.why}" if decision.why else "."
    return [Change(key, Action.RETIRE, reason, CONFLICT, before=record) for key, record in lost.items()]


def _merge(store: MemoryStore, there: _There, ruling: Ruling, *, actor: Actor) -> list[Change]:
    sources, embedder = _memories(store, there), store.embedder()
    if ruling.merged is None:
        draft = summarise(sources, embedder=embedder, share=1.0)
    else:
        draft = checked(ruling.merged, sources, embedder)
    left_out: dict[str, str] = {}
    decision = ruling.decision
    merges = merges_of(
        store,
        [draft],
        actor=actor,
        now=decision.at,
        left_out=left_out,
        accept_unsupported=True,  # the person wrote it, or let it stand
        unique=lambda: _unique(decision),
    )
    if not merges:
        key, why = next(iter(left_out.items()))
        raise StalePlanError(f"The two cannot be merged: {preview(key)} {why}.", keys=left_out)
    return [change for merge in merges for change in merge]


def _notes(store: MemoryStore, there: _There, decision: Decision, *, actor: Actor) -> list[Change]:
    """Return the replacements that note in which scope both hold; what another card noted before stays."""
    edits: dict[str, dict[str, Any]] = {}
    for memory in _memories(store, there):
        before = memory.extra.get(SCOPE_NOTE)
        lines = before.split("\n") if isinstance(before, str) else []
        edits[memory.key] = {SCOPE_NOTE: "\n".join(dict.fromkeys([*lines, decision.note]))}
    said = f"Both hold, {one_line(decision.by, _NAMED)} said: {one_line(decision.note, QUOTED)}"
    plan = plan_edit(
        store, edits, actor=actor, now=decision.at, plan_id=decision.plan_id or "", reason=said, policy=CONFLICT
    )
    return list(plan.changes)


def _memory_of(store: MemoryStore, card: Card, there: _There, decision: Decision) -> Change:
    """Return the put of a memory that tells agents how the conflict was resolved."""
    left, right = card.left, card.right
    key = new_key(
        agent_id=None, task_id=_shared(left.task, right.task), created_at=decision.at, unique=lambda: _unique(decision)
    )
    memory = Memory(
        key,
        _told(card, decision),
        memory_type=MemoryType.SEMANTIC,
        team_id=_shared(left.team, right.team),
        task_id=_shared(left.task, right.task),
        created_at=decision.at,
        source=CONFLICT,
        derived_from=tuple(dict.fromkeys((*there.left, *there.right))),
        extra={"resolution": str(decision.resolution), "resolved_by": decision.by, "resolved_at": iso(decision.at)},
    )
    metadata = store.metadata_of()(memory)
    check_metadata(key, metadata, non_filterable=store.info.non_filterable)
    vector = store.embedder().embed([memory.content])[0]
    return Change(key, Action.PUT, "How a conflict was resolved, for the agents.", CONFLICT, after=Record(metadata, vector))


def _told(card: Card, decision: Decision) -> str:
    left, right = (quoted(side.text) for side in (card.left, card.right))
    by = f"{one_line(decision.by, _NAMED)} on {decision.at:%Y-%m-%d}"
    because = f" Why: {decision.why}" if decision.why else ""
    if decision.resolution in (Resolution.BOTH_VALID, Resolution.NOT_A_CONFLICT):
        scope = f" {decision.note}" if decision.note else ""
        return f"No conflict: both hold, said {by}.{scope}{because}\n1. {left}\n2. {right}"
    kept, lost = (left, right) if _kept(card, decision) is card.left else (right, left)
    return f"{kept}\nResolved by {by}: this holds, and no longer: {lost}{because}"


def _memories(store: MemoryStore, there: _There) -> list[Memory]:
    records = {**there.left, **there.right}
    return [store.memory_of(key, record.metadata) for key, record in records.items()]


def _title(card: Card, decision: Decision) -> str:
    left, right = one_line(card.left.key, _NAMED), one_line(card.right.key, _NAMED)
    return {
        Resolution.KEEP_LEFT: f"keep {left}, retire {right}",
        Resolution.KEEP_RIGHT: f"keep {right}, retire {left}",
        Resolution.KEEP_NEWER: f"keep the newer of {left} and {right}",
        Resolution.MERGE: f"merge {left} and {right}",
        Resolution.BOTH_VALID: f"both {left} and {right} hold",
        Resolution.NOT_A_CONFLICT: f"{left} and {right} are none",
    }[decision.resolution]


def _unique(decision: Decision) -> str:
    return hashlib.blake2b((decision.plan_id or "").encode(), digest_size=8).hexdigest()


def _shared(one: str | None, other: str | None) -> str | None:
    return one if one == other else None
