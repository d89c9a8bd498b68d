"""Builders of memories, catalogs and stores, and the strategies that draw odd ones."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from core.access import LOCAL_ADMIN
from core.catalog import Catalog
from core.config import open_catalog
from core.memory import Memory
from core.memory.fields import EPOCHS, FIELDS
from core.models.embedding import HashingEmbedder
from core.store import MemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def make_memory(key: str = "k", content: str = "The report goes out on Friday.", **overrides: Any) -> Memory:
    """Return a memory of the planner in team alpha, made a day before NOW."""
    values: dict[str, Any] = {"memory_type": "semantic", "agent_id": "planner", "team_id": "alpha", "created_at": NOW - DAY}
    return Memory(key, content, **(values | overrides))


def make_catalog(directory: Path, **options: Any) -> Catalog:
    """Return the catalog of a directory, with the embedder that needs no model."""
    return open_catalog(directory, **({"embedder_factory": HashingEmbedder} | options))


def make_store(directory: Path, *memories: Memory, name: str = "agents", tenant: str | None = None) -> MemoryStore:
    """Return a new index with some memories."""
    store = make_catalog(directory).create(name, actor=LOCAL_ADMIN, tenant=tenant)
    report = store.write(memories, actor=LOCAL_ADMIN)
    assert report.failed == ()
    return store


texts = st.text(st.characters(codec="utf-8"), max_size=40)
times = st.datetimes(
    min_value=datetime(1700, 1, 1),  # noqa: DTZ001
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=8
)
odd_names = st.sampled_from([*EPOCHS, "extra_json", "$extra", "$key", "key", "", "a" * 64, "naïve", "tab\there", "summary"])
extras = st.dictionaries(
    (texts | odd_names | st.from_regex(re.compile(r"[a-z]{1,9}"), fullmatch=True)).filter(lambda name: name not in FIELDS),
    anything,
    max_size=6,
)
as_written = st.dictionaries(st.sampled_from(sorted(FIELDS)), anything, max_size=4)
keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
short_lists = st.lists(texts, max_size=4).map(tuple)

memories = st.builds(
    Memory,
    keys,
    texts,
    memory_type=st.none() | texts,
    agent_id=st.none() | texts,
    team_id=st.none() | texts,
    task_id=st.none() | texts,
    session_id=st.none() | texts,
    created_at=st.none() | times,
    expires_at=st.none() | times,
    confidence=st.none() | st.floats(0, 1) | st.integers(0, 1),
    source=st.none() | texts,
    tags=short_lists,
    derived_from=short_lists,
    recall_count=st.integers(0, 2**53),
    last_recalled_at=st.none() | times,
    notes=st.none() | texts,
    extra=extras,
    as_written=as_written,
)
