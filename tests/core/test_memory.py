"""A memory goes to metadata and to a row and comes back whole, whatever it carries."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidMemoryError
from core.memory import EXTRA_KEY, NON_FILTERABLE, Memory, MemoryType, from_metadata, from_row, new_key, to_metadata, to_row
from core.vectors.limits import FILTERABLE_BYTES_MAX, METADATA_BYTES_MAX, METADATA_KEYS_MAX
from core.vectors.validation import check_metadata, metadata_bytes
from tests.core.memory_builders import NOW, anything, make_memory, memories, texts


@given(memories)
def test_metadata_holds_a_memory_whole(memory: Memory) -> None:
    metadata = to_metadata(memory)
    assert from_metadata(memory.key, json.loads(json.dumps(metadata))) == memory


@given(memories)
def test_metadata_is_what_the_service_takes(memory: Memory) -> None:
    metadata = to_metadata(memory)
    check_metadata(memory.key, metadata, non_filterable=NON_FILTERABLE)
    assert metadata_bytes(metadata) <= METADATA_BYTES_MAX
    assert metadata_bytes(metadata, leave_out=NON_FILTERABLE) <= FILTERABLE_BYTES_MAX
    assert len(metadata) <= METADATA_KEYS_MAX


@given(memories)
def test_a_row_holds_a_memory_whole(memory: Memory) -> None:
    row = json.loads(json.dumps(to_row(memory)))
    assert from_row(row, fallback_key="unused") == memory


@given(
    st.dictionaries(texts | st.sampled_from(["content", "tags", "created_at", "created_at_epoch", "extra_json"]), anything)
)
def test_reading_metadata_never_raises_and_a_rewrite_drops_nothing(metadata: dict[str, Any]) -> None:
    memory = from_metadata("k", metadata)
    assert from_metadata("k", json.loads(json.dumps(to_metadata(memory)))) == memory


ROWS = [
    pytest.param({"task_id": None, "expires_at": None}, id="null-known"),
    pytest.param({"mood": None}, id="null-unknown"),
    pytest.param({"tags": [], "derived_from": ["a", "b"]}, id="empty-list"),
    pytest.param({"agent_id": "", "notes": ""}, id="empty-text"),
    pytest.param({"recall_count": 0}, id="zero"),
    pytest.param({"confidence": 1}, id="whole-confidence"),
    pytest.param({"confidence": 0.1}, id="confidence"),
    pytest.param({"created_at": "2026-03-01T09:30:00+02:00"}, id="zone"),
    pytest.param({"created_at": "2026-03-01"}, id="date"),
    pytest.param({"created_at": "2026-03-01T09:30:00.123456789Z"}, id="nanoseconds"),
    pytest.param({"created_at": "2026-03-01T09:30:00Z", "created_at_epoch": 1.5}, id="another-epoch"),
    pytest.param({"created_at_epoch": 1772357400}, id="epoch-alone"),
    pytest.param({"big": 2**80, "negative": -(2**63) - 1, "exact": 2**53, "float": 1e300, "whole": 1.0}, id="numbers"),
    pytest.param({"nested": {"a": [1, None, {"b": []}]}, "list": [1, "a"], "flags": [True]}, id="nested"),
    pytest.param({"word": "naïve 日本語 \U0001f9e0 \u202e x", "ключ": 1, "": "no name"}, id="unicode"),
    pytest.param({"half": "\ud83d"}, id="half-a-surrogate-pair"),
    pytest.param({"extra_json": '{"a":1}', "$extra": {"key": 5}}, id="our-own-names"),
    pytest.param({"extra_json": 7, "$extra": "text"}, id="our-own-names-odd"),
    pytest.param({"$extra": {"foo": 1}, "foo": 2}, id="a-field-named-like-ours"),
    pytest.param({"$extra": {}}, id="a-field-named-like-ours-empty"),
    pytest.param({f"field{n}": n for n in range(120)}, id="120-fields"),
    pytest.param({"long": "x" * 5_000, "name" * 40: 1}, id="beyond-the-filterable-bytes"),
    pytest.param({"memory_type": "tool_result", "content": "x" * 12_000}, id="12-KB"),
    pytest.param({"content": ""}, id="empty-content"),
]


@pytest.mark.parametrize("fields", ROWS)
def test_a_row_comes_back_exactly(fields: dict[str, Any]) -> None:
    row = {"key": "k", "content": "text", **fields}
    stored = to_metadata(from_row(row, fallback_key="unused"))
    back = to_row(from_metadata("k", stored))
    assert json.dumps(back, sort_keys=True) == json.dumps(row, sort_keys=True)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param({}, "content is missing", id="no-content"),
        pytest.param({"content": None}, "content is missing", id="null-content"),
        pytest.param({"content": 5}, "content 5 must be text", id="content-number"),
        pytest.param({"content": "a", "memory_type": 7}, "memory_type 7 must be text", id="type-number"),
        pytest.param({"content": "a", "agent_id": True}, "agent_id True must be text", id="agent-bool"),
        pytest.param({"content": "a", "source": float("nan")}, "source nan must be text", id="source-nan"),
        pytest.param({"content": "a", "team_id": {"id": 7}}, "team_id .* must be text", id="team-object"),
        pytest.param({"content": "a", "confidence": 85}, "from 0 to 1", id="confidence-85"),
        pytest.param({"content": "a", "confidence": "85%"}, "from 0 to 1", id="confidence-percent"),
        pytest.param({"content": "a", "confidence": "nan"}, "from 0 to 1", id="confidence-nan-text"),
        pytest.param({"content": "a", "confidence": "1_0e-2"}, "from 0 to 1", id="confidence-underscore"),
        pytest.param({"content": "a", "key": ""}, "key is empty", id="empty-key"),
        pytest.param({"content": "a", "key": 5}, "key 5 must be text", id="key-number"),
        pytest.param({"content": "a", "key": "k" * 1025}, "1,025 bytes", id="long-key"),
        pytest.param({"content": "a", "key": "é" * 600}, "1,200 bytes", id="key-bytes"),
        pytest.param({"content": "a", "confidence": 1.2}, "confidence 1.2 must be a number from 0 to 1", id="confidence"),
        pytest.param({"content": "a", "confidence": True}, "confidence True", id="confidence-bool"),
        pytest.param({"content": "a", "confidence": float("nan")}, "confidence nan", id="confidence-nan"),
        pytest.param({"content": "a", "created_at": "yesterday"}, "ISO 8601", id="time"),
        *(
            pytest.param({"content": "a", "created_at": time}, "ISO 8601", id=f"time-{time}")
            for time in (
                *(True, float("nan"), float("inf"), 10**18, -1e17, 20240501, 20240501123045, "20240501123045"),
                *("2024", "-1714564800", "05/01/2024", "2024/05/01/2", "2024-05-01T12:30:60Z", "2024-05-01T24:01:00"),
                *("9999-12-31T24:00:00", "9999-12-31T23:59:60", "Wed, 32 May 2024 12:00:00 GMT", "1 May 2024 12:00"),
                *("1 Moy 2024 12:00 GMT", "1 May 2024 12:00 +9999"),
            )
        ),
        pytest.param({"content": "a", "created_at": {"$date": 1}}, "ISO 8601", id="time-object"),
        pytest.param({"content": "a", "created_at": "0001-01-01T00:00:00+14:00"}, "ISO 8601", id="before-time"),
        pytest.param({"content": "a", "tags": 5}, "list of texts", id="tags-number"),
        pytest.param({"content": "a", "tags": ["one", 2]}, "list of texts", id="tags-mixed"),
        pytest.param({"content": "a", "recall_count": -1}, "whole number", id="count"),
        pytest.param({"content": "a", "mood": {"x": [float("inf")]}}, "mood holds NaN or an infinity", id="infinity"),
        pytest.param({"content": "\ud800"}, "not valid Unicode", id="surrogate"),
        pytest.param(["content"], "JSON object", id="list"),
    ],
)
def test_a_bad_row_is_refused_with_what_to_do(row: Any, said: str) -> None:
    with pytest.raises(InvalidMemoryError, match=said):
        from_row(row, fallback_key="line:1")


def test_a_row_without_a_key_gets_the_fallback() -> None:
    assert from_row({"content": "a"}, fallback_key="line:1").key == "line:1"
    assert from_row({"content": "a", "key": None}, fallback_key="line:1").key == "line:1"


def test_deep_nesting_is_refused_not_crashed() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidMemoryError, match="nested too deeply"):
        from_row({"content": "a", "deep": deep}, fallback_key="k")


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        pytest.param({"agent_id": "a" * 3_000}, r"filterable metadata has 3,\d{3} bytes.*2,048.*agent_id", id="agent-3-KB"),
        pytest.param({"content": "x" * 41_000}, r"metadata has 41,\d{3} bytes.*40,960.*content", id="content-41-KB"),
        pytest.param({"extra": {"raw": ["x"] * 20_000}}, r"40,960.*extra_json", id="extra-too-big"),
        pytest.param({"confidence": 2.0}, "confidence 2.0 must be", id="confidence"),
        pytest.param({"created_at": "2026-03-01"}, "created_at", id="time-text"),
        pytest.param({"extra": {"x": {1: 2}}}, "keys must be text", id="number-as-key"),
        pytest.param({"extra": {"x": datetime(2026, 1, 1, tzinfo=UTC)}}, "holds a datetime", id="no-json"),
        pytest.param({"extra": {"x": float("nan")}}, "NaN", id="nan"),
    ],
)
def test_what_no_index_can_hold_is_named(overrides: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidMemoryError, match=said):
        to_metadata(make_memory(**overrides))


def test_the_largest_metadata_fits_to_the_byte() -> None:
    size = metadata_bytes(to_metadata(make_memory(content="x")))
    full = make_memory(content="x" * (METADATA_BYTES_MAX - size + 1))
    assert metadata_bytes(to_metadata(full)) == METADATA_BYTES_MAX
    with pytest.raises(InvalidMemoryError):
        to_metadata(dataclasses.replace(full, content=full.content + "x"))


def test_times_have_numbers_beside_them_and_small_fields_stay_filterable() -> None:
    memory = make_memory(expires_at=NOW, extra={"long": "x" * 1_900, "step": 3, "gone": None})
    metadata = to_metadata(memory)
    assert metadata["expires_at"] == "2026-03-01T12:00:00Z"
    assert metadata["expires_at_epoch"] == NOW.timestamp()
    assert metadata["step"] == 3
    assert json.loads(str(metadata[EXTRA_KEY])) == {"long": "x" * 1_900, "gone": None}


def test_a_foreign_record_keeps_its_own_keys_on_rewrite() -> None:
    foreign = {
        "_page_content": "text",
        "confidence": "high",
        "created_at_epoch": 5,
        "created_at": "2026-03-01T10:00:00+01:00",
    }
    memory = from_metadata("k", foreign)
    assert (memory.content, memory.confidence, memory.created_at) == ("text", None, datetime(2026, 3, 1, 9, tzinfo=UTC))
    assert to_metadata(memory, non_filterable=()) == foreign
    changed = to_metadata(dataclasses.replace(memory, content="new", confidence=0.5), non_filterable=())
    assert changed == foreign | {"_page_content": "new", "confidence": 0.5}


def test_an_original_form_is_dropped_when_its_field_changes() -> None:
    memory = from_row({"content": "a", "created_at": "2026-03-01", "task_id": None}, fallback_key="k")
    changed = dataclasses.replace(memory, created_at=NOW, task_id="t")
    assert to_row(changed) == {"key": "k", "content": "a", "created_at": "2026-03-01T12:00:00Z", "task_id": "t"}


def test_a_memory_is_normalised() -> None:
    zone = timezone(timedelta(hours=2))
    memory = Memory("k", "", agent_id="", tags=["a"], created_at=datetime(2026, 3, 1, 2, tzinfo=zone))  # type: ignore[arg-type]
    assert (memory.agent_id, memory.tags, memory.created_at) == (None, ("a",), datetime(2026, 3, 1, tzinfo=UTC))
    assert hash(memory) == hash(dataclasses.replace(memory))
    with pytest.raises(InvalidMemoryError, match="no time zone"):
        Memory("k", "", created_at=datetime(2026, 3, 1))  # noqa: DTZ001
    with pytest.raises(InvalidMemoryError, match="a field of its own"):
        Memory("k", "", extra={"tags": ["a"]})


@pytest.mark.parametrize(
    ("expires", "expired"),
    [
        pytest.param(None, False, id="never"),
        pytest.param(NOW, True, id="now"),
        pytest.param(NOW + timedelta(microseconds=1), False, id="a-moment-later"),
    ],
)
def test_expiry(expires: datetime | None, expired: bool) -> None:
    assert make_memory(expires_at=expires).is_expired(NOW) is expired


def test_keys_are_readable_and_never_collide() -> None:
    key = new_key(agent_id="data analyst/2", task_id="q1 report", created_at=NOW, unique=lambda: "u1")
    assert key == "data-analyst-2:q1-report:20260301T120000Z:u1"
    assert new_key(agent_id=None, task_id=None, created_at=None, unique=lambda: "u") == "u"
    assert len({new_key(agent_id="a", task_id="t", created_at=NOW) for _ in range(10_000)}) == 10_000


def test_a_key_of_long_parts_fits() -> None:
    make = new_key(agent_id="日" * 2_000, task_id="本" * 2_000, created_at=NOW)
    assert from_row({"key": make, "content": "a"}, fallback_key="x").key == make


def test_memory_types_are_plain_text() -> None:
    assert make_memory(memory_type=MemoryType.EPISODIC) == make_memory(memory_type="episodic")
    assert json.dumps(to_metadata(make_memory(memory_type=MemoryType.EPISODIC)))
