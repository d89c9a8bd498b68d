"""Builders of merges: memories, drafts of which each sentence is a source's own, desks, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.access import LOCAL_ADMIN
from core.curation.consolidation.draft import Draft, Sentence, text_hash
from core.curation.consolidation.planning import consolidation_plan
from core.curation.desk import Desk
from core.curation.plan import Action, Change, Plan
from core.memory import Memory
from core.memory.record import Record
from core.recall import recall
from core.store import MemoryStore
from tests.core.curation.desks import ADA, make_desk, make_plan, seen
from tests.core.memory_builders import NOW, make_memory, make_store

TOPICS = (
    "The harbour crane was inspected on Monday and passed.",
    "Crane number four at the harbour needs a new steel cable.",
    "The harbour crew asked for the crane to stop at noon.",
    "Spare parts for the crane come from Rotterdam by ship.",
)
FILLER = tuple(f"Invoice {number} of supplier {chr(97 + number % 26)}{number} is filed." for number in range(30))


def make_merge_store(directory: Path, *more: Memory, topics: Sequence[str] = TOPICS) -> MemoryStore:
    """Return an index with memories of one topic (s0, s1, …) among others."""
    sources = [make_memory(f"s{place}", text, memory_type="episodic") for place, text in enumerate(topics)]
    others = [make_memory(f"f{place}", text) for place, text in enumerate(FILLER)]
    return make_store(directory, *sources, *others, *more)


def make_merge_desk(directory: Path, *more: Memory, **options: Any) -> Desk:
    """Return a desk over such an index."""
    return make_desk(make_merge_store(directory, *more), directory, **options)


def draft_of(store: MemoryStore, *keys: str, **overrides: Any) -> Draft:
    """Return the draft that says all of some memories, a sentence each."""
    found = store.get(keys, actor=LOCAL_ADMIN)
    sentences = tuple(Sentence(memory.content, (key,), 1.0, True, "its own words") for key, memory in found.items())
    hashes = {key: text_hash(memory.content) for key, memory in found.items()}
    return Draft(**({"sentences": sentences, "sources": keys, "method": "extractive", "seen": hashes} | overrides))


def consolidation(desk: Desk, *keys: str, plan_id: str = "merge", **options: Any) -> Plan:
    """Return the plan that merges some memories."""
    draft = draft_of(desk.store, *(keys or ("s0", "s1", "s2", "s3")))
    return consolidation_plan(desk.store, draft, **({"actor": ADA, "now": NOW, "plan_id": plan_id} | options))


def merged_key(plan: Plan) -> str:
    """Return the key of the one memory that a plan puts."""
    (key,) = (change.key for change in plan if change.action is Action.PUT)
    return key


def stand_in_plan(desk: Desk, by: str, *keys: str, plan_id: str = "stand-in") -> Plan:
    """Return the plan that retires some memories in favour of one that is there, as a merge of duplicates does."""
    (before,) = seen(desk, by).values()
    after = Record({**before.metadata, "recall_count": 7})
    kept = Change(by, Action.REPLACE, "it takes over", "duplicates", before=before, after=after)
    gone = [
        Change(key, Action.RETIRE, f"the same as {by}", "duplicates", before=record, replaced_by=by)
        for key, record in seen(desk, *keys).items()
    ]
    return make_plan(desk, kept, *gone, id=plan_id, policy="duplicates")


def found(store: MemoryStore, text: str, *, k: int = 10, **options: Any) -> list[str]:
    """Return the keys that a recall finds, best first."""
    result = recall(store, text, actor=LOCAL_ADMIN, now=NOW, k=k, log=False, **options)
    return [hit.memory.key for hit in result.hits]
