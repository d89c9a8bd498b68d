"""The rules of the guard over what is in an index already: what is found, and the plan that puts it right.

What came in before the rules, or past them, cannot be refused any more: where a rule blocks, a secret is cut out and
anything else goes into quarantine. Like any plan it is measured, journalled and can be taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from core.access import Actor
from core.curation.plan import Action, Change, Plan
from core.curation.planning import listed, memories, plan_of
from core.errors import CancelledError, GuardError, InvalidMemoryError
from core.guard.acting import acted
from core.guard.finding import ALLOWED, Findings, Mode, Rule
from core.guard.guard import Guard
from core.guard.settings import GuardSettings
from core.memory import Memory
from core.memory.record import Record, fingerprint
from core.memory.status import is_quarantined, status_of
from core.store import MemoryStore

__all__ = ["SCAN", "Scan", "Scanned", "plan_scan", "scan"]

SCAN: Final = "scan"
_TOLD: Final = 500
_SHOWN: Final = 1_000


@dataclass(frozen=True)
class Scanned:
    """One memory with findings; `before` is the record as it is stored, for the plan."""

    key: str
    findings: Findings
    before: Record = field(repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, without the record."""
        return {"key": self.key, **self.findings.to_json()}


@dataclass(frozen=True)
class Scan:
    """What a look over an index found: how many memories were seen, and those with findings in the order of the index."""

    seen: int
    found: tuple[Scanned, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Memories with a finding, by rule and what it is, the most frequent first."""
        counted = Counter(name for each in self.found for name in {f"{one.rule}:{one.what}" for one in each.findings})
        return dict(counted.most_common())

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, with the first memories."""
        rows = [each.to_json() for each in self.found[:_SHOWN]]
        return {"seen": self.seen, "found": len(self.found), "counts": self.counts, "memories": rows}


def scan(
    store: MemoryStore,
    guard: Guard,
    *,
    actor: Actor,
    progress: Callable[[int], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Scan:
    """Return what the guard finds in an index, read a page at a time; `progress` gets the number seen so far.

    Orders to the reader in a memory that is in quarantine already are no news. Raises CancelledError soon after `stop`
    returns true.
    """
    seen, found = 0, []
    for key, metadata in listed(store, actor=actor):
        memory = store.memory_of(key, metadata)
        (findings,) = guard.look([memory])
        if is_quarantined(status_of(memory)):
            findings = Findings(tuple(each for each in findings if each.rule is not Rule.INJECTION))
        if findings:
            found.append(Scanned(key, findings, Record(metadata)))
        seen += 1
        if seen % _TOLD == 0:
            if stop is not None and stop():
                raise CancelledError(f"Stopped after {seen:,} memories: nothing was changed.")
            if progress:
                progress(seen)
    if progress:
        progress(seen)
    return Scan(seen, tuple(found))


def plan_scan(
    store: MemoryStore,
    scanned: Scan,
    settings: GuardSettings,
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    reason: str = "",
) -> Plan:
    """Return the plan that redacts, tags and quarantines what a scan found; the rest is left out with why."""
    kept = for_what_is_there(settings)
    after: dict[str, Memory] = {}
    left_out: dict[str, str] = {}
    for each in scanned.found:
        try:
            memory = store.memory_of(each.key, each.before.metadata)
            made = acted(memory, _reread(memory, each.findings, kept), kept)
        except GuardError as error:
            left_out[each.key] = str(error)
            continue
        if made is memory:
            left_out[each.key] = "its modes are off, or of a kind that only stops a write"
        else:
            after[each.key] = made
    changes = list(_changes(store, scanned, after, left_out, reason))
    title = f"Put right {memories(len(changes))} by the rules of the guard"
    options: dict[str, Any] = {"actor": actor, "now": now, "plan_id": plan_id, "reason": reason}
    parameters = {"seen": scanned.seen, "found": len(scanned.found), "counts": scanned.counts}
    return plan_of(store, changes, title=title, policy=SCAN, parameters=parameters, left_out=left_out, **options)


def for_what_is_there(settings: GuardSettings) -> GuardSettings:
    """Return the rules as they are put to use on what is there: none can be refused any more."""

    def kept(rule: Rule, mode: str) -> str:
        if mode != Mode.BLOCK or Mode.QUARANTINE not in ALLOWED[rule]:
            return mode
        return Mode.REDACT if rule is Rule.SECRETS else Mode.QUARANTINE

    patterns = {name: kept(Rule.SECRETS, mode) for name, mode in settings.patterns.items()}
    return replace(
        settings, modes={name: kept(Rule(name), mode) for name, mode in settings.modes.items()}, patterns=patterns
    )


def _reread(memory: Memory, findings: Findings, settings: GuardSettings) -> Findings:
    """Return findings with the modes that hold for what is there; nobody can shorten here what is too large."""
    from core.guard.looking import looked

    wanted = {each.rule for each in findings}
    return Findings(tuple(each for each in looked(memory, settings) if each.rule in wanted and each.rule is not Rule.SIZE))


def _changes(
    store: MemoryStore, scanned: Scan, after: dict[str, Memory], left_out: dict[str, str], reason: str
) -> Iterator[Change]:
    metadata_of = store.metadata_of()
    vectors = _vectors(store, {each.key: each for each in scanned.found}, after)
    for each in scanned.found:
        if each.key not in after:
            continue
        try:
            metadata = metadata_of(after[each.key])
        except InvalidMemoryError as error:
            left_out[each.key] = f"cannot be stored once it is put right: {error}"
            continue
        if fingerprint(metadata) == fingerprint(each.before.metadata):
            left_out[each.key] = "would not change"
            continue
        why = reason or each.findings.reason
        record = Record(metadata, vectors.get(each.key))
        yield Change(each.key, Action.REPLACE, why, SCAN, before=each.before, after=record)


def _vectors(store: MemoryStore, before: dict[str, Scanned], after: dict[str, Memory]) -> dict[str, np.ndarray]:
    """Return new vectors of the texts that something was cut out of: the old ones say it still."""
    texts = {
        key: memory.content
        for key, memory in after.items()
        if memory.content != store.memory_of(key, before[key].before.metadata).content
    }
    if not texts:
        return {}
    rows = store.embedder().embed(list(texts.values()))
    return {key: np.asarray(row, dtype=np.float32) for key, row in zip(texts, rows, strict=True)}
