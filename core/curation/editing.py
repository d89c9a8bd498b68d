"""Edit: new values for fields of memories; a new text gets a new vector, everything else keeps the one that it has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import numpy as np

from core.access import Actor
from core.curation.decay import VALIDATED_KEY, without_decay
from core.curation.plan import Action, Change, Plan
from core.curation.planning import chosen, memories, plan_of
from core.errors import ConfigError, InvalidMemoryError
from core.hostile import one_line
from core.memory import EXTRA_KEY, Memory
from core.memory.fields import EPOCHS, FIELDS, check_json, iso, preview
from core.memory.record import Record, fingerprint
from core.memory.status import STATUS_KEY
from core.scope import Scope
from core.store import MemoryStore

__all__ = ["EDIT", "VALIDATE", "edited", "plan_edit", "plan_validation"]

EDIT, VALIDATE = "edit", "validate"
_RESERVED: Final = frozenset({"key", EXTRA_KEY, STATUS_KEY, *EPOCHS})


def edited(memory: Memory, values: Mapping[str, Any], *, now: datetime) -> Memory:
    """Return the memory with new values, as JSON has them; None takes a field away. Raise InvalidMemoryError for a bad one.

    A name that we do not know is a field of its own. A confidence that is stated anew counts from now on.
    """
    known: dict[str, Any] = {}
    extra = dict(memory.extra)
    for name, value in values.items():
        if name in FIELDS:
            known[name] = _parsed(memory, name, value)
        elif name in _RESERVED:
            raise InvalidMemoryError(f"Memory {preview(memory.key)}: {name} cannot be edited: it follows from other fields.")
        elif value is None:
            extra.pop(name, None)
        else:
            extra[name] = _checked(memory, name, value)
    if "content" in known and not known["content"].strip():
        raise InvalidMemoryError(f"Memory {preview(memory.key)}: its text would be empty: retire it instead.")
    if "confidence" in known:
        extra = without_decay(extra)
        if known["confidence"] is not None:
            extra[VALIDATED_KEY] = iso(now)
    return replace(memory, **known, extra=extra)


def plan_edit(
    store: MemoryStore,
    edits: Mapping[str, Mapping[str, Any]],
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    reason: str = "",
    policy: str = EDIT,
) -> Plan:
    """Return the plan that gives memories new values, by key and field (see `edited`); what stays equal is left out.

    Raise InvalidMemoryError for a value that the memory cannot have, or its index cannot store.
    """
    found = chosen(store, edits, actor=actor, now=now)
    left_out = dict(found.left_out)
    after = _after(store, found.records, edits, now=now)
    left_out |= dict.fromkeys(found.records.keys() - after.keys(), "would not change")
    changes = [
        Change(key, Action.REPLACE, reason or _said(edits[key]), policy, before=found.records[key], after=record)
        for key, record in after.items()
    ]
    fields = sorted({name for key in after for name in edits[key]})
    return plan_of(
        store,
        changes,
        actor=actor,
        now=now,
        plan_id=plan_id,
        title=f"Edit {memories(len(changes))}",
        policy=policy,
        reason=reason,
        parameters={**found.parameters, "fields": fields},
        left_out=left_out,
    )


def plan_validation(
    store: MemoryStore,
    which: Iterable[str] | Scope,
    *,
    actor: Actor,
    now: datetime,
    plan_id: str,
    reason: str = "",
    snapshot: object | None = None,
) -> Plan:
    """Return the plan that notes that memories are still true: their confidence decays from now on."""
    keys = which if not isinstance(which, Scope) else chosen(store, which, actor=actor, now=now, snapshot=snapshot).records
    values = {VALIDATED_KEY: iso(now)}
    edits = dict.fromkeys(keys, values)
    said = reason or "Still true."
    plan = plan_edit(store, edits, actor=actor, now=now, plan_id=plan_id, reason=said, policy=VALIDATE)
    count = len(plan)
    return replace(plan, title=f"Confirm that {memories(count)} still hold{'s' if count == 1 else ''} true")


def _after(
    store: MemoryStore, records: Mapping[str, Record], edits: Mapping[str, Mapping[str, Any]], *, now: datetime
) -> dict[str, Record]:
    """Return what the records are to be, those that differ; a vector only where the text is a new one."""
    metadata_of = store.metadata_of()
    made: dict[str, dict[str, Any]] = {}
    texts: dict[str, str] = {}
    for key, record in records.items():
        before = store.memory_of(key, record.metadata)
        memory = edited(before, edits[key], now=now)
        metadata = metadata_of(memory)
        if fingerprint(metadata) != fingerprint(record.metadata):
            made[key] = metadata
            if memory.content != before.content:
                texts[key] = memory.content
    vectors = _vectors(store, texts)
    return {key: Record(metadata, vectors.get(key)) for key, metadata in made.items()}


def _parsed(memory: Memory, name: str, value: Any) -> Any:
    try:
        if isinstance(value, datetime):
            value = iso(value)
        return FIELDS[name].parse_row(list(value) if isinstance(value, tuple) else value)
    except ValueError as error:
        raise InvalidMemoryError(f"Memory {preview(memory.key)}: {name} {preview(value)} {error}.") from None


def _checked(memory: Memory, name: str, value: Any) -> Any:
    try:
        check_json({name: value})
    except (ValueError, RecursionError) as error:
        raise InvalidMemoryError(f"Memory {preview(memory.key)}: {preview(name)} {error}.") from None
    return value


def _vectors(store: MemoryStore, texts: Mapping[str, str]) -> dict[str, np.ndarray]:
    if not texts:
        return {}
    rows = store.embedder().embed(list(texts.values()))
    if len(rows) != len(texts):
        raise ConfigError(f"The embedder gave {len(rows)} vectors for {len(texts)} texts: use another one.")
    return {key: np.asarray(row, dtype=np.float32) for key, row in zip(texts, rows, strict=True)}


def _said(values: Mapping[str, Any]) -> str:
    return f"Edited: {', '.join(one_line(name, 40) for name in sorted(values))}."
