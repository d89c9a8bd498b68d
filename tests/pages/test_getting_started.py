"""An empty store, and the three ways to fill it."""

from __future__ import annotations

import gzip
import json

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.vectors.embedded import EmbeddedClient
from tests.pages.app import INDEXES, OVERVIEW, SEARCH, labels, open_app, seed, team_memories, texts


@pytest.mark.parametrize("page", [OVERVIEW, SEARCH, INDEXES])
def test_an_empty_store_offers_three_ways_in_on_every_page(page, tmp_path, monkeypatch):
    at = open_app(monkeypatch, tmp_path / "store", page=page)
    assert not at.exception
    assert {heading.value for heading in at.subheader} == {"Load the demo world", "Import memories", "Connect to S3 Vectors"}
    assert not (tmp_path / "store" / "memories").exists()


def test_the_demo_world_loads(tmp_path, monkeypatch):
    at = open_app(monkeypatch, tmp_path / "store")
    at.button(key="load_demo").click().run()
    assert not at.exception
    assert at.selectbox(key="rail_index").options[0].startswith("coordination")
    assert int(at.metric[0].value) > 300


def upload(at, *lines, name="memories.jsonl", index="notes", pack=lambda data: data):
    at.file_uploader(key="import_files").upload(name, pack("\n".join(lines).encode()))
    at.text_input(key="import_index").set_value(index)
    next(button for button in at.button if button.label == "Import").click().run()


@pytest.mark.parametrize("pack", [pytest.param(lambda data: data, id="plain"), pytest.param(gzip.compress, id="gzip")])
def test_a_file_is_imported_and_its_bad_lines_are_listed(pack, tmp_path, monkeypatch):
    at = open_app(monkeypatch, tmp_path / "store")
    good = json.dumps({"key": "a", "content": "The server room is cold.", "agent_id": "ann"})
    upload(at, good, "{broken", '{"content": 7}', pack=pack, name="m.jsonl" if pack is not gzip.compress else "m.jsonl.gz")
    assert not at.exception
    shown = texts(at)
    assert "3 rows: 1 written, 2 failed" in shown
    assert "line 2 of m.jsonl" in shown
    assert at.query_params["index"] == "notes"
    catalog = open_catalog(tmp_path / "store")
    assert catalog.open("notes", actor=LOCAL_ADMIN).get(["a"], actor=LOCAL_ADMIN)["a"].agent_id == "ann"
    catalog.close()
    at.button(key="import_dismiss").click().run()
    assert "Dismiss" not in labels(at)


def test_an_impossible_index_name_is_said_in_words(tmp_path, monkeypatch):
    at = open_app(monkeypatch, tmp_path / "store")
    upload(at, '{"content": "x"}', index="No Such Name!")
    assert not at.exception
    assert at.error


def test_importing_without_a_file_says_so(tmp_path, monkeypatch):
    at = open_app(monkeypatch, tmp_path / "store")
    next(button for button in at.button if button.label == "Import").click().run()
    assert "Choose a file first" in at.warning[0].value


def test_the_indexes_page_lists_and_opens_indexes(tmp_path, monkeypatch):
    at = open_app(monkeypatch, tmp_path / "store", page=INDEXES)
    upload(at, '{"content": "one"}', '{"content": "two"}', index="first")
    upload(at, '{"content": "three"}', index="second")
    assert "2 indexes in the bucket" in texts(at)
    at.button(key="open_index_first").click().run()
    assert at.query_params["index"] == "first"
    assert at.title[0].value.startswith("What is in this memory")


def test_an_empty_bucket_that_was_asked_for_stays_shown(monkeypatch, tmp_path):
    """What other buckets hold must not call the page away, again and again."""
    client = EmbeddedClient(seed(tmp_path, team_memories()))
    client.create_vector_bucket(vectorBucketName="empty-one")
    client.close()
    at = open_app(monkeypatch, tmp_path, bucket="empty-one")
    assert not at.exception
    assert [title.value for title in at.title] == ["Nothing is remembered here yet"]
