"""Merge: the plan that keeps one memory of each accepted group of duplicates and retires the others in its favour."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from core.access import Actor
from core.curation.decay import DEFAULT_DECAY, DecayRules
from core.curation.duplicates.exact import content_hash
from core.curation.duplicates.found import Group
from core.curation.duplicates.merge import DUPLICATES, DuplicateDecision, MergePolicy, merged
from core.curation.duplicates.survivor import SurvivorRule
from core.curation.plan import Action, Change, Plan
from core.curation.planning import memories, plan_of
from core.curation.sparing import spared
from core.errors import InvalidMemoryError
from core.hostile import one_line
from core.memory import Memory
from core.memory.record import Record
from core.store import MemoryStore

__all__ = ["duplicates_plan"]

_KEY_CHARS: Final = 60
_NOTHING: Final[Mapping[str, str]] = {}


def duplicates_plan(
    store: MemoryStore,
    groups_accepted: Sequence[Group],
    *,
    policy: MergePolicy | str = MergePolicy.UNION,
    rule: SurvivorRule | str = SurvivorRule.CONFIDENCE,
    keep: Mapping[tuple[str, ...], str] | None = None,
    avoid: Mapping[str, str] = _NOTHING,
    actor: Actor,
    now: datetime,
    plan_id: str,
    reason: str = "",
    decay: DecayRules = DEFAULT_DECAY,
    recalls: Mapping[str, int] | None = None,
) -> Plan:
    """Return the plan of some groups: the survivor is replaced, each other one retired with `replaced_by`.

    `keep` names survivors that somebody chose, by the keys of their group, and `avoid` keys not to touch, each with why.
    What is gone, has a status (hidden, quarantined, in conflict) or is over is left out and said; so is a memory whose text
    changed since the groups were made, and one that an earlier group of the plan has.
    """
    decide = partial(merged, policy=policy, rule=rule, now=now, decay=decay, recalls=recalls)
    keys = list(dict.fromkeys(key for group in groups_accepted for key in group.keys))
    records = store.records.get(keys, actor=actor, vectors=False)
    left_out: dict[str, str] = {key: "is not there" for key in keys if key not in records}
    changes: dict[str, Change] = {}
    for group in groups_accepted:
        members, out = _members(store, group, records, taken=changes.keys(), avoid=avoid, now=now)
        if len(members) < 2:
            out |= {memory.key: "nothing is left to merge it with" for memory in members}
        else:
            made, why = _changes(store, decide(group, members, keep=_kept(keep, group, members)), records, reason=reason)
            changes |= {change.key: change for change in made}
            out |= {memory.key: why for memory in members if why}
        left_out |= {key: why for key, why in out.items() if key not in changes and key not in left_out}
    said = {"actor": actor, "now": now, "plan_id": plan_id, "reason": reason}
    return _plan(store, list(changes.values()), left_out, told={"policy": str(policy), "rule": str(rule)}, **said)


def _plan(
    store: MemoryStore,
    changes: list[Change],
    left_out: Mapping[str, str],
    *,
    told: Mapping[str, str],
    **options: Any,
) -> Plan:
    count = sum(change.action is Action.RETIRE for change in changes)
    return plan_of(
        store,
        changes,
        title=f"Merge {memories(len(changes))} that say the same into {len(changes) - count:,}",
        policy=DUPLICATES,
        parameters={"groups": len(changes) - count, **told},
        left_out=left_out,
        **options,
    )


def _members(
    store: MemoryStore,
    group: Group,
    records: Mapping[str, Record],
    *,
    taken: Collection[str],
    avoid: Mapping[str, str],
    now: datetime,
) -> tuple[list[Memory], dict[str, str]]:
    """Return the memories of a group that may be merged, and why the others may not."""
    found, out = [], {}
    for key in group.keys:
        if key not in records:
            continue
        memory = store.memory_of(key, records[key].metadata)
        why = spared(memory, now=now) or avoid.get(key)
        if why is None and key in taken:
            why = "is in another group of this plan"
        if why is None and group.hashes and content_hash(memory.content) not in group.hashes:
            why = "its text changed since"
        if why is None:
            found.append(memory)
        else:
            out[key] = why
    return found, out


def _kept(keep: Mapping[tuple[str, ...], str] | None, group: Group, members: Sequence[Memory]) -> str | None:
    """Return the survivor that somebody chose; the rule decides where that one may not be merged any more."""
    chosen = (keep or {}).get(group.keys)
    return chosen if any(memory.key == chosen for memory in members) else None


def _changes(
    store: MemoryStore, decision: DuplicateDecision, records: Mapping[str, Record], *, reason: str
) -> tuple[list[Change], str]:
    """Return the replacement of the survivor and the retirement of the others, or why the index cannot store it."""
    best = decision.survivor
    try:
        after = Record(store.metadata_of()(decision.after))
    except InvalidMemoryError as error:
        return [], str(error)
    said = reason or f"Says the same as {one_line(best, _KEY_CHARS)}, which stays; {decision.certainty:.0%} certain."
    retired = [
        Change(key, Action.RETIRE, said, DUPLICATES, before=records[key], replaced_by=best) for key in decision.retired
    ]
    kept = Change(best, Action.REPLACE, reason or decision.reason, DUPLICATES, before=records[best], after=after)
    return [kept, *retired], ""
