"""Lines of other programs: times, names, tags and shares in other forms are read, and go out as they came in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given

from core.errors import InvalidMemoryError
from core.memory import EXTRA_KEY, from_metadata, from_row, to_metadata, to_row
from tests.core.memory_builders import loose_rows


@given(loose_rows)
def test_a_row_of_another_program_comes_back_exactly_or_is_refused(row: dict[str, Any]) -> None:
    try:
        memory = from_row(row, fallback_key="unused")
    except InvalidMemoryError:
        return
    stored = from_metadata("k", json.loads(json.dumps(to_metadata(memory))))
    assert stored == memory
    for back in (to_row(memory), to_row(stored)):
        assert json.dumps(back, sort_keys=True) == json.dumps(row, sort_keys=True)


MAY = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
DAWN = datetime(2024, 5, 2, tzinfo=UTC)
LOOSE = [
    pytest.param("created_at", 1714564800, MAY, id="seconds"),
    pytest.param("created_at", 1714564800.25, MAY + timedelta(seconds=0.25), id="seconds-float"),
    pytest.param("created_at", "1714564800", MAY, id="seconds-text"),
    pytest.param("created_at", "1714564800.25", MAY + timedelta(seconds=0.25), id="seconds-float-text"),
    pytest.param("created_at", -86400, datetime(1969, 12, 31, tzinfo=UTC), id="before-1970"),
    pytest.param("created_at", 1714564800000, MAY, id="milliseconds"),
    pytest.param("created_at", "1714564800001", MAY + timedelta(milliseconds=1), id="milliseconds-text"),
    pytest.param("created_at", "1712120112345", datetime(2024, 4, 3, 4, 55, 12, 345000, UTC), id="milliseconds-like-a-date"),
    pytest.param("created_at", 1714564800000001, MAY + timedelta(microseconds=1), id="microseconds"),
    pytest.param("expires_at", 253402300799, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), id="last-second"),
    pytest.param("expires_at", 253402300800, datetime(1978, 1, 11, 21, 31, 40, 800000, UTC), id="first-millisecond"),
    pytest.param("expires_at", 253402300799000, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), id="last-in-milliseconds"),
    pytest.param("created_at", "2024/05/01", datetime(2024, 5, 1, tzinfo=UTC), id="slashes"),
    pytest.param("created_at", "2024/05/01 14:00:00+02:00", MAY, id="slashes-time"),
    pytest.param("created_at", "2024-05-01 12:00", MAY, id="space"),
    pytest.param("created_at", "20240501", datetime(2024, 5, 1, tzinfo=UTC), id="compact"),
    pytest.param("created_at", "2024-05-01T23:59:60Z", DAWN, id="leap-second"),
    pytest.param("created_at", "2024-05-02T05:29:60+05:30", DAWN, id="leap-second-zone"),
    pytest.param("created_at", "2024-05-01T24:00:00", DAWN, id="24-hours"),
    pytest.param("created_at", "2024-05-01T24:00+02:00", DAWN - timedelta(hours=2), id="24-hours-zone"),
    pytest.param("last_recalled_at", "Wed, 01 May 2024 14:00:00 +0200", MAY, id="rfc-2822"),
    pytest.param("last_recalled_at", "1 May 2024 12:00 GMT", MAY, id="rfc-2822-short"),
    pytest.param("agent_id", 7, "7", id="agent"),
    pytest.param("team_id", 7.0, "7", id="team-whole-float"),
    pytest.param("task_id", 2**70, "1180591620717411303424", id="task-big"),
    pytest.param("session_id", -1, "-1", id="session"),
    pytest.param("source", 1.5, "1.5", id="source-float"),
    pytest.param("tags", "one, two,,one ", ("one", "two", "one"), id="tags"),
    pytest.param("tags", " , ", (), id="tags-none"),
    pytest.param("tags", "", (), id="tags-empty"),
    pytest.param("confidence", "0.7", 0.7, id="confidence"),
    pytest.param("confidence", "1", 1.0, id="confidence-whole"),
]


@pytest.mark.parametrize(("name", "written", "value"), LOOSE)
def test_other_forms_are_read_stored_as_their_value_and_come_back_exactly(name: str, written: Any, value: Any) -> None:
    row = {"key": "k", "content": "text", name: written}
    memory = from_row(row, fallback_key="unused")
    metadata = to_metadata(memory)
    assert getattr(memory, name) == value
    # What the service's filters look at is the value itself.
    assert getattr(from_metadata("k", {n: v for n, v in metadata.items() if n != EXTRA_KEY}), name) == value
    for back in (to_row(memory), to_row(from_metadata("k", metadata))):
        assert json.dumps(back, sort_keys=True) == json.dumps(row, sort_keys=True)


def test_numbers_for_names_are_filtered_by_their_text() -> None:
    row = {"content": "a", "agent_id": 7, "tags": "one,two", "confidence": "0.7", "created_at": 1714564800}
    metadata = to_metadata(from_row(row, fallback_key="k"))
    assert (metadata["agent_id"], metadata["tags"], metadata["confidence"]) == ("7", ["one", "two"], 0.7)
    assert (metadata["created_at"], metadata["created_at_epoch"]) == ("2024-05-01T12:00:00Z", 1714564800)


def test_a_foreign_record_with_other_forms_stays_as_it_is() -> None:
    foreign = {"content": "a", "agent_id": 7, "tags": "one,two", "confidence": "0.7", "created_at": 1714564800}
    memory = from_metadata("k", foreign)
    assert (memory.agent_id, memory.tags, memory.confidence, memory.created_at) == (None, (), None, None)
    assert to_metadata(memory) == foreign
    assert from_row(to_row(memory), fallback_key="unused") == memory
