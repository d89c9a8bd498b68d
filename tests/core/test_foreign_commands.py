"""The command line over an index of other software: figures, export, and the way back in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.access import LOCAL_ADMIN
from core.memory import from_metadata, to_metadata
from core.memory.detection import detect
from tests.core.commandline import CommandLine
from tests.core.foreign_records import RECORDS, TEXT, make_foreign_store
from tests.core.memory_builders import make_catalog


def records_of(name: str) -> dict[str, dict[str, Any]]:
    return {f"k{n}": RECORDS[name](n) for n in range(3)}


def stored(run: CommandLine, index: str) -> dict[str, dict[str, Any]]:
    catalog = make_catalog(run.store)
    found = {
        memory.key: dict(to_metadata(memory))
        for memory in catalog.open(index, actor=LOCAL_ADMIN).memories(actor=LOCAL_ADMIN)
    }
    catalog.close()
    return found


def test_stats_say_which_schema_is_in_use(run: CommandLine) -> None:
    make_foreign_store(run.store, records_of("strands"))
    told = run("stats", "--index", "foreign")
    assert "Schema    strands\n" in told.out
    assert "3 of 3 records look like those of the memory plugin of Strands." in told.out
    assert "agent_id is agent_name" in told.out
    schema = run("stats", "--index", "foreign", "--json").json["schema"]
    assert (schema["name"], schema["sure"], schema["fields"]["created_at"]) == ("strands", True, "stored_at")


@pytest.mark.parametrize("name", RECORDS)
def test_an_export_comes_back_whole(run: CommandLine, tmp_path: Path, name: str) -> None:
    records = records_of(name)
    make_foreign_store(run.store, records)
    file = tmp_path / "out.jsonl"
    assert run("export", "--index", "foreign", "--output", str(file)).code == 0
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert all(row["content"].startswith(TEXT) for row in rows)
    again = run("import", str(file), "--index", "foreign", "--json").json
    assert (again["unchanged"], again["written"], again["replaced"]) == (3, 0, 0)
    assert stored(run, "foreign") == records
    # One stays, so that the index is still known for what it is.
    assert run("forget", "k0", "k1", "--index", "foreign", "--yes").code == 0
    assert run("import", str(file), "--index", "foreign", "--json").json["written"] == 2
    assert stored(run, "foreign") == records


@pytest.mark.parametrize("name", RECORDS)
def test_an_export_goes_into_an_index_of_ours(run: CommandLine, tmp_path: Path, name: str) -> None:
    make_foreign_store(run.store, records_of(name))
    file = tmp_path / "out.jsonl"
    assert run("export", "--index", "foreign", "--output", str(file)).code == 0
    assert run("import", str(file), "--index", "ours", "--json").json["written"] == 3
    schema = detect(list(records_of(name).values())).schema
    for key, metadata in stored(run, "ours").items():
        moved, was = from_metadata(key, metadata), from_metadata(key, records_of(name)[key], schema)
        for field in ("content", "agent_id", "team_id", "session_id", "source", "created_at", "memory_type"):
            assert getattr(moved, field) == getattr(was, field)


def test_csv_has_the_mapped_fields(run: CommandLine) -> None:
    make_foreign_store(run.store, records_of("strands"))
    lines = run("export", "--index", "foreign", "--format", "csv").out.splitlines()
    assert '"agent_id"' in lines[0]
    assert '"origin"' not in lines[0]
    assert '"planner"' in lines[1]
    assert "2026-11-23T02:15:00+00:00" in lines[1]
