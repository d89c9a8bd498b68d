"""Expiry and decay over a whole index, and the plan of what they propose."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd

from core.access import Actor
from core.curation.decay import DECAY, DecayRules, decide_decay
from core.curation.decision import Decision, Verdict
from core.curation.due import NO_USAGE, Used, effective_values, expiry_due, tasks_of
from core.curation.expiry import EXPIRY, ExpiryRules, decide_expiry
from core.curation.lifecycle import DEFAULT_LIFECYCLE, Lifecycle
from core.curation.plan import Action, Change, Plan
from core.curation.planning import Read, listed, memories, metadata_at, plan_of, whole
from core.curation.tasks import Finished, TaskBook, TaskKey
from core.errors import ConfigError, InvalidMemoryError
from core.memory import Memory
from core.memory.record import Record
from core.store import MemoryStore

__all__ = ["POLICIES", "Upkeep", "changes_of", "plan_decay", "plan_expiry", "plan_upkeep", "touched", "usage_of"]

POLICIES: Final = (EXPIRY, DECAY)
# A power of two may be off by this much from one library to another.
_SLACK: Final = 1e-9


@dataclass(frozen=True)
class Upkeep:
    """The policies with what they need to know: the rules, the time, which tasks are finished, what was recalled when."""

    rules: Lifecycle
    now: datetime
    policies: tuple[str, ...] = POLICIES
    write_back: bool = False
    finished: Mapping[TaskKey, Finished] = field(default_factory=dict)
    usage: Mapping[str, Used] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = [name for name in self.policies if name not in POLICIES]
        if unknown or not self.policies:
            raise ConfigError(f"There is no policy {(unknown or [''])[0]!r}: choose of {', '.join(POLICIES)}.")

    @property
    def needs_tasks(self) -> bool:
        """Say whether it must be known which tasks are finished."""
        return EXPIRY in self.policies and self.rules.expiry.needs_tasks

    def decide(self, memory: Memory) -> Decision:
        """Return the first decision that is not to keep the memory, else the last one."""
        decision = Decision(memory.key, Verdict.KEEP, "", "")
        if EXPIRY in self.policies:
            decision = decide_expiry(memory, now=self.now, rules=self.rules.expiry, finished=self.finished)
        if decision.verdict is Verdict.KEEP and DECAY in self.policies:
            used = self.usage.get(memory.key)
            decision = decide_decay(
                memory,
                now=self.now,
                rules=self.rules.decay,
                last_recall=used.last_at if used else None,
                write_back=self.write_back,
            )
        return decision


def plan_expiry(store: MemoryStore, rules: ExpiryRules, **options: Any) -> Plan:
    """Return the plan that retires what the expiry rules let go; the options are those of `plan_upkeep`."""
    return plan_upkeep(store, Lifecycle(expiry=rules), policies=(EXPIRY,), **options)


def plan_decay(store: MemoryStore, rules: DecayRules, **options: Any) -> Plan:
    """Return the plan that retires what has decayed; the options are those of `plan_upkeep`."""
    return plan_upkeep(store, Lifecycle(decay=rules), policies=(DECAY,), **options)


def plan_upkeep(
    store: MemoryStore,
    rules: Lifecycle = DEFAULT_LIFECYCLE,
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    policies: Collection[str] = POLICIES,
    write_back: bool = False,
    usage: Mapping[str, Used] = NO_USAGE,
    snapshot: object | None = None,
    reason: str = "",
    most: int | None = None,
) -> Plan:
    """Return the plan of what the policies propose for an index, of at most so many changes.

    A whole snapshot spares reading the index. With `write_back` the effective confidence of what stays is written down.
    """
    chosen = tuple(name for name in POLICIES if name in policies) if set(policies) <= set(POLICIES) else tuple(policies)
    upkeep = Upkeep(rules, now, chosen, write_back, usage=usage)
    upkeep, records = _told(store, upkeep, snapshot, actor=actor)
    left_out: dict[str, str] = {}
    changes = list(itertools.islice(changes_of(store, upkeep, records, actor=actor, left_out=left_out), most))
    return plan_of(
        store,
        changes,
        actor=actor,
        now=now,
        plan_id=plan_id,
        title=title_of(upkeep.policies, changes),
        policy=upkeep.policies[0] if len(upkeep.policies) == 1 else "lifecycle",
        reason=reason,
        parameters={"policies": list(upkeep.policies), "rules": rules.to_json(), "write_back": write_back},
        left_out=left_out,
    )


def _told(
    store: MemoryStore, upkeep: Upkeep, snapshot: object | None, *, actor: Actor
) -> tuple[Upkeep, Iterable[tuple[str, dict[str, Any]]]]:
    """Return the policies with the finished tasks, and the records that they may touch: of a whole snapshot, or all."""
    read = whole(snapshot)
    if read is None:
        finished = finished_in(store, upkeep, actor=actor) if upkeep.needs_tasks else {}
        return replace(upkeep, finished=finished), listed(store, actor=actor)
    if upkeep.needs_tasks:
        upkeep = replace(upkeep, finished=tasks_of(read.frame, upkeep.rules.expiry, now=upkeep.now, table=read.table))
    return upkeep, metadata_at(read.table, np.flatnonzero(touched(read, upkeep).to_numpy()))


def touched(read: Read, upkeep: Upkeep) -> pd.Series[bool]:
    """Return which rows of a snapshot the policies may touch: all that they do, and few that they do not."""
    frame, rules = read.frame, upkeep.rules
    found = pd.Series(False, index=frame.index)
    if EXPIRY in upkeep.policies:
        for due in expiry_due(frame, rules.expiry, finished=upkeep.finished).values():
            found |= due <= upkeep.now
    if DECAY in upkeep.policies:
        values = effective_values(frame, rules.decay, now=upkeep.now, usage=upkeep.usage, table=read.table)
        found |= values < rules.decay.threshold + _SLACK
        if upkeep.write_back:
            found |= (values - frame["confidence"]).abs() >= rules.decay.step - _SLACK
    return found


def changes_of(
    store: MemoryStore,
    upkeep: Upkeep,
    records: Iterable[tuple[str, Mapping[str, Any]]],
    *,
    actor: Actor,
    left_out: dict[str, str],
) -> Iterator[Change]:
    """Yield the changes that the policies propose; what cannot be written goes into `left_out` with the reason."""
    metadata_of = store.metadata_of()
    for key, metadata in records:
        decision = upkeep.decide(store.memory_of(key, metadata))
        if decision.verdict is Verdict.RETIRE:
            yield Change(key, Action.RETIRE, decision.reason, decision.policy, before=Record(metadata))
        elif decision.verdict is Verdict.WRITE:
            # As it is stored: a snapshot may have made a double of a whole number.
            there = store.records.get([key], actor=actor, vectors=False).get(key)
            decision = upkeep.decide(store.memory_of(key, there.metadata)) if there else decision
            if there is None or decision.after is None:
                left_out[key] = "changed meanwhile"
                continue
            try:
                after = Record(metadata_of(decision.after))
            except InvalidMemoryError as error:
                left_out[key] = str(error)
                continue
            yield Change(key, Action.REPLACE, decision.reason, decision.policy, before=there, after=after)


def finished_in(store: MemoryStore, upkeep: Upkeep, *, actor: Actor) -> dict[TaskKey, Finished]:
    """Return the finished tasks of an index that is read page by page."""
    book = TaskBook()
    for key, metadata in listed(store, actor=actor):
        book.add(store.memory_of(key, metadata))
    return book.finished(now=upkeep.now, idle_days=upkeep.rules.expiry.idle_days)


def usage_of(store: MemoryStore) -> Mapping[str, Used]:
    """Return how the memories of an index were used, as far as the recall log of its store knows."""
    if store.archive is None:
        return NO_USAGE
    return store.archive.recalls.used(f"{store.bucket}/{store.info.name}")


def title_of(policies: Collection[str], changes: list[Change]) -> str:
    """Return what a plan of the policies does, in a line."""
    retired = sum(change.action is Action.RETIRE for change in changes)
    written = len(changes) - retired
    name = " and ".join(policies).capitalize()
    parts = [f"retire {memories(retired)}"] * bool(retired) + [f"write {written:,} confidences back"] * bool(written)
    return f"{name}: {', '.join(parts) or 'nothing to do'}"
