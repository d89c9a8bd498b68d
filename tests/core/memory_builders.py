"""Builders of memories, catalogs and stores, and the strategies that draw odd ones."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import apsw
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


def index_file(directory: Path, name: str) -> Path:
    """Return the database file of an index."""
    connection = apsw.Connection(str(directory / "mnemoscope.sqlite"))
    ((identity,),) = connection.execute("SELECT identity FROM idx WHERE name = ?", (name,))
    connection.close()
    return directory / "indexes" / identity / "data.sqlite"


def damage_index(directory: Path, name: str) -> None:
    """Write over the file of an index in a closed store."""
    for path in index_file(directory, name).parent.glob("data.sqlite*"):
        path.write_bytes(b"not a database" * 1_000)


def make_index_newer(directory: Path, name: str) -> None:
    """Give the file of an index in a closed store the format of a later version."""
    connection = apsw.Connection(str(index_file(directory, name)))
    connection.pragma("user_version", 99)
    connection.close()


def damage_records(directory: Path, name: str) -> None:
    """Spoil what the records of an index hold, which shows only when they are read."""
    path = index_file(directory, name)
    for folder in path.parent.glob("snapshot-*"):
        shutil.rmtree(folder)
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE rec SET meta = x'7b'")
    connection.close()


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
numbers = st.integers(-(2**80), 2**80) | st.floats(allow_nan=False, allow_infinity=False)
epochs = st.integers(-200_000_000_000, 253_402_300_799_999_999) | st.floats(-2e11, 2.5e17)
any_times = (
    epochs
    | epochs.map(str)
    | times.map(lambda moment: moment.strftime("%Y/%m/%d %H:%M:%S"))
    | times.map(format_datetime)
    | st.dates().map(lambda day: f"{day.isoformat()}T24:00:00")
    | st.dates().map(lambda day: f"{day.isoformat()} 23:59:60")
)
# Lines of other programs: known fields in the forms that only an import takes. Not every one of them can be read.
loose_rows = st.fixed_dictionaries(
    {"key": st.just("k"), "content": texts},
    optional={
        **dict.fromkeys(("agent_id", "team_id", "task_id", "session_id", "source"), numbers),
        **dict.fromkeys(("created_at", "expires_at", "last_recalled_at"), any_times),
        "confidence": st.floats(0, 1).map(str),
        "tags": st.lists(texts, max_size=4).map(",".join),
    },
)
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
