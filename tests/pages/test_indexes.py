"""The page Indexes: what there is, making and removing an index, reading one that others wrote, connecting, usage."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.access import LOCAL_ADMIN
from core.config import open_catalog
from core.vectors.embedded import EmbeddedClient
from core.vectors.server import RunningServer
from pages.shared.connecting import store_address
from pages.shared.creating import new_index_name
from pages.shared.indexing import shown_indexes
from pages.shared.usage import dollars
from tests.core.builders import make_record
from tests.pages.app import INDEXES, labels, open_app, seed, team_memories, texts

SCHEMALESS = {
    "author": "ann",
    "remark": "The gate of the depot opens at six, and the guard has the second key.",
    "when": "2026-03-01T09:30:00Z",
}


def foreign(directory: Path, rows: dict[str, dict], *, hidden: list[str] | None = None) -> Path:
    """Write an index as other software does, past our own fields."""
    client = EmbeddedClient(directory)
    client.create_vector_bucket(vectorBucketName="mnemoscope")
    configuration = {"metadataConfiguration": {"nonFilterableMetadataKeys": hidden}} if hidden else {}
    where = {"vectorBucketName": "mnemoscope", "indexName": "theirs"}
    client.create_index(**where, dataType="float32", dimension=2, distanceMetric="cosine", **configuration)
    client.put_vectors(**where, vectors=[make_record(key, metadata=metadata) for key, metadata in rows.items()])
    client.close()
    return directory


def names(directory: Path) -> list[str]:
    """Return the names of the indexes of a store."""
    catalog = open_catalog(directory)
    found = catalog.names(actor=LOCAL_ADMIN)
    catalog.close()
    return found


def test_a_row_says_what_an_index_is(monkeypatch, tmp_path):
    at = open_app(monkeypatch, seed(tmp_path, team_memories()), page=INDEXES)
    shown = texts(at)
    assert not at.exception
    for said in (
        "memories </span>8",
        "384 dimensions, cosine",
        "on content",
        "enhanced",
        "Last write",
        "Size",
        "bucket <b>mnemoscope",
    ):
        assert said in shown


def test_an_index_for_a_tenant_is_made(monkeypatch, tmp_path):
    at = open_app(monkeypatch, seed(tmp_path, team_memories()), page=INDEXES)
    at.button(key="index_new").click().run()
    at.segmented_control(key="new_kind").set_value("tenant").run()
    at.text_input(key="new_name").set_value("acme").run()
    at.button(key="new_create").click().run()
    assert not at.exception
    assert names(tmp_path) == ["team", "user-memory-acme"]
    assert "tenant acme" in texts(at)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("", "The name is empty", id="empty"),
        pytest.param("A b", "Invalid index name", id="characters"),
        pytest.param("team", "already exists", id="taken"),
    ],
)
def test_a_bad_name_is_refused_in_words(monkeypatch, tmp_path, name, said):
    at = open_app(monkeypatch, seed(tmp_path, team_memories()), page=INDEXES)
    at.button(key="index_new").click().run()
    at.text_input(key="new_name").set_value(name).run()
    at.button(key="new_create").click().run()
    assert not at.exception
    assert said in "\n".join(error.value for error in at.error)
    assert names(tmp_path) == ["team"]


def test_an_index_with_memories_cannot_be_deleted(monkeypatch, tmp_path):
    at = open_app(monkeypatch, seed(tmp_path, team_memories()), page=INDEXES)
    at.button(key="index_delete_team").click().run()
    assert "only an empty index can be deleted" in texts(at)
    assert "Delete the index" not in labels(at)


def test_an_empty_index_is_deleted_once_its_name_is_typed(monkeypatch, tmp_path):
    seed(tmp_path, team_memories())
    catalog = open_catalog(tmp_path)
    catalog.create("spare", actor=LOCAL_ADMIN)
    catalog.close()
    at = open_app(monkeypatch, tmp_path, page=INDEXES)
    at.button(key="index_delete_spare").click().run()
    at.text_input(key="delete_typed").set_value("team")
    at.button(key="delete_confirm").click().run()
    assert "not the name" in at.error[0].value
    assert names(tmp_path) == ["spare", "team"]
    at.text_input(key="delete_typed").set_value("spare")
    at.button(key="delete_confirm").click().run()
    assert not at.exception
    assert names(tmp_path) == ["team"]


def test_what_was_written_meanwhile_stops_the_deletion(monkeypatch, tmp_path):
    seed(tmp_path, team_memories())
    catalog = open_catalog(tmp_path)
    store = catalog.create("spare", actor=LOCAL_ADMIN)
    at = open_app(monkeypatch, tmp_path, page=INDEXES)
    at.button(key="index_delete_spare").click().run()
    at.text_input(key="delete_typed").set_value("spare").run()
    store.write(team_memories()[:1], actor=LOCAL_ADMIN)
    catalog.close()
    at.button(key="delete_confirm").click().run()
    assert not at.exception
    assert "spare" in names(tmp_path)


def test_an_index_of_langchain_is_read_without_help(monkeypatch, tmp_path):
    rows = {f"r{n}": {"_page_content": f"The depot opens at {n}.", "source": "faq.md"} for n in range(12)}
    at = open_app(monkeypatch, foreign(tmp_path, rows, hidden=["_page_content"]), page=INDEXES)
    assert not at.exception
    assert "As LangChain" in texts(at)
    assert not at.toggle(key="mapping_theirs").value


def test_a_mapping_is_chosen_previewed_saved_and_taken_back(monkeypatch, tmp_path):
    rows = {f"r{n}": SCHEMALESS | {"remark": f"{SCHEMALESS['remark']} Gate {n}."} for n in range(12)}
    at = open_app(monkeypatch, foreign(tmp_path, rows), page=INDEXES)
    if not at.toggle(key="mapping_theirs").value:
        at.toggle(key="mapping_theirs").set_value(True).run()
    boxes = {box.label: box for box in at.selectbox}
    assert boxes["Text"].value == "remark"
    assert boxes["Agent"].value == "author"
    boxes["Written at"].set_value("when").run()
    assert not at.exception
    at.button(key="mapping_save").click().run()
    assert not at.exception
    catalog = open_catalog(tmp_path)
    memory = catalog.open("theirs", actor=LOCAL_ADMIN).get(["r3"], actor=LOCAL_ADMIN)["r3"]
    tags = catalog.indexes(actor=LOCAL_ADMIN)[0].tags
    catalog.close()
    assert (memory.agent_id, memory.content[-7:]) == ("ann", "Gate 3.")
    assert memory.created_at is not None
    assert tags["mnemoscope:field.created_at"] == "when"
    if not at.toggle(key="mapping_theirs").value:
        at.toggle(key="mapping_theirs").set_value(True).run()
    at.button(key="mapping_reset").click().run()
    assert not at.exception
    catalog = open_catalog(tmp_path)
    assert not [tag for tag in catalog.indexes(actor=LOCAL_ADMIN)[0].tags if tag.startswith("mnemoscope:field")]
    catalog.close()


def test_the_wizard_tries_a_bucket_and_opens_it(monkeypatch, tmp_path):
    remote = tmp_path / "remote"
    seed(remote, team_memories(), index="far")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AK",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with RunningServer(remote, access_keys={"AK": "secret"}) as server:
        at = open_app(monkeypatch, seed(tmp_path / "local", team_memories()), page=INDEXES)
        at.button(key="connect_open").click().run()
        at.text_input(key="connect_bucket").set_value("mnemoscope")
        at.text_input(key="connect_endpoint").set_value(server.url)
        next(button for button in at.button if button.label == "Test the connection").click().run()
        assert not at.exception
        shown = texts(at)
        assert "ListVectors" in shown
        assert "s3vectors:QueryVectors" in shown
        at.button(key="connect_here").click().run()
        assert not at.exception
        assert "far" in texts(at)


def test_the_wizard_says_what_is_wrong(monkeypatch, tmp_path):
    for name, value in {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "wrong"}.items():
        monkeypatch.setenv(name, value)
    with RunningServer(tmp_path / "remote", access_keys={"AK": "secret"}) as server:
        at = open_app(monkeypatch, seed(tmp_path / "local", team_memories()), page=INDEXES)
        at.button(key="connect_open").click().run()
        at.text_input(key="connect_bucket").set_value("mnemoscope")
        at.text_input(key="connect_endpoint").set_value(server.url)
        next(button for button in at.button if button.label == "Test the connection").click().run()
    assert not at.exception
    assert "cannot be opened yet" in "\n".join(error.value for error in at.error)
    assert at.button(key="connect_here").disabled


def test_usage_counts_what_was_asked(monkeypatch, tmp_path):
    at = open_app(monkeypatch, seed(tmp_path, team_memories()), page=INDEXES)
    assert "What the store was asked" in [heading.value for heading in at.header]
    table = at.dataframe[-1].value
    assert "Scan" in set(table["Operation"])
    assert "Estimated cost" not in table


@pytest.mark.parametrize(
    ("arguments", "uri"),
    [
        pytest.param({"bucket": "b-1"}, "s3vectors://b-1", id="plain"),
        pytest.param({"bucket": " b-1 ", "region": "eu-west-1"}, "s3vectors://b-1?region=eu-west-1", id="region"),
        pytest.param(
            {"bucket": "b-1", "profile": "a b", "endpoint_url": "http://[::1]:8333"},
            "s3vectors://b-1?profile=a+b&endpoint_url=http%3A%2F%2F%5B%3A%3A1%5D%3A8333",
            id="encoded",
        ),
    ],
)
def test_the_address_of_a_bucket(arguments, uri):
    assert store_address(**arguments) == uri


@pytest.mark.parametrize(("kind", "name", "made"), [("shared", " a-b ", "a-b"), ("tenant", "acme", "user-memory-acme")])
def test_the_name_of_a_new_index(kind, name, made):
    assert new_index_name(kind, name) == made


def test_many_indexes_are_found_by_name_or_tenant(tmp_path):
    catalog = open_catalog(tmp_path)
    catalog.create("team", actor=LOCAL_ADMIN)
    catalog.create("user-memory-acme", actor=LOCAL_ADMIN)
    infos = tuple(catalog.indexes(actor=LOCAL_ADMIN))
    catalog.close()
    assert [info.name for info in shown_indexes(infos, "ACME")] == ["user-memory-acme"]
    assert len(shown_indexes(infos, "")) == 2


COSTS = {None: "–", 0.0: "$0.00", 0.000012: "<$0.0001", 0.00123: "$0.0012", 0.5: "$0.50", 1234.5: "$1,234.50"}


@pytest.mark.parametrize(("cost", "said"), COSTS.items(), ids=COSTS.values())
def test_dollars(cost, said):
    assert dollars(cost) == said
