"""What the survivor of a group takes over from the others, by a policy. Pure.

- *keep*: the survivor stays as it is, but `derived_from` names those that it stands for, and what these were made from.
- *union*: also the tags of all; the recalls of all together and the last of them; it expires with the last, never if one of
  them never does. What it does not say itself (a type, a source, a note, a field of the writer's own) it takes from the next
  that does. Text, dates, agent and confidence are its own.
- *reinforce*: also the confidence: 1 - Π(1 - c) over sources, a source being an agent in a session with the surest thing it
  said (noisy-or, Pearl 1988; one who says it twice is no second witness), at most CERTAIN. The c are what is left of them
  now, so what is written decays from now on.

`extra["duplicates"]` says how many it stands for, who said it, first and last, and when they were merged.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from core.curation.decay import (
    AT_KEY,
    DEFAULT_DECAY,
    STATED_KEY,
    VALIDATED_KEY,
    WRITTEN_KEY,
    DecayRules,
    effective_confidence,
    without_decay,
)
from core.curation.duplicates.found import Group
from core.curation.duplicates.survivor import Survivor, SurvivorRule, survivor
from core.errors import ConfigError
from core.memory import Memory
from core.memory.fields import iso, preview
from core.memory.merged import CONSOLIDATION_KEY, DUPLICATES_KEY
from core.memory.status import STATUS_KEY

__all__ = ["CERTAIN", "DUPLICATES", "MERGED_KEY", "DuplicateDecision", "MergePolicy", "merged"]

DUPLICATES: Final = "duplicates"
MERGED_KEY: Final = DUPLICATES_KEY
CERTAIN: Final = 0.99
_DIGITS: Final = 4
# What only holds for the memory that it was written to.
_OWN: Final = frozenset({STATUS_KEY, STATED_KEY, WRITTEN_KEY, AT_KEY, VALIDATED_KEY, MERGED_KEY, CONSOLIDATION_KEY})


class MergePolicy(StrEnum):
    """Keep the best as it is, give it the metadata of all, or make it surer by them as well."""

    KEEP = "keep"
    UNION = "union"
    REINFORCE = "reinforce"


@dataclass(frozen=True)
class DuplicateDecision:
    """What becomes of a group: `after` is the survivor as it is to be written, `retired` the keys that it stands for."""

    survivor: str
    after: Memory
    retired: tuple[str, ...]
    reason: str
    certainty: float
    left_out: Mapping[str, str] = field(default_factory=dict)
    policy: str = DUPLICATES


def merged(
    group: Group,
    members: Sequence[Memory],
    *,
    policy: MergePolicy | str = MergePolicy.UNION,
    rule: SurvivorRule | str = SurvivorRule.CONFIDENCE,
    keep: str | None = None,
    now: datetime,
    decay: DecayRules = DEFAULT_DECAY,
    recalls: Mapping[str, int] | None = None,
) -> DuplicateDecision:
    """Return what becomes of a group; `keep` names the survivor that somebody chose, else the rule decides.

    `members` are its memories as far as they may be merged; the others are left out. Raises ConfigError for fewer than two,
    for a survivor that is none of them, and for a policy that there is not.
    """
    if policy not in set(MergePolicy):
        raise ConfigError(f"There is no merge policy {policy!r}: choose of {', '.join(MergePolicy)}.")
    by_key = {memory.key: memory for memory in members if memory.key in group.keys}
    if len(by_key) < 2 or (keep is not None and keep not in by_key):
        which = "fewer than two memories" if len(by_key) < 2 else f"no memory {preview(keep)}"
        raise ConfigError(f"The group of {preview(group.keys[0])} has {which} to merge: look for duplicates again.")
    chosen = (
        Survivor(keep, "Chosen by hand.")
        if keep
        else survivor(list(by_key.values()), rule=rule, now=now, decay=decay, recalls=recalls)
    )
    best = by_key[chosen.key]
    others = [by_key[key] for key in group.keys if key in by_key and key != best.key]
    after = _after(best, others, MergePolicy(policy), now=now, decay=decay)
    return DuplicateDecision(
        survivor=best.key,
        after=after,
        retired=tuple(memory.key for memory in others),
        reason=f"Stands for {len(by_key)} memories that say the same ({_sure(group)}). {chosen.reason}",
        certainty=group.certainty,
        left_out={key: "cannot be merged" for key in group.keys if key not in by_key},
    )


def _after(best: Memory, others: Sequence[Memory], policy: MergePolicy, *, now: datetime, decay: DecayRules) -> Memory:
    every = [best, *others]
    lineage = [
        *best.derived_from,
        *(memory.key for memory in others),
        *(key for each in others for key in each.derived_from),
    ]
    after = replace(
        best,
        derived_from=_once(key for key in lineage if key != best.key),
        extra={**best.extra, MERGED_KEY: _said(every, now=now)},
    )
    if policy is MergePolicy.KEEP:
        return after
    after = _united(after, every)
    return after if policy is MergePolicy.UNION else _reinforced(after, every, now=now, decay=decay)


def _united(after: Memory, every: Sequence[Memory]) -> Memory:
    ends = [memory.expires_at for memory in every]
    known_ends = [end for end in ends if end is not None]
    extra: dict[str, Any] = {}
    for memory in reversed(every):
        extra |= {name: value for name, value in memory.extra.items() if name not in _OWN}
    return replace(
        after,
        memory_type=_first(memory.memory_type for memory in every),
        source=_first(memory.source for memory in every),
        notes=_first(memory.notes for memory in every),
        tags=_once(tag for memory in every for tag in memory.tags),
        expires_at=max(known_ends) if len(known_ends) == len(ends) else None,
        recall_count=sum(memory.recall_count for memory in every),
        last_recalled_at=max((m.last_recalled_at for m in every if m.last_recalled_at is not None), default=None),
        extra={**extra, **after.extra},
    )


def _reinforced(after: Memory, every: Sequence[Memory], *, now: datetime, decay: DecayRules) -> Memory:
    sources: dict[tuple[str | None, str | None], float] = {}
    for memory in every:
        found = effective_confidence(memory, now=now, rules=decay)
        if found is not None:
            who = (memory.agent_id, memory.session_id)
            sources[who] = max(found.value, sources.get(who, 0.0))
    if not sources:
        return after
    surest = max(sources.values())
    together = max(surest, min(CERTAIN, 1 - math.prod(1 - value for value in sources.values())))
    extra = without_decay(after.extra) | {VALIDATED_KEY: iso(now)}
    return replace(after, confidence=round(together, _DIGITS), extra=extra)


def _said(every: Sequence[Memory], *, now: datetime) -> dict[str, Any]:
    """Return what is noted of the merge: what an earlier one noted counts in."""
    before = [noted for memory in every if isinstance(noted := memory.extra.get(MERGED_KEY), Mapping)]
    made = [memory.created_at for memory in every if memory.created_at is not None]
    agents = {memory.agent_id for memory in every if memory.agent_id}
    agents |= {agent for noted in before for agent in noted.get("agents", ()) if isinstance(agent, str)}
    count = len(every) + sum(noted["count"] - 1 for noted in before if type(noted.get("count")) is int)
    first = ([iso(min(made))] if made else []) + [noted["first"] for noted in before if isinstance(noted.get("first"), str)]
    last = ([iso(max(made))] if made else []) + [noted["last"] for noted in before if isinstance(noted.get("last"), str)]
    dates = {"first": min(first), "last": max(last)} if first and last else {}
    return {"at": iso(now), "count": count, "agents": sorted(agents), **dates}


def _sure(group: Group) -> str:
    return "the same text" if group.is_exact else f"{group.certainty:.0%} certain of the least similar two"


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value is not None), None)


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
