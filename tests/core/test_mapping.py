"""A schema as a person puts it together: what was not chosen is not read, and is not written over either."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.errors import ConfigError, InvalidMemoryError
from core.memory import OURS, Schema, from_metadata, from_row, to_metadata, to_row
from core.memory.detection import detect
from core.memory.mapping import mapped_schema, places_of
from core.memory.schema import NOWHERE
from core.memory.schema_tags import read_schema, schema_tags
from core.scope import Scope
from tests.core.foreign_records import TEXT, make_foreign_store, notes, sample
from tests.core.memory_builders import NOW, make_memory

PERCENT = [sample(n, confidence=n % 2) | {"ts": 1_772_357_400 + n} for n in range(4)]


def test_what_was_not_changed_stays_what_was_detected() -> None:
    for rows in ([sample()], [notes()], [{"content": TEXT, "agent_id": "a"}], PERCENT):
        detected = detect(rows).schema
        assert mapped_schema(places_of(detected), rows, detected=detected) is detected


def test_a_field_that_was_taken_away_is_not_read_from_the_key_of_its_name() -> None:
    detected = detect(PERCENT).schema
    places = {name: place for name, place in places_of(detected).items() if name != "confidence"}
    schema = mapped_schema(places, PERCENT, detected=detected)
    assert schema.fields["confidence"] == NOWHERE
    assert "confidence" not in places_of(schema)
    for row in PERCENT:
        memory = from_metadata("k", row, schema)
        assert memory.confidence is None
        assert to_metadata(memory) == row
        edited = to_metadata(dataclasses.replace(memory, content="new"))
        assert edited == row | {"content": "new"}
        assert to_row(memory)["$extra"] == {"confidence": row["confidence"]}
    with pytest.raises(InvalidMemoryError, match="confidence has no place"):
        to_metadata(dataclasses.replace(memory, confidence=0.5))


def test_a_field_whose_name_is_no_key_keeps_its_own_place() -> None:
    rows = [{"content": TEXT, "agent_id": "a"}]
    schema = mapped_schema({"content": "content"}, rows, detected=OURS)
    assert (schema.place("agent_id"), schema.place("expires_at"), schema.place("confidence")) == (
        None,
        "expires_at",
        "confidence",
    )


@pytest.mark.parametrize(
    ("places", "rows", "clock"),
    [
        pytest.param({"created_at": "ts"}, PERCENT, "ts", id="its-own-seconds"),
        pytest.param({"created_at": "when"}, [{"when": "2026-03-01", "when_epoch": 1.5}], "when_epoch", id="beside"),
        pytest.param({"created_at": "when"}, [{"when": "2026-03-01"}, {"when_epoch": 1.5}], None, id="not-beside-each"),
        pytest.param(
            {"created_at": "when", "source": "when_epoch"}, [{"when": "2026-03-01", "when_epoch": 1.5}], None, id="taken"
        ),
    ],
)
def test_a_time_gets_the_key_with_its_seconds(places: dict[str, str], rows: list[Any], clock: str | None) -> None:
    assert mapped_schema(places, rows, detected=OURS).fields.get("created_at_epoch") == clock


def test_two_fields_at_one_place_are_refused() -> None:
    with pytest.raises(ConfigError, match="Both agent_id and source"):
        mapped_schema({"agent_id": "a", "source": "a"}, [], detected=OURS)


def test_a_text_cannot_be_nowhere() -> None:
    with pytest.raises(ConfigError, match="The field content"):
        Schema("custom", {"content": NOWHERE})


def test_nowhere_is_saved_in_the_tags_and_filters_nothing_in_the_service(tmp_path: Path) -> None:
    schema = Schema("sample", {"content": "content", "confidence": NOWHERE, "created_at": NOWHERE})
    assert read_schema(schema_tags(schema)) == (schema, None)
    store = make_foreign_store(tmp_path, {f"k{n}": row for n, row in enumerate(PERCENT)}, schema=schema)
    assert store.schema == schema
    frame = store.frame(actor=LOCAL_ADMIN)
    assert frame["confidence"].isna().all()
    assert frame["created_at"].isna().all()
    scope = Scope(min_confidence=0.5, created_from=NOW, include_expired=True, include_hidden=True)
    assert scope.to_filter(now=NOW, schema=schema) is None
    report = store.write([make_memory("new", "text", confidence=0.5)], actor=LOCAL_ADMIN)
    assert "confidence has no place" in report.failed[0].reason or "created_at has no place" in report.failed[0].reason


def test_an_export_of_what_is_not_read_comes_back_where_it_was() -> None:
    schema = Schema("sample", {"content": "content", "confidence": NOWHERE})
    memory = from_metadata("k", sample(confidence=80), schema)
    row = to_row(memory)
    assert row["$extra"] == {"confidence": 80}
    assert from_row(row, fallback_key="k").content == memory.content
